"""Level and coverage of the tests of the joint distance, simulated from measured music so that the truth is known.

    python tests/levels.py COMPARISON [--systems rnn,random,c-lstm] [--draws 1000] [--out levels.csv]

COMPARISON is a folder of `clstm compare ... --grid all`: people's music and three systems or more after the same
prompts, all under one control. Its pieces are the whole population. A simulated set draws prompts with replacement, and
each one drawn counts as a new one. A system is a mixture: a piece is one of a source with probability a, and else one
of people's. So the truth is known for any a,

    MMD^2(P, (1 - a) P + a Q) = a^2 MMD^2(P, Q)

and two different systems are equally far where a makes them so. MMD^2(P, Q) of the population is the mean of the kernel
over all pairs of its pieces.
"""

import csv
import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.distance.joint import halves_95, table
from evaluation.distance.ranking import Margin, no_worse
from evaluation.distance.space import JOINT, spaces
from evaluation.distance.trainings import of_sets
from evaluation.statistics import ranks, replicates
from evaluation.statistics.discrepancy import Sets, gaussian_kernel
from evaluation.statistics.effects import interval

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SIZES = (12, 24, 50, 100)
LARGEST_GROUP = 5
PERMUTATIONS, RESAMPLES = 199, 500  # fewer than of a real comparison, at the same level
TRAININGS = 5
PEOPLE, FIRST, SECOND, THIRD = range(4)  # the sources


@dataclass(frozen=True, eq=False)
class Population:
    """All music there is: versions of the same prompts by several sources, people first.

    points : (sources, prompts, dimensions); groups : of the prompts, (prompts,), numbers
    """

    points: Array
    bandwidth: float
    groups: Integers
    alike: Array = field(init=False)
    members: list[Integers] = field(init=False)

    def __post_init__(self) -> None:
        flat = self.points.reshape(-1, self.points.shape[2])
        object.__setattr__(self, "alike", gaussian_kernel(flat, self.bandwidth))
        object.__setattr__(self, "members", [np.flatnonzero(self.groups == one) for one in np.unique(self.groups)])

    def far(self, source: int) -> float:
        """MMD^2 of a source from people, of the whole population."""
        count = self.points.shape[1]
        ours, theirs = (slice(one * count, (one + 1) * count) for one in (PEOPLE, source))
        within, across = self.alike[ours, ours].mean() + self.alike[theirs, theirs].mean(), self.alike[ours, theirs]
        return float(within - 2 * across.mean())

    def mixture(self, source: int, distance: float) -> "Mixture":
        """A system that has so many of a source's pieces that it is so far from people."""
        return Mixture(source, float(np.sqrt(distance / self.far(source))))

    def drawn(self, random: np.random.Generator, pieces: int) -> tuple[Integers, Integers]:
        """The prompts of a set of about so many pieces, and the group of each, by number: (pieces,) each."""
        count = max(round(pieces * len(self.members) / len(self.groups)), 2)
        chosen = [self.members[one] for one in random.integers(len(self.members), size=count)]
        return np.concatenate(chosen), np.repeat(np.arange(count), [len(one) for one in chosen])


def in_groups(points: Array, largest: int) -> Integers:
    """Groups of 1 to `largest` pieces that resemble each other, (pieces,): each is one piece and those nearest to it.

    points : (pieces, dimensions)
    """
    free, found, number = np.ones(len(points), dtype=np.bool_), np.empty(len(points), dtype=np.int64), 0
    for first in np.random.default_rng(0).permutation(len(points)):
        if free[first]:
            apart = np.where(free, ((points - points[first]) ** 2).sum(axis=1), np.inf)
            own = np.argsort(apart)[: min(1 + number % largest, int(free.sum()))]
            found[own], free[own], number = number, False, number + 1
    return found


@dataclass(frozen=True)
class Mixture:
    """A system: a piece is one of `source` with probability `share`, and else one of people's."""

    source: int = PEOPLE
    share: float = 1.0


HUMAN = Mixture()


@dataclass(frozen=True, eq=False)
class Comparison:
    """A simulated one. sets : the first is the reference; places : of the pieces of each among all points"""

    sets: Sets
    places: Mapping[str, Integers]

    @property
    def fewest(self) -> int:
        """The groups of the set that has fewest."""
        return min(len(np.unique(own)) for own in self.sets.groups.values())


def sampled(
    population: Population, systems: Mapping[str, Mixture], pieces: int, random: np.random.Generator, *, shared: bool
) -> Comparison:
    """Systems of so many pieces, the reference first, after the same prompts or each after its own."""
    places: dict[str, Integers] = {}
    groups: dict[str, Integers] = {}
    prompts, own = population.drawn(random, pieces)
    for number, (name, system) in enumerate(systems.items()):
        if not shared:
            prompts, own = population.drawn(random, pieces)
        theirs = random.random(len(prompts)) < system.share
        places[name] = np.where(theirs, system.source, PEOPLE) * population.points.shape[1] + prompts
        groups[name] = own + (0 if shared else 10_000 * number)
    every = np.concatenate(list(places.values()))
    return Comparison(Sets(groups, population.alike[np.ix_(every, every)]), places)


# Each of these gives what one simulated comparison says, by the name of the rate; nothing where it says nothing.


def null_rejected(whole: Population, pieces: int, random: np.random.Generator, *, shared: bool) -> dict[str, float]:
    """p of two sets of one distribution, and the line of halves. With shared prompts one set has people's version of a
    prompt and the other one another source's, whichever at random."""
    found = sampled(whole, {"human": HUMAN, "a": HUMAN}, pieces, random, shared=shared)
    sets = _exchanged(whole, found, random) if shared else found.sets
    line = halves_95(*_reference(sets), len(sets.groups["a"]), random, halves=100)
    above = {"equals above the line": sets.squared()["a"] > line} if np.isfinite(line) else {}
    return {"p of equals < .05": sets.p("a", random, PERMUTATIONS) <= ranks.ALPHA, **above}


def _exchanged(whole: Population, found: Comparison, random: np.random.Generator) -> Sets:
    prompts = found.places["human"]
    other = random.random(len(prompts)) < 0.5
    count = whole.points.shape[1]
    every = np.concatenate([prompts + FIRST * count * other, prompts + FIRST * count * ~other])
    return Sets(found.sets.groups, whole.alike[np.ix_(every, every)])


def _reference(sets: Sets) -> tuple[Array, Integers]:
    """The kernel and the groups of the reference's pieces."""
    own = next(iter(sets.groups.values()))
    return sets.alike[: len(own), : len(own)], own


def interval_covers(whole: Population, pieces: int, random: np.random.Generator, *, shared: bool) -> dict[str, float]:
    """The interval of MMD^2, of people, of a system half as far as a source, and of a source."""
    said: dict[str, float] = {}
    for name, share in {"0": 0.0, "middle": np.sqrt(0.5), "far": 1.0}.items():
        if shared and not share:  # the same pieces twice
            continue
        one = sampled(whole, {"human": HUMAN, "a": Mixture(FIRST, share)}, pieces, random, shared=shared)
        drawn = np.concatenate([[one.sets.squared()["a"]], one.sets.resampled(random, RESAMPLES)["a"]])
        found = interval(drawn, one.fewest)
        if np.isfinite(found.low):
            said[f"interval holds MMD², {name}"] = found.low <= share**2 * whole.far(FIRST) <= found.high
    return said


def ranked(whole: Population, pieces: int, random: np.random.Generator, *, shared: bool) -> dict[str, float]:
    """Three different systems that are equally far, and one further."""
    equal = 0.45 * min(whole.far(one) for one in (FIRST, SECOND, THIRD))
    systems = {f"equal {one}": whole.mixture(one, equal) for one in (FIRST, SECOND, THIRD)}
    systems = {"human": HUMAN, **systems, "far": whole.mixture(SECOND, 2 * equal)}
    one = sampled(whole, systems, pieces, random, shared=shared)
    values, resampled = one.sets.squared(), one.sets.resampled(random, RESAMPLES)
    two = {name: values[name] for name in list(values)[:2]}
    (pair,) = ranks.pairs(two, resampled, one.fewest)
    possible = ranks.ranks(values, ranks.pairs(values, resampled, one.fewest))
    # Of three that are equally far, each is the first and the third.
    hold = all(best == 1 and worst >= 3 for name, (best, worst) in possible.items() if name != "far")
    return {"one of equals is closer": pair.significant, "all ranks hold": hold and possible["far"][1] == 4}


def called_no_worse(whole: Population, pieces: int, random: np.random.Generator, *, shared: bool) -> dict[str, float]:
    """A system that is further by just the margin, in MMD^2 and as a share of the other one's distance."""
    near = 0.45 * min(whole.far(one) for one in (FIRST, SECOND))
    systems = {"human": HUMAN, "near": whole.mixture(FIRST, near), "far": whole.mixture(SECOND, 1.5 * near)}
    one = sampled(whole, systems, pieces, random, shared=shared)
    values, resampled = one.sets.squared(), one.sets.resampled(random, RESAMPLES)
    said = {}
    for name, margin in {"MMD²": Margin(0.5 * near), "share": Margin(0.5, "near")}.items():
        found = no_worse(values, resampled, margin, one.fewest)
        said[f"no worse, margin in {name}"] = next(each.shown for each in found if each.system == "far")
    return said if one.fewest >= 5 else {}


def trained_differ(whole: Population, pieces: int, random: np.random.Generator, *, shared: bool) -> dict[str, float]:
    """Two methods of one distribution of trainings: in their distances, and in a coordinate. And the coordinate of a
    method whose trainings are people's on average. Trainings have shares of their own of another source's pieces."""
    names = [f"{method}{run}" for method in "ab" for run in range(TRAININGS)]
    systems = {"human": HUMAN} | {name: Mixture(FIRST, random.uniform(0.2, 0.8)) for name in names}
    one = sampled(whole, systems, pieces, random, shared=shared)
    every = np.unique(np.concatenate([own.astype(str) for own in one.sets.groups.values()]))
    far = of_sets(one.sets, every)
    first = whole.points[:, :, 0].ravel()
    parts = {name: (first[one.places[name]], one.sets.groups[name].astype(str)) for name in systems}
    methods = [names[:TRAININGS], names[TRAININGS:]]
    distances = [
        replicates.Trainings(*map(np.array, zip(*(far[name] for name in own), strict=True))) for own in methods
    ]
    metrics = [replicates.trainings([parts[name] for name in own], every) for own in methods]
    return {
        "trainings, distances": replicates.difference(*distances).p < ranks.ALPHA,
        "trainings, a metric": replicates.difference(*metrics).p < ranks.ALPHA,
    }


Simulated = Callable[..., dict[str, float]]
ALL: Sequence[Simulated] = (null_rejected, interval_covers, ranked, called_no_worse, trained_differ)


def rates(
    whole: Population, simulated: Simulated, pieces: int, draws: int, *, shared: bool, seed: int = 0
) -> dict[str, tuple[float, int]]:
    """The mean of what each simulated comparison says, and of how many."""
    random = np.random.default_rng((seed, pieces, shared))
    said: dict[str, list[float]] = {}
    for _ in range(draws):
        for name, value in simulated(whole, pieces, random, shared=shared).items():
            said.setdefault(name, []).append(float(value))
    return {name: (float(np.mean(own)), len(own)) for name, own in said.items()}


@dataclass(frozen=True)
class Cell:
    """One row of the table: pieces of each set, in groups of 1 to `largest`, with shared prompts or not."""

    simulated: Simulated
    pieces: int
    largest: int
    shared: bool


def population(comparison: Path, systems: Sequence[str], largest: int) -> Population:
    """Of a comparison's folder: what its systems are compared with, and three of them."""
    import pandas as pd

    values, pieces = (pd.read_csv(comparison / name, dtype={"piece": str}) for name in ("metrics.csv", "pieces.csv"))
    wide, _ = table(values, pieces)
    reference = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))["against"][systems[0]]
    space = spaces()[JOINT]
    points = np.stack([space.points(wide.loc[[name]].sort_index()) for name in (reference, *systems)])
    groups = np.arange(points.shape[1]) if largest == 1 else in_groups(points[PEOPLE], largest)
    return Population(points, space.bandwidth, groups)


def rows(cell: Cell, comparison: Path, systems: Sequence[str], draws: int) -> list[list[object]]:
    whole = population(comparison, systems, cell.largest)
    found = rates(whole, cell.simulated, cell.pieces, draws, shared=cell.shared)
    size = "1" if cell.largest == 1 else f"1-{cell.largest}"
    about = [cell.pieces, size, "shared" if cell.shared else "own"]
    return [[name, *about, round(rate, 4), count] for name, (rate, count) in found.items()]


def main() -> None:
    parser = ArgumentParser(prog="python tests/levels.py")
    parser.add_argument("comparison", type=Path)
    parser.add_argument("--systems", default="rnn,random,c-lstm", help="three of the comparison")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--only", default="", help="one of the simulations")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--out", type=Path, default=Path("levels.csv"))
    given = parser.parse_args()
    sizes = [int(one) for one in given.sizes.split(",")]
    wanted = [one for one in ALL if given.only in ("", one.__name__)]
    cells = [Cell(*one) for one in product(wanted, sizes, (1, LARGEST_GROUP), (True, False))]
    work = partial(rows, comparison=given.comparison, systems=given.systems.split(","), draws=given.draws)
    with ProcessPoolExecutor(2) as pool, given.out.open("w", newline="", encoding="utf-8") as file:
        written = csv.writer(file)
        written.writerow(["what", "pieces", "pieces_in_a_group", "prompts", "rate", "draws"])
        for found in pool.map(work, cells):
            written.writerows(found)
            file.flush()
            for row in found:
                print(*row, sep="\t", flush=True)


if __name__ == "__main__":
    main()
