"""The verdict as a figure: how far each system is from the reference in every metric, in noise floors.

Rows in, a matplotlib `Figure` out; colours by system, as everywhere in a report. Every value is drawn at its place,
with its whole interval, and every name is whole: room is made by measuring the texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.comparison.tables import sizes
from evaluation.comparison.verdict import HIGHER, LOWER, Direction, VerdictRow, systems_in
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import COLUMN_WIDTH, LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, ticks, wrapped
from evaluation.metrics.catalogue import METRICS
from reports.figures.charts import EDGE, ROW, Colours, axes_in

MARKS: Mapping[Direction, str] = {HIGHER: ">", LOWER: "<"}  # which way it differs; else a diamond
GAP = 0.09  # inches between the columns of distances
LINEAR = 12.0  # noise floors: an axis that ends beyond is logarithmic from 1 on
FEWEST_INCHES = {True: 0.36, False: 0.6}  # of a system's column, in a narrow figure and a wide one
UPRIGHT = (1.2, 1.8, 2.7, 6.0)  # inches of a line of an upright name: the first whose lines find room


def distances(verdict: Sequence[VerdictRow], colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """The verdict at a glance: one column per system, one row per metric, its distance with its interval.

    A filled triangle is a significant difference and points in its direction, right for higher and left for lower; a
    filled diamond is one of spread or distribution; a pale circle is inconclusive; a dot was not tested, as groups are
    too few or both sets are the same; rows without a distance are left out. Where the reference does not vary there is
    no noise floor and no distance: that is written in its place. All columns have one axis, which holds every distance
    and interval; far ones make it logarithmic. Systems that find no room beside each other are drawn below.
    """
    shown = [row for row in verdict if drawn(row)]
    systems = systems_in(shown)
    rows = _Rows.of(shown, width)
    fewest = FEWEST_INCHES[width <= COLUMN_WIDTH]
    beside = max(int((width - rows.labels - EDGE) / fewest), 1)
    blocks = -(-len(systems) // beside) or 1
    beside = -(-len(systems) // blocks) or 1
    each = (width - rows.labels - EDGE) / beside
    size = 6.5 if width <= COLUMN_WIDTH else 8
    heads = _Heads.of(systems, size, each - GAP)
    foot = wrapped(_unit_of_distances(shown), size, width - 2 * EDGE)
    top, bottom = 2 * EDGE + heads.height, extent("0", size)[1] + 0.1
    tall = top + rows.height + bottom
    height = blocks * tall + extent(foot, size)[1] + 2 * EDGE
    limit = _furthest(shown)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for number, system in enumerate(systems):
            block, column = divmod(number, beside)
            above = height - block * tall - top - rows.height
            axes = axes_in(figure, rows.labels + column * each, above, each - GAP, rows.height)
            axes.axvspan(0, 1, color=MUTED, alpha=0.10, linewidth=0)
            _distance_axis(axes, limit, size)
            _distances(axes, [row for row in shown if row.system == system], rows.places, colours.get(system, MUTED))
            heads.name(axes, system)
            rows.label(axes, named=not column)
        if systems:
            figure.text(0.5, EDGE / height, foot, ha="center", va="bottom", color=MUTED, fontsize=size)
    return figure


def drawn(row: VerdictRow) -> bool:
    """Whether a row has a place in the figure: a verdict, or at least a distance."""
    return row.judged or row.distance is not None


@dataclass(frozen=True)
class _Rows:
    """Where the rows of metrics lie, from the top in units of `ROW`, and their names.

    labels : inches that the names take; height : inches of all rows
    """

    places: Mapping[str, float]
    names: Mapping[str, str]
    labels: float
    height: float
    size: float

    @classmethod
    def of(cls, rows: Sequence[VerdictRow], width: float) -> "_Rows":
        narrow = width <= COLUMN_WIDTH
        size, longest = (5.8, 0.44 * width) if narrow else (7, 0.32 * width)
        there = {row.metric for row in rows}
        metrics = [name for name in METRICS if name in there]
        names = {name: wrapped(METRICS[name].label, size, longest) for name in metrics}
        places, at, view = {}, 0.0, ""
        for name in metrics:
            at += 0.5 * (METRICS[name].view != view)
            view = METRICS[name].view
            tall = max((extent(names[name], size)[1] + 0.02) / ROW, 1.0)
            places[name] = at + (tall - 1) / 2
            at += tall
        labels = 2 * EDGE + max((extent(name, size)[0] for name in names.values()), default=0.0)
        return cls(places, names, labels, (max(at, 3) + 0.5) * ROW, size)

    def label(self, axes: Axes, named: bool) -> None:
        axes.set_ylim(self.height / ROW - 0.5, -0.5)
        axes.set_yticks(list(self.places.values()), list(self.names.values()) if named else [""] * len(self.names))
        axes.tick_params(axis="y", length=0, labelsize=self.size, pad=2)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", linewidth=0.4)
        axes.set_axisbelow(True)


@dataclass(frozen=True)
class _Heads:
    """The heads of the columns: names in lines as wide as the columns, or, if a word would be broken, upright.

    height : inches
    """

    names: Mapping[str, str]
    size: float
    upright: bool
    height: float

    @classmethod
    def of(cls, systems: Sequence[str], size: float, width: float) -> "_Heads":
        whole = {system: shortened(system, LONGEST_NAME) for system in systems}
        parts = [part for name in whole.values() for part in re.split(r" |(?<=-)", name)]
        upright = any(extent(part, size)[0] > width for part in parts)
        for length in UPRIGHT if upright else (width,):
            names = {system: wrapped(name, size, length) for system, name in whole.items()}
            sizes = [extent(name, size) for name in names.values()]
            if not upright or max(tall for _, tall in sizes) <= width:
                break
        return cls(names, size, upright, max((wide if upright else tall for wide, tall in sizes), default=0.0))

    def name(self, axes: Axes, system: str) -> None:
        rotation = 90 if self.upright else 0
        axes.set_title(
            self.names[system], fontsize=self.size, color=INK, pad=4, loc="left", rotation=rotation, va="bottom"
        )


def _unit_of_distances(rows: Sequence[VerdictRow]) -> str:
    n = f" (n = {sizes(rows)})" if any(row.size is not None for row in rows) else ""
    scale = ", logarithmic beyond 1" if _furthest(rows) > LINEAR else ""
    return f"distance in noise floors{n}{scale}"


def _furthest(rows: Sequence[VerdictRow]) -> float:
    """The largest value that is drawn of any system, at least 2."""
    return max([2.0, *(one for row in rows for one in (row.distance, row.distance_high) if one is not None)])


def _distance_axis(axes: Axes, furthest: float, size: float) -> None:
    if furthest <= LINEAR:
        axes.set_xlim(0, furthest * 1.06)
        ticks(axes, MaxNLocator(4, integer=True).tick_values(0, furthest), size - 0.5, GAP / 2)
        return
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xlim(0, furthest * 1.25)
    decades = [10.0**power for power in range(floor(log10(furthest)) + 1)]
    between = [times * decade for times in (3, 2, 5) for decade in decades]
    ticks(axes, [1, *decades[1:], 0, *between], size - 0.5, GAP / 2)


def _distances(axes: Axes, rows: Sequence[VerdictRow], places: Mapping[str, float], colour: str) -> None:
    for row in rows:
        y = places[row.metric]
        if row.distance is None:
            axes.text(0, y, " no floor", va="center", fontsize=5, color=colour if row.differs else MUTED)
            continue
        if row.distance_low is not None and row.distance_high is not None:
            alpha = 1.0 if row.differs else 0.45
            axes.plot([row.distance_low, row.distance_high], [y, y], color=colour, linewidth=0.9, alpha=alpha)
        mark = MARKS.get(row.direction, "D") if row.differs else "o" if row.judged else "."
        axes.plot(
            row.distance,
            y,
            mark,
            color=colour,
            markersize=4.2 if mark in "<>" else 3.4,
            markerfacecolor=colour if row.differs else "white",
            markeredgewidth=0.7,
            alpha=1.0 if row.differs else 0.8,
            clip_on=False,
        )
