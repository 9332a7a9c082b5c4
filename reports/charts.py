"""Figures of tables: what separates each system from the reference, how every figure is spread, what listeners said.

Tables in, a matplotlib `Figure` out; colours by system, as everywhere in a report.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.comparison import DIFFERS, NONE
from evaluation.measures import METRICS
from reports.palette import INK, MUTED
from reports.style import COLUMN_WIDTH, PAGE_WIDTH, shortened, style

ROW = 0.165  # inches a figure's row takes
MARKS = {"higher": ">", "lower": "<"}  # which way it differs; else a diamond
LONGEST = 6.0  # noise floors shown at least; what is further is cut there, and its whisker shows it goes on
DOTS = 300  # of a distribution at most

Colours = Mapping[str, str]


def distances(verdict: pd.DataFrame, colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """The verdict at a glance: a column a system, a row a figure, its distance with its interval in noise floors.

    verdict : `evaluation.comparison.COLUMNS`
    A filled triangle differs and points to where most pieces lie, a filled diamond varies otherwise, a pale circle is
    not told apart; what has no verdict is left out.
    """
    table = verdict[(verdict["verdict"] != NONE) & verdict["distance"].notna()]
    metrics = [name for name in METRICS if name in set(table["metric"])] or ["none"]
    systems = list(dict.fromkeys(table["system"]))
    views = list(dict.fromkeys(METRICS[name].view for name in metrics if name in METRICS))
    narrow = width <= COLUMN_WIDTH
    labels, top, bottom = (1.6, 0.62, 0.42) if narrow else (2.0, 0.42, 0.42)
    places, at = {}, 0.0
    for view in views:
        at += 0.5
        for name in metrics:
            if METRICS[name].view == view:
                places[name] = at
                at += 1
    height = top + bottom + max(at, 3) * ROW
    furthest = min(float(np.nanmax([*table["distance_high"], table["distance"].max(), 2.0])), LONGEST)
    each = (width - labels - 0.1) / max(len(systems), 1)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for number, system in enumerate(systems):
            box = (
                (labels + number * each) / width,
                bottom / height,
                (each - 0.06) / width,
                1 - (top + bottom) / height,
            )
            axes = figure.add_axes(box)
            axes.axvspan(0, 1, color=MUTED, alpha=0.10, linewidth=0)
            _distances(axes, table[table["system"] == system], places, colours.get(system, MUTED), furthest)
            axes.set(xlim=(0, furthest * 1.04), ylim=(at, -0.5))
            axes.xaxis.set_major_locator(MaxNLocator(2 if narrow else 4, integer=True))
            axes.tick_params(axis="x", labelsize=6.5 if narrow else 7.5)
            name = shortened(system, round(each * (14 if narrow else 12)))
            axes.set_title(
                name, fontsize=6.5 if narrow else 8, color=INK, pad=4, rotation=30 if narrow else 0, loc="left"
            )
            axes.set_yticks(list(places.values()), [""] * len(places))
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            axes.grid(axis="x", linewidth=0.4)
            axes.set_axisbelow(True)
            if not number:
                axes.set_yticks(list(places.values()), [METRICS[name].label for name in places])
                axes.tick_params(axis="y", labelsize=5.8 if narrow else 7, pad=2)
        if systems:
            figure.text(
                (labels + len(systems) * each / 2) / width,
                0.06 / height,
                "distance from the reference, in noise floors",
                ha="center",
                va="bottom",
                color=MUTED,
                fontsize=7 if narrow else 8,
            )
    return figure


def _distances(axes: Axes, table: pd.DataFrame, places: Mapping[str, float], colour: str, furthest: float) -> None:
    for row in table.to_dict("records"):
        y, told = places[row["metric"]], row["verdict"] == DIFFERS
        alpha = 1.0 if told else 0.45
        if np.isfinite(row["distance_low"]):
            axes.plot([row["distance_low"], row["distance_high"]], [y, y], color=colour, linewidth=0.9, alpha=alpha)
        mark = MARKS.get(str(row["how"]).split(" (")[0], "D") if told else "o"
        axes.plot(
            min(row["distance"], furthest),
            y,
            mark,
            color=colour,
            markersize=4.2 if mark in "<>" else 3.4,
            markerfacecolor=colour if told else "white",
            markeredgewidth=0.7,
            alpha=alpha if told else 0.8,
        )


def distributions(figures: pd.DataFrame, view: str, colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """Every piece's figure, a panel a metric of this view and a row a system: dots, median, and the middle half.

    figures : tidy, with columns system, metric, value
    """
    metrics = [name for name, metric in METRICS.items() if metric.view == view and metric.compared]
    own = figures[figures["metric"].isin(metrics) & figures["value"].notna()]
    metrics = [name for name in metrics if (own["metric"] == name).any()] or metrics[:1]
    columns = 3 if width > COLUMN_WIDTH else 1
    rows = -(-len(metrics) // columns)
    labels, bottom, top, gap = 1.15, 0.3, 0.24, 0.58
    tall = 0.17 * max(len(colours), 2)
    wide = (width - labels - 0.12 - (columns - 1) * 0.25) / columns
    height = top + bottom + rows * tall + (rows - 1) * gap
    random = np.random.default_rng(0)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for place, metric in enumerate(metrics):
            row, column = divmod(place, columns)
            left, above = labels + column * (wide + 0.25), top + row * (tall + gap)
            axes = _axes(figure, left, height - above - tall, wide, tall)
            for y, (system, colour) in enumerate(colours.items()):
                values = own.loc[(own["metric"] == metric) & (own["system"] == system), "value"].to_numpy(float)
                _spread(axes, values, y, colour, random)
            unit = METRICS[metric].unit
            axes.set_title(f"{METRICS[metric].label}{f' ({unit})' if unit else ''}", loc="left", fontsize=7.5, pad=3)
            axes.set_ylim(len(colours) - 0.5, -0.5)
            names = [shortened(name, 20) for name in colours] if not column else [""] * len(colours)
            axes.set_yticks(range(len(colours)), names)
            axes.tick_params(axis="y", length=0, labelsize=7)
            axes.tick_params(axis="x", labelsize=6.5, pad=2)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.spines["left"].set_visible(False)
            axes.grid(axis="x", linewidth=0.4)
            axes.set_axisbelow(True)
    return figure


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
    left, height = 1.4, 0.75 + 0.3 * len(tally) + (0.2 if note else 0.0)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        bottom = 0.42 + (0.2 if note else 0.0)
        axes = figure.add_axes(
            (left / width, bottom / height, (width - left - 0.15) / width, 1 - (bottom + 0.1) / height)
        )
        for y, row in enumerate(tally.to_dict("records")):
            colour = colours.get(str(row["source"]), MUTED)
            axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.2)
            axes.plot(row["p_human"], y, "o", color=colour, markersize=6)
        axes.axvline(0.5, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set(xlim=(-0.02, 1.02), ylim=(len(tally) - 0.5, -0.5), xlabel='share of answers "by a person"')
        axes.set_yticks(range(len(tally)), [shortened(str(name), 24) for name in tally["source"]])
        axes.grid(axis="x", linewidth=0.4)
        axes.set_axisbelow(True)
        if note:
            figure.text(0.5, 0.04 / height, note, ha="center", va="bottom", color="#a33a1e", fontsize=8)
    return figure


def correlations(table: pd.DataFrame, note: str = "", width: float = PAGE_WIDTH) -> Figure:
    """Rank correlation of each figure with the share of listeners who took a clip for human, within sources.

    table : metric, within, within_low, within_high, within_p_holm
    """
    own = table[table["within"].notna()].sort_values("within")
    left, bottom = 1.9, 0.42 + (0.2 if note else 0.0)
    height = bottom + 0.1 + ROW * max(len(own), 3)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        axes = figure.add_axes(
            (left / width, bottom / height, (width - left - 0.15) / width, 1 - (bottom + 0.1) / height)
        )
        for y, row in enumerate(own.to_dict("records")):
            told = row["within_p_holm"] < 0.05
            axes.plot(
                [row["within_low"], row["within_high"]], [y, y], color=INK, linewidth=0.9, alpha=1 if told else 0.4
            )
            axes.plot(row["within"], y, "o", color=INK, markersize=3.6, markerfacecolor=INK if told else "white")
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set(xlim=(-1, 1), ylim=(-0.7, max(len(own), 3) - 0.3))
        axes.set_xlabel(
            "rank correlation with the share taken for human" if width > COLUMN_WIDTH else "rank correlation"
        )
        axes.set_yticks(range(len(own)), [METRICS[name].label for name in own["metric"]])
        axes.tick_params(axis="y", labelsize=7, length=0)
        axes.grid(axis="x", linewidth=0.4)
        axes.set_axisbelow(True)
        if note:
            figure.text(0.5, 0.04 / height, note, ha="center", va="bottom", color="#a33a1e", fontsize=8)
    return figure


def _axes(figure: Figure, left: float, bottom: float, wide: float, tall: float) -> Axes:
    """Axes placed in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, bottom / height, wide / width, tall / height))
