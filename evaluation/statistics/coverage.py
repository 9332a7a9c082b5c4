"""Fidelity and diversity apart: a distance alone does not tell music off the mark from too little variety.

Naeem et al., "Reliable fidelity and diversity metrics for generative models" (ICML 2020). Around each piece of the
reference is a ball that reaches to its k-th nearest neighbour in the reference.

density      in how many balls a piece of the system lies, on average, over k: 1 where the distributions are one,
             less where its music is unlike the reference's, more where it keeps to the reference's most usual music
coverage     the share of balls that hold a piece of the system: diversity. Where the distributions are one it is
             `expected_coverage`; it falls where music of the reference's kinds is never made
near copies  the share of the system's pieces that have another one of it as near as only 1 % of the reference's
             pieces have one: of repeated output. Where the distributions are one it is `expected_near_copies`, above
             1 % for small sets: of 24 pieces 1 % is less than one pair

Pieces of one group (a work, a prompt) are never each other's neighbours: they resemble each other, whoever made them.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.statistics.resampling import Array, Groups

NEIGHBOURS = 5
NEAR = 0.01  # the share of the reference's pieces that have so near a neighbour
READABLE = 100  # pieces of a reference, fewer than which have no such share


@dataclass(frozen=True)
class Coverage:
    """Each NaN where the reference has no more than k pieces of other groups; near copies also where it has fewer than
    `READABLE` pieces. near_copies_expected : of music of the reference's distribution"""

    density: float
    coverage: float
    near_copies: float
    near_copies_expected: float = np.nan


def coverage(reference: Array, system: Array, groups: tuple[Groups, Groups], neighbours: int = NEIGHBOURS) -> Coverage:
    """Of a system's points against the reference's, (pieces, dimensions) each.

    A system that makes one piece of the reference again and again:

    >>> reference = np.arange(100.0)[:, None]
    >>> system = np.full((20, 1), 10.2)
    >>> found = coverage(reference, system, (np.arange(100), np.arange(100, 120)), neighbours=1)
    >>> found.density, found.coverage, found.near_copies
    (2.0, 0.02, 1.0)
    """
    ours, theirs = (np.asarray(own).astype(str) for own in groups)
    within = _distances(reference, reference, ours, ours, same=True)
    if np.isfinite(within).sum(axis=1).min() < neighbours:
        return Coverage(np.nan, np.nan, np.nan)
    radius = np.sort(within, axis=1)[:, neighbours - 1]
    inside = _distances(reference, system, ours, theirs) <= radius[:, None]
    near, readable = np.quantile(within.min(axis=1), NEAR, method="lower"), len(reference) >= READABLE
    own = _distances(system, system, theirs, theirs, same=True)
    return Coverage(
        density=float(inside.sum() / (neighbours * len(system))),
        coverage=float(inside.any(axis=1).mean()),
        near_copies=float((own.min(axis=1) <= near).mean()) if readable else np.nan,
        near_copies_expected=expected_near_copies(within, near, own) if readable else np.nan,
    )


def expected_coverage(reference: int, system: int, neighbours: int = NEIGHBOURS) -> float:
    """The coverage of so many pieces that are of the reference's distribution (Naeem et al., equation 9).

    >>> round(expected_coverage(100, 100), 3)
    0.971
    """
    if neighbours >= reference:
        return 1.0  # every piece is a neighbour of every other one
    steps = np.arange(1, neighbours + 1)
    return float(1 - np.prod((reference - steps) / (reference + system - steps)))


def expected_near_copies(reference: Array, near: float, system: Array) -> float:
    """The share of near copies in music of the reference's distribution.

    reference, system : distances between the pieces of each, infinite where they are not compared; near : the distance
    up to which the reference has K pairs. Where pairs of both are in one random order, K M / (R + 1) of M pairs of a
    system come before the K-th of R pairs of the reference on average (negative hypergeometric).

    Of 24 pieces, beside 24 of the same distribution, the nearest pair is as near as the reference's nearest:

    >>> apart = np.abs(np.subtract.outer(np.arange(24.0) ** 2, np.arange(24.0) ** 2))
    >>> np.fill_diagonal(apart, np.inf)
    >>> round(expected_near_copies(apart, 1.0, apart), 2)
    0.08
    """
    pairs, others = (np.isfinite(own).sum() / 2 for own in (reference, system))
    near_pairs = (reference <= near).sum() / 2 * others / (pairs + 1)
    return float(-np.expm1(-2 * near_pairs / len(system)))  # two pairs may have a piece in common


def _distances(one: Array, other: Array, groups: Groups, others: Groups, *, same: bool = False) -> Array:
    """Euclidean, (one, other); infinite between pieces of one group, and of a piece from itself."""
    from scipy.spatial.distance import cdist

    apart = cdist(one, other)
    apart[groups[:, None] == others[None]] = np.inf
    if same:
        np.fill_diagonal(apart, np.inf)
    return np.asarray(apart)
