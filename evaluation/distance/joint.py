"""One distance for all metrics together, per system and by view; fidelity and diversity.

The distance is the squared maximum mean discrepancy (`evaluation.statistics.discrepancy`) in a space that is the same
for everybody (`evaluation.distance.space`). Beside it is what people differ from people by chance: the 95th percentile
of the same number between samples of the reference of these sizes, estimated from its halves. It is a line to compare
with and divides nothing: a quotient would grow with the number of pieces.

That a system differs is said by p alone: groups are exchanged, which is exact where nothing differs. The interval says
how large the distance is. It is two-sided and of the bootstrap, which is right away from 0 and too wide near it, so it
can include 0 where p is a little below .05. The levels of both are in docs/guide/compare-your-system.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.distance.frechet import Frechet
from evaluation.distance.kernels import of_all_spaces
from evaluation.distance.space import JOINT, Array, spaces
from evaluation.statistics.coverage import Coverage, coverage, expected_coverage
from evaluation.statistics.discrepancy import Sets, between_sides
from evaluation.statistics.effects import FEWEST_GROUPS, Interval, interval
from evaluation.statistics.inference import holm
from evaluation.statistics.resampling import PERMUTATIONS, Pair

if TYPE_CHECKING:
    import pandas as pd

HALVES = 400  # random halves of the reference
ROUNDING = 1e-9  # of MMD^2


@dataclass(frozen=True)
class Distance:
    """One system's distance from its reference in one space.

    found : MMD^2; p : that the two have one distribution; p_holm : corrected over the views of a system (the distance
        in all metrics is one test, and is not corrected)
    human_95 : the 95th percentile of MMD^2 between two samples of the reference of these sizes
    variety : density, coverage and near copies, in all metrics; expected : the coverage of people's music
    """

    system: str
    against: str
    space: str
    pieces: int
    found: Interval
    p: float
    p_holm: float
    human_95: float
    variety: Coverage | None = None
    expected: float = np.nan
    frechet: Frechet | None = None  # of embeddings

    @property
    def is_none(self) -> bool:
        """Whether both are the same music: no resample has a distance."""
        return max(abs(one) for one in (self.found.value, self.found.low, self.found.high)) < ROUNDING


def distances(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    against: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> list[Distance]:
    """The distance of each system in every space, or in these `only`.

    values, pieces : of `evaluation.measurement.systems.Measurements`; against : each system's reference, both by name.
    A system or reference with fewer than two groups has none.
    """
    wide, groups = table(values, pieces)
    have = set(groups.index.get_level_values("system"))
    found = []
    for system, reference in against.items():
        if not {reference, system} <= have:
            continue
        own = {name: groups.loc[name].to_numpy() for name in (reference, system)}
        if min(len(np.unique(each.astype(str))) for each in own.values()) < 2:
            continue
        sets = of_all_spaces(wide, own)
        both = [
            _distance(reference, system, name, sets[name], seed, permutations)
            for name in sets
            if not only or name in only
        ]
        both = [replace(one, **_variety(wide, own)) if one.space == JOINT else one for one in both]
        found += _corrected(both)
    return found


def table(values: "pd.DataFrame", pieces: "pd.DataFrame") -> "tuple[pd.DataFrame, pd.Series[Any]]":
    """One row per piece of each system and one column per metric; and the group of each piece.

    Pieces without any value, such as files that cannot be read, have no place among the others.
    """
    groups = pieces.set_index(["system", "piece"])["group"]
    wide = values.set_index(["system", "piece", "metric"])["value"].unstack("metric")  # noqa: PD010  drops no piece
    wide = wide.reindex(groups.index)
    known = wide.notna().any(axis=1)
    return wide[known], groups[known]


def _distance(reference: str, system: str, name: str, sets: Sets, seed: int, permutations: int) -> Distance:
    """In one space."""
    ours, theirs = sets.groups[reference], sets.groups[system]
    value = sets.squared()[system]
    resampled = sets.resampled(np.random.default_rng((seed, 1)))[system]
    count = len(ours)
    folds = None if sets.folds is None else sets.folds[:count]
    random = np.random.default_rng((seed, 2))
    return Distance(
        system,
        reference,
        name,
        len(theirs),
        interval(np.concatenate([[value], resampled]), Pair(ours, theirs).groups),
        sets.p(system, np.random.default_rng((seed, 0)), permutations),
        np.nan,
        halves_95(sets.alike[:count, :count], ours, len(theirs), random, folds=folds),
    )


def _variety(wide: "pd.DataFrame", groups: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Fidelity and diversity of a system against its reference, which is first."""
    ours, theirs = (spaces()[JOINT].points(wide.loc[[name]]) for name in groups)
    one, other = groups.values()
    return {"variety": coverage(ours, theirs, (one, other)), "expected": expected_coverage(len(one), len(other))}


def _corrected(own: Sequence[Distance]) -> list[Distance]:
    """With the p of all other spaces than the joint one corrected by Holm: they are looked at together."""
    corrected = iter(holm([one.p for one in own if one.space != JOINT]))
    return [replace(one, p_holm=one.p if one.space == JOINT else float(next(corrected))) for one in own]


def halves_95(
    alike: Array,
    groups: NDArray[Any],
    pieces: int,
    random: np.random.Generator,
    halves: int = HALVES,
    folds: NDArray[np.int64] | None = None,
) -> float:
    """The 95th percentile of MMD^2 between random halves of a reference's groups, for a reference of this size and so
    many `pieces` of a system; NaN for fewer than five groups, whose halves are too few and too unequal.

    Halves have fewer pieces than the sets compared. Where nothing differs, MMD^2 varies as 1/m + 1/n (Gretton et al.
    2012, theorem 12), so the percentile is scaled by it.
    """
    names, numbers = np.unique(groups.astype(str), return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        return np.nan
    drawn = random.random((halves, len(names))).argsort(axis=1) < len(names) // 2
    other = drawn[:, numbers].astype(np.float64)
    sizes = other.sum(axis=1)
    of_halves = 1 / sizes + 1 / (len(groups) - sizes)
    found = between_sides(other, alike, groups, folds) * (1 / len(groups) + 1 / pieces) / of_halves
    return float(np.percentile(found[np.isfinite(found)], 95)) if np.isfinite(found).any() else np.nan
