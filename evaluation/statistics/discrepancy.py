"""How far sets of pieces are from a reference in many metrics at once: the squared maximum mean discrepancy (MMD).

Gretton et al., "A kernel two-sample test" (JMLR 13, 2012). A kernel k says how alike two pieces are, 0..1; then

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)        x, x' of the reference, y, y' of a system

is 0 where the two distributions are one, and above 0 otherwise. Each expectation is the mean over pairs of pieces of
different *groups* (works, prompts), so the estimate is unbiased: where nothing differs it is as often below 0 as above.
A piece is compared neither with itself nor with pieces of its group, which resemble it whoever made them.

Everything drawn at random is drawn by whole groups and becomes weights of one matrix of the kernel, which is computed
once (`evaluation.statistics.resampling`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics import resampling
from evaluation.statistics.resampling import PERMUTATIONS, RESAMPLES, Array, Groups, Pair

ROUNDING = 1e-12  # a discrepancy that differs by rounding only is as large


def gaussian_kernel(points: Array, bandwidth: float) -> Array:
    """How alike pieces are, (pieces, pieces), 0..1: exp(-d^2 / (2 bandwidth^2)), d the distance of two points.

    points : (pieces, dimensions)

    >>> gaussian_kernel(np.array([[0.0], [1.0]]), 1.0).round(2).tolist()
    [[1.0, 0.61], [0.61, 1.0]]
    """
    square = (points**2).sum(axis=1)
    squared = np.maximum(square[:, None] + square[None] - 2 * points @ points.T, 0)
    return np.asarray(np.exp(-squared / (2 * bandwidth**2)))


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets of pieces with the kernel between all of them.

    groups : of the pieces of each set, by its name, (pieces,) each; the first set is the reference
    alike : the kernel, (all pieces, all pieces), in the order of the sets
    folds : of every piece, (all pieces,), where the kernel is defined within folds only; all pieces of a group are of
        one fold

    Two sets far from each other, of two pieces each:

    >>> alike = np.kron(np.eye(2), np.ones((2, 2)))
    >>> Sets({"human": np.array([1, 2]), "rnn": np.array([3, 4])}, alike).squared()
    {'rnn': 2.0}
    """

    groups: Mapping[str, Groups]
    alike: Array
    folds: NDArray[np.int64] | None = None

    def squared(self) -> dict[str, float]:
        """MMD^2 of each other set from the reference; NaN where a set has pieces of one group only."""
        ones = {name: np.ones((1, len(own))) for name, own in self.groups.items()}
        return {name: float(rows[0]) for name, rows in self._discrepancies(ones).items()}

    def resampled(self, random: np.random.Generator, resamples: int = RESAMPLES) -> dict[str, Array]:
        """MMD^2 of each other set in bootstrap resamples, (resamples,) each.

        Groups are drawn with replacement, those that the same sets have among themselves: a group stays in all its sets
        or in none, so that differences between the sets of one resample are differences after the same prompts.
        """
        parts = [self._discrepancies(weights) for weights in self._weights(random, resamples)]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._others}

    def without_each(self) -> tuple[NDArray[np.str_], dict[str, Array]]:
        """All groups, sorted, and MMD^2 of each other set without each of them, (groups,) each."""
        names = np.unique(np.concatenate([own.astype(str) for own in self.groups.values()]))
        numbers, each = self._numbers, np.arange(len(names))[:, None]
        kept = {name: (numbers[own][None] != each).astype(np.float64) for name, own in self._places.items()}
        return names, self._discrepancies(kept)

    def p(self, name: str, random: np.random.Generator, permutations: int = PERMUTATIONS) -> float:
        """Of the test that a set and the reference have one distribution: whole groups are exchanged. Raises
        `ValueError` where one of the two has fewer than two groups."""
        reference = next(iter(self.groups))
        pair = Pair(self.groups[reference], self.groups[name])
        tested = pair.tested(random)
        kept = np.concatenate([self._places[one][use] for one, use in zip((reference, name), tested, strict=True)])
        subset = Pair(pair.reference[tested[0]], pair.system[tested[1]])
        groups = np.concatenate([subset.reference, subset.system])
        alike = self.alike[np.ix_(kept, kept)]
        folds = None if self.folds is None else self.folds[kept]

        def discrepancy(sides: NDArray[np.bool_]) -> Array:
            return between_sides(sides.astype(np.float64), alike, groups, folds)

        actual = discrepancy((np.arange(len(kept)) >= len(subset.reference))[None])[0]
        rows = resampling.permuted_sides(subset, random, permutations)
        counted = sum(int((discrepancy(sides) >= actual - ROUNDING).sum()) for sides in rows)
        return counted / subset.permutations(permutations)

    @property
    def _others(self) -> list[str]:
        return list(self.groups)[1:]

    @property
    def _places(self) -> dict[str, NDArray[np.int64]]:
        """Where the pieces of each set are in the matrix."""
        ends = np.cumsum([len(own) for own in self.groups.values()])
        return {
            name: np.arange(end - len(own), end) for (name, own), end in zip(self.groups.items(), ends, strict=True)
        }

    @property
    def _numbers(self) -> NDArray[np.int64]:
        """The group of every piece as a number, (all pieces,)."""
        # As text: names and numbers in one column could not be sorted.
        every = np.concatenate([own.astype(str) for own in self.groups.values()])
        return np.unique(every, return_inverse=True)[1]

    @property
    def _apart(self) -> Array:
        return _comparable(self._numbers, self.folds)

    def _discrepancies(self, weights: Mapping[str, Array]) -> dict[str, Array]:
        """MMD^2 of each other set from the reference, (rows,), its pieces weighted by `weights`, (rows, pieces)."""
        places, apart = self._places, self._apart
        reference, *others = self.groups

        def mean(one: str, other: str) -> Array:
            here = np.ix_(places[one], places[other])
            return _mean(weights[one], weights[other], self.alike[here] * apart[here], apart[here])

        ours = mean(reference, reference)
        return {name: ours + mean(name, name) - 2 * mean(reference, name) for name in others}

    def _weights(self, random: np.random.Generator, resamples: int) -> Iterator[dict[str, Array]]:
        """How often each piece is in a resample, (rows, pieces) by set, some rows at a time."""
        numbers, places = self._numbers, self._places
        has = np.array([np.bincount(numbers[own], minlength=numbers.max() + 1) > 0 for own in places.values()])
        _, patterns = np.unique(has, axis=1, return_inverse=True)
        for rows in resampling.rows_at_once(resamples, len(numbers)):
            drawn = np.zeros((rows, has.shape[1]))
            for pattern in range(patterns.max() + 1):
                own = patterns == pattern
                count = int(own.sum())
                drawn[:, own] = random.multinomial(count, np.full(count, 1 / count), rows)
            yield {name: drawn[:, numbers[own]] for name, own in places.items()}


def between_sides(sides: Array, alike: Array, groups: Groups, folds: NDArray[np.int64] | None = None) -> Array:
    """MMD^2 between two parts of one set, (rows,): the pieces marked 1 in a row of `sides` and those marked 0.

    sides : (rows, pieces); alike : the kernel; groups, folds : (pieces,)

    >>> alike = np.kron(np.eye(2), np.ones((2, 2)))
    >>> between_sides(np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), alike, np.arange(4)).tolist()
    [2.0, -1.0]
    """
    numbers = np.unique(groups.astype(str), return_inverse=True)[1]
    alike = alike * _comparable(numbers, folds)
    total, of_each, pairs = alike.sum(), alike.sum(axis=1), _Pairs(numbers, folds)
    rows = []
    for part in resampling.in_cache(*sides.shape):
        own = sides[part]
        # Sums over the other side are what is left of the sums over all: one product, not three.
        within = np.einsum("ij,ij->i", own @ alike, own)
        across = own @ of_each - within
        means = zip((total - 2 * across - within, within, across), pairs.of(own), strict=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            zeros, ones, both = (found / count for found, count in means)
        rows.append(zeros + ones - 2 * both)
    return np.concatenate(rows)


class _Pairs:
    """How many pairs of pieces are of different groups, and of one fold: of zeros, of ones, and of one of either.

    numbers : the group of each piece, (pieces,)
    """

    def __init__(self, numbers: NDArray[np.int64], folds: NDArray[np.int64] | None) -> None:
        of_groups = (numbers[:, None] == np.arange(numbers.max() + 1)).astype(np.float64)
        of_folds = (folds[:, None] == np.unique(folds)).astype(np.float64) if folds is not None else None
        self.member = of_groups, np.ones((len(numbers), 1)) if of_folds is None else of_folds

    def of(self, sides: Array) -> tuple[Array, Array, Array]:
        # All pieces of a group are of one fold: pairs within folds, less those within groups.
        group, fold = (np.stack([(1 - sides) @ one, sides @ one]) for one in self.member)

        def pairs(one: int, other: int) -> Array:
            return np.asarray((fold[one] * fold[other]).sum(axis=1) - (group[one] * group[other]).sum(axis=1))

        return pairs(0, 0), pairs(1, 1), pairs(0, 1)


def _comparable(numbers: NDArray[np.int64], folds: NDArray[np.int64] | None) -> Array:
    """1 where two pieces are of different groups, and of one fold, else 0."""
    apart = numbers[:, None] != numbers[None]
    return np.asarray(apart if folds is None else apart & (folds[:, None] == folds[None]), np.float64)


def _mean(one: Array, other: Array, alike: Array, apart: Array) -> Array:
    """The weighted mean of the kernel over pairs of different groups, (rows,); NaN where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(((one @ alike) * other).sum(axis=1) / ((one @ apart) * other).sum(axis=1))
