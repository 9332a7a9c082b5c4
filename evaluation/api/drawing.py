"""Figures of the results: spreads of metrics, distances of systems, ranges of pitch. Tables in, a `Figure` out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from clstm.notebook.figure import shown
from evaluation.figures.palette import INK, MUTED, system_colour
from evaluation.figures.style import PAGE_WIDTH, shortened, style
from evaluation.metrics.catalogue import METRICS

if TYPE_CHECKING:
    import pandas as pd

ACROSS = 3  # panels beside each other
PANEL = 1.5  # inches of a panel of three systems
LINE = 0.28  # inches of a system
LONGEST = 28  # characters of a name
SIGNIFICANT = 0.05


def spreads(values: "pd.DataFrame", metrics: Sequence[str], systems: Sequence[str]) -> Figure:
    """One panel for each metric, one box for each system: quartiles, median, and whiskers to 1.5 times their distance.

    values : tidy, with system, metric and value
    """
    down = -(-len(metrics) // ACROSS) or 1
    tall = PANEL + LINE * max(len(systems) - 3, 0)
    names = [shortened(system, LONGEST) for system in systems]
    with style():
        figure = Figure((PAGE_WIDTH, down * tall), layout="constrained", facecolor="white")
        for place, metric in enumerate(metrics):
            axes = figure.add_subplot(down, ACROSS, place + 1)
            own = values[values["metric"] == metric]
            sets = [own.loc[own["system"] == system, "value"].dropna().to_numpy() for system in systems]
            drawn = axes.boxplot(
                sets, orientation="horizontal", widths=0.6, patch_artist=True, flierprops={"markersize": 2}
            )
            for number, (box, median) in enumerate(zip(drawn["boxes"], drawn["medians"], strict=True)):
                box.set(facecolor=system_colour(number), alpha=0.55, edgecolor=MUTED)
                median.set(color=INK)
            axes.set_yticks(range(1, len(systems) + 1), names if place % ACROSS == 0 else [""] * len(systems))
            axes.invert_yaxis()
            unit = METRICS[metric].unit
            axes.set_title(shortened(METRICS[metric].label, LONGEST), loc="left", color=INK, fontsize=8)
            axes.set_xlabel(unit)
    return shown(figure)


def distances(rows: Sequence[dict[Any, Any]], reference: str) -> Figure:
    """One line per system: its distance with its interval, filled where it differs; a tick is what two samples
    of the reference of these sizes stay below in 95 %.

    rows : `distance`, `distance_low`, `distance_high` and `reference_95`, in MMD² × 1000, with `system` and `p`
    """
    with style():
        figure = Figure((PAGE_WIDTH, 0.9 + LINE * max(len(rows), 1)), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            colour = system_colour(place)
            differs = row["p"] < SIGNIFICANT
            if np.isfinite(row["distance_low"]):
                axes.plot([row["distance_low"], row["distance_high"]], [place, place], color=colour, linewidth=1.4)
            axes.plot(row["distance"], place, "o", color=colour, markerfacecolor=colour if differs else "white")
            if np.isfinite(row["reference_95"]):
                axes.plot([row["reference_95"]] * 2, [place - 0.35, place + 0.35], color=INK, linewidth=1)
        axes.axvline(0, color=MUTED, linewidth=0.5)
        axes.set_yticks(range(len(rows)), [shortened(str(row["system"]), LONGEST) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(f"MMD² × 1000 from {shortened(reference, LONGEST)}, 95 %; | : 95 % of its samples stay below")
        axes.grid(axis="x", linewidth=0.4)
    return shown(figure)


def pitch_ranges(rows: Sequence[dict[Any, Any]]) -> Figure:
    """The lowest and the highest pitch of each system; nothing of one without notes.

    rows : `system`, `lowest` and `highest`, MIDI pitches or None
    """
    with style():
        figure = Figure((PAGE_WIDTH, 0.8 + LINE * max(len(rows), 1)), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            if np.isfinite(low := float(row["lowest"])):
                axes.plot([low, float(row["highest"])], [place, place], color=system_colour(place), linewidth=6)
        axes.set_yticks(range(len(rows)), [shortened(str(row["system"]), LONGEST) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 127)
        axes.set_xlabel("pitch range, MIDI")
        axes.grid(axis="x", linewidth=0.4)
    return shown(figure)
