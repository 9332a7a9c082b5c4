"""Figures of tables: what separates each system from the reference, how every figure is spread, what listeners said.

Tables in, a matplotlib `Figure` out; colours by system, as everywhere in a report. Every value is drawn where it is,
with its whole interval, and every name is whole: room is made by measuring the texts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.comparison.contrasts import DIFFERS, NONE
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import COLUMN_WIDTH, LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, ticks, wrapped
from evaluation.measurement.measure import METRICS

ROW = 0.165  # inches a figure's row takes
EDGE = 0.06  # inches left free at a figure's edges and between its parts
MARKS = {"higher": ">", "lower": "<"}  # which way it differs; else a diamond
GAP = 0.09  # inches between the columns of distances
LINEAR = 12.0  # noise floors: an axis that ends beyond is logarithmic from 1 on
FEWEST_INCHES = {True: 0.36, False: 0.6}  # of a system's column, in a narrow figure and a wide one
UPRIGHT = (1.2, 1.8, 2.7, 6.0)  # inches of a line of a name that stands upright: the first whose lines find room
DOTS = 300  # of a distribution at most

Colours = Mapping[str, str]


def distances(verdict: pd.DataFrame, colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """The verdict at a glance: a column a system, a row a figure, its distance with its interval in noise floors.

    verdict : `evaluation.comparison.contrasts.COLUMNS`
    A filled triangle differs and points to where the system is, higher or lower, a filled diamond differs otherwise, a
    pale circle is inconclusive; what has no verdict is left out. A figure without a noise floor, as the reference
    does not vary in it, has no distance: that is written in its place. All columns have one axis, which holds every
    distance and interval; far ones make it logarithmic. Systems that find no room beside each other stand below.
    """
    table = verdict[verdict["verdict"] != NONE]
    systems = list(dict.fromkeys(table["system"]))
    rows = _Rows.of(table, width)
    fewest = FEWEST_INCHES[width <= COLUMN_WIDTH]
    beside = max(int((width - rows.labels - EDGE) / fewest), 1)
    blocks = -(-len(systems) // beside) or 1
    beside = -(-len(systems) // blocks) or 1
    each = (width - rows.labels - EDGE) / beside
    size = 6.5 if width <= COLUMN_WIDTH else 8
    heads = _Heads.of(systems, size, each - GAP)
    foot = wrapped(_unit_of_distances(table), size, width - 2 * EDGE)
    top, bottom = 2 * EDGE + heads.height, extent("0", size)[1] + 0.1
    tall = top + rows.height + bottom
    height = blocks * tall + extent(foot, size)[1] + 2 * EDGE
    limit = _furthest(table)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for number, system in enumerate(systems):
            block, column = divmod(number, beside)
            above = height - block * tall - top - rows.height
            axes = _axes(figure, rows.labels + column * each, above, each - GAP, rows.height)
            axes.axvspan(0, 1, color=MUTED, alpha=0.10, linewidth=0)
            _distance_axis(axes, limit, size)
            _distances(axes, table[table["system"] == system], rows.places, colours.get(system, MUTED))
            heads.name(axes, system)
            rows.label(axes, named=not column)
        if systems:
            figure.text(0.5, EDGE / height, foot, ha="center", va="bottom", color=MUTED, fontsize=size)
    return figure


@dataclass(frozen=True)
class _Rows:
    """Where the rows of metrics lie, from the top in units of `ROW`, and how they are called.

    labels : inches the names take; height : inches of all rows
    """

    places: Mapping[str, float]
    names: Mapping[str, str]
    labels: float
    height: float
    size: float

    @classmethod
    def of(cls, table: pd.DataFrame, width: float) -> "_Rows":
        narrow = width <= COLUMN_WIDTH
        size, longest = (5.8, 0.44 * width) if narrow else (7, 0.32 * width)
        metrics = [name for name in METRICS if name in set(table["metric"])]
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
    """How the columns are headed: by names in lines as wide as these, or, if a word were broken, upright.

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


def _unit_of_distances(table: pd.DataFrame) -> str:
    sizes = table.get("size", pd.Series(dtype=float)).dropna().astype(int)
    n = f" (n = {sizes.min()}" + (f" to {sizes.max()})" if sizes.min() < sizes.max() else ")") if len(sizes) else ""
    scale = ", logarithmic beyond 1" if _furthest(table) > LINEAR else ""
    return f"distance in noise floors{n}{scale}"


def _furthest(table: pd.DataFrame) -> float:
    """The furthest that is drawn of any system, at least 2."""
    values = table[["distance", "distance_high"]].to_numpy(float).ravel()
    return float(values[np.isfinite(values)].max(initial=2.0))


def _distance_axis(axes: Axes, furthest: float, size: float) -> None:
    if furthest <= LINEAR:
        axes.set_xlim(0, furthest * 1.06)
        ticks(axes, MaxNLocator(4, integer=True).tick_values(0, furthest), size - 0.5, GAP / 2)
        return
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xlim(0, furthest * 1.25)
    decades = 10.0 ** np.arange(np.floor(np.log10(furthest)) + 1)
    ticks(axes, [1, *decades[1:], 0, *(3 * decades), *(2 * decades), *(5 * decades)], size - 0.5, GAP / 2)


def _distances(axes: Axes, table: pd.DataFrame, places: Mapping[str, float], colour: str) -> None:
    for row in table.to_dict("records"):
        y, told = places[row["metric"]], row["verdict"] == DIFFERS
        if not np.isfinite(row["distance"]):
            axes.text(0, y, " no floor", va="center", fontsize=5, color=colour if told else MUTED)
            continue
        alpha = 1.0 if told else 0.45
        if np.isfinite(row["distance_low"]) and np.isfinite(row["distance_high"]):
            axes.plot([row["distance_low"], row["distance_high"]], [y, y], color=colour, linewidth=0.9, alpha=alpha)
        mark = MARKS.get(str(row["how"]).split(" (")[0], "D") if told else "o"
        axes.plot(
            row["distance"],
            y,
            mark,
            color=colour,
            markersize=4.2 if mark in "<>" else 3.4,
            markerfacecolor=colour if told else "white",
            markeredgewidth=0.7,
            alpha=alpha if told else 0.8,
            clip_on=False,
        )


def distributions(figures: pd.DataFrame, view: str, colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """Every piece's figure, a panel a metric of this view and a row a system: dots, median, and the middle half.

    figures : tidy, with columns system, metric, value
    """
    metrics = [name for name, metric in METRICS.items() if metric.view == view and metric.compared]
    own = figures[figures["metric"].isin(metrics) & np.isfinite(figures["value"].astype(float))]
    metrics = [name for name in metrics if (own["metric"] == name).any()] or metrics[:1]
    columns = 3 if width > COLUMN_WIDTH else 1
    rows = -(-len(metrics) // columns)
    names = {name: wrapped(shortened(name, LONGEST_NAME), 7, 1.3) for name in colours}
    labels = 2 * EDGE + max((extent(name, 7)[0] for name in names.values()), default=0.0)
    tall = max([0.17, *(extent(name, 7)[1] + 0.03 for name in names.values())]) * max(len(colours), 2)
    gap = 0.3
    wide = (width - labels - EDGE - (columns - 1) * gap - 0.1) / columns
    heads = {name: wrapped(_with_unit(name), 7.5, wide + gap - EDGE) for name in metrics}
    top, bottom = 2 * EDGE + max(extent(head, 7.5)[1] for head in heads.values()), 0.3
    height = rows * (top + tall + bottom)
    random = np.random.default_rng(0)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for place, metric in enumerate(metrics):
            row, column = divmod(place, columns)
            below = height - row * (top + tall + bottom) - top - tall
            axes = _axes(figure, labels + column * (wide + gap), below, wide, tall)
            for y, (system, colour) in enumerate(colours.items()):
                values = own.loc[(own["metric"] == metric) & (own["system"] == system), "value"].to_numpy(float)
                _spread(axes, values, y, colour, random)
            axes.set_title(heads[metric], loc="left", fontsize=7.5, pad=3)
            axes.set_ylim(len(colours) - 0.5, -0.5)
            axes.set_yticks(range(len(colours)), [""] * len(colours) if column else list(names.values()))
            axes.tick_params(axis="y", length=0, labelsize=7)
            axes.tick_params(axis="x", pad=2)
            ticks(axes, MaxNLocator(4).tick_values(*axes.get_xlim()), 6.5, 0.1)
            axes.spines["left"].set_visible(False)
            axes.grid(axis="x", linewidth=0.4)
            axes.set_axisbelow(True)
    return figure


def _with_unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f"{METRICS[metric].label} ({unit})" if unit else METRICS[metric].label


def _spread(axes: Axes, values: np.ndarray, y: int, colour: str, random: np.random.Generator) -> None:
    if not len(values):
        return
    dots = values if len(values) <= DOTS else random.choice(values, DOTS, replace=False)
    jitter = random.uniform(-0.26, 0.26, len(dots))
    axes.plot(dots, y + jitter, "o", markersize=1.8, markeredgewidth=0, color=colour, alpha=0.35, rasterized=True)
    lower, middle, upper = np.percentile(values, [25, 50, 75])
    axes.plot([lower, upper], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")
    axes.plot(middle, y, "o", markersize=4.2, color="white", markeredgecolor=colour, markeredgewidth=1.3)


def taken_for_human(tally: pd.DataFrame, colours: Colours, note: str = "", width: float = PAGE_WIDTH) -> Figure:
    """Share of answers "made by a person" by source, with its descriptive interval.

    tally : source, p_human, low, high 0..1 (NaN where no answer counts)
    note : printed across the foot, such as that the answers are synthetic
    """
    with style():
        figure, axes = _listed(tally["source"], 8.5, 0.3, 'share of answers "by a person"', note, width)
        for y, row in enumerate(tally.to_dict("records")):
            colour = colours.get(str(row["source"]), MUTED)
            axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.2)
            axes.plot(row["p_human"], y, "o", color=colour, markersize=6)
        axes.axvline(0.5, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set(xlim=(-0.02, 1.02), ylim=(len(tally) - 0.5, -0.5))
        ticks(axes, [0, 1, 0.5, 0.25, 0.75], 8, 0.1)
    return figure


def correlations(table: pd.DataFrame, note: str = "", width: float = PAGE_WIDTH) -> Figure:
    """Rank correlation of each figure with the share of listeners who took a clip for human, within sources.

    table : metric, within, within_low, within_high, within_p_holm
    """
    own = table[table["within"].notna()].sort_values("within")
    labels = [METRICS[name].label for name in own["metric"]]
    with style():
        what = "rank correlation with the share taken for human"
        figure, axes = _listed(labels, 7, ROW, what, note, width)
        for y, row in enumerate(own.to_dict("records")):
            told = row["within_p_holm"] < 0.05
            axes.plot(
                [row["within_low"], row["within_high"]], [y, y], color=INK, linewidth=0.9, alpha=1 if told else 0.4
            )
            axes.plot(row["within"], y, "o", color=INK, markersize=3.6, markerfacecolor=INK if told else "white")
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set(xlim=(-1.02, 1.02), ylim=(-0.5, max(len(own), 3) - 0.5))
        ticks(axes, [-1, 0, 1, -0.5, 0.5], 8, 0.1)
    return figure


def _listed(
    names: Iterable[object], size: float, row: float, what: str, note: str, width: float
) -> tuple[Figure, Axes]:
    """A figure of one axes with a named row each, what its x axis is, and a note across the foot."""
    whole = [wrapped(shortened(str(name), LONGEST_NAME), size, 0.44 * width) for name in names]
    left = 2 * EDGE + max((extent(name, size)[0] for name in whole), default=0.0)
    tall = max([row, *(extent(name, size)[1] + 0.03 for name in whole)]) * max(len(whole), 3)
    feet = [(wrapped(text, 8, width - 2 * EDGE), colour) for text, colour in ((note, "#a33a1e"), (what, MUTED)) if text]
    bottom = 0.3 + sum(extent(text, 8)[1] + EDGE for text, _ in feet)
    height = bottom + tall + 0.12
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = _axes(figure, left, bottom, width - left - 0.15, tall)
    at = EDGE
    for text, colour in feet:
        figure.text(0.5, at / height, text, ha="center", va="bottom", color=colour, fontsize=8)
        at += extent(text, 8)[1] + EDGE
    axes.set_yticks(range(len(whole)), whole)
    axes.tick_params(axis="y", length=0, labelsize=size)
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
    return figure, axes


def _axes(figure: Figure, left: float, bottom: float, wide: float, tall: float) -> Axes:
    """Axes placed in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, bottom / height, wide / width, tall / height))
