"""Random draws from two sets of pieces: samples of equal size, permutations, bootstrap resamples.

`inference` has their use. Pieces of one group (a work, a composer) resemble each other, and a system's version of a
work can differ from people's in its own way. So whole groups are drawn and exchanged, never single pieces; where both
sets have pieces of one group, these are a pair and stay one. The draws are of piece numbers: they do not depend on what
is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 25  # pieces in a sample; fewer where a set has less than twice as many. A noise floor depends on it
SPLITS = 2000
RESAMPLES = 2000
PERMUTATIONS = 10_000
ALIKE = 0.5  # assumed correlation of the pieces of one group, to weigh groups against pieces; p is valid without it

Array = NDArray[np.float64]
Groups = NDArray[Any]
Weights = tuple[Array, Array]  # of the reference's and of the system's pieces

_AT_ONCE = 2_000_000  # cells of a matrix of permutations or resamples by pieces


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
        """
        reference, system, groups = self.numbered
        counts = np.stack([np.bincount(own, minlength=groups) for own in (reference, system)])
        shared = (counts > 0).all(axis=0)
        lone = np.where(shared, 0, counts)
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
        that keep the sizes of the sets."""
        from scipy.special import comb

        in_reference, in_system = self.sides
        lone = int((in_reference & ~in_system).sum()), int((in_system & ~in_reference).sum())
        return float(2.0 ** int((in_reference & in_system).sum()) * comb(sum(lone), lone[0]))

    @property
    def least_p(self) -> float:
        """The smallest p that a test of all assignments can give. Where the sets can trade places as a whole, two
        assignments are equally extreme."""
        in_reference, in_system = self.sides
        return (2 if in_reference.sum() == in_system.sum() else 1) / self.assignments

    @property
    def pieces(self) -> int:
        return len(self.reference) + len(self.system)

    @property
    def sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The groups, by number, that are in the reference, and those in the system, (groups,) each."""
        reference, system, groups = self.numbered
        in_reference, in_system = np.zeros((2, groups), dtype=np.bool_)
        in_reference[reference] = in_system[system] = True
        return in_reference, in_system

    @property
    def numbered(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """The groups of each set as numbers from 0, (pieces,) each, and how many groups there are together."""
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
    """The largest size that all samples of `equal_samples` can have, in pieces."""
    return max(min(int(member.sum(axis=1).min()) for member in _members(pair, random, splits)), 1)


def equal_samples(pair: Pair, random: np.random.Generator, size: int = SIZE, splits: int = SPLITS) -> Samples:
    """Samples for the distance: the groups of each set in two random halves, then `size` pieces of a half, fewer in
    small sets."""
    members = _members(pair, random, splits)
    if (
        not members[2].any(axis=1).all()
    ):  # its only group is shared and in the reference's first half: use it all the same
        members[2][:] = True
    size = min(size, *(int(member.sum(axis=1).min()) for member in members))
    return Samples(*(_draw(member, size, random) for member in members))


def _members(pair: Pair, random: np.random.Generator, splits: int) -> list[NDArray[np.bool_]]:
    """Which pieces are in the first and second half of the reference, and in the system's: (splits, pieces) each."""
    parts = [_halves(pair, random, rows) for rows in _rows(splits, pair.pieces)]
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
    order = np.lexsort((random.random(len(numbers)), numbers))
    first = np.searchsorted(numbers[order], numbers[order])  # where the group of each begins
    stays = np.empty(len(numbers), dtype=np.bool_)
    stays[order] = np.arange(len(numbers)) - first < keep[numbers[order]]
    return stays


def _draw(member: NDArray[np.bool_], size: int, random: np.random.Generator) -> NDArray[np.int64]:
    """`size` of the members of each row, without replacement."""
    drawn = []
    for rows in np.array_split(member, max(member.size // _AT_ONCE, 1)):
        keys = np.where(rows, random.random(rows.shape), 2.0)
        drawn.append(np.argpartition(keys, size - 1, axis=1)[:, :size])
    return np.concatenate(drawn)


def permuted_groups(
    pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> Iterator[NDArray[np.bool_]]:
    """The groups, by number, that change sides, (rows, groups) at a time, `permutations` rows in all.

    A group that both sets have trades its sides with probability 1/2. Of the others, as many are on each side as
    before.
    """
    in_reference, in_system = pair.sides
    shared, lone = np.flatnonzero(in_reference & in_system), np.flatnonzero(in_reference ^ in_system)
    for rows in _rows(permutations, pair.pieces):
        crossed = np.zeros((rows, len(in_system)), dtype=np.bool_)
        crossed[:, shared] = random.random((rows, len(shared))) < 0.5
        shuffled = in_system[lone][np.argsort(random.random((rows, len(lone))), axis=1)]
        crossed[:, lone] = shuffled ^ in_system[lone]
        yield crossed


def permuted_sides(
    pair: Pair, random: np.random.Generator, permutations: int = PERMUTATIONS
) -> Iterator[NDArray[np.bool_]]:
    """The pieces, reference first, that are on the system's side, (rows, pieces) at a time, `permutations` rows in all.

    The groups of `permuted_groups` change sides as a whole; they have one size on both sides (`Pair.tested`).
    """
    reference, system, _ = pair.numbered
    number = np.concatenate([reference, system])
    side = np.arange(len(number)) >= len(reference)
    for crossed in permuted_groups(pair, random, permutations):
        yield side ^ crossed[:, number]


def resampled_weights(pair: Pair, random: np.random.Generator, resamples: int = RESAMPLES) -> Iterator[Weights]:
    """Bootstrap weights per piece, (rows, pieces) of each set at a time; the very first row is the original sample.

    Groups are drawn with replacement: shared ones together, those of one set among themselves.
    """
    reference, system, groups = pair.numbered
    in_reference, in_system = pair.sides
    yield np.ones((1, len(reference))), np.ones((1, len(system)))
    for rows in _rows(resamples, pair.pieces):
        weights = np.zeros((rows, groups))
        for own in (in_reference & in_system, in_reference & ~in_system, in_system & ~in_reference):
            if count := int(own.sum()):
                weights[:, own] = random.multinomial(count, np.full(count, 1 / count), rows)
        yield weights[:, reference], weights[:, system]


def _rows(total: int, pieces: int) -> Iterator[int]:
    """`total` rows, in parts small enough for memory."""
    at_once = max(_AT_ONCE // pieces, 1)
    while total > 0:
        yield min(at_once, total)
        total -= at_once
