"""Rank correlation of two quantities, over all observations or within groups. Arrays in, numbers out.

Over all observations, whatever separates the groups takes part: two quantities may correlate only because the groups
differ in both. *Within* groups, ranks are centred group by group: what remains is whether, inside a group, more of the
one goes with more of the other.

correlation  Spearman, "The proof and measurement of association between two things" (1904).
interval     in Fisher's z, with the variance of Bonett & Wright, "Sample size requirements for estimating Pearson,
             Kendall and Spearman correlations" (2000): (1 + r² / 2) / (n - 2 - groups). Where the other quantity is a
             mean over listeners, the variance of z over listeners drawn with replacement is added; the noise of single
             answers counts in both, so the interval is then rather too wide. Percentiles of a bootstrap over
             observations, which were used before, can leave out the correlation itself: drawn observations are ties
             with themselves, and draws in which nothing varies have no correlation.
             Observations that belong together, such as clips after one prompt, raise its variance.
p            of permutations within the groups, (1 + as strong) / (1 + permutations), after Phipson & Smyth,
             "Permutation p-values should never be zero" (2010). What belongs together moves together, to the place of
             others that belong together in the same groups: clips after one prompt, or pairs that share a clip, are
             alike in both quantities without any relation of the two. It holds whatever the distributions, for other
             observations and the same listeners. With listeners, p is the larger of it and of Student's t of the
             listeners' own covariances, which holds for other listeners: both must find the relation (the
             intersection-union test of Berger, "Multiparameter hypothesis testing and acceptance sampling", 1982).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.resampling import PERMUTATIONS, Array

ROUNDING = 1e-9  # correlations that differ by less are equally strong; ranks that vary by less do not vary
DRAWS = 400  # of listeners: their standard deviation is known to 4 %

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
    one: Array,
    other: Array,
    groups: Labels,
    random: np.random.Generator,
    said: Array | None = None,
    blocks: Labels | None = None,
) -> Correlation:
    """Spearman's correlation within `groups`, with its interval and p.

    one, other : (observations,) float
    groups : (observations,) labels; ranks are centred, and permuted, within them. One label for all: no groups.
    said : (listeners, observations), NaN where not given, of which `other` is the mean over listeners; None: `other`
        does not come from listeners. p is NaN of one listener, who does not show what others would say.
    blocks : (observations,) labels of what belongs together, such as clips after one prompt; None: nothing does

    >>> random, same = np.random.default_rng(0), np.zeros(20, int)
    >>> found = rank_correlation(np.arange(20.0), np.arange(20.0) ** 2, same, random)
    >>> found.value, found.p < 0.001
    (1.0, True)
    """
    value = spearman(one, other, groups)
    if not np.isfinite(value):
        return NO_CORRELATION
    spread = 0.0 if said is None else _variance_over_listeners(one, other, groups, said, random)
    blocks = np.arange(len(one)) if blocks is None else blocks
    wider = _design_effect(one, other, groups, blocks)
    low, high = _interval(value, groups, wider, spread, 1 if said is None else len(said))
    p = _permutation_p(one, other, groups, blocks, random)
    return Correlation(value, low, high, p if said is None else float(np.maximum(p, _listeners_p(one, said, groups))))


def _interval(value: float, groups: Labels, wider: float, spread: float, listeners: int) -> tuple[float, float]:
    """-1..1 where there are too few observations to say more.

    wider : the design effect of observations that belong together
    spread : the variance of Fisher's z over so many listeners, whose degrees of freedom count as Satterthwaite (1946)
        has it
    """
    from scipy.stats import t as student

    counts = np.unique(groups, return_counts=True)[1]
    counts = counts[counts > 1]  # one alone in its group says nothing
    free = int(counts.sum()) - len(counts) - 2
    if free < 1:
        return -1.0, 1.0
    whole = wider * (1 + value**2 / 2) / free + spread
    df = (listeners - 1) * (whole / spread) ** 2 if spread > 0 else np.inf
    reach = float(student.ppf(0.975, df)) * np.sqrt(whole)
    z = _fisher(np.array(value), len(groups))
    return min(value, float(np.tanh(z - reach))), max(value, float(np.tanh(z + reach)))


def _design_effect(one: Array, other: Array, groups: Labels, blocks: Labels) -> float:
    """By how much observations that belong together raise the variance of the correlation, at least 1: the squares of
    the sums of their influences (Kish, "Survey Sampling", 1965), over those of observations alone."""
    a, b = (_centred_ranks(values[None], groups)[0] for values in (one, other))
    a, b = a / np.sqrt(a @ a), b / np.sqrt(b @ b)
    influence = a * b - (a @ b) * (a * a + b * b) / 2
    alone = float(influence @ influence)
    sums = np.bincount(np.unique(blocks, return_inverse=True)[1], influence)
    return max(1.0, float(sums @ sums) / alone) if alone > ROUNDING else 1.0


def _fisher(values: Array, count: int) -> Array:
    """Fisher's z, finite: half the smallest step of Spearman's correlation of so many observations is kept from 1."""
    most = 1 - 3 / (count * (count**2 - 1))
    return np.arctanh(np.clip(values, -most, most))


def _variance_over_listeners(
    one: Array, other: Array, groups: Labels, said: Array, random: np.random.Generator
) -> float:
    """The variance of Fisher's z over listeners drawn with replacement. What nobody drawn has heard keeps its mean."""
    listeners = len(said)
    weights = random.multinomial(listeners, np.full(listeners, 1 / listeners), DRAWS).astype(float)
    heard = ~np.isnan(said)
    sums, counts = weights @ np.where(heard, said, 0.0), weights @ heard
    means = np.where(counts > 0, sums / np.maximum(counts, 1), other)
    drawn = _spearman(np.broadcast_to(one, means.shape), means, groups)
    # Of so few, drawn ones vary less than others do, by (listeners - 1) / listeners.
    return float(np.var(_fisher(np.nan_to_num(drawn), len(one))) * listeners / max(listeners - 1, 1))


def _listeners_p(one: Array, said: Array, groups: Labels) -> float:
    """Two-sided p of Student's t: the mean over listeners of the covariance of `one` with what each said."""
    from scipy.stats import t as student

    if len(said) < 2:
        return np.nan
    ranks, heard = _centred_ranks(one[None], groups)[0], ~np.isnan(said)
    values = np.where(heard, said, 0.0)
    for group in np.unique(groups):
        here = heard & (groups == group)
        values -= here * (values[here].sum() / max(here.sum(), 1))
    values -= heard * (values.sum(axis=1) / np.maximum(heard.sum(axis=1), 1))[:, None]  # a listener's own level
    own = values @ ranks
    deviation = own.std(ddof=1)
    if deviation <= ROUNDING:
        return 1.0 if abs(own.mean()) <= ROUNDING else 0.0
    return float(2 * student.sf(abs(own.mean()) / (deviation / np.sqrt(len(own))), len(own) - 1))


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


def _permutation_p(one: Array, other: Array, groups: Labels, blocks: Labels, random: np.random.Generator) -> float:
    a, b = (_centred_ranks(values[None], groups)[0] for values in (one, other))
    products = np.abs(a[_permutations(groups, blocks, random)] @ b)
    return float((1 + (products >= abs(a @ b) - ROUNDING).sum()) / (1 + PERMUTATIONS))


def _permutations(groups: Labels, blocks: Labels, random: np.random.Generator) -> NDArray[np.intp]:
    """The observation that is put in the place of each, (permutations, observations). Blocks with observations of the
    same groups are exchanged whole; of one observation each, that is any order within a group."""
    order = np.lexsort((groups, blocks))
    alike: dict[tuple[Any, ...], list[NDArray[np.intp]]] = {}
    for block in np.split(order, np.flatnonzero(np.diff(np.unique(blocks, return_inverse=True)[1][order])) + 1):
        alike.setdefault(tuple(groups[block].tolist()), []).append(block)
    found = np.tile(np.arange(len(groups)), (PERMUTATIONS, 1))
    for places in map(np.array, alike.values()):  # (blocks, observations of each)
        turns = np.argsort(random.random((PERMUTATIONS, len(places))), axis=1)
        found[:, places.ravel()] = places[turns].reshape(PERMUTATIONS, -1)
    return found
