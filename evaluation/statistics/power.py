"""What a number of pieces can find: comparisons simulated from given pieces, and tested as real ones are.

A simulated set draws whole groups of the pieces given, with replacement, and each drawn group counts as a new one. So
that many pieces can be drawn from few, two copies of a group are as alike as pieces of different groups are on average
(`neutral`): pieces of the reference are then at MMD^2 0 from one another, and a system at its unbiased estimate.

A difference that nobody has measured yet is a shift of the reference: of all its points in one direction, drawn anew in
each comparison, or of the values of one metric. How large it must be is found in each simulated comparison by halving;
the quantile `target` of these is the smallest difference found with that power. Its interval is that of a quantile of
so many draws (order statistics, binomial), the interval of a power is Wilson's (1927).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.discrepancy import Sets, gaussian_kernel
from evaluation.statistics.effects import Interval
from evaluation.statistics.resampling import Array, Groups

ALPHA, LEVEL = 0.05, 0.95
PERMUTATIONS = 199  # of a simulated joint test: fewer than of a real one, at the same level
SHUFFLES = 2000  # of a simulated test of one metric, whose level is a small part of 5 %
STEPS = 7  # of halving: a 128th of the largest shift
LARGEST = 3.0  # shift, in standard deviations
FARTHEST = 6.0  # shift of points, whose coordinates have variance 1
USUAL = 10.0  # over the root of the number of pieces: a shift that is nearly always found, where halving begins

Integers = NDArray[np.int64]


def neutral(alike: Array, one: Groups, other: Groups) -> Array:
    """The kernel of two sets where pieces of one group are as alike as their means over other groups say.

    alike : (one, other); one, other : the groups of the pieces

    >>> groups = np.arange(3)
    >>> neutral(np.array([[1.0, 0.2, 0.4], [0.2, 1.0, 0.3], [0.4, 0.3, 1.0]]), groups, groups).round(2).diagonal()
    array([0.3, 0.2, 0.4])
    """
    apart = one.astype(str)[:, None] != other.astype(str)[None]
    known = np.where(apart, alike, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows, columns = known.sum(axis=1) / apart.sum(axis=1), known.sum(axis=0) / apart.sum(axis=0)
    mean = known.sum() / max(apart.sum(), 1)
    filled = np.nan_to_num(rows[:, None], nan=mean) + np.nan_to_num(columns[None], nan=mean) - mean
    return np.asarray(np.where(apart, alike, filled))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of a set that simulated sets are drawn from.

    points : (pieces, dimensions), in the space whose kernel has this `bandwidth`; groups : (pieces,)
    """

    points: Array
    groups: Groups
    bandwidth: float

    @cached_property
    def alike(self) -> Array:
        return neutral(gaussian_kernel(self.points, self.bandwidth), self.groups, self.groups)

    def across(self, other: "Pieces", shift: Array | float = 0.0) -> Array:
        """The kernel from these pieces to those of another set, all shifted."""
        both = np.concatenate([self.points, other.points + shift])
        count = len(self.points)
        return neutral(gaussian_kernel(both, self.bandwidth)[:count, count:], self.groups, other.groups)


@dataclass(frozen=True, eq=False)
class Draw:
    """The pieces drawn for two sets, and the number of the drawn group of each, (pieces,) each."""

    reference: Integers
    reference_groups: Integers
    system: Integers
    system_groups: Integers


def draw(reference: Groups, system: Groups, pieces: int, random: np.random.Generator) -> Draw:
    """So many pieces of each set, by whole groups with replacement. Where the sets mostly share their groups, the
    pieces of one group in both are drawn together and stay a pair.

    >>> drawn = draw(np.array(["a", "b"]), np.array(["a", "b"]), 5, np.random.default_rng(0))
    >>> bool((drawn.reference == drawn.system).all()), drawn.system_groups.tolist()
    (True, [0, 1, 2, 3, 4])
    """
    ours, theirs = _members(reference), _members(system)
    shared = [name for name in ours if name in theirs]
    if 2 * len(shared) < min(len(ours), len(theirs)):
        one, numbers = _drawn(ours, list(ours), pieces, random)
        other, others = _drawn(theirs, list(theirs), pieces, random)
        return Draw(one, numbers, other, others + pieces)
    names = [shared[place] for place in random.integers(0, len(shared), pieces)]
    return Draw(*_taken(ours, names, pieces), *_taken(theirs, names, pieces))


def _members(groups: Groups) -> dict[str, Integers]:
    names = groups.astype(str)
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def _drawn(
    members: dict[str, Integers], names: list[str], pieces: int, random: np.random.Generator
) -> tuple[Integers, Integers]:
    return _taken(members, [names[place] for place in random.integers(0, len(names), pieces)], pieces)


def _taken(members: dict[str, Integers], names: list[str], pieces: int) -> tuple[Integers, Integers]:
    """The first so many pieces of groups, one group after another, and the number of the group of each."""
    numbers = np.repeat(np.arange(len(names)), [len(members[name]) for name in names])
    return np.concatenate([members[name] for name in names])[:pieces], numbers[:pieces]


def joint_p(drawn: Draw, kernels: tuple[Array, Array, Array], random: np.random.Generator) -> float:
    """p of the joint test of two drawn sets. kernels : of the reference, from it to the system, and of the system"""
    ours, across, theirs = kernels
    one, other = drawn.reference, drawn.system
    between = across[np.ix_(one, other)]
    alike = np.block([[ours[np.ix_(one, one)], between], [between.T, theirs[np.ix_(other, other)]]])
    sets = Sets({"reference": drawn.reference_groups, "system": drawn.system_groups}, alike)
    return sets.p("system", random, PERMUTATIONS)


@dataclass(frozen=True)
class Smallest:
    """The smallest difference found with a power, with the interval of the simulation; infinite where none is."""

    found: Interval
    sd: float = np.nan  # `found` in standard deviations, of a metric


def smallest_distance(
    reference: Pieces, pieces: int, target: float, replicates: int, seed: int = 0, advance: Callable[[], object] = int
) -> Smallest:
    """The smallest MMD^2 that a comparison of so many pieces of each set finds with the power `target`."""
    found = []
    for replicate in range(replicates):
        found.append(_distance_needed(reference, pieces, (seed, pieces, replicate)))
        advance()
    return Smallest(quantile(np.array(found), target))


def _distance_needed(reference: Pieces, pieces: int, seed: tuple[int, ...]) -> float:
    """The MMD^2 from which one simulated comparison is significant, in a direction of its own."""
    random = np.random.default_rng(seed)
    direction = _direction(reference, random)
    drawn = draw(reference.groups, _others(reference.groups), pieces, random)

    def significant(size: float) -> bool:
        kernels = (reference.alike, reference.across(reference, size * direction), reference.alike)
        return joint_p(drawn, kernels, np.random.default_rng((*seed, 1))) < ALPHA

    low, high = 0.0, min(USUAL / np.sqrt(pieces), FARTHEST)
    if not significant(high):
        low, high = high, FARTHEST
        if not significant(high):
            return np.inf
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if significant(middle) else (middle, high)
    return shifted_distance(reference, high * direction)


def _direction(reference: Pieces, random: np.random.Generator) -> Array:
    found = random.normal(size=reference.points.shape[1])
    return np.asarray(found / np.linalg.norm(found))


def _others(groups: Groups) -> Groups:
    """Groups of other names: a set that shares none."""
    return np.char.add("other ", groups.astype(str))


def shifted_distance(reference: Pieces, shift: Array) -> float:
    """MMD^2 of the reference from itself with all points shifted."""
    return float(2 * reference.alike.mean() - 2 * reference.across(reference, shift).mean())


def power_of_distance(reference: Pieces, distance: float, pieces: int, replicates: int, seed: int = 0) -> Interval:
    """The power of comparisons of so many pieces of each set against music at this MMD^2."""
    found = 0
    for replicate in range(replicates):
        random = np.random.default_rng((seed, pieces, replicate, 2))
        direction = _direction(reference, random)
        size = _size_of(reference, direction, distance)
        kernels = (reference.alike, reference.across(reference, size * direction), reference.alike)
        drawn = draw(reference.groups, _others(reference.groups), pieces, random)
        found += joint_p(drawn, kernels, random) < ALPHA
    return power(found, replicates)


def _size_of(reference: Pieces, direction: Array, distance: float) -> float:
    low, high = 0.0, FARTHEST
    for _ in range(3 * STEPS):
        middle = (low + high) / 2
        further = shifted_distance(reference, middle * direction) >= distance
        low, high = (low, middle) if further else (middle, high)
    return high


class Shuffled:
    """Permutation tests of one metric in many simulated comparisons at once, of so many groups with a piece each.

    Where every exchange is possible, which places of the ordered values are on the system's side does not depend on the
    values: the same exchanges serve all comparisons and all metrics.
    """

    def __init__(self, groups: tuple[int, int], random: np.random.Generator, shuffles: int = SHUFFLES) -> None:
        ours, theirs = self.groups = groups
        sides = random.random((shuffles, ours + theirs)).argsort(axis=1) < theirs
        self.steps = _steps(sides, theirs)

    def p(self, reference: Array, system: Array) -> Array:
        """p of each comparison, (comparisons,). reference, system : (comparisons, groups)"""
        values = np.concatenate([reference, system], axis=1)
        order = values.argsort(axis=1, kind="stable")
        gaps = np.diff(np.take_along_axis(values, order, axis=1), axis=1)
        actual = (_steps(order >= self.groups[0], self.groups[1]) * gaps).sum(axis=1)
        drawn = self.steps @ gaps.T
        further = (drawn >= actual * (1 - 1e-9)).sum(axis=0)
        return np.asarray((1 + further) / (1 + len(self.steps)))


def _steps(sides: NDArray[np.bool_], system: int) -> Array:
    """How far the distribution functions of the two sides are apart at each place but the last, (rows, places - 1)."""
    above = np.cumsum(sides, axis=1)[:, :-1]
    every = np.arange(1, sides.shape[1])
    return np.asarray(np.abs(above / system - (every - above) / (sides.shape[1] - system)))


def smallest_shift(
    values: Array, shuffled: Shuffled, level: float, target: float, replicates: int, seed: int = 0
) -> Smallest:
    """The smallest shift of a metric found with the power `target` in tests at `level`, in its unit and in standard
    deviations. values : of the reference, (pieces,), without NaN; NaN where they do not vary
    """
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if not deviation > 0:
        return Smallest(Interval(np.nan, np.nan, np.nan))
    random = np.random.default_rng((seed, 3))
    ours, theirs = (random.choice(values, (replicates, groups)) for groups in shuffled.groups)
    low, high = np.zeros(replicates), np.full(replicates, LARGEST * deviation)
    never = shuffled.p(ours, theirs + high[:, None]) >= level
    for _ in range(STEPS):
        middle = (low + high) / 2
        found = shuffled.p(ours, theirs + middle[:, None]) < level
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    needed = quantile(np.where(never, np.inf, high), target)
    return Smallest(needed, needed.value / deviation)


def quantile(drawn: Array, share: float) -> Interval:
    """The quantile of draws, with its 95 % interval from order statistics.

    >>> quantile(np.arange(100.0), 0.8)
    Interval(value=79.0, low=71.0, high=87.0)
    """
    from scipy.stats import binom

    ordered, last = np.sort(drawn), len(drawn) - 1
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    places = [np.ceil(share * len(drawn)), *(float(binom.ppf(tail, len(drawn), share)) for tail in tails)]
    value, low, high = (float(ordered[int(np.clip(place - 1, 0, last))]) for place in places)
    return Interval(value, low, high)


def power(found: int, of: int) -> Interval:
    """A power with Wilson's 95 % interval.

    >>> power(80, 100)
    Interval(value=0.8, low=0.7111..., high=0.8666...)
    """
    from scipy.stats import binomtest

    ends = binomtest(int(found), of).proportion_ci(LEVEL, "wilson")
    return Interval(found / of, float(ends.low), float(ends.high))
