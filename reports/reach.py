"""How far back each model looks, as a figure: the curves of `clstm reach`."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from clstm.errors import UserError
from reports.palette import INK, system_colour
from reports.style import PAGE_WIDTH, style

COLUMNS = ("system", "seconds_back", "share")


def read(path: Path) -> pd.DataFrame:
    """The curves of a CSV file of `clstm reach`. Raises `UserError` for anything else."""
    made_by = f"make it with: clstm reach CORPUS RUNS --out {path}"
    try:
        curves = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); {made_by}") from error
    if missing := [name for name in COLUMNS if name not in curves]:
        raise UserError(f"{path} has no column {', '.join(missing)}; {made_by}")
    return curves


def draw(curves: pd.DataFrame) -> Figure:
    """Each system's share of the gradient over the time before the frames asked for, on a logarithmic scale."""
    with style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.4), facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        for number, (system, curve) in enumerate(curves.groupby("system", sort=False)):
            axes.plot(curve["seconds_back"], curve["share"], color=system_colour(number), linewidth=1.6, label=system)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        axes.set_xlim(0, float(curves["seconds_back"].max()))
        axes.set_xlabel("time before the last frame (s)")
        axes.set_ylabel("share of the gradient, a frame")
        axes.grid(axis="y")
        axes.legend(frameon=False, labelcolor=INK)
    return figure
