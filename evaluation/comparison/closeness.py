"""How far each system is from its reference in all metrics together, and who is closer.

Systems are ranked only where all met one reference under one control. Where their limits differ, system and reference
are measured again under the limits of all of them together; where no music could have these, there is no ranking.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from evaluation.comparison import embedded
from evaluation.comparison.sets.absent import without_plain
from evaluation.comparison.sets.references import References, under
from evaluation.controls.control import NO_CONTROL, Control, step, together
from evaluation.distance import joint, kernels, sentences
from evaluation.distance.joint import Distance, distances
from evaluation.distance.ranking import Margin, Ranking
from evaluation.distance.space import JOINT
from evaluation.distance.trainings import ranking
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import Measurements

if TYPE_CHECKING:
    import pandas as pd

Measure = Callable[[Mapping[str, Sequence[MeasurementInput]]], Measurements]

DISTANCES = "distances.csv"
PAIRS = "pairs.csv"


@dataclass(frozen=True, eq=False)
class Closeness:
    """Result.

    distances : each system's from what it is compared with, in all metrics and by view
    plain : in all metrics, from the reference as it is, of each system that is compared with it under a control
    ranking : of the systems but the reference as played; None of one system, or where they cannot be compared
    remarks : why not, and which metrics are not in the distance, one line each
    reference : as the user named it
    """

    distances: list[Distance]
    plain: list[Distance] = field(default_factory=list)
    ranking: Ranking | None = None
    remarks: tuple[str, ...] = ()
    reference: str = ""


def closeness(
    measured: Measurements,
    chosen: References,
    systems: Mapping[str, Sequence[MeasurementInput]],
    measure: Measure,
    *,
    margin: Margin | None = None,
    seed: int = 0,
) -> Closeness:
    """Distances of systems from what each is compared with, and their ranking.

    measured : everything compared; systems : the inputs of all of it; measure : measures more, for the ranking
    margin : by how much a system may be further and is no worse
    """
    ranked = [name for name in chosen.against if name != chosen.name]
    measured = _that_differ(measured)
    values, pieces = measured.values, measured.pieces
    found = distances(values, pieces, chosen.against, seed=seed)
    controlled = {name: chosen.name for name in ranked if chosen.against[name] != chosen.name}
    plain = distances(values, pieces, controlled, only=(JOINT,), seed=seed)
    remarks = [*_without(found, chosen), *_lacking(found, measured)]
    near = Closeness(found, plain, None, tuple(remarks), chosen.name)
    ranked = [name for name in ranked if any(one.system == name for one in found)]
    if len(ranked) < 2:
        return near
    met = {chosen.against[name] for name in ranked}
    if len(met) == 1:
        return replace(near, ranking=ranking(values, pieces, met.pop(), ranked, margin=margin, seed=seed))
    control = together([chosen.controls.get(chosen.against[name], NO_CONTROL) for name in ranked])
    if control is None or not all(one.is_midi for name in (chosen.name, *ranked) for one in systems[name]):
        why = "no limits can be put on audio" if control is not None else "no music has the limits of all"
        return replace(near, remarks=(*remarks, f"{', '.join(ranked)} cannot be ranked: {why}"))
    remarks += _coarser(control, [chosen.controls.get(one, NO_CONTROL) for one in met])
    again = _that_differ(measure({name: under(control, systems[name]) for name in (chosen.name, *ranked)}))
    groups = pieces.set_index(["system", "piece"])["group"]
    own = again.pieces.assign(group=groups.reindex(again.pieces.set_index(["system", "piece"]).index).to_numpy())
    compared = ranking(again.values, own, chosen.name, ranked, margin=margin, seed=seed)
    return replace(near, remarks=tuple(remarks), ranking=replace(compared, control=control.words()))


def _coarser(control: Control, own: Sequence[Control]) -> list[str]:
    """A word where the limits of all together are a coarser grid than any system has."""
    grids = sorted(one.per_second for one in own if one.per_second)
    if not control.per_second or control.per_second in grids:
        return []
    of_each, shared = ", ".join(step(one) for one in reversed(grids)), step(control.per_second)
    said = f"systems are ranked on a grid of {shared}, which their grids ({of_each}) have in common"
    return [f"{said}: what they do between its steps does not count in the ranking"]


def _that_differ(measured: Measurements) -> Measurements:
    """Without the files that cannot be used, which have no value, and without metrics that are plain in all music."""
    values = without_plain(measured.values)
    known = values.loc[values["value"].notna(), ["system", "piece"]].drop_duplicates()
    pieces = measured.pieces.merge(known, on=["system", "piece"])
    return Measurements(values, pieces)


def _without(found: Sequence[Distance], chosen: References) -> list[str]:
    """The systems that have no distance, in one line."""
    missing = [name for name in chosen.against if not any(one.system == name for one in found)]
    if not missing:
        return []
    return [
        f"no distance in all metrics together of {', '.join(missing)}: it needs two groups of pieces on either side"
    ]


def _lacking(found: Sequence[Distance], measured: Measurements) -> list[str]:
    """The metrics of each reference that are not in its systems' joint distance, one line each."""
    wide, groups = joint.table(measured.values, measured.pieces)
    said = []
    for reference in dict.fromkeys(one.against for one in found):
        own = [one for one in found if one.against == reference]
        count = groups.loc[reference].astype(str).nunique()
        said.append(sentences.on_lacking(reference, kernels.lacking(wide.loc[[reference]]), count, own))
    return [*filter(None, said)]


def table(near: Closeness) -> "pd.DataFrame":
    """One row per system, reference and space; in the row of all metrics, its ranks and the distance they are of."""
    import pandas as pd

    ranked = near.ranking
    rows = []
    for one, plain in [(one, False) for one in near.distances] + [(one, True) for one in near.plain]:
        row = {name: value for name, value in asdict(one).items() if name not in ("found", "variety", "frechet")}
        row |= {"distance": one.found.value, "distance_low": one.found.low, "distance_high": one.found.high}
        row |= {
            "without_control": plain,
            **(asdict(one.variety) if one.variety else {}),
            **embedded.columns(one.frechet),
        }
        if ranked and not plain and one.space == JOINT and one.system in ranked.ranks:
            best, worst = ranked.ranks[one.system]
            row |= {"rank_best": best, "rank_worst": worst, "ranked_distance": ranked.distances[one.system]}
        rows.append(row)
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["system", "against", "space", "distance"])


def pairs(found: Ranking) -> "pd.DataFrame":
    """One row per pair of systems and space, the closer one first; all metrics together first."""
    import pandas as pd

    limits = {(one.system, one.other): one.upper for one in found.no_worse}
    rows = []
    for space, own in {JOINT: found.pairs, **(found.by_view or {})}.items():
        for one in own:
            row = {"closer": one.closer, "further": one.further, "space": space, "difference": one.found.value}
            row |= {"difference_low": one.found.low, "difference_high": one.found.high, "p": one.p}
            row |= {"p_holm": one.p_holm, "significant": one.significant}
            if found.margin and space == JOINT:
                row |= {
                    "closer_no_worse": limits[one.closer, one.further] < 0,
                    "further_no_worse": limits[one.further, one.closer] < 0,
                }
            rows.append(row)
    return pd.DataFrame(rows)


def said(near: Closeness) -> list[tuple[str, str]]:
    """What follows, each with what it is about: how far each system is, and which of two is known to be closer."""
    possible = near.ranking.ranks if near.ranking else {}
    lines = []
    for system in dict.fromkeys(one.system for one in near.distances):
        who = f"{system} without a control" if system == near.reference else system
        whole, rest = sentences.joint_and_rest(near.distances, system)
        if whole:
            words = sentences.on_system(replace(whole, system=who), rest, possible.get(system))
            beside = [sentences.on_plain(one) for one in near.plain if one.system == system]
            lines.append((system, " ".join([words, *beside])))
        lines += [(system, embedded.sentence(replace(one, system=who))) for one in rest if one.frechet]
    if near.ranking:
        lines += [(sentences.RANKING, words) for words in sentences.on_ranking(near.ranking)]
    return lines
