"""Rank correlation of two quantities, over all observations or within groups. Arrays in, numbers out.

Over all observations, whatever separates the groups takes part: two quantities may correlate only because the groups
differ in both. *Within* groups, ranks are centred group by group: what remains is whether, inside a group, more of the
one goes with more of the other.

Source: Spearman, "The proof and measurement of association between two things" (1904). The interval holds percentiles
of a bootstrap over observations (Efron, 1979). p is of permutations within the groups, (1 + as strong) / (1 +
permutations), after Phipson & Smyth, "Permutation p-values should never be zero" (2010).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.resampling import PERMUTATIONS, RESAMPLES, Array

ROUNDING = 1e-9  # correlations that differ by less are equally strong; ranks that vary by less do not vary

Labels = NDArray[Any]


@dataclass(frozen=True)
class Correlation:
    """A rank correlation, -1..1, its 95 % interval and its two-sided p; all NaN where one quantity does not vary."""

    value: float
    low: float
    high: float
    p: float


NO_CORRELATION = Correlation(np.nan, np.nan, np.nan, np.nan)


def rank_correlation(
    one: Array, other: Array, groups: Labels, strata: Labels, random: np.random.Generator
) -> Correlation:
    """Spearman's correlation within `groups`, with its interval and p.

    one, other : (observations,) float
    groups : (observations,) labels; ranks are centred, and permuted, within them. One label for all: no groups.
    strata : (observations,) labels, each within one of the groups; the bootstrap draws within them, so each keeps its
        number of observations

    >>> random, same = np.random.default_rng(0), np.zeros(20, int)
    >>> found = rank_correlation(np.arange(20.0), np.arange(20.0) ** 2, same, same, random)
    >>> found.value, found.p < 0.001
    (1.0, True)
    """
    value = spearman(one, other, groups)
    if not np.isfinite(value):
        return NO_CORRELATION
    draw = _resamples(strata, random)
    places = np.concatenate([np.flatnonzero(strata == stratum) for stratum in np.unique(strata)])
    draws = _spearman(one[draw], other[draw], groups[places])
    low, high = np.nanpercentile(draws, [2.5, 97.5])  # a resample of equal values has no correlation
    return Correlation(value, float(low), float(high), _permutation_p(one, other, groups, random))


def spearman(one: Array, other: Array, groups: Labels) -> float:
    """Correlation of ranks centred within groups, -1..1; NaN where one of them does not vary there.

    one, other : (observations,) float; groups : (observations,) labels

    >>> spearman(np.array([1, 2, 3.0]), np.array([2, 4, 9.0]), np.zeros(3, int))
    1.0
    """
    return float(_spearman(one[None], other[None], groups)[0])


def _spearman(one: Array, other: Array, groups: Labels) -> Array:
    """The same of rows of observations, (rows,). one, other : (rows, observations); groups : (observations,)"""
    a, b = (_centred_ranks(values, groups) for values in (one, other))
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip((a * b).sum(axis=1) / size, -1, 1)  # rounding may go beyond
    return np.where(size > ROUNDING, found, np.nan)


def _centred_ranks(values: Array, groups: Labels) -> Array:
    """Ranks within groups, less their mean, (rows, observations)."""
    from scipy.stats import rankdata

    ranks = np.empty(values.shape)
    for group in np.unique(groups):
        own = groups == group
        ranks[:, own] = rankdata(values[:, own], axis=1) - (own.sum() + 1) / 2  # equal values share the mean of theirs
    return ranks


def _resamples(strata: Labels, random: np.random.Generator) -> NDArray[np.intp]:
    """Numbers of observations, drawn with replacement within each stratum, (resamples, observations): one stratum
    after another."""
    places = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    return np.array([np.concatenate([random.choice(own, len(own)) for own in places]) for _ in range(RESAMPLES)])


def _permutation_p(one: Array, other: Array, groups: Labels, random: np.random.Generator) -> float:
    _, numbers = np.unique(groups, return_inverse=True)
    a, b = (_centred_ranks(values[None], numbers)[0] for values in (one, other))
    # Keys between a group's number and the next: sorted, each group keeps its places and is shuffled inside.
    keys = random.random((PERMUTATIONS, len(a))) + numbers
    grouped = np.argsort(numbers, kind="stable")
    products = np.abs(a[grouped][np.argsort(keys, axis=1)] @ b[grouped])
    return float((1 + (products >= abs(a @ b) - ROUNDING).sum()) / (1 + PERMUTATIONS))
