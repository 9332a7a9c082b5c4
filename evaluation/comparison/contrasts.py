"""Set against set: every figure of every system beside the reference, and what can be concluded from it.

One table, a row a system and figure: the two distributions, how far apart they are in units of what the reference's own
halves differ by, how sure that is, and a verdict. `evaluation.statistics.inference` says how each number comes about.

The verdict follows the permutation test of the distance, corrected by Holm over the metrics of one system, so that it
does not depend on the other systems of the table: "differs" where p < 0.05, else "inconclusive", which is no proof of
being equal. In what way a metric differs is tested apart (`statistics.means`) and corrected alike: "higher" or "lower"
where the difference of means is significant and its interval leaves out 0; "varies more" or "less" where that of the
spread is; else "in distribution". A metric that too few pieces have gets no verdict; nor does a system with a single
piece, or a reference with one: that is a comparison of songs, and nothing is inferred from it.

Distances, unlike verdicts, are given for one sample size in all systems of a table (`size`), the largest that all have:
noise floors of other sizes are other units.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.measurement.measure import METRICS, OF_NOTES
from evaluation.statistics import inference, means, resampling
from evaluation.statistics.resampling import Pair

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
METHOD = 2  # of the tests: verdicts of different methods are not compared; 1 exchanged pieces, and took signs for tests
DIFFERS, INCONCLUSIVE, NONE = "differs", "inconclusive", "no verdict"
HIGHER, LOWER, MORE, LESS, OTHERWISE = "higher", "lower", "varies more", "varies less", "in distribution"
TOO_FEW = "too few groups"
FEWEST = 2  # pieces of a set that must have a metric
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
    "spread",
    "spread_low",
    "spread_high",
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
    "mean_p",
    "mean_p_holm",
    "spread_p",
    "spread_p_holm",
    "least_p",
    "permutations",
)
TESTS = ("p", "mean_p", "spread_p")  # each corrected over the metrics of a system
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

    figures, pieces : of `evaluation.measurement.measure.Measurements`
    permutations : of each test; by default 10,000, or as many as the smallest corrected p of a system needs to be 0.01
    progress : called with each system when it is done
    """
    import pandas as pd

    groups = pieces.set_index(["system", "piece"])["group"]
    indexed = figures.set_index(["system", "piece", "metric"])
    notes = indexed["note"].astype(object).fillna("")
    values = indexed["value"].unstack("metric").reindex(groups.index)  # noqa: PD010 - pivot_table drops empty pieces
    metrics = [name for name, metric in METRICS.items() if metric.tested and name in values.columns]
    systems = [system for system in dict.fromkeys(pieces["system"]) if system != reference]
    count = permutations or max(resampling.PERMUTATIONS, 100 * len(metrics))
    contrasts = []
    for system in systems:
        both = {name: tuple(values.loc[one][name].to_numpy(float) for one in (reference, system)) for name in metrics}
        of_groups = groups.loc[reference].to_numpy(), groups.loc[system].to_numpy()
        contrasts.append(_Contrast(system, both, of_groups, seed))
    # One size a metric for all systems: distances of samples of other sizes are in other units.
    sizes = {
        name: min([resampling.SIZE, *(one.sizes[name] for one in contrasts if name in one.sizes)]) for name in metrics
    }
    tables = []
    for contrast in contrasts:
        reasons = {name: _reasons(notes, reference, contrast.system, name) for name in metrics}
        rows = contrast.rows(reasons, sizes, count)
        tables.append(_with_verdicts(pd.DataFrame(rows, columns=list(COLUMNS))))
        if progress:
            progress(contrast.system)
    return pd.concat(tables, ignore_index=True)


class _Contrast:
    """One system against the reference. Figures that the same pieces have are tested on the same draws."""

    def __init__(self, system: str, values: Mapping[str, tuple[Any, ...]], groups: tuple[Any, Any], seed: int) -> None:
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
            for size in [resampling.largest_size(self.pairs[names[0]], self._random(0))]
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
        for sides in resampling.permuted_sides(subset, shuffles, permutations):
            for name in names:
                counted[name] += inference.as_far_apart(*_present(present[name], tested), sides)
        direction = self._directions(pair, present, permutations)
        found = {}
        for name in names:
            samples = resampling.equal_samples(pair, self._random(0), sizes[name])
            weights = resampling.resampled_weights(pair, self._random(2))
            found[name] = _flat(inference.effects(*present[name], samples, weights, pair.groups)) | {
                "p": inference.permutation_p(counted[name], permutations),
                "permutations": permutations,
                "least_p": subset.least_p,
                **direction[name],
            }
        return found

    def _directions(
        self, pair: Pair, present: Mapping[str, tuple[Any, Any]], permutations: int
    ) -> dict[str, dict[str, float]]:
        """The p of a difference of means and of spread of each metric."""
        crossed = list(resampling.permuted_groups(pair, self._random(3), permutations))
        around = {name: (means.from_median(one), means.from_median(other)) for name, (one, other) in present.items()}
        counted = {
            test: means.as_far_out(sets, pair, crossed) for test, sets in (("mean_p", present), ("spread_p", around))
        }
        return {
            name: {test: inference.permutation_p(further[name], permutations) for test, further in counted.items()}
            for name in present
        }

    def _random(self, use: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, use))


def _with_verdicts(table: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of one system with its corrected p-values and what follows from them."""
    for test in TESTS:
        table[f"{test}_holm"] = inference.holm(table[test].tolist())
    tested = table["p_holm"].notna()
    table.loc[tested, "verdict"] = np.where(table.loc[tested, "p_holm"] < ALPHA, DIFFERS, INCONCLUSIVE)
    hopeless = tested & (table["verdict"] == INCONCLUSIVE) & (table["least_p"] * tested.sum() >= ALPHA)
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
    for name in ("difference", "spread", "delta", "distance"):
        interval = asdict(getattr(found, name))
        row |= {name: interval["value"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
    return row


def _how(row: Mapping[Any, Any]) -> str:
    """In what way it differs, as far as that is tested: its mean, else its spread, else only the distribution."""
    if _shown(row, "mean_p_holm", "difference") and not _opposed(row):
        return f"{HIGHER if row['difference'] > 0 else LOWER} ({inference.magnitude(row['delta'])})"
    if _shown(row, "spread_p_holm", "spread"):
        return MORE if row["spread"] > 0 else LESS
    return OTHERWISE


def _shown(row: Mapping[Any, Any], p: str, effect: str) -> bool:
    """Whether an effect is significant and its interval leaves out 0."""
    return bool(row[p] < ALPHA and row[f"{effect}_low"] * row[f"{effect}_high"] > 0)


def _opposed(row: Mapping[Any, Any]) -> bool:
    """Whether most pieces lie on the other side than the mean does: then neither word is the whole truth."""
    return bool(row["delta_low"] * row["delta_high"] > 0 and row["delta"] * row["difference"] < 0)


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

    A conclusion is the verdict, and in what way a metric differs. Those on notes do not depend on the sound; that their
    correction depends on the other rows is no reason to doubt them.
    """
    table = base.copy()
    marks: list[list[str]] = [[] for _ in range(len(table))]
    for variant, other in variants.items():
        for place, (one, two) in enumerate(zip(_conclusions(base), _conclusions(other), strict=True)):
            if METRICS[one[0]].view not in OF_NOTES and one != two:
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
                f"for a significant difference in {hopeless.sum()} metrics, however large it is"
            )
        if rejected := int((own["rejected"].astype(object).fillna("") != "").sum()):
            said.append(f"{system}: {rejected} of {sizes[system]} files cannot be used")
        longer = lengths[system] / lengths[reference] if lengths[reference] else np.nan
        if not 1 / UNEQUAL <= longer <= UNEQUAL:
            said.append(
                f"{system} lasts {lengths[system]:.0f} s, {reference} {lengths[reference]:.0f} s (medians): many "
                "metrics depend on length; cut all with --seconds"
            )
        told = own["remarks"].astype(object).fillna("")
        counts = told[told != ""].value_counts()
        said += [f"{system}: {count} of {sizes[system]} {remark}" for remark, count in counts.items()]
    return said + _of_sizes(table)


def _of_sizes(table: "pd.DataFrame") -> list[str]:
    """How many pieces the samples of the distances have, where that is fewer than usual or not one number."""
    by_metric = table.dropna(subset="size").drop_duplicates("metric").set_index("metric")["size"].astype(int)
    if not len(by_metric) or by_metric.min() >= resampling.SIZE:
        return []
    most = int(by_metric.mode().max())
    others = [f"{METRICS[str(name)].label.lower()} {size}" for name, size in by_metric.items() if size != most]
    but = f" ({', '.join(others)})" if others else ""
    line = (
        f"distances are between samples of {most} pieces{but}: a noise floor shrinks as samples grow, so distances of "
    )
    return [line + "tables with other sample sizes cannot be compared; Cliff's delta can"]


def summary(table: "pd.DataFrame", systems: Sequence[str]) -> list[str]:
    """One line a system: in how many metrics it differs significantly, and in which most."""
    lines = []
    for system in systems:
        own = table[table["system"] == system]
        tested, told = own[own["verdict"] != NONE], own[own["verdict"] == DIFFERS]
        line = f"{system} differs significantly in {len(told)} of {len(tested)} metrics"
        if not len(tested):
            line = f"{system}: no metric could be tested"
        elif not len(told):
            line += ", which does not show that it is equal in them"
        furthest = told.dropna(subset="distance").sort_values("distance", ascending=False).head(3).to_dict("records")
        if furthest:
            most = (f"{METRICS[row['metric']].label.lower()} {row['how']} {row['distance']:.1f}" for row in furthest)
            sizes = sorted({int(row["size"]) for row in furthest})
            samples = " or ".join(map(str, sizes))
            line += f"; furthest, in noise floors (samples of {samples} pieces): {', '.join(most)}"
        lines.append(line + ".")
    return lines
