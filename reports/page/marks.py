"""The verdict as vectors of the page: every metric is a row, every system a mark with its interval.

Places are percents of one axis, in noise floors; far ones make it logarithmic, as in the figure for print.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10

from evaluation.comparison.verdict import HIGHER, LOWER, VerdictRow, systems_in
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.figures.distances import LINEAR, drawn
from reports.page.cells import told_of

ROOM = 84  # pixels that the marks of a row share
LEAST, MOST = 5, 11  # pixels from mark to mark
BELOW_1 = 0.4  # of a decade, that a logarithmic axis gives to 0..1
SHAPES = {HIGHER: "higher", LOWER: "lower"}


@dataclass(frozen=True)
class Mark:
    """A system's distance: at, start, end in percent; y in pixels; shape : higher, lower, other, open or dot."""

    system: str
    colour: str
    shape: str
    y: float
    told: str
    at: float | None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class MarkRow:
    """A metric; furthest : the largest distance of a system in it"""

    label: str
    definition: str
    significant: bool
    furthest: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class MarkView:
    key: str
    title: str
    rows: tuple[MarkRow, ...]


@dataclass(frozen=True)
class Marks:
    """ticks : places in percent, and their labels; floor : where one noise floor ends; height : pixels of a row

    systems : names and colours, in the order of a row's marks
    """

    views: tuple[MarkView, ...]
    ticks: tuple[tuple[float, str], ...]
    floor: float
    height: float
    systems: Mapping[str, str]
    logarithmic: bool


@dataclass(frozen=True)
class FloorAxis:
    """An axis in noise floors from 0 to `limit`.

    >>> FloorAxis(10.0).place(5.0), FloorAxis(100.0).place(1.0), FloorAxis(100.0).place(100.0)
    (50.0, 16.67, 100.0)
    """

    limit: float

    @property
    def logarithmic(self) -> bool:
        return self.limit > LINEAR

    def place(self, value: float) -> float:
        """In percent."""
        return round(100 * self._moved(value) / self._moved(self.limit), 2)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        if self.logarithmic:
            decades = [10.0**power for power in range(floor(log10(self.limit)) + 1)]
            values = [0.0, *(times * one for one in decades for times in (1, 3) if times * one <= self.limit)]
        else:
            step = 1 if self.limit < 6 else 2
            values = [float(value) for value in range(0, int(self.limit) + 1, step)]
        return tuple((self.place(value), f"{value:g}") for value in values)

    def _moved(self, value: float) -> float:
        if not self.logarithmic:
            return value
        return BELOW_1 * value if value <= 1 else BELOW_1 + log10(value)


def marks_of(verdict: Sequence[VerdictRow], colours: Mapping[str, str], reference: str = "") -> Marks:
    """Every row that the figure for print shows, by view. reference : no system, though its own distances are shown"""
    shown = [row for row in verdict if drawn(row)]
    systems = systems_in(shown)
    ends = [one for row in shown for one in (row.distance, row.distance_high) if one is not None]
    axis = FloorAxis(1.04 * max([2.0, *ends]))
    each = min(max(ROOM / max(len(systems), 1), LEAST), MOST)
    by_metric = {name: [row for row in shown if row.metric == name] for name in METRICS}
    known = [name for name, rows in by_metric.items() if rows]

    def line(name: str) -> MarkRow:
        rows = by_metric[name]
        distances = [row.distance for row in rows if row.distance is not None and row.system != reference]
        return MarkRow(
            METRICS[name].label,
            METRICS[name].definition,
            any(row.differs for row in rows),
            round(max(distances, default=0.0), 3),
            tuple(_mark(row, axis, each * (systems.index(row.system) + 0.5), colours) for row in rows),
        )

    views = tuple(
        MarkView(view, VIEWS[view], tuple(line(name) for name in names))
        for view, names in groupby(known, key=lambda name: METRICS[name].view)
    )
    return Marks(
        views,
        axis.ticks(),
        axis.place(1.0),
        round(each * len(systems), 1),
        {name: colours.get(name, "") for name in systems},
        axis.logarithmic,
    )


def _mark(row: VerdictRow, axis: FloorAxis, y: float, colours: Mapping[str, str]) -> Mark:
    about = (row.system, colours.get(row.system, ""), _shape(row), round(y, 1))
    told = f"{row.system}, {METRICS[row.metric].phrase}: {told_of(row)}"
    if row.distance is None:
        return Mark(*about, told, None)
    if row.distance_low is None or row.distance_high is None:
        return Mark(*about, told, axis.place(row.distance))
    return Mark(*about, told, *map(axis.place, (row.distance, row.distance_low, row.distance_high)))


def _shape(row: VerdictRow) -> str:
    if row.differs:
        return SHAPES.get(row.direction, "other")
    return "open" if row.judged else "dot"
