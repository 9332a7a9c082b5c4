"""The distance of embeddings: MMD^2 as of the metrics, with a kernel that no sample has a part in.

An embedding has no scale of its own that all embedders share, so a piece is the direction of its mean vector (length
1), and the kernel is the mean of Gaussian kernels of fixed bandwidths, 1/16 to 1: some of them fit, however near the
directions are. Nothing is taken from the sample that is judged, so the estimate stays unbiased and the test exact.
"""

import numpy as np

from evaluation.distance.frechet import Pieces, at_infinity
from evaluation.distance.joint import Distance, halves_95
from evaluation.statistics.discrepancy import Sets, gaussian_kernel
from evaluation.statistics.effects import interval
from evaluation.statistics.resampling import PERMUTATIONS, Array, Groups, Pair

BANDWIDTHS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of vectors of length 1, whose distances are 0..2


def directions(pieces: Pieces) -> Array:
    """The mean vector of each piece's frames at length 1, (pieces, dimensions); one of zeros stays so.

    >>> directions([np.array([[3.0, 0], [3, 8]], np.float32)]).tolist()
    [[0.6, 0.8]]
    """
    means = np.stack([piece.mean(axis=0, dtype=np.float64) for piece in pieces])
    length = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(np.divide(means, length, out=np.zeros_like(means), where=length > 0).round(12))


def alike(points: Array) -> Array:
    """The kernel between all points of length 1, (points, points), 0..1."""
    return np.asarray(np.mean([gaussian_kernel(points, width) for width in BANDWIDTHS], axis=0))


def embedded(
    names: tuple[str, str, str],
    ours: tuple[Pieces, Groups],
    theirs: tuple[Pieces, Groups],
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> Distance:
    """How far a system is from its reference in an embedding.

    names : of system, reference and embedding; ours, theirs : the pieces, (frames, dimensions) each, and their groups,
    of the reference and of the system

    Raises `ValueError` where one has fewer than two groups.
    """
    system, reference, space = names
    pair = Pair(ours[1], theirs[1])
    sets = Sets({reference: pair.reference, system: pair.system}, alike(directions([*ours[0], *theirs[0]])))
    values, resampled = sets.squared(), sets.resampled(np.random.default_rng((seed, 1)))
    p = sets.p(system, np.random.default_rng((seed, 0)), permutations)
    people, random = sets.alike[: len(ours[0]), : len(ours[0])], np.random.default_rng((seed, 2))
    return Distance(
        system,
        reference,
        space,
        len(theirs[0]),
        interval(np.concatenate([[values[system]], resampled[system]]), pair.groups),
        p,
        p,
        halves_95(people, pair.reference, len(theirs[0]), random),
        frechet=at_infinity(ours[0], theirs[0], (pair.reference, pair.system), np.random.default_rng((seed, 4))),
    )
