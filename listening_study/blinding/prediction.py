"""Whether something about the clips predicts their source: leave-one-out classification and a permutation test.

Two classifiers look at a feature, both on ranks, so that neither units nor outliers count: the k nearest neighbours,
which find sources in clusters, and ridge regression on the source, which finds one source above another. The prediction
for a clip that was left out is a weighted sum of the other clips' labels, and the weights do not depend on the labels:
thousands of permutations of the labels cost one product of matrices (for ridge regression: Golub, Heath and Wahba 1979,
eq. 2.2).

The statistic is the weight that clips of a source give to their own source, averaged over sources. A feature may have
several columns (one per character of a name, for example). Every statistic, of each column, classifier and target, is
put in standard deviations over its permutations, and the largest is compared with the largest of each permutation
(Westfall and Young 1993): one exact p value per feature, however many columns it has. Holm's correction over features
follows.

Labels are (clips,) whole numbers from 0; columns are (clips, columns).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.inference import holm

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

ALPHA = 0.05  # chance of failing a study without a leak, over all features
FEWEST = 999  # permutations
FINENESS = 10  # times the permutations that the smallest p rejected by Holm's correction needs
RIDGE = 1.0
TIED = 1e-4  # standard deviations: statistics are computed in float32
NEIGHBOURS = 0.15  # of all clips: few, to find clusters; ridge regression finds one source above another


@dataclass(frozen=True)
class Prediction:
    """How well one feature predicts the source.

    accuracy : share of clips whose source the better classifier names, averaged over sources; None: all clips alike
    auc : probability that a human clip has a larger value than another, in the column that predicts best; None likewise
    column : which column that is
    p, corrected : of the permutation test, and by Holm; 1 where all clips are alike
    """

    accuracy: float | None = None
    auc: float | None = None
    column: int = 0
    p: float = 1.0
    corrected: float = 1.0


ALIKE = Prediction()


def predict(features: Sequence[Array], labels: Labels, human: int, seed: int = 0) -> list[Prediction]:
    """Test every feature alone, all together (the last prediction), and correct for their number.

    human : which label is the human one

    A feature that is the same for all clips predicts nothing and does not count.

    >>> labels = np.array([0, 1] * 10)
    >>> leak, alike, together = predict([labels[:, None].astype(float), np.ones((20, 1))], labels, human=0)
    >>> leak.accuracy, leak.corrected < ALPHA, alike is ALIKE
    (1.0, True, True)
    """
    varying = [np.flatnonzero(np.ptp(feature, axis=0) > 0) for feature in features]
    tested = sum(len(columns) > 0 for columns in varying) + 1
    permuted = _permutations(labels, max(FEWEST, int(np.ceil(FINENESS * tested / ALPHA)) - 1), seed)
    found = [_of_feature(*both, permuted, human) for both in zip(features, varying, strict=True)]
    every = np.concatenate([feature[:, columns] for feature, columns in zip(features, varying, strict=True)], axis=1)
    found.append(_of_rank_sets([standard_ranks(every)], permuted, human)[0] if tested > 1 else ALIKE)
    corrected = holm([np.nan if one is ALIKE else one.p for one in found])
    return [
        one if one is ALIKE else replace(one, corrected=float(value))
        for one, value in zip(found, corrected, strict=True)
    ]


def smallest_p(labels: Labels) -> float:
    """The smallest p value that so many clips can reach: of all ways to deal the labels, those that look the same.

    >>> smallest_p(np.array([0, 0, 1, 1]))  # two of six: the sources may change their names
    0.3333333333333333
    """
    sizes = np.bincount(labels).tolist()
    ways = factorial(len(labels)) // prod(map(factorial, sizes))
    alike = prod(factorial(sizes.count(size)) for size in set(sizes))
    return alike / ways


def nearest(ranks: Array) -> Array:
    """Weights of the other clips, (clips, clips): 1/k for each of the k nearest, shared where several are as near.

    >>> nearest(np.array([[0.0], [0.1], [1.0]]))  # of three clips, the one nearest
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 1., 0.]])
    """
    count = len(ranks)
    k = max(1, round(NEIGHBOURS * count))
    apart = np.round(np.abs(ranks[:, None] - ranks[None]).sum(axis=2), 6)
    np.fill_diagonal(apart, np.inf)
    limit = np.sort(apart, axis=1)[:, k - 1 : k]
    inside, edge = apart < limit, apart == limit
    shared = (k - inside.sum(axis=1, keepdims=True)) / edge.sum(axis=1, keepdims=True)
    return np.asarray((inside + edge * shared) / k)


def linear(ranks: Array) -> Array:
    """Weights of the other clips in ridge regression without the clip, (clips, clips).

    >>> weights = linear(np.array([[-1.0], [0.0], [1.0]]))  # each row sums to 1, without the clip itself
    >>> weights.sum(axis=1).round(9).tolist(), np.diag(weights).tolist()
    ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    """
    count = len(ranks)
    centred = ranks - ranks.mean(axis=0)
    kernel = centred @ centred.T
    hat = 1 / count + kernel @ np.linalg.inv(kernel + RIDGE * np.eye(count))
    weights = hat / (1 - np.diag(hat))[:, None]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def standard_ranks(columns: Array) -> Array:
    """Ranks of each column, equal values sharing theirs, with mean 0 and variance 1 / columns.

    >>> standard_ranks(np.array([[3.0], [99.0], [3.0], [99.0]])).ravel()
    array([-1.,  1., -1.,  1.])
    """
    from scipy.stats import rankdata

    ranks = rankdata(columns, axis=0)
    ranks -= ranks.mean(axis=0)
    return np.asarray(ranks / (ranks.std(axis=0) * np.sqrt(ranks.shape[1])))


def _of_feature(feature: Array, columns: NDArray[np.int64], permuted: Labels, human: int) -> Prediction:
    """Each column is tested alone and, where there are several, all together."""
    if not len(columns):
        return ALIKE
    ranks = standard_ranks(feature[:, columns])
    width = len(columns)
    alone = [ranks[:, [place]] * np.sqrt(width) for place in range(width)]
    found, of_set = _of_rank_sets([*alone, ranks] if width > 1 else alone, permuted, human)
    column = int(columns[np.argmax(of_set[:width])])
    return replace(found, column=column, auc=_auc(feature[:, column], permuted[:, 0] == human))


def _of_rank_sets(rank_sets: Sequence[Array], permuted: Labels, human: int) -> tuple[Prediction, Array]:
    """By the most telling of several sets of ranks, (clips, any) each; and how telling each is, in deviations."""
    targets = [_members(permuted)]
    if permuted.max() > 1:
        targets.append(_members((permuted == human).astype(permuted.dtype)))
    weights = [classifier(ranks) for ranks in rank_sets for classifier in (nearest, linear)]
    statistics = np.array([_own_weight(one, target) for one in weights for target in targets])
    spread = statistics.std(axis=1, keepdims=True)
    deviations = (statistics - statistics.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    largest = deviations.max(axis=0)
    by_weights = deviations[:, 0].reshape(len(weights), -1).max(axis=1)
    best = int(np.argmax(by_weights)) // 2 * 2
    accuracy = max(_accuracy(one, permuted[:, 0]) for one in weights[best : best + 2])
    p = float(np.mean(largest >= largest[0] - TIED))
    return Prediction(accuracy, p=p), by_weights.reshape(len(rank_sets), -1).max(axis=1)


def _permutations(labels: Labels, permutations: int, seed: int) -> Labels:
    """The labels, first, and every permutation of them, as columns: (clips, 1 + permutations)."""
    columns = np.tile(labels[:, None], 1 + permutations)
    columns[:, 1:] = np.random.default_rng(seed).permuted(columns[:, 1:], axis=0)
    return columns


def _members(permuted: Labels) -> list[NDArray[np.float32]]:
    """Of each source its clips in every permutation, (clips, permutations), scaled so that squares sum to 1."""
    sources = int(permuted.max()) + 1
    return [
        (permuted == label).astype(np.float32) / np.sqrt(np.sum(permuted[:, 0] == label)) for label in range(sources)
    ]


def _own_weight(weights: Array, members: Sequence[NDArray[np.float32]]) -> Array:
    """The statistic of every permutation."""
    single = weights.astype(np.float32)  # twice as fast, and ties are looked for with a tolerance
    return np.asarray(sum(np.einsum("cd,cd->d", single @ own, own) for own in members), dtype=np.float64)


def _accuracy(weights: Array, labels: Labels) -> float:
    """Share of clips whose source has the largest weight for its number of other clips, averaged over sources."""
    own = np.eye(int(labels.max()) + 1)[labels]
    score = weights @ own - (own.sum(axis=0) - own) / (len(labels) - 1)
    best = score >= score.max(axis=1, keepdims=True) - 1e-9
    right = (best * own).sum(axis=1) / best.sum(axis=1)
    return float(np.mean([right[labels == label].mean() for label in range(own.shape[1])]))


def _auc(values: Array, human: NDArray[np.bool_]) -> float:
    """Chance that a human clip has the larger value, equal ones counting half."""
    difference = values[human][:, None] - values[~human][None]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
