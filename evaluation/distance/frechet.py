"""The Fréchet distance of two sets of embeddings, with what it is too large by in small samples removed.

Heusel et al. (2017), Kilgour et al. (2019): each set is described by its mean and covariance, as if it were normal,

    D = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)

A sample's D is too large, about by a term in 1/n. As in Gui et al., "Adapting Fréchet audio distance for generative
music evaluation" (ICASSP 2024), D of smaller samples is extrapolated along a line in 1/n to infinite n; both sets
become smaller together here, for the reference is a sample too, and whole groups are drawn, without replacement.

Where a sample has no more frames than dimensions its covariance is singular, the term is not in 1/n, and no distance is
given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.effects import Interval
from evaluation.statistics.resampling import Array, Groups

SHARES = (0.5, 0.6, 0.75)  # of the groups, beside all of them
DRAWS = 20  # samples of each share
SPLITS = 40  # of the reference into halves
OF_HALVES = 4  # samples of half of each half

Pieces = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class Frechet:
    """found : the distance at infinite n, NaN where there is none; human_95 : the 95th percentile of the same between
    two samples of the reference of these sizes, NaN where its halves are too small; why : there is none, in words"""

    found: Interval
    human_95: float
    why: str = ""


def frechet(one: Array, other: Array) -> float:
    """The distance of two sets of vectors, (frames, dimensions) each.

    >>> points = np.array([[0.0, 1], [1, 0], [0, -1], [-1, 0]])
    >>> round(frechet(points, points), 6), round(frechet(points, points + [3, 4]), 6)
    (0.0, 25.0)
    """
    first, second = np.atleast_2d(np.cov(one.T)), np.atleast_2d(np.cov(other.T))
    values, directions = np.linalg.eigh(first)
    root = directions * np.sqrt(np.maximum(values, 0))  # root root' = first
    both = np.linalg.eigvalsh(root.T @ second @ root)  # the eigenvalues of first @ second
    apart = one.mean(axis=0) - other.mean(axis=0)
    return float(apart @ apart + np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(both, 0)).sum())


def at_infinity(ours: Pieces, theirs: Pieces, groups: tuple[Groups, Groups], random: np.random.Generator) -> Frechet:
    """The extrapolated distance of a system's pieces, (frames, dimensions) each, from a reference's, with an interval
    from the spread of halves of the groups."""
    from scipy.stats import t

    dimensions = ours[0].shape[1]
    needed = min(_fewest(own, by, SHARES[0]) for own, by in zip((ours, theirs), groups, strict=True))
    if needed <= dimensions:
        why = f"half of the pieces have {needed} frames, and a covariance of {dimensions} dimensions needs more"
        return Frechet(Interval(np.nan, np.nan, np.nan), np.nan, why)
    value, halves = _extrapolated(ours, theirs, groups, random, SHARES, DRAWS)
    fewest = min(len(np.unique(own)) for own in groups)
    # Between halves without replacement the distance varies as between samples of all (delete-half jackknife).
    reach = float(t.ppf(0.975, fewest - 1) * np.std(halves, ddof=1))
    return Frechet(Interval(value, value - reach, value + reach), _halves_95(ours, groups[0], len(theirs), random))


def _extrapolated(
    ours: Pieces,
    theirs: Pieces,
    groups: tuple[Groups, Groups],
    random: np.random.Generator,
    shares: Sequence[float],
    draws: int,
) -> tuple[float, list[float]]:
    """The line in 1/n at 0, and the distances of the smallest share."""
    sizes, found = [1.0], [frechet(np.concatenate(ours), np.concatenate(theirs))]
    for share in shares:
        for _ in range(draws):
            one, other = _drawn(ours, theirs, groups, share, random)
            sizes.append(1 / share)
            found.append(frechet(one, other))
    # Each size counts once, however many samples it has.
    weight = np.sqrt([1.0, *np.full(len(sizes) - 1, 1 / draws)])
    line = np.polyfit(sizes, found, 1, w=weight)
    return float(line[1]), found[1 : 1 + draws]


def _drawn(
    ours: Pieces, theirs: Pieces, groups: tuple[Groups, Groups], share: float, random: np.random.Generator
) -> tuple[Array, Array]:
    """The frames of a share of the groups of each set; groups that both have stay in both or in none."""
    every = np.unique(np.concatenate([own.astype(str) for own in groups]))
    order = dict(zip(every, random.random(len(every)), strict=True))
    found = []
    for pieces, own in zip((ours, theirs), groups, strict=True):
        names = sorted(np.unique(own.astype(str)), key=order.__getitem__)
        kept = set(names[: max(round(share * len(names)), 1)])
        found.append(
            np.concatenate([piece for piece, name in zip(pieces, own.astype(str), strict=True) if name in kept])
        )
    return found[0], found[1]


def _fewest(pieces: Pieces, groups: Groups, share: float) -> int:
    """The frames in the smallest sample of so large a share of the groups."""
    names, numbers = np.unique(groups.astype(str), return_inverse=True)
    frames = np.bincount(numbers, weights=[len(piece) for piece in pieces])
    return int(np.sort(frames)[: max(round(share * len(names)), 1)].sum())


def _halves_95(pieces: Pieces, groups: Groups, others: int, random: np.random.Generator) -> float:
    """The 95th percentile between halves of the reference, scaled to sets of these sizes; NaN where quarters of it have
    no more frames than dimensions."""
    names = np.unique(groups.astype(str))
    if len(names) < 8 or _fewest(pieces, groups, 0.25) <= pieces[0].shape[1]:
        return np.nan
    found = []
    for _ in range(SPLITS):
        first = np.isin(groups.astype(str), random.permutation(names)[: len(names) // 2])
        halves = [[piece for piece, inside in zip(pieces, side, strict=True) if inside] for side in (first, ~first)]
        one, other = halves
        value, _ = _extrapolated(one, other, (groups[first], groups[~first]), random, SHARES[:1], OF_HALVES)
        found.append(value * (1 / len(pieces) + 1 / others) / (1 / len(halves[0]) + 1 / len(halves[1])))
    return float(np.quantile(found, 0.95))
