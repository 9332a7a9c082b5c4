"""How many clips a comparison needs, and what those at hand can find: `clstm plan`, and `power.csv` of a comparison.

Comparisons are simulated from measured pieces (`evaluation.statistics.power`) and tested as real ones: MMD^2 of all
metrics by exchanging whole groups, at 5 %; each metric by the exchange test of its distance, at 5 % over the number of
metrics tested, which is Holm's first step: what a metric needs that differs alone. A pilot's pieces are tested as they
are, the metrics with Holm's correction over all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from clstm.runtime.progress import Progress, silent
from evaluation.distance.joint import table
from evaluation.distance.space import JOINT, spaces
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics import inference, resampling
from evaluation.statistics.effects import Interval
from evaluation.statistics.power import (
    ALPHA,
    SHUFFLES,
    Draw,
    Pieces,
    Shuffled,
    Smallest,
    draw,
    joint_p,
    power,
    power_of_distance,
    smallest_distance,
    smallest_shift,
)
from evaluation.statistics.resampling import Pair

if TYPE_CHECKING:
    import pandas as pd

FILE = "power.csv"
DISTANCE = "distance"
TARGET = 0.8
QUICK = 30  # simulated comparisons for the line of a real one
FEWEST, MOST = 8, 200  # pieces of each set that it is simulated for
EACH = 4  # of so many simulated comparisons with a pilot one also tests all metrics, which takes longest
COLUMNS = (
    *("clips", "system", "metric", "unit", "target", "smallest", "smallest_low", "smallest_high", "smallest_sd"),
    *("power", "power_low", "power_high"),
)
NONE = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Row:
    """What so many clips of the reference and of a system find.

    system : the pilot, or "" for the smallest difference that any music would need
    what : `DISTANCE`, MMD^2 in all metrics, or a metric
    smallest : the difference found with the power `target`, in the unit of `what`; sd : in standard deviations
    power : to find the pilot's own difference
    """

    clips: int
    system: str
    what: str
    target: float
    smallest: Interval = NONE
    sd: float = np.nan
    power: Interval = NONE

    def of_any(self) -> "Row":
        """The same, of no system."""
        return replace(self, system="")


@dataclass(frozen=True, eq=False)
class Music:
    """The pieces of a reference, and of a pilot that is compared with it: points, and one column per metric."""

    pieces: Pieces
    values: "pd.DataFrame"


def music(values: "pd.DataFrame", pieces: "pd.DataFrame", names: Sequence[str]) -> dict[str, Music]:
    """Of measurements (`evaluation.measurement.systems.Measurements`), by the names of sets."""
    wide, groups = table(values, pieces)
    usable = wide.notna().any(axis=1)  # a file that cannot be read is no piece to draw
    wide, groups = wide[usable], groups[usable]
    space = spaces()[JOINT]
    own = {name: wide.loc[[name]] for name in names}
    return {
        name: Music(Pieces(space.points(one), groups.loc[name].to_numpy(), space.bandwidth), one)
        for name, one in own.items()
    }


def metrics_of(reference: Music) -> list[str]:
    """The metrics that are tested and that the reference varies in."""
    known = reference.values
    return [name for name, metric in METRICS.items() if metric.tested and name in known and known[name].std() > 0]


def smallest(
    reference: Music, clips: int, target: float, replicates: int, seed: int, advance: Callable[[], object] = int
) -> list[Row]:
    """The smallest distance, and the smallest difference of each metric, that so many clips of each set find."""
    found = smallest_distance(reference.pieces, clips, target, replicates, seed, advance)
    rows = [Row(clips, "", DISTANCE, target, found.found)]
    names = metrics_of(reference)
    known = np.unique(reference.pieces.groups.astype(str))
    groups = max(round(clips * len(known) / len(reference.pieces.groups)), 2)
    shuffled = Shuffled((groups, groups), np.random.default_rng((seed, clips)))
    for name in names:
        own = reference.values[name].dropna().to_numpy(float)
        needed: Smallest = smallest_shift(own, shuffled, ALPHA / len(names), target, max(replicates, 60), seed)
        rows.append(Row(clips, "", name, target, needed.found, needed.sd))
    return rows


def of_pilot(
    reference: Music,
    pilot: Music,
    system: str,
    clips: int,
    target: float,
    replicates: int,
    seed: int,
    advance: Callable[[], object] = int,
) -> list[Row]:
    """The power of so many clips of each set to find the pilot's difference: in all metrics together, and in each."""
    kernels = (reference.pieces.alike, reference.pieces.across(pilot.pieces), pilot.pieces.alike)
    names = [name for name in metrics_of(reference) if name in pilot.values]
    jointly, each, tested = 0, dict.fromkeys(names, 0), 0
    for replicate in range(replicates):
        random = np.random.default_rng((seed, clips, replicate, 4))
        drawn = draw(reference.pieces.groups, pilot.pieces.groups, clips, random)
        jointly += joint_p(drawn, kernels, random) < ALPHA
        if replicate % EACH == 0:
            tested += 1
            p = inference.holm([_metric_p(drawn, reference, pilot, name, random) for name in names])
            for name, one in zip(names, p, strict=True):
                each[name] += bool(one < ALPHA)
        advance()
    rows = [Row(clips, system, DISTANCE, target, power=power(jointly, replicates))]
    return rows + [Row(clips, system, name, target, power=power(count, tested)) for name, count in each.items()]


def _metric_p(drawn: Draw, reference: Music, pilot: Music, name: str, random: np.random.Generator) -> float:
    """p of one metric in a simulated comparison, as `evaluation.comparison.contrasts` tests it; NaN of too few."""
    ours, theirs = (
        one.values[name].to_numpy(float)[places]
        for one, places in ((reference, drawn.reference), (pilot, drawn.system))
    )
    here, there = np.isfinite(ours), np.isfinite(theirs)
    try:
        pair = Pair(drawn.reference_groups[here], drawn.system_groups[there])
    except ValueError:
        return np.nan
    tested = pair.tested(random)
    sets = ours[here][tested[0]], theirs[there][tested[1]]
    subset = Pair(pair.reference[tested[0]], pair.system[tested[1]])
    further = total = 0
    for sides in resampling.permuted_sides(subset, random, SHUFFLES):
        further += inference.as_far_apart(*sets, sides)
        total += len(sides)
        if further > ALPHA * SHUFFLES:  # it can no longer be significant
            break
    return further / total


def plan(
    reference: Music,
    pilots: Mapping[str, tuple[Music, Music]],
    clips: Sequence[int],
    *,
    target: float = TARGET,
    replicates: int = 200,
    seed: int = 0,
    progress: Progress = silent,
) -> Iterator[Row]:
    """What each number of clips finds. pilots : what each is compared with and its own music, by name"""
    total, done = len(clips) * replicates * (1 + len(pilots)), 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress("Simulating", done, total)

    for number in sorted(set(clips)):
        yield from smallest(reference, number, target, replicates, seed, advance)
        for name, (other, own) in pilots.items():
            yield from of_pilot(other, own, name, number, target, replicates, seed, advance)


def finds(
    values: "pd.DataFrame", pieces: "pd.DataFrame", against: Mapping[str, str], seed: int = 0, target: float = TARGET
) -> list[Row]:
    """The smallest differences that a comparison finds, for each system. Nothing of sets of fewer than `FEWEST` pieces.

    Sets of two sizes find what two of their harmonic mean find, as MMD^2 varies with 1/m + 1/n. What more than `MOST`
    pieces find follows from what so many do: MMD^2 falls as 1/n, differences as its root.
    """
    known = music(values, pieces, sorted({*against, *against.values()}))
    sizes = {name: len(one.pieces.groups) for name, one in known.items()}
    found: dict[tuple[str, int], list[Row]] = {}
    rows = []
    for system, reference in against.items():
        clips = round(2 / (1 / sizes[reference] + 1 / sizes[system]))
        if clips < FEWEST or len(np.unique(known[reference].pieces.groups.astype(str))) < FEWEST:
            continue
        if (reference, clips) not in found:
            own = smallest(known[reference], min(clips, MOST), target, QUICK, seed)
            found[reference, clips] = [_of_more(one, clips) for one in own]
        rows += [replace(one, system=system) for one in found[reference, clips]]
    return rows


def _of_more(row: Row, clips: int) -> Row:
    share = row.clips / clips if row.what == DISTANCE else np.sqrt(row.clips / clips)
    ends = (share * one for one in (row.smallest.value, row.smallest.low, row.smallest.high))
    return replace(row, clips=clips, smallest=Interval(*ends), sd=row.sd * share)


def sentences(found: Sequence[Row]) -> list[str]:
    """What the sets compared can find, one line for each size."""
    said: dict[tuple[int, float, float], list[str]] = {}
    for system in dict.fromkeys(one.system for one in found):
        own = [one for one in found if one.system == system]
        middle = middle_sd([one.of_any() for one in own], own[0].clips)[0]
        said.setdefault((own[0].clips, own[0].smallest.value, middle), []).append(system)
    return [
        f"{', '.join(systems)}: with {clips} pieces of each set a distance of {1000 * distance:.0f} (MMD² × 1000) is "
        f"found with {100 * found[0].target:.0f} % power, and a difference in one metric of {middle:.2f} standard "
        "deviations."
        for (clips, distance, middle), systems in said.items()
    ]


def as_table(rows: Sequence[Row]) -> "pd.DataFrame":
    """One row per number of clips, system and metric; the distance is MMD^2."""
    import pandas as pd

    made = (
        {
            "clips": one.clips,
            "system": one.system,
            "metric": one.what,
            "unit": "" if one.what == DISTANCE else METRICS[one.what].unit,
            "target": one.target,
            "smallest": one.smallest.value,
            "smallest_low": one.smallest.low,
            "smallest_high": one.smallest.high,
            "smallest_sd": one.sd,
            "power": one.power.value,
            "power_low": one.power.low,
            "power_high": one.power.high,
        }
        for one in rows
    )
    return pd.DataFrame(made, columns=list(COLUMNS))


def expected(rows: Sequence[Row], system: str, clips: int) -> tuple[float, int]:
    """In how many metrics a pilot is found on average, and of how many."""
    own = [one.power.value for one in rows if one.system == system and one.clips == clips and one.what != DISTANCE]
    return float(sum(own)), len(own)


def middle_sd(rows: Sequence[Row], clips: int) -> tuple[float, float, float]:
    """The median, the least and the largest of the smallest differences of metrics, in standard deviations."""
    own = [one.sd for one in rows if one.clips == clips and not one.system and np.isfinite(one.sd)]
    return (float(np.median(own)), min(own), max(own)) if own else (np.nan, np.nan, np.nan)


def needed(rows: Sequence[Row], wanted: float, *, of_metrics: bool = False) -> int | None:
    """The number of clips that finds a distance (MMD^2), or a difference of a metric in standard deviations: between
    two sizes by their logarithms; None beyond the largest. Below the smallest size, that is enough.

    >>> rows = [Row(n, "", DISTANCE, 0.8, Interval(4 / n, 4 / n, 4 / n)) for n in (25, 100)]
    >>> needed(rows, 0.08), needed(rows, 1.0), needed(rows, 0.001)
    (50, 25, None)
    """
    sizes = sorted({one.clips for one in rows})
    found = {one.clips: one.smallest.value for one in rows if one.what == DISTANCE and not one.system}
    if of_metrics:
        found = {size: middle_sd(rows, size)[0] for size in sizes}
    enough = [size for size in sizes if found[size] <= wanted]
    if not enough:
        return None
    above, place = enough[0], sizes.index(enough[0])
    if place == 0 or not np.isfinite(found[sizes[place - 1]]):
        return above
    below = sizes[place - 1]
    share = np.log(found[below] / wanted) / np.log(found[below] / found[above])
    return int(np.ceil(round(float(below * (above / below) ** share), 6)))


def confirmed(reference: Music, distance: float, clips: int, replicates: int, seed: int) -> Interval:
    """The power at a planned number of clips, simulated anew."""
    return power_of_distance(reference.pieces, distance, clips, replicates, seed + 1)


def enough_for(rows: Sequence[Row], system: str, target: float) -> int | None:
    """The fewest clips of those simulated that find a pilot's distance with this power."""
    own = [one for one in rows if one.system == system and one.what == DISTANCE and one.power.value >= target]
    return min((one.clips for one in own), default=None)
