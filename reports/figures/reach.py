"""How far back each model looks, as a figure: the curves of `clstm reach`."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from clstm.runtime.errors import choice
from clstm.runtime.files import replacing
from clstm.runtime.ownership import may_write_text
from evaluation.figures.palette import INK, system_colour
from evaluation.figures.style import FORMATS, MADE, PAGE_WIDTH, save, style
from reports.inputs.prediction import REACH_BAND, read_reach


def draw(curves: pd.DataFrame) -> Figure:
    """Each system's share of the gradient over the time before the predicted frames, on a logarithmic scale; with
    intervals as bands, where the table has them.

    curves : of `reports.inputs.prediction.read_reach`
    """
    with style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.4), facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        for number, (system, curve) in enumerate(curves.groupby("system", sort=False)):
            colour, back = system_colour(number), curve["seconds_back"]
            axes.plot(back, curve["share"], color=colour, linewidth=1.6, label=system)
            low, high = (curve[end].to_numpy(float) for end in REACH_BAND)
            axes.fill_between(back, low, high, where=low > 0, color=colour, alpha=0.18, linewidth=0)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        axes.set_xlim(0, float(curves["seconds_back"].max()))
        axes.set_xlabel("time before the last frame (s)")
        axes.set_ylabel("share of the gradient per frame")
        axes.grid(axis="y")
        axes.legend(frameon=False, labelcolor=INK)
    return figure


def drawing(out: Path, option: str = "--figure") -> Callable[[Path], None]:
    """What draws a CSV of curves to a file, .svg, .pdf or .png: the entry point for `clstm reach`.

    Raises `UserError` at once for a file that cannot be written, and, when it draws, for a CSV that holds no curves.
    """
    choice(f"the ending of {option}", out.suffix, FORMATS)
    may_write_text(out, MADE, "a figure", option)

    def to_file(curves: Path) -> None:
        figure = draw(read_reach(curves, option=""))
        with replacing(out) as temporary:
            save(figure, temporary)

    return to_file
