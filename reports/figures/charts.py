"""Figures of tables: how every metric is distributed, what listeners said, and how metrics and listeners correlate.

Tables in, a matplotlib `Figure` out; colours by system, as everywhere in a report. Every name is whole: room is made by
measuring the texts.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evaluation.comparison.contrasts import ALPHA
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import COLUMN_WIDTH, LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, ticks, wrapped
from evaluation.metrics.catalogue import METRICS
from reports.content.listeners import BlockRow, ListenerTally
from reports.content.rows import CorrelationRow
from reports.findings.tables import labelled

ROW = 0.165  # inches that a metric's row takes
EDGE = 0.06  # inches left free at a figure's edges and between its parts
DOTS = 300  # of a distribution at most
WARNING = "#a33a1e"  # of a note such as that the answers are synthetic

Colours = Mapping[str, str]
MEASURES = {
    "mean": "mean rating, with its interval for other listeners and clips",
    "share": "share of answers, with its interval for other listeners and clips",
    "worth": "worth in log-odds, relative to the mean of all systems",
}
MIDDLES = {"share": 0.5, "worth": 0.0}  # no difference


def distributions(tidy: pd.DataFrame, view: str, colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """Every piece's value in the metrics of this view, as `spreads`."""
    metrics = [name for name, metric in METRICS.items() if metric.view == view and metric.compared]
    return spreads(tidy, metrics, colours, width)


def spreads(tidy: pd.DataFrame, metrics: Sequence[str], colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """Every piece's value, one panel per metric, one row per system: dots, median, and the middle half.

    tidy : measurements, with columns system, metric, value
    """
    own = tidy[tidy["metric"].isin(metrics) & np.isfinite(tidy["value"].astype(float))]
    metrics = [name for name in metrics if (own["metric"] == name).any()] or list(metrics[:1])
    columns = 3 if width > COLUMN_WIDTH else 1
    rows = -(-len(metrics) // columns)
    names = {name: wrapped(shortened(name, LONGEST_NAME), 7, 1.3) for name in colours}
    labels = 2 * EDGE + max((extent(name, 7)[0] for name in names.values()), default=0.0)
    tall = max([0.17, *(extent(name, 7)[1] + 0.03 for name in names.values())]) * max(len(colours), 2)
    gap = 0.3
    wide = (width - labels - EDGE - (columns - 1) * gap - 0.1) / columns
    heads = {name: wrapped(labelled(name), 7.5, wide + gap - EDGE) for name in metrics}
    top, bottom = 2 * EDGE + max(extent(head, 7.5)[1] for head in heads.values()), 0.3
    height = rows * (top + tall + bottom)
    random = np.random.default_rng(0)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for place, metric in enumerate(metrics):
            row, column = divmod(place, columns)
            below = height - row * (top + tall + bottom) - top - tall
            axes = axes_in(figure, labels + column * (wide + gap), below, wide, tall)
            of_metric = own[own["metric"] == metric]
            values = {name: of_metric.loc[of_metric["system"] == name, "value"].to_numpy(float) for name in colours}
            _dots(axes, values, colours, random)
            for y, (system, colour) in enumerate(colours.items()):
                _middle(axes, values[system], y, colour)
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


def _dots(axes: Axes, values: Mapping[str, NDArray[np.float64]], colours: Colours, random: np.random.Generator) -> None:
    """A dot for every value, those of all systems as one: each picture within a figure costs a canvas of its size."""
    across, up, painted = [], [], []
    for y, (system, own) in enumerate(values.items()):
        shown = own if len(own) <= DOTS else random.choice(own, DOTS, replace=False)
        across.append(shown)
        up.append(y + random.uniform(-0.26, 0.26, len(shown)))
        painted += [colours[system]] * len(shown)
    places = np.concatenate(across), np.concatenate(up)
    axes.scatter(*places, s=1.8**2, c=painted, alpha=0.35, linewidths=0, zorder=2, rasterized=True)


def _middle(axes: Axes, values: NDArray[np.float64], y: int, colour: str) -> None:
    """The median, and the middle half."""
    if len(values):
        lower, middle, upper = np.percentile(values, [25, 50, 75])
        axes.plot([lower, upper], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(middle, y, "o", markersize=4.2, color="white", markeredgecolor=colour, markeredgewidth=1.3)


def taken_for_human(
    tally: Sequence[ListenerTally], colours: Colours, note: str = "", width: float = PAGE_WIDTH
) -> Figure:
    """Share of answers "made by a person" by source, with its descriptive interval.

    tally : of sources with answers
    note : printed across the foot, such as that the answers are synthetic
    """
    with style():
        figure, axes = _listed([row.source for row in tally], 8.5, 0.3, 'share of answers "by a person"', note, width)
        for y, row in enumerate(tally):
            colour = colours.get(row.source, MUTED)
            axes.plot([_drawn(row.low), _drawn(row.high)], [y, y], color=colour, linewidth=2.2)
            axes.plot(_drawn(row.p_human), y, "o", color=colour, markersize=6)
        axes.axvline(0.5, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set(xlim=(-0.02, 1.02), ylim=(len(tally) - 0.5, -0.5))
        ticks(axes, [0, 1, 0.5, 0.25, 0.75], 8, 0.1)
    return figure


def of_block(
    rows: Sequence[BlockRow], measure: str, colours: Colours, note: str = "", width: float = PAGE_WIDTH
) -> Figure:
    """What listeners said in a block: the estimate of each system or pair with its interval.

    rows : those with a value; measure : "mean", "share" or "worth"
    note : printed across the foot, such as that the answers are synthetic
    """
    several = len({row.attribute for row in rows}) > 1
    with style():
        figure, axes = _listed([_named(row, several) for row in rows], 8, 0.26, MEASURES[measure], note, width)
        for y, row in enumerate(rows):
            colour = colours.get(row.source, MUTED)
            axes.plot([_drawn(row.low), _drawn(row.high)], [y, y], color=colour, linewidth=2.2)
            axes.plot(_drawn(row.value), y, "o", color=colour, markersize=5)
        if measure in MIDDLES:
            axes.axvline(MIDDLES[measure], color=MUTED, linewidth=0.8, linestyle=":")
        axes.set_ylim(max(len(rows), 3) - 0.5, -0.5)
        if measure == "share":
            axes.set_xlim(-0.02, 1.02)
            ticks(axes, [0, 1, 0.5, 0.25, 0.75], 8, 0.1)
    return figure


def _named(row: BlockRow, several: bool) -> str:
    """several : whether there are several attributes"""
    name = f"{row.source} over {row.other}" if row.other else row.source
    return f"{row.attribute}, {name}" if several else name


def correlations(rows: Sequence[CorrelationRow], note: str = "", width: float = PAGE_WIDTH) -> Figure:
    """Rank correlation of each metric with the share of listeners who took a clip for human, within sources."""
    found = sorted([(row.within, row) for row in rows if row.within is not None], key=lambda one: one[0])
    labels = [METRICS[row.metric].label for _, row in found]
    with style():
        what = "rank correlation with the share taken for human"
        figure, axes = _listed(labels, 7, ROW, what, note, width)
        for y, (within, row) in enumerate(found):
            sure = row.within_p_holm is not None and row.within_p_holm < ALPHA
            axes.plot(
                [_drawn(row.within_low), _drawn(row.within_high)],
                [y, y],
                color=INK,
                linewidth=0.9,
                alpha=1 if sure else 0.4,
            )
            axes.plot(within, y, "o", color=INK, markersize=3.6, markerfacecolor=INK if sure else "white")
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set(xlim=(-1.02, 1.02), ylim=(-0.5, max(len(found), 3) - 0.5))
        ticks(axes, [-1, 0, 1, -0.5, 0.5], 8, 0.1)
    return figure


def _drawn(value: float | None) -> float:
    """matplotlib leaves NaN out."""
    return float("nan") if value is None else value


def _listed(
    names: Iterable[object], size: float, row: float, what: str, note: str, width: float
) -> tuple[Figure, Axes]:
    """A figure of one axes with a named row each, what its x axis is, and a note across the foot."""
    whole = [wrapped(shortened(str(name), LONGEST_NAME), size, 0.44 * width) for name in names]
    left = 2 * EDGE + max((extent(name, size)[0] for name in whole), default=0.0)
    tall = max([row, *(extent(name, size)[1] + 0.03 for name in whole)]) * max(len(whole), 3)
    feet = [(wrapped(text, 8, width - 2 * EDGE), colour) for text, colour in ((note, WARNING), (what, MUTED)) if text]
    bottom = 0.3 + sum(extent(text, 8)[1] + EDGE for text, _ in feet)
    height = bottom + tall + 0.12
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = axes_in(figure, left, bottom, width - left - 0.15, tall)
    at = EDGE
    for text, colour in feet:
        figure.text(0.5, at / height, text, ha="center", va="bottom", color=colour, fontsize=8)
        at += extent(text, 8)[1] + EDGE
    axes.set_yticks(range(len(whole)), whole)
    axes.tick_params(axis="y", length=0, labelsize=size)
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
    return figure, axes


def axes_in(figure: Figure, left: float, bottom: float, wide: float, tall: float) -> Axes:
    """Axes placed in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, bottom / height, wide / width, tall / height))
