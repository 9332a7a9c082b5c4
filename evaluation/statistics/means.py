"""The direction of a difference: a test of means that a difference of spread alone does not pass.

The permutation test of a distance shows that two distributions differ, but not how. With equal means and unequal
spread, its small p together with the sign of the difference would suggest a direction by chance. So every statement of
a direction rests on this test. Each group counts once, by the mean of its pieces. The statistic is the difference of
the sets' means over its standard error, two-sided, compared with the same of permuted groups. Dividing by the standard
error keeps the level of the test where the sets have different spreads and sizes (Chung & Romano, "Exact and
asymptotically robust permutation tests", Annals of Statistics 41, 2013; Janssen 1997 for two unpaired sets).

    d = mean_S b - mean_R a                            a_g, b_g: the group means of the reference and of the system
    u_g = c_S (b_g - mean b) / S - c_R (a_g - mean a) / R                 each term where the set has the group
    t = d / sqrt(sum u_g^2),  c_S^2 = S / (S - 1)      R, S: how many groups a set has; c_R alike

With groups in one set only, t is Welch's; with groups in both, it is the paired t; mixtures lie between.

A difference of spread has the same test, of the distances of pieces from the median of their set (Brown & Forsythe
1974).
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.resampling import PERMUTATIONS, Array, Pair, permuted_groups

Sets = tuple[Array, Array]  # values of the reference and of the system

ROUNDING = 1e-9  # relative: a t that differs by rounding only is as extreme


def group_means(values: Array, numbers: NDArray[np.int64], groups: int) -> Array:
    """The mean of each group, (groups,), of values and group numbers, (pieces,) each; NaN for a group without pieces.

    >>> group_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 2]), 3)
    array([ 2., nan,  5.])
    """
    count = np.bincount(numbers, minlength=groups)
    with np.errstate(invalid="ignore"):
        return np.bincount(numbers, values, groups) / count


def as_far_out(sets: Mapping[str, Sets], pair: Pair, crossed: Iterable[NDArray[np.bool_]]) -> dict[str, int]:
    """In how many rows of `permuted_groups` the means are at least as distant, in standard errors, as the actual ones.

    sets : by any name, the values of the reference's and of the system's pieces, (pieces,) each, in the order of `pair`

    As they are, with the sets exchanged, and with one group of each exchanged:

    >>> sets = {"": (np.array([0.0, 1.0]), np.array([5.0, 6.0]))}
    >>> crossed = np.array([[False] * 4, [True] * 4, [False, True, True, False]])
    >>> as_far_out(sets, Pair(np.array([0, 1]), np.array([2, 3])), [crossed])
    {'': 2}
    """
    ours, theirs, groups = pair.numbered
    means = {
        name: (group_means(reference, ours, groups), group_means(system, theirs, groups))
        for name, (reference, system) in sets.items()
    }
    actual = {name: _squared(*own, np.zeros((1, groups)))[0] for name, own in means.items()}
    counted = dict.fromkeys(sets, 0)
    for rows in crossed:
        as_numbers = rows.astype(np.float64)
        for name, own in means.items():
            counted[name] += int((_squared(*own, as_numbers) >= actual[name] * (1 - ROUNDING)).sum())
    return counted


def direction_p(
    reference: Array, system: Array, pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> float:
    """p of the test that the means are equal; 1 where nothing varies and nothing differs.

    >>> random = np.random.default_rng(0)
    >>> groups = np.arange(40)
    >>> reference, system = random.normal(size=20), random.normal(size=20) + 2
    >>> direction_p(reference, system, Pair(groups[:20], groups[20:]), random, 999)
    0.001
    """
    counted = as_far_out({"": (reference, system)}, pair, permuted_groups(pair, random, permutations))
    return counted[""] / pair.permutations(permutations)


def least_p_of_sign_flips(groups: float) -> float:
    """The smallest two-sided p that sign flips of so many groups can give: all flips one way, or all the other.

    >>> least_p_of_sign_flips(5)
    0.0625
    """
    return float(2.0 ** (1 - groups))


def from_median(values: Array) -> Array:
    """The distance of each value from the median of all, which `direction_p` tests for a difference of spread.

    >>> from_median(np.array([1.0, 2.0, 6.0]))
    array([1., 0., 4.])
    """
    return np.abs(values - np.median(values))


def _squared(reference: Array, system: Array, crossed: Array) -> Array:
    """t squared of every row of crossed groups, (rows,); group means with NaN where a set has none of a group.

    Sums of crossed groups are the sums of the uncrossed ones plus what crossing changes. So all rows are one matrix
    product, and no group is summed ten thousand times.
    """
    in_reference, in_system = np.isfinite(reference), np.isfinite(system)
    shared = in_reference & in_system
    # Centred and scaled: differences of squares of values far from 0, or tiny ones, would lose their digits.
    centre = np.nanmean(np.concatenate([reference, system]))
    a, b = (np.nan_to_num(own - centre) for own in (reference, system))
    scale = max(float(np.abs(np.concatenate([a, b])).max()), np.finfo(np.float64).tiny)
    a, b = a / scale, b / scale
    count_r, count_s = int(in_reference.sum()), int(in_system.sum())
    # Columns: the reference's sums of values and squares, and those of shared groups alone; what a crossed group adds.
    change = b - a
    columns = np.stack([change, b**2 - a**2, np.where(shared, change, 0)], axis=1)
    moved, squares, moved_shared = (crossed @ columns).T
    sum_r, sum_s = a.sum() + moved, b.sum() - moved
    mean_r, mean_s = sum_r / count_r, sum_s / count_s
    around_r = (a**2).sum() + squares - count_r * mean_r**2
    around_s = (b**2).sum() - squares - count_s * mean_s**2
    both_r, both_s = a[shared].sum() + moved_shared, b[shared].sum() - moved_shared
    together = (a * b)[shared].sum() - mean_s * both_r - mean_r * both_s + shared.sum() * mean_r * mean_s
    # c_R / R and c_S / S.
    weight_r, weight_s = (1 / np.sqrt(count * (count - 1)) for count in (count_r, count_s))
    error = weight_r**2 * around_r + weight_s**2 * around_s - 2 * weight_r * weight_s * together
    least = np.finfo(np.float64).eps  # of squares of values up to 1: a difference that should be 0 is smaller than this
    difference = np.where(np.abs(mean_s - mean_r) < least, 0, mean_s - mean_r)
    return np.asarray(difference**2 / np.maximum(error, least))
