"""Could the clips just as well have come from either source? A permutation of source over clips.

The answers stay with their clips, and the clips' sources are permuted: p is the share of divisions of these clips whose
shares differ at least as much as those of the true one. Answers are taken relative to their listener's mean over the
two sources, so that a lenient listener favours neither where each listener hears only some of the clips.

The test is conditional on these listeners: it says whether they, as a group, answer differently to the two sources;
under the null hypothesis the clips are exchangeable. It does not generalise to other listeners: it cannot
separate how these listeners differ between sources from how the sources differ; the crossed model does. In return it
assumes no distribution.

All divisions are counted where there are at most 10,000 (exact); else 9,999 random ones, from a seed, with the true
one added (Phipson & Smyth, "Permutation p-values should never be zero", 2010).
"""

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_DIVISIONS = 10_000
DRAWS = 9_999


def permuted_p(system: Array, human: Array, seed: int = 0) -> float:
    """Two-sided. system, human : (listeners, clips) answers, 1 human, 0 computer, NaN not given; same listeners.

    NaN without answers about either source; 1 where all answers are the same.

    >>> permuted_p(np.zeros((2, 2)), np.ones((2, 2)))  # of 6 divisions of four clips, 2 differ as much
    0.3333333333333333
    """
    answers = np.concatenate([system, human], axis=1)
    given = ~np.isnan(answers)
    heard = given.any(axis=0)
    size, clips = int(heard[: system.shape[1]].sum()), int(heard.sum())
    if not 0 < size < clips:
        return np.nan
    said = np.where(given, answers, 0.0)
    mean = said.sum(1, keepdims=True) / np.maximum(given.sum(1, keepdims=True), 1)
    above = np.where(given, said - mean, 0.0).sum(0)[heard]
    count = given.sum(0)[heard].astype(np.float64)
    actual = _difference(np.arange(size)[None], above, count)[0]
    exact = comb(clips, size) <= MOST_DIVISIONS
    sides = np.array(list(combinations(range(clips), size))) if exact else _drawn(clips, size, seed)
    # A tolerance: equal divisions may differ in the last bit, by the order of their sums.
    counted = int((_difference(sides, above, count) >= actual - 1e-9).sum())
    return counted / len(sides) if exact else (1 + counted) / (1 + len(sides))  # Phipson & Smyth 2010


def _drawn(clips: int, size: int, seed: int) -> NDArray[np.intp]:
    random = np.random.default_rng(seed)
    return np.argsort(random.random((DRAWS, clips)), axis=1)[:, :size]


def _difference(sides: NDArray[np.intp], above: Array, count: Array) -> Array:
    """Absolute difference of the mean answers about the two groups of clips, (divisions,).

    sides : (divisions, size) the clips in one group; above, count : (clips,) sum and number of answers
    """
    sums, counts = above[sides].sum(1), count[sides].sum(1)
    return np.asarray(np.abs(sums / counts - (above.sum() - sums) / (count.sum() - counts)))
