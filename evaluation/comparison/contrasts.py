"""Every metric of every system compared with the reference, and the conclusion.

One table, one row per system and metric (`verdict.VerdictRow`): the two distributions, how far apart they are in units
of the difference between the reference's own halves, how certain that is, and a verdict.
`evaluation.statistics.effects` and `inference` define each number.

The verdict follows the permutation test of the distance, corrected by Holm over the metrics of one system, so that it
does not depend on the other systems of the table: "differs" where p < 0.05, else "inconclusive", which does not
prove equality. The direction of a difference has tests of its own (`statistics.means`), corrected in the same way:
"higher" or "lower" where the difference of means is significant and its interval excludes 0; "varies more" or "less"
where that of the spread is; else "in distribution". A metric that too few pieces have gets no verdict; nor does a
system with a single piece, or a reference with one: that is a comparison of songs, and nothing is inferred from it.
Nor does a metric that no exchange changes, as both sets have the same values: its least p is 1, so it can never be
significant, and it does not count in the correction (Tarone, "A modified Bonferroni method for discrete data", 1990).

Distances, unlike verdicts, are given for one sample size in all systems of a table (`size`), the largest that all have:
noise floors of other sizes are other units.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.processes import default_workers
from clstm.runtime.progress import Progress, silent
from evaluation.comparison.sets.absent import had, without_plain
from evaluation.comparison.verdict import (
    COLUMNS,
    DIFFERS,
    HIGHER,
    INCONCLUSIVE,
    LESS,
    LOWER,
    MORE,
    NONE,
    OTHERWISE,
    SAME,
    TOO_FEW,
    Direction,
)
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics import effects, inference, means, resampling
from evaluation.statistics.resampling import Array, Pair

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
# Verdicts of different methods of testing are not compared: method 1 had no tests of direction, method 2 drew exchanges
# at random where there were few enough to count them all, and both corrected for metrics that no exchange changes.
METHOD = 3
FEWEST = 2  # pieces of a set that must have a metric

TESTS = ("p", "mean_p", "spread_p")  # each corrected over the metrics of a system


def compare(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    *,
    against: Mapping[str, str] | None = None,
    permutations: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> "pd.DataFrame":
    """The table of `COLUMNS`: every other system compared with the reference, in the order of the systems.

    A metric that no piece of any system has is left out (`evaluation.comparison.sets.absent`).

    values, pieces : of `evaluation.measurement.systems.Measurements`
    against : the systems compared, each with what it is compared with, where that is not the reference for all
    permutations : of each test; by default 10,000, or as many as the smallest corrected p of a system needs to be 0.01
    progress : called as each system is done

    Twelve pieces of two systems, one metric, every value of the one above every value of the other:

    >>> import pandas as pd
    >>> names = [(system, str(piece)) for system in ("human", "rnn") for piece in range(12)]
    >>> pieces = pd.DataFrame(names, columns=["system", "piece"]).assign(group=range(24))
    >>> values = pieces.assign(metric="polyphony", value=np.r_[0.0:12.0, 20.0:32.0], note="")
    >>> (row,) = compare(values, pieces, "human", permutations=999).to_dict("records")
    >>> row["verdict"], row["direction"], row["magnitude"], round(row["delta"], 6)
    ('differs', 'higher', 'large', 1.0)
    """
    import pandas as pd

    values = without_plain(values)
    groups = pieces.set_index(["system", "piece"])["group"]
    wide, notes = _by_piece(values, groups.index)
    there = had(values)
    metrics = [name for name, metric in METRICS.items() if metric.tested and name in there]
    names = list(dict.fromkeys(pieces["system"]))
    against = dict.fromkeys((name for name in names if name != reference), reference) if against is None else against
    systems = [name for name in names if name in against]
    count = permutations or max(resampling.PERMUTATIONS, 100 * len(metrics))
    contrasts = []
    for system in systems:
        both = {
            name: tuple(wide.loc[one][name].to_numpy(float) for one in (against[system], system)) for name in metrics
        }
        of_groups = groups.loc[against[system]].to_numpy(), groups.loc[system].to_numpy()
        # The seed of all: what is said of a system does not depend on the others of the table.
        contrasts.append(_Contrast(system, against[system], both, of_groups, seed))
    # One size per metric for all systems: distances of samples of other sizes are in other units.
    sizes = {
        name: min([resampling.SIZE, *(one.sizes[name] for one in contrasts if name in one.sizes)]) for name in metrics
    }
    tables = []
    for done, contrast in enumerate(contrasts, start=1):
        reasons = {name: _reasons(notes, contrast.against, contrast.system, name) for name in metrics}
        rows = contrast.rows(reasons, sizes, count)
        tables.append(_with_verdicts(pd.DataFrame(rows, columns=list(COLUMNS))))
        progress("Comparing", done, len(contrasts))
    return pd.concat(tables, ignore_index=True)


def _by_piece(values: "pd.DataFrame", pieces: "pd.Index[Any]") -> "tuple[pd.DataFrame, pd.Series[Any]]":
    """The values of each system and piece, one column per metric; and by all three, why one is missing."""
    import pandas as pd

    indexed = values.set_index(["system", "piece", "metric"])
    wide = indexed["value"].unstack("metric").reindex(pieces)  # noqa: PD010  pivot_table drops empty pieces
    # A note of half a second is .5 s in one file and .49999999999999994 s in another: that is no difference.
    wide = pd.DataFrame(_significant_digits(wide.to_numpy(float)), wide.index, wide.columns)
    return wide, indexed["note"].astype(object).fillna("")


class _Contrast:
    """One system compared with the reference. Metrics that the same pieces have are tested on the same permutations."""

    def __init__(
        self, system: str, against: str, values: Mapping[str, tuple[Any, ...]], groups: tuple[Any, Any], seed: int
    ) -> None:
        self.system, self.against = system, against
        self.values = values
        self.seed = seed
        self.here = {name: tuple(np.isfinite(own) for own in both) for name, both in values.items()}
        self.pairs: dict[str, Pair] = {}
        self.untested: dict[str, str] = {}
        self.patterns: dict[bytes, list[str]] = {}  # metrics by the pieces that have them
        for name, here in self.here.items():
            pair = _pair(groups[0][here[0]], groups[1][here[1]])
            if isinstance(pair, str):
                self.untested[name] = pair
            else:
                if _same(pair, *_present(values[name], here)):
                    self.untested[name] = SAME
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
            name: _described(self.system, name, both[0], both[1], reasons[name]) | {"against": self.against}
            for name, both in self.values.items()
        }
        for names in self.patterns.values():
            for name, found in self._found(names, sizes, permutations).items():
                rows[name] |= found
        for name, why in self.untested.items():  # what is the same in both has a distance, and no p
            rows[name] |= dict.fromkeys(TESTS, np.nan)
            rows[name]["note"] = "; ".join(filter(None, (why, reasons[name])))
        return list(rows.values())

    def _found(self, names: Sequence[str], sizes: Mapping[str, int], permutations: int) -> dict[str, dict[str, Any]]:
        pair = self.pairs[names[0]]
        present = {name: _present(self.values[name], self.here[name]) for name in names}
        shuffles = self._random(1)
        tested = pair.tested(shuffles)
        subset = Pair(pair.reference[tested[0]], pair.system[tested[1]])
        direction = self._directions(pair, present, permutations)
        # Of one size the samples are the same for all metrics: of thousands of pieces they take long to draw.
        drawn = {size: resampling.equal_samples(pair, self._random(0), size) for size in {sizes[one] for one in names}}
        weights = list(resampling.resampled_weights(pair, self._random(2)))

        def further(name: str, sides: NDArray[np.bool_]) -> int:
            return inference.as_far_apart(*_present(present[name], tested), sides)

        def sizes_of_effect(name: str) -> effects.Effects:
            return effects.effects(*present[name], drawn[sizes[name]], weights, pair.groups)

        with ThreadPoolExecutor(default_workers()) as threads:  # NumPy computes several metrics at a time
            counted = np.zeros(len(names))
            for sides in resampling.permuted_sides(subset, shuffles, permutations):
                counted += list(threads.map(partial(further, sides=sides), names))
            found = list(threads.map(sizes_of_effect, names))
        return {
            name: _flat(effect)
            | {
                "p": float(count) / subset.permutations(permutations),
                "permutations": int(min(subset.assignments, permutations)),
                "least_p": subset.least_p,
                **direction[name],
            }
            for name, effect, count in zip(names, found, counted, strict=True)
        }

    def _directions(
        self, pair: Pair, present: Mapping[str, tuple[Any, Any]], permutations: int
    ) -> dict[str, dict[str, float]]:
        """The p of a difference of means and of spread of each metric."""
        # A list, for they are used twice: for the means and for the spread.
        crossed = list(resampling.permuted_groups(pair, self._random(3), permutations))
        around = {name: (means.from_median(one), means.from_median(other)) for name, (one, other) in present.items()}
        counted = {
            test: means.as_far_out(sets, pair, crossed) for test, sets in (("mean_p", present), ("spread_p", around))
        }
        return {
            name: {test: further[name] / pair.permutations(permutations) for test, further in counted.items()}
            for name in present
        }

    def _random(self, use: int) -> np.random.Generator:
        # A stream for each use: more permutations do not change the samples of the distance.
        return np.random.default_rng((self.seed, use))


def _with_verdicts(table: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of one system with its corrected p-values and what follows from them."""
    for test in TESTS:
        table[f"{test}_holm"] = inference.holm(table[test].tolist())
    tested = table["p_holm"].notna()
    table.loc[tested, "verdict"] = np.where(table.loc[tested, "p_holm"] < ALPHA, DIFFERS, INCONCLUSIVE)
    # Even the most extreme permutation would not be significant after Holm: that was no test.
    hopeless = tested & (table["verdict"] == INCONCLUSIVE) & (table["least_p"] * tested.sum() >= ALPHA)
    table.loc[hopeless, "verdict"] = NONE
    table.loc[hopeless, "note"] = [f"{TOO_FEW}; {note}".removesuffix("; ") for note in table.loc[hopeless, "note"]]
    differs = table["verdict"] == DIFFERS
    found = table[differs].to_dict("records")
    table.loc[differs, "direction"] = directions = [_direction(row) for row in found]
    # Cliff's delta is about above and below: it has nothing to say of a difference in spread.
    table.loc[differs, "magnitude"] = [
        effects.magnitude(row["delta"]) if direction in (HIGHER, LOWER) else ""
        for row, direction in zip(found, directions, strict=True)
    ]
    return table


def _significant_digits(values: Array, digits: int = 12) -> Array:
    """The values without what floating point adds to them.

    >>> bool(_significant_digits(np.array([0.1 + 0.2]))[0] == _significant_digits(np.array([0.3]))[0])
    True
    """
    there = np.isfinite(values) & (values != 0)
    scale = np.ones_like(values)
    scale[there] = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(values[there]))))
    return np.rint(values * scale) / scale


def _present(values: tuple[Any, Any], here: tuple[Any, Any]) -> tuple[Any, Any]:
    return values[0][here[0]], values[1][here[1]]


def _pair(reference: Any, system: Any) -> Pair | str:
    """The pieces that have a metric; or why nothing can be inferred from it."""
    if min(len(reference), len(system)) < FEWEST:
        return f"fewer than {FEWEST} pieces have it"
    try:
        return Pair(reference, system)
    except ValueError:
        return "all pieces are of one group"


def _same(pair: Pair, reference: Array, system: Array) -> bool:
    """Whether no exchange of groups changes anything: all values are equal, or each group has the same in both sets.

    >>> pair = Pair(np.array(["a", "b"]), np.array(["b", "a"]))
    >>> _same(pair, np.array([1.0, 2.0]), np.array([2.0, 1.0])), _same(pair, np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    (True, False)
    """
    every = np.concatenate([reference, system])
    rounding = 1e-12 * float(np.abs(every).max(initial=0.0))
    if np.ptp(every) <= rounding:
        return True
    if len(reference) != len(system):
        return False
    *numbers, _ = pair.numbered
    one, other = (np.lexsort((values, own)) for values, own in zip((reference, system), numbers, strict=True))
    groups = bool((numbers[0][one] == numbers[1][other]).all())
    return groups and bool(np.allclose(reference[one], system[other], rtol=0.0, atol=rounding))


def _described(system: str, name: str, reference: Any, own: Any, reason: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    row |= {"system": system, "metric": name, "verdict": NONE, "direction": "", "magnitude": "", "note": reason}
    for label, values in (("reference", reference), ("system", own)):
        there = values[np.isfinite(values)]
        row |= {f"{label}_pieces": len(values), f"{label}_n": len(there)}
        if len(there):
            row[f"{label}_mean"] = there.mean()
            quartiles = np.percentile(there, [25, 50, 75])
            row |= dict(zip((f"{label}_q1", f"{label}_median", f"{label}_q3"), quartiles, strict=True))
    return row


def _flat(found: effects.Effects) -> dict[str, Any]:
    row = {"floor": found.floor, "reference_95": found.reference_95, "size": found.size}
    for name in ("difference", "spread", "delta", "distance"):
        interval = asdict(getattr(found, name))
        row |= {name: interval["value"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
    return row


def _direction(row: Mapping[Any, Any]) -> Direction:
    """In what way it differs, as far as tests show it: its mean, else its spread, else only the distribution."""
    if _significant(row, "mean_p_holm", "difference") and not _opposed(row):
        return HIGHER if row["difference"] > 0 else LOWER
    if _significant(row, "spread_p_holm", "spread"):
        return MORE if row["spread"] > 0 else LESS
    return OTHERWISE


def _significant(row: Mapping[Any, Any], p: str, effect: str) -> bool:
    """Whether a test of an effect is significant and its interval excludes 0: both, for they are two procedures."""
    return bool(row[p] < ALPHA and row[f"{effect}_low"] * row[f"{effect}_high"] > 0)


def _opposed(row: Mapping[Any, Any]) -> bool:
    """Whether the mean is higher and most pieces are lower, or the reverse: then neither word is right."""
    return bool(row["delta_low"] * row["delta_high"] > 0 and row["delta"] * row["difference"] < 0)


def _reasons(notes: "pd.Series[Any]", reference: str, system: str, metric: str) -> str:
    """How many pieces lack a metric, and the most frequent reason."""
    said = []
    for name in (reference, system):
        own = notes.loc[name].xs(metric, level="metric")
        lacking = own[own != ""]
        if len(lacking):
            said.append(f"{len(lacking)} of {len(own)} of {name} without ({lacking.mode().iloc[0]})")
    return "; ".join(said)
