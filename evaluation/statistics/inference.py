"""Whether a difference between two sets of values can be chance: permutation tests. Arrays in, numbers out.

A *set* is the values of one metric for many pieces, with the group of each: pieces of one work, or one composer,
resemble each other, so groups and not pieces are drawn at random everywhere here. Where both sets have pieces of one
group (a person's and a model's continuation of the same prompt), the two are a pair and stay one.

p            of a permutation test of the Wasserstein distance (`effects`): groups trade places as a whole, one that is
             in both sets with itself. What is exchanged is of one size: of a group in both sets as many pieces of
             either are drawn, of the others m of each one that has them (`Pair.tested`). It is the share
             that is at least as far apart, of all exchanges or of some drawn at random (`Pair.permutations`).
             Corrected by Holm (1979).
direction    of a difference: another permutation test, of the difference of means (`means`), as the distance
             does not distinguish higher from more varied. A difference of spread has the same test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.effects import Interval, interval
from evaluation.statistics.means import direction_p, group_means
from evaluation.statistics.resampling import PERMUTATIONS, Array, Pair, in_cache, resampled_weights

_SQUARED_IN_INT32 = 46_341  # the first number whose square is not an int32


def as_far_apart(reference: Array, system: Array, sides: NDArray[np.bool_]) -> int:
    """In how many rows of `permuted_sides` the sets are at least as distant as the actual ones.

    As they are, with the sets exchanged, and mixed: the first two are equally distant.

    >>> sides = np.array([[False, False, True, True], [True, True, False, False], [False, True, False, True]])
    >>> as_far_apart(np.zeros(2), np.ones(2), sides)
    2
    """
    values = np.concatenate([reference, system])
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])
    actual = float(_apart((order >= len(reference))[None], gaps)[0])
    close = 1e-9 * max(actual, np.finfo(np.float64).tiny)  # equal, apart from rounding
    parts = (sides[rows] for rows in in_cache(*sides.shape))
    return sum(int((_apart(part[:, order], gaps) >= actual - close).sum()) for part in parts)


def holm(p: Sequence[float]) -> Array:
    """p-values corrected for their number by Holm (1979); NaN stays NaN and does not count.

    >>> holm([0.01, 0.04, float("nan"), 0.03]).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    corrected = np.full(len(values), np.nan)
    order = [int(place) for place in np.argsort(values) if not np.isnan(values[place])]
    if order:
        steps = values[order] * np.arange(len(order), 0, -1)
        # Step down: a larger p is never corrected to less than a smaller one.
        corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


@dataclass(frozen=True)
class MeanTest:
    """A test of a mean, or of a difference of means.

    found : the value and its interval
    p : two-sided, of the null hypothesis
    least_p : the smallest p that so few groups can give
    """

    found: Interval
    p: float
    least_p: float


def means_apart(
    reference: Array, system: Array, pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> MeanTest:
    """The difference of the means, system minus reference, and a test of whether it is 0 (`statistics.means`).

    reference, system : values, (pieces,) each, of the pieces of `pair`

    Two equal sets:

    >>> values, pair = np.arange(10.0), Pair(np.arange(10), np.arange(10, 20))
    >>> test = means_apart(values, values, pair, np.random.default_rng(0), permutations=999)
    >>> test.found.value, test.p
    (0.0, 1.0)
    """
    p = direction_p(reference, system, pair, random, permutations)
    with np.errstate(invalid="ignore"):  # no piece of a set may have been drawn
        rows = [
            theirs @ system / theirs.sum(axis=1) - ours @ reference / ours.sum(axis=1)
            for ours, theirs in resampled_weights(pair, random)
        ]
    return MeanTest(interval(np.concatenate(rows), pair.groups), p, pair.least_p)


def mean_against(
    values: Array, groups: NDArray[Any], asked: float, random: np.random.Generator, flips: int = PERMUTATIONS
) -> MeanTest:
    """The mean of the groups' means, and a test of whether it is `asked`: sign flips of their differences from it.

    values, groups : (pieces,) each. Raises `ValueError` for fewer than two groups.

    Six groups that all lie above 5: of their 64 sign flips two are as extreme, so p cannot fall below 2 / 64.

    >>> test = mean_against(np.arange(6.0, 12.0), np.arange(6), 5.0, np.random.default_rng(0))
    >>> round(test.found.value, 6), test.least_p, round(test.p, 2)
    (8.5, 0.03125, 0.03)
    """
    _, numbers = np.unique(groups.astype(str), return_inverse=True)
    means = group_means(values, numbers, int(numbers.max()) + 1)
    pair = Pair(np.arange(len(means)), np.arange(len(means)))  # a sign flip: a group's mean and `asked` trade places
    p = direction_p(np.full(len(means), asked), means, pair, random, flips)
    weights = np.concatenate([system for _, system in resampled_weights(pair, random)])
    return MeanTest(interval(weights @ means / len(means), len(means)), p, pair.least_p)


def _apart(sides: NDArray[np.bool_], gaps: Array) -> Array:
    """The Wasserstein distance of the two sides, (rows,); `sides` in the order of the values, `gaps` between them."""
    # The area between two distribution functions, which are steps at the values. Times the pieces of either side these
    # are whole numbers: exact, and faster than fractions.
    pieces = sides.shape[1]
    above = np.cumsum(sides, axis=1, dtype=np.int32 if pieces < _SQUARED_IN_INT32 else np.int64)
    count = above[:, -1:]
    area = np.abs(above[:, :-1] * pieces - np.arange(1, pieces, dtype=above.dtype) * count) @ gaps
    one = count[:, 0].astype(np.float64)
    with np.errstate(invalid="ignore"):  # a side may be empty when pieces lack the metric
        return np.asarray(np.nan_to_num(area / (one * (pieces - one)), nan=0.0))
