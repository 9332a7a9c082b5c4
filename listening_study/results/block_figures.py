"""A figure for the table of each block: one row per source or pair, its estimate with its interval.

Ratings have a panel for each attribute, over the whole scale. Shares, of preferences and of ABX, are beside one half.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures.palette import GRID, INK, MUTED, REFERENCE
from evaluation.figures.style import PAGE_WIDTH, shortened
from listening_study.protocol.tasks import RATED
from listening_study.results.blocks import BlockResult

LONGEST_NAME = 30  # characters beside a row
MOST_POINTS = 7  # of a scale without a slider
ROW, ABOVE, BELOW = 0.32, 0.42, 0.62  # inches
MEAN, SHARE = ("mean", "mean_low", "mean_high"), ("share", "low", "high")


def figure_of(block: BlockResult, colours: Mapping[str, str]) -> Figure | None:
    """None where a table is empty, or has no estimate to draw.

    colours : of the sources; a hidden reference has that of the human one, anchors are grey
    """
    table = block.table
    wanted = MEAN if block.task.kind in RATED else SHARE
    if table.empty or not set(wanted) <= set(table) or table[wanted[0]].isna().all():
        return None
    panels = dict(list(table.groupby("attribute", sort=False))) if block.task.kind in RATED else {"": table}
    tallest = max(map(len, panels.values()))
    height = ABOVE + BELOW + ROW * tallest
    figure = Figure(figsize=(PAGE_WIDTH, height))
    found = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    left = 0.35 + 0.075 * max(len(_name(row)) for row in table.to_dict("records"))
    figure.subplots_adjust(left / PAGE_WIDTH, BELOW / height, 0.98, 1 - ABOVE / height, wspace=0.14)
    for axes, (attribute, own) in zip(found, panels.items(), strict=True):
        _intervals(axes, own, wanted, colours)
        axes.set_title(str(attribute))
        if block.task.kind in RATED:
            low, high = next(one.range for one in block.task.asked if one.name == attribute)
            axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
            axes.set_xticks(range(low, high + 1, 1 if high <= MOST_POINTS else 20))
        else:
            axes.axvline(0.5, color=MUTED, lw=0.8, ls=":")
            axes.set_xlim(-0.02, 1.02)
    found[0].set_yticks(range(tallest), [_name(row) for row in next(iter(panels.values())).to_dict("records")])
    figure.supxlabel(_axis(block), fontsize=8.5, color=MUTED, y=0.17 / height)
    return figure


def _intervals(axes: Axes, table: pd.DataFrame, wanted: tuple[str, str, str], colours: Mapping[str, str]) -> None:
    estimate, low, high = wanted
    for place, row in enumerate(table.to_dict("records")):
        source = str(row["source"])
        colour = colours.get(source, MUTED if source.startswith("anchor") else REFERENCE)
        axes.plot([row[low], row[high]], [place, place], lw=2.5, color=colour, solid_capstyle="butt")
        axes.plot(row[estimate], place, "D", ms=6, color=colour)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.title.set_color(INK)


def _name(row: Mapping[Hashable, Any]) -> str:
    names = [str(row[key]) for key in ("source", "other") if key in row]
    return shortened(" over ".join(names), LONGEST_NAME)


def _axis(block: BlockResult) -> str:
    if block.task.kind in RATED:
        return "mean rating, with its interval for other listeners and clips"
    said = "correct answers" if "correct" in block.table else "comparisons in which the first is preferred"
    return f"share of {said}, with its interval for other listeners and clips"
