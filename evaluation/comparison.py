"""Set against set: every figure of every system beside the reference, and what can be concluded from it.

One table, a row a system and figure: the two distributions, how far apart they are in units of what the reference's own
halves differ by, how sure that is, and a verdict. `evaluation.inference` says how each number comes about.

The verdict follows the permutation test, corrected over the whole table by Holm: "differs" where p < 0.05, else "not
told apart", which is no proof of being alike. A figure that too few pieces have gets none; nor does a system with a
single piece, or a reference with one: that is a comparison of songs, and nothing is inferred from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation import draws, inference
from evaluation.draws import Pair
from evaluation.measures import METRICS, OF_NOTES

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
DIFFERS, ALIKE, NONE = "differs", "not told apart", "no verdict"
TOO_FEW = "its groups are too few to tell anything apart"
FEWEST = 2  # pieces of a set that must have a figure
WIDER = 1.5  # interquartile ranges further apart than this are what differs, if little else does
UNEQUAL = 1.1  # lengths further apart than this make figures incomparable

TEXT = ("system", "metric", "verdict", "how", "note")
NUMBERS = (
    "reference_pieces",
    "reference_n",
    "reference_mean",
    "reference_q1",
    "reference_median",
    "reference_q3",
    "system_pieces",
    "system_n",
    "system_mean",
    "system_q1",
    "system_median",
    "system_q3",
    "difference",
    "difference_low",
    "difference_high",
    "delta",
    "delta_low",
    "delta_high",
    "distance",
    "distance_low",
    "distance_high",
    "reference_95",
    "floor",
    "size",
    "p",
    "p_holm",
    "permutations",
)
COLUMNS = ("system", "metric", "verdict", "how", *NUMBERS, "note")


def compare(
    figures: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    *,
    permutations: int | None = None,
    seed: int = 0,
    progress: Callable[[str], object] | None = None,
) -> "pd.DataFrame":
    """The table of `COLUMNS`: every other system against the reference, in the order of the systems.

    figures, pieces : of `evaluation.measures.Measurements`
    permutations : of each test; by default 10,000, or as many as the smallest corrected p of the table needs to be 0.01
    progress : called with each system when it is done
    """
    import pandas as pd

    groups = pieces.set_index(["system", "piece"])["group"]
    indexed = figures.set_index(["system", "piece", "metric"])
    notes = indexed["note"].astype(object).fillna("")
    values = indexed["value"].unstack("metric").reindex(groups.index)  # noqa: PD010 - pivot_table drops empty pieces
    metrics = [name for name, metric in METRICS.items() if metric.compared and name in values.columns]
    systems = [system for system in dict.fromkeys(pieces["system"]) if system != reference]
    tests = max(len(metrics) * len(systems), 1)
    count = permutations or max(draws.PERMUTATIONS, 100 * tests)
    contrasts = []
    for number, system in enumerate(systems):
        both = {name: tuple(values.loc[one][name].to_numpy(float) for one in (reference, system)) for name in metrics}
        of_groups = groups.loc[reference].to_numpy(), groups.loc[system].to_numpy()
        contrasts.append(_Contrast(system, both, of_groups, (seed, number)))
    # One size a figure for all systems: distances of samples of other sizes are in other units.
    sizes = {name: min([draws.SIZE, *(one.sizes[name] for one in contrasts if name in one.sizes)]) for name in metrics}
    rows = []
    for contrast in contrasts:
        reasons = {name: _reasons(notes, reference, contrast.system, name) for name in metrics}
        rows += contrast.rows(reasons, sizes, count)
        if progress:
            progress(contrast.system)
    table = pd.DataFrame(rows, columns=[*COLUMNS, "_least_p"])
    return _with_verdicts(table)[list(COLUMNS)]


class _Contrast:
    """One system against the reference. Figures that the same pieces have are tested on the same draws."""

    def __init__(
        self, system: str, values: Mapping[str, tuple[Any, ...]], groups: tuple[Any, Any], seed: tuple[int, int]
    ) -> None:
        self.system = system
        self.values = values
        self.seed = seed
        self.here = {name: tuple(np.isfinite(own) for own in both) for name, both in values.items()}
        self.pairs: dict[str, Pair] = {}
        self.untested: dict[str, str] = {}
        self.patterns: dict[bytes, list[str]] = {}  # figures by the pieces that have them
        for name, here in self.here.items():
            pair = _pair(groups[0][here[0]], groups[1][here[1]])
            if isinstance(pair, str):
                self.untested[name] = pair
            else:
                self.pairs[name] = pair
                self.patterns.setdefault(np.concatenate(here).tobytes(), []).append(name)
        self.sizes = {
            name: size
            for names in self.patterns.values()
            for size in [draws.largest_size(self.pairs[names[0]], self._random(0))]
            for name in names
        }

    def rows(self, reasons: Mapping[str, str], sizes: Mapping[str, int], permutations: int) -> list[dict[str, Any]]:
        rows = {
            name: _described(self.system, name, both[0], both[1], reasons[name]) for name, both in self.values.items()
        }
        for name, why in self.untested.items():
            rows[name]["note"] = "; ".join(filter(None, (why, reasons[name])))
        for names in self.patterns.values():
            for name, found in self._found(names, sizes, permutations).items():
                rows[name] |= found
        return list(rows.values())

    def _found(self, names: Sequence[str], sizes: Mapping[str, int], permutations: int) -> dict[str, dict[str, Any]]:
        pair = self.pairs[names[0]]
        present = {name: _present(self.values[name], self.here[name]) for name in names}
        shuffles = self._random(1)
        tested = pair.tested(shuffles)
        subset = Pair(pair.reference[tested[0]], pair.system[tested[1]])
        counted = dict.fromkeys(names, 0)
        for sides in draws.permuted_sides(subset, shuffles, permutations):
            for name in names:
                counted[name] += inference.as_far_apart(*_present(present[name], tested), sides)
        least = (2 if len(subset.reference) == len(subset.system) else 1) / subset.assignments
        found = {}
        for name in names:
            samples = draws.equal_samples(pair, self._random(0), sizes[name])
            weights = draws.resampled_weights(pair, self._random(2))
            found[name] = _flat(inference.effects(*present[name], samples, weights, pair.groups)) | {
                "p": inference.permutation_p(counted[name], permutations),
                "permutations": permutations,
                "_least_p": least,
            }
        return found

    def _random(self, use: int) -> np.random.Generator:
        return np.random.default_rng((*self.seed, use))


def _with_verdicts(table: "pd.DataFrame") -> "pd.DataFrame":
    table["p_holm"] = inference.holm(table["p"].tolist())
    tested = table["p_holm"].notna()
    table.loc[tested, "verdict"] = np.where(table.loc[tested, "p_holm"] < ALPHA, DIFFERS, ALIKE)
    hopeless = tested & (table["verdict"] == ALIKE) & (table["_least_p"] * tested.sum() >= ALPHA)
    table.loc[hopeless, "verdict"] = NONE
    table.loc[hopeless, "note"] = [f"{TOO_FEW}; {note}".removesuffix("; ") for note in table.loc[hopeless, "note"]]
    told = table["verdict"] == DIFFERS
    table.loc[told, "how"] = [_how(row) for row in table[told].to_dict("records")]
    return table


def _present(values: tuple[Any, Any], here: tuple[Any, Any]) -> tuple[Any, Any]:
    return values[0][here[0]], values[1][here[1]]


def _pair(reference: Any, system: Any) -> Pair | str:
    """The pieces that have a figure; or why nothing can be inferred from it."""
    if min(len(reference), len(system)) < FEWEST:
        return f"fewer than {FEWEST} pieces have it"
    try:
        return Pair(reference, system)
    except ValueError:
        return "all pieces are of one group"


def _described(system: str, name: str, reference: Any, own: Any, reason: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    row |= {"system": system, "metric": name, "verdict": NONE, "how": "", "note": reason}
    for label, values in (("reference", reference), ("system", own)):
        there = values[np.isfinite(values)]
        row |= {f"{label}_pieces": len(values), f"{label}_n": len(there)}
        if len(there):
            row[f"{label}_mean"] = there.mean()
            quartiles = np.percentile(there, [25, 50, 75])
            row |= dict(zip((f"{label}_q1", f"{label}_median", f"{label}_q3"), quartiles, strict=True))
    return row


def _flat(found: inference.Effects) -> dict[str, Any]:
    row = {"floor": found.floor, "reference_95": found.reference_95, "size": found.size}
    for name in ("difference", "delta", "distance"):
        interval = asdict(getattr(found, name))
        row |= {name: interval["value"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
    return row


def _how(row: Mapping[Any, Any]) -> str:
    """What differs: pieces are higher, or lower; or, where that is negligible, they vary more, or less."""
    word = inference.magnitude(row["delta"])
    spread, usual = (row[f"{side}_q3"] - row[f"{side}_q1"] for side in ("system", "reference"))
    if word == "negligible" and max(spread, usual) > WIDER * min(spread, usual):
        return "varies more" if spread > usual else "varies less"
    for name in ("delta", "difference"):  # the difference of the means sees what pairs share, and delta does not
        if row[f"{name}_low"] * row[f"{name}_high"] > 0:
            return f"{'higher' if row[name] > 0 else 'lower'} ({word})"
    return "varies more" if spread > usual else "varies less" if spread < usual else "otherwise"


def _reasons(notes: "pd.Series[Any]", reference: str, system: str, metric: str) -> str:
    """How many pieces lack a figure, and the commonest reason."""
    said = []
    for name in (reference, system):
        own = notes.loc[name].xs(metric, level="metric")
        lacking = own[own != ""]
        if len(lacking):
            said.append(f"{len(lacking)} of {len(own)} of {name} without ({lacking.mode().iloc[0]})")
    return "; ".join(said)


def flips(base: "pd.DataFrame", variants: Mapping[str, "pd.DataFrame"]) -> "pd.DataFrame":
    """The table with a column `flips`: the variants, of other sound, in which a row's conclusion is another one.

    A conclusion is the verdict, and whether what differs is higher or lower. Those on notes do not depend on the sound;
    that their correction depends on the other rows is no reason to doubt them.
    """
    table = base.copy()
    marks: list[list[str]] = [[] for _ in range(len(table))]
    for variant, other in variants.items():
        for place, (one, two) in enumerate(zip(_conclusions(base), _conclusions(other), strict=True)):
            if METRICS[one[0]].view not in OF_NOTES and (one[1] != two[1] or {one[2], two[2]} == {"higher", "lower"}):
                marks[place].append(variant)
    table["flips"] = [", ".join(mark) for mark in marks]
    return table


def _conclusions(table: "pd.DataFrame") -> list[tuple[str, ...]]:
    rows = table[["metric", "verdict", "how"]].astype(str).to_numpy().tolist()
    return [(metric, verdict, how.split(" (")[0]) for metric, verdict, how in rows]


def remarks(table: "pd.DataFrame", pieces: "pd.DataFrame", reference: str) -> list[str]:
    """What a reader must know before believing the table, one line each."""
    each = {str(system): own for system, own in pieces.groupby("system", sort=False)}
    sizes = {system: len(own) for system, own in each.items()}
    lengths = {system: float(own["seconds"].median()) for system, own in each.items()}
    said = []
    for system, own in each.items():
        if sizes[system] == 1:
            said.append(f"{system} has one piece: songs are compared, and nothing is inferred from it")
        hopeless = table.loc[table["system"] == system, "note"].str.startswith(TOO_FEW)
        if hopeless.any():
            said.append(
                f"{system}: {own['group'].nunique()} groups against {each[reference]['group'].nunique()} are too few "
                f"to tell {hopeless.sum()} figures apart, however large the difference"
            )
        if rejected := int((own["rejected"].astype(object).fillna("") != "").sum()):
            said.append(f"{system}: {rejected} of {sizes[system]} files cannot be used")
        longer = lengths[system] / lengths[reference] if lengths[reference] else np.nan
        if not 1 / UNEQUAL <= longer <= UNEQUAL:
            said.append(
                f"{system} lasts {lengths[system]:.0f} s, {reference} {lengths[reference]:.0f} s (medians): many "
                "figures depend on length; cut all with --seconds"
            )
        told = own["remarks"].astype(object).fillna("")
        counts = told[told != ""].value_counts()
        said += [f"{system}: {count} of {sizes[system]} {remark}" for remark, count in counts.items()]
    few = min(sizes, key=sizes.__getitem__)
    if table["size"].min() < draws.SIZE:
        said.append(
            f"distances are of samples of {table['size'].min():.0f} pieces, as {few} has {sizes[few]}: with more, "
            "differences stand out further from the noise floor"
        )
    return said


def summary(table: "pd.DataFrame", systems: Sequence[str]) -> list[str]:
    """One line a system: in how many figures it differs, and most in which."""
    lines = []
    for system in systems:
        own = table[table["system"] == system]
        tested, told = own[own["verdict"] != NONE], own[own["verdict"] == DIFFERS]
        line = f"{system} differs in {len(told)} of {len(tested)} figures"
        furthest = told.dropna(subset="distance").sort_values("distance", ascending=False).head(3).to_dict("records")
        if furthest:
            most = (f"{METRICS[row['metric']].label.lower()} {row['how']} {row['distance']:.1f}" for row in furthest)
            line += f"; furthest, in noise floors: {', '.join(most)}"
        lines.append(line + ".")
    return lines
