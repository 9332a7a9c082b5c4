"""Random draws from two sets of pieces: samples of equal size, permutations, bootstrap resamples.

`inference` has their use. Pieces of one group (a work, a composer) resemble each other, and a system's version of a
work can differ from people's in its own way. So whole groups are drawn and exchanged, never single pieces; where both
sets have pieces of one group, these are a pair and stay one. The draws are of piece numbers: they do not depend on what
is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 25  # pieces in a sample; fewer where a set has less than twice as many. A noise floor depends on it
SPLITS = 2000
RESAMPLES = 2000  # with five groups an interval ends at the 0.1 % quantile, the second of these
PERMUTATIONS = 10_000  # p is 1 / 10,001 at least, and Holm multiplies it by the number of metrics, some 40
ALIKE = 0.5  # assumed correlation of the pieces of one group, to weigh groups against pieces; p is valid without it

Array = NDArray[np.float64]
Groups = NDArray[Any]
Weights = tuple[Array, Array]  # of the reference's and of the system's pieces

_AT_ONCE = 2_000_000  # cells of a matrix of permutations or resamples by pieces: 16 MB of float64
_IN_CACHE = 200_000  # cells of one that is read again and again: few enough for a cache, and threads seldom meet


@dataclass(frozen=True, eq=False)
class Pair:
    """The pieces of a reference and of a system, and which groups they share. Groups are compared by equality.

    Raises `ValueError` unless each set has two groups: with fewer, chance cannot be estimated.

    >>> pair = Pair(np.array(["a", "a", "b"]), np.array(["b", "c"]))
    >>> pair.groups, pair.pieces
    (2, 5)
    """

    reference: Groups
    system: Groups

    def __post_init__(self) -> None:
        if min(len(np.unique(self.reference)), len(np.unique(self.system))) < 2:
            raise ValueError("a set needs at least two groups")

    @property
    def groups(self) -> int:
        """The number of groups of the set that has fewer."""
        return min(len(np.unique(self.reference)), len(np.unique(self.system)))

    def tested(self, random: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The pieces that the permutation test uses, (pieces,) for each set: what is exchanged must be of one size.

        Of a group that both sets have, equally many pieces of each set, drawn at random. Of the other groups, m pieces
        of each one that has them, with the m that leaves most information in the set that has less.

        One piece of b remains on both sides:

        >>> pair = Pair(np.array(["a", "b"]), np.array(["b", "b", "b", "c"]))
        >>> [int(kept.sum()) for kept in pair.tested(np.random.default_rng(0))]
        [2, 2]
        """
        reference, system, groups = self.numbered
        counts = np.stack([np.bincount(own, minlength=groups) for own in (reference, system)])
        shared = (counts > 0).all(axis=0)
        lone = np.where(shared, 0, counts)
        # More pieces of each group say more, but fewer groups have so many.
        sizes = np.arange(1, int(lone.max()) + 1)
        keep = np.where(shared, counts.min(axis=0), 0)
        if len(sizes):
            worth = [[_worth(own, int(size)) for own in lone if own.any()] for size in sizes]
            most = int(sizes[np.argmax([min(each) for each in worth])])
            keep = np.where(shared, keep, np.where(counts.sum(axis=0) >= most, most, 0))
        return _some(reference, keep, random), _some(system, keep, random)

    @property
    def assignments(self) -> float:
        """The number of ways to assign the groups to the sets: two for each shared group, and all choices of the others
        that keep the sizes of the sets.

        Four groups, two on each side, can be assigned in 4! / (2! 2!) ways; three shared ones in 2^3.

        >>> Pair(np.array([1, 2]), np.array([3, 4])).assignments, Pair(np.arange(3), np.arange(3)).assignments
        (6.0, 8.0)
        """
        from scipy.special import comb

        in_reference, in_system = self.sides
        lone = int((in_reference & ~in_system).sum()), int((in_system & ~in_reference).sum())
        return float(2.0 ** int((in_reference & in_system).sum()) * comb(sum(lone), lone[0]))

    @property
    def least_p(self) -> float:
        """The smallest p that a test of all assignments can give. Where the sets can trade places as a whole, two
        assignments are equally extreme.

        >>> Pair(np.arange(5), np.arange(5)).least_p  # 2 / 2^5: five shared groups can never be significant at .05
        0.0625
        """
        in_reference, in_system = self.sides
        return (2 if in_reference.sum() == in_system.sum() else 1) / self.assignments

    def permutations(self, asked: int = PERMUTATIONS) -> int:
        """How many assignments a test compares with the actual one, itself included: all where these are no more than
        asked for, else so many drawn at random and the actual one (Phipson & Smyth, "Permutation p-values should never
        be zero", 2010).

        >>> Pair(np.arange(3), np.arange(3, 6)).permutations(99), Pair(np.arange(9), np.arange(9, 18)).permutations(99)
        (20, 100)
        """
        return int(self.assignments) if self.assignments <= asked else 1 + asked

    @property
    def pieces(self) -> int:
        return len(self.reference) + len(self.system)

    @property
    def sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The groups, by number, that are in the reference, and those in the system, (groups,) each.

        >>> Pair(np.array(["a", "b"]), np.array(["b", "c"])).sides
        (array([ True,  True, False]), array([False,  True,  True]))
        """
        reference, system, groups = self.numbered
        in_reference, in_system = np.zeros((2, groups), dtype=np.bool_)
        in_reference[reference] = in_system[system] = True
        return in_reference, in_system

    @property
    def numbered(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """The groups of each set as numbers from 0, (pieces,) each, and how many groups there are together.

        >>> Pair(np.array(["a", "b"]), np.array(["b", "c"])).numbered
        (array([0, 1]), array([1, 2]), 3)
        """
        # As text: names and numbers in one column could not be sorted.
        names, numbers = np.unique(np.concatenate([self.reference, self.system]).astype(str), return_inverse=True)
        return numbers[: len(self.reference)], numbers[len(self.reference) :], len(names)


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of equal size from both sets: piece numbers, (splits, size) each.

    first, second : of the reference, from the two halves of each split; system : in place of the second
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    system: NDArray[np.int64]

    @property
    def size(self) -> int:
        return int(self.first.shape[1])


def largest_size(pair: Pair, random: np.random.Generator, splits: int = SPLITS) -> int:
    """The largest size that all samples of `equal_samples` can have, in pieces.

    >>> largest_size(Pair(np.arange(10), np.arange(10, 20)), np.random.default_rng(0), splits=10)
    5
    """
    return max(min(int(member.sum(axis=1).min()) for member in _members(pair, random, splits)), 1)


def equal_samples(pair: Pair, random: np.random.Generator, size: int = SIZE, splits: int = SPLITS) -> Samples:
    """Samples for the distance: the groups of each set in two random halves, then `size` pieces of a half, fewer in
    small sets.

    >>> samples = equal_samples(Pair(np.arange(10), np.arange(10, 20)), np.random.default_rng(0), splits=3)
    >>> samples.first.shape, np.intersect1d(samples.first[0], samples.second[0]).tolist()
    ((3, 5), [])
    """
    members = _members(pair, random, splits)
    # The system's only group may be shared, and in the first half of the reference: it is used all the same.
    if not members[2].any(axis=1).all():
        members[2][:] = True
    size = min(size, *(int(member.sum(axis=1).min()) for member in members))
    return Samples(*(_draw(member, size, random) for member in members))


def _members(pair: Pair, random: np.random.Generator, splits: int) -> list[NDArray[np.bool_]]:
    """Which pieces are in the first and second half of the reference, and in the system's: (splits, pieces) each."""
    parts = [_halves(pair, random, rows) for rows in rows_at_once(splits, pair.pieces)]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _halves(pair: Pair, random: np.random.Generator, splits: int) -> list[NDArray[np.bool_]]:
    reference, system, groups = pair.numbered
    keys = random.random((splits, groups))
    # Pieces of one group must not be compared with each other: they resemble each other, and the distance would be too
    # small. So a shared group is in the same half on both sides; the other groups of each set are halved separately.
    half = np.zeros((splits, groups), dtype=np.bool_)
    in_system = np.isin(reference, system)
    for own in (reference[in_system], reference[~in_system]):
        if len(own):
            half[:, np.unique(own)] = _first_half(keys, own)[:, np.unique(own)]
    shared = np.isin(system, reference)
    other = shared & ~half[:, system]
    if not shared.all():
        own = system[~shared]
        other[:, ~shared] = ~_first_half(keys, own)[:, own] if len(np.unique(own)) > 1 else True
    return [half[:, reference], ~half[:, reference], other]


def _first_half(keys: Array, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The groups, (splits, groups), that together hold half of the pieces, in the order of random keys."""
    count = np.bincount(numbers, minlength=keys.shape[1])
    order = np.argsort(keys, axis=1)
    # A group belongs to the half in which its middle lies: with unequal groups neither half is larger on average.
    before = np.cumsum(count[order], axis=1) - count[order] / 2
    half = np.empty(keys.shape, dtype=np.bool_)
    np.put_along_axis(half, order, before <= len(numbers) / 2, axis=1)
    return half


def _worth(counts: NDArray[np.int64], size: int) -> float:
    """The information in groups of so many pieces, with `size` of each, counted in independent pieces. The pieces of a
    group correlate by `ALIKE`, so many small groups say more than one large one."""
    return float((counts >= size).sum() / (ALIKE + (1 - ALIKE) / size))


def _some(numbers: NDArray[np.int64], keep: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.bool_]:
    """The pieces that stay: `keep` of each group, by its number, at random."""
    # By group, and in random order within each.
    order = np.lexsort((random.random(len(numbers)), numbers))
    first = np.searchsorted(numbers[order], numbers[order])  # where the group of each begins
    stays = np.empty(len(numbers), dtype=np.bool_)
    stays[order] = np.arange(len(numbers)) - first < keep[numbers[order]]
    return stays


def _draw(member: NDArray[np.bool_], size: int, random: np.random.Generator) -> NDArray[np.int64]:
    """`size` of the members of each row, without replacement."""
    drawn = []
    for rows in np.array_split(member, max(member.size // _AT_ONCE, 1)):
        keys = np.where(rows, random.random(rows.shape), 2.0)  # 2 is above every key: members come first
        drawn.append(np.argpartition(keys, size - 1, axis=1)[:, :size])
    return np.concatenate(drawn)


def permuted_groups(
    pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> Iterator[NDArray[np.bool_]]:
    """The groups, by number, that change sides, (rows, groups) at a time: `Pair.permutations` rows in all, of which one
    changes nothing.

    A group that both sets have trades its sides with probability 1/2. Of the others, as many are on each side as
    before. Where there are no more assignments than asked for, each comes once: drawn at random, the rarest could come
    less often than they should, and p fall below `Pair.least_p`.

    >>> random, (few, many) = np.random.default_rng(0), (Pair(np.arange(n), np.arange(n, 2 * n)) for n in (3, 9))
    >>> (every,) = permuted_groups(few, random, 99)  # three of six groups
    >>> len(every), (every[:, :3].sum(axis=1) - every[:, 3:].sum(axis=1)).any()  # as many go one way as the other
    (20, np.False_)
    >>> sum(len(rows) for rows in permuted_groups(many, random, 99))
    100
    """
    if pair.assignments <= permutations:
        every = _every(pair)
        yield from np.array_split(every, -(-len(every) * pair.pieces // _AT_ONCE))
        return
    in_reference, in_system = pair.sides
    shared, lone = np.flatnonzero(in_reference & in_system), np.flatnonzero(in_reference ^ in_system)
    yield np.zeros((1, len(in_system)), dtype=np.bool_)
    for rows in rows_at_once(permutations, pair.pieces):
        crossed = np.zeros((rows, len(in_system)), dtype=np.bool_)
        crossed[:, shared] = random.random((rows, len(shared))) < 0.5
        shuffled = in_system[lone][np.argsort(random.random((rows, len(lone))), axis=1)]
        crossed[:, lone] = shuffled ^ in_system[lone]
        yield crossed


def _every(pair: Pair) -> NDArray[np.bool_]:
    """Each assignment of the groups once, as the groups that change sides, (assignments, groups)."""
    in_reference, in_system = pair.sides
    shared, lone = np.flatnonzero(in_reference & in_system), np.flatnonzero(in_reference ^ in_system)
    trades = np.array(list(product((False, True), repeat=len(shared))), dtype=np.bool_)
    chosen = np.array(list(combinations(lone, int(in_system[lone].sum()))), dtype=np.int64)
    moved = np.zeros((len(chosen), len(in_system)), dtype=np.bool_)
    np.put_along_axis(moved, chosen, values=True, axis=1)
    moved[:, lone] ^= in_system[lone]
    crossed = np.repeat(moved, len(trades), axis=0)
    crossed[:, shared] = np.tile(trades, (len(chosen), 1))
    return crossed


def permuted_sides(
    pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> Iterator[NDArray[np.bool_]]:
    """The pieces, reference first, that are on the system's side, (rows, pieces) at a time: those of `permuted_groups`.

    Groups change sides as a whole; they have one size on both sides (`Pair.tested`).

    >>> (sides,) = permuted_sides(Pair(np.array([1, 2]), np.array([3, 4])), np.random.default_rng(0))
    >>> sides.sum(axis=1)
    array([2, 2, 2, 2, 2, 2])
    """
    reference, system, _ = pair.numbered
    number = np.concatenate([reference, system])
    side = np.arange(len(number)) >= len(reference)
    for crossed in permuted_groups(pair, random, permutations):
        yield side ^ crossed[:, number]


def resampled_weights(pair: Pair, random: np.random.Generator, resamples: int = RESAMPLES) -> Iterator[Weights]:
    """Bootstrap weights per piece, (rows, pieces) of each set at a time; the very first row is the original sample.

    Groups are drawn with replacement: shared ones together, those of one set among themselves.

    The first two pieces are of one group, so they always have the same weight:

    >>> original, drawn = resampled_weights(Pair(np.array([1, 1, 2]), np.array([3, 4])), np.random.default_rng(0), 9)
    >>> original[0].tolist(), bool((drawn[0][:, 0] == drawn[0][:, 1]).all())
    ([[1.0, 1.0, 1.0]], True)
    """
    reference, system, groups = pair.numbered
    in_reference, in_system = pair.sides
    yield np.ones((1, len(reference))), np.ones((1, len(system)))
    for rows in rows_at_once(resamples, pair.pieces):
        weights = np.zeros((rows, groups))
        for own in (in_reference & in_system, in_reference & ~in_system, in_system & ~in_reference):
            if count := int(own.sum()):
                # How often each group comes in `count` draws with replacement.
                weights[:, own] = random.multinomial(count, np.full(count, 1 / count), rows)
        yield weights[:, reference], weights[:, system]


def in_cache(rows: int, pieces: int) -> Iterator[slice]:
    """Rows of a matrix of permutations or resamples by pieces, in parts for which no step waits for the memory.

    >>> [part.stop - part.start for part in in_cache(1000, 400)]
    [500, 500]
    """
    at_once = max(_IN_CACHE // pieces, 1)
    return (slice(first, min(first + at_once, rows)) for first in range(0, rows, at_once))


def rows_at_once(total: int, pieces: int) -> Iterator[int]:
    """`total` rows, in parts small enough for memory."""
    at_once = max(_AT_ONCE // pieces, 1)
    while total > 0:
        yield min(at_once, total)
        total -= at_once
