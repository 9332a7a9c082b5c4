"""The joint distance of systems with several trainings: MMD^2 of each training from the reference, and who is closer.

A training's MMD^2 is one value (`evaluation.statistics.replicates`); what each group of pieces contributes to it is
found by leaving the group out, of the reference and the training together (the jackknife).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.distance import joint
from evaluation.distance.kernels import of_all_spaces
from evaluation.distance.ranking import Margin, Ranking, one_family
from evaluation.distance.ranking import ranking as by_pieces
from evaluation.distance.space import JOINT
from evaluation.statistics import ranks
from evaluation.statistics.discrepancy import Sets
from evaluation.statistics.effects import Interval
from evaluation.statistics.replicates import FEWEST, Trainings, difference

if TYPE_CHECKING:
    import pandas as pd

PART = "\0part"  # no system is called so


def replicates(values: "pd.DataFrame", pieces: "pd.DataFrame", system: str) -> tuple[dict[str, list[Any]], list[str]]:
    """The pieces of each training of a system, as keys (system, piece), and which trainings are copies of another.

    Trainings with the same values in all metrics are one: the copy is left out. Empty for a system without trainings.
    """
    own = pieces[(pieces["system"] == system) & (pieces["rejected"] == "")]
    wide, _ = joint.table(values[values["system"] == system], own)
    found: dict[str, list[Any]] = {}
    seen: dict[bytes, str] = {}
    copies = []
    for name in [one for one in dict.fromkeys(own["replicate"].astype(str)) if one]:
        part = own[own["replicate"] == name]
        keys = list(zip(part["system"], part["piece"], strict=True))
        rows = np.round(wide.loc[keys].to_numpy(float), 9)
        first = seen.setdefault(b"".join(sorted(row.tobytes() for row in rows)), name)
        if first == name:
            found[name] = keys
        else:
            copies.append(f"{system}: trainings {first} and {name} hold the same music; they count as one")
    return found, copies


def of_system(
    wide: "pd.DataFrame", groups: "pd.Series[Any]", reference: str, parts: Sequence[Sequence[Any]]
) -> dict[str, Trainings]:
    """MMD^2 of each part of a system from the reference, in every space; parts : keys (system, piece) of each training

    The groups are all of the table, sorted. A part with fewer than two groups has NaN.
    """
    names = np.unique(groups.to_numpy().astype(str))
    each = [_of_part(wide, groups, reference, list(keys), names) for keys in parts]
    return {
        space: Trainings(np.array([one[space][0] for one in each]), np.stack([one[space][1] for one in each]))
        for space in each[0]
    }


def _of_part(
    wide: "pd.DataFrame", groups: "pd.Series[Any]", reference: str, keys: list[Any], names: NDArray[Any]
) -> dict[str, tuple[float, NDArray[np.float64]]]:
    import pandas as pd

    own = {reference: groups.loc[reference].to_numpy(), PART: groups.loc[keys].to_numpy()}
    both = pd.concat({reference: wide.loc[reference], PART: wide.loc[keys].droplevel("system")})
    return {space: of_sets(sets, names)[PART] for space, sets in of_all_spaces(both, own).items()}


def of_sets(sets: Sets, names: NDArray[Any]) -> dict[str, tuple[float, NDArray[np.float64]]]:
    """MMD^2 of each other set from the first, and the influence of each group on it; names : all groups, sorted"""
    (there, without), values = sets.without_each(), sets.squared()
    counts = [len(np.unique(own.astype(str))) for own in sets.groups.values()]
    found = {}
    for (name, value), own in zip(values.items(), counts[1:], strict=True):
        count = min(counts[0], own)
        influence = np.zeros(len(names))
        influence[np.searchsorted(names, there)] = np.sqrt((count - 1) / count) * np.nan_to_num(value - without[name])
        found[name] = value, influence
    return found


def ranking(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    systems: Sequence[str],
    *,
    margin: Margin | None = None,
    seed: int = 0,
) -> Ranking:
    """`evaluation.distance.ranking.ranking`; where systems have trainings, these are compared and not their pieces.

    Two systems with five trainings or more by t between trainings; one of them with a system that has no trainings
    (one training, or a set of pieces) too, as that one is. A system with two to four trainings has no verdict. "No
    worse" by a margin is not said of trainings.
    """
    of_pieces = by_pieces(values, pieces, reference, systems, margin=margin, seed=seed)
    parts = {name: replicates(values, pieces, name)[0] if "replicate" in pieces else {} for name in systems}
    if not any(len(own) > 1 for own in parts.values()):
        return of_pieces
    wide, groups = joint.table(values, pieces)
    every = {name: list(own.values()) or [groups.loc[[name]].index.tolist()] for name, own in parts.items()}
    samples = {name: of_system(wide, groups, reference, own) for name, own in every.items()}
    far = {name: one[JOINT].mean for name, one in samples.items()}
    known = {JOINT: of_pieces.pairs, **(of_pieces.by_view or {})}
    compared = {space: _pairs({name: one[space] for name, one in samples.items()}, known[space]) for space in known}
    jointly = ranks.corrected(compared.pop(JOINT))
    views = one_family(compared)
    return Ranking(reference, far, jointly, ranks.ranks(far, jointly), by_view=views)


def _pairs(samples: Mapping[str, Trainings], of_pieces: Sequence[ranks.Comparison]) -> list[ranks.Comparison]:
    """Every pair, the closer one first; of two systems without trainings the test of their pieces."""
    known = {frozenset((one.closer, one.further)): one for one in of_pieces}
    found = []
    for one, other in combinations(samples, 2):
        pair = frozenset((one, other))
        if all(len(samples[name].values) == 1 for name in pair):
            found += [known[pair]] if pair in known else []
            continue
        closer, further = (one, other) if samples[one].mean <= samples[other].mean else (other, one)
        found.append(_pair(closer, further, samples))
    return found


def _pair(closer: str, further: str, samples: Mapping[str, Trainings]) -> ranks.Comparison:
    one, other = samples[further], samples[closer]
    if any(1 < len(own.values) < FEWEST for own in (one, other)):
        return ranks.Comparison(closer, further, Interval(one.mean - other.mean, np.nan, np.nan), np.nan)
    found = difference(one, other)
    return ranks.Comparison(closer, further, Interval(found.value, found.low, found.high), found.p)
