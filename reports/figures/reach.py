"""How far back each model looks, as a figure: the curves of `clstm reach`."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from clstm.runtime.errors import UserError
from evaluation.figures.palette import INK, system_colour
from evaluation.figures.style import PAGE_WIDTH, style
from reports.findings.tables import names, numeric

COLUMNS = ("system", "seconds_back", "share")
BAND = ("share_low", "share_high")  # that older files lack
PAIRS = (
    "system",
    "kind",
    "other",
    "other_kind",
    "seconds",
    "share",
    "other_share",
    "difference",
    "low",
    "high",
    "p",
    "groups",
)


def read(path: Path) -> pd.DataFrame:
    """The curves of a CSV file of `clstm reach`; an older version's lack intervals, and `kind` is empty.

    Raises `UserError` for anything else.
    """
    curves = _read(path, COLUMNS, f"clstm reach CORPUS RUNS --out {path}")
    curves = curves.reindex(columns=list(dict.fromkeys([*curves.columns, *BAND, "kind"])))
    measures = [*COLUMNS[1:], *BAND]
    curves = curves.assign(
        system=names(curves["system"]), kind=names(curves["kind"]), **curves[measures].apply(numeric)
    )
    if curves.empty or curves[list(COLUMNS[1:])].isna().to_numpy().any() or (curves["seconds_back"] < 0).any():
        raise UserError(f"{path} has rows without numbers, or none; make it with: clstm reach CORPUS RUNS --out {path}")
    return curves


def read_pairs(path: Path) -> pd.DataFrame:
    """One model against another, as `clstm reach --pairs` writes it. Raises `UserError` for anything else."""
    pairs = _read(path, PAIRS, f"clstm reach CORPUS RUNS --out CURVES --pairs {path}")
    return pairs.assign(**{kind: names(pairs[kind]) for kind in ("kind", "other_kind")})


def _read(path: Path, columns: Sequence[str], command: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read ({reason}); make it with: {command}") from error
    if missing := [name for name in columns if name not in table]:
        raise UserError(f"{path} has no column {', '.join(missing)}; make it with: {command}")
    return table


def draw(curves: pd.DataFrame) -> Figure:
    """Each system's share of the gradient over the time before the frames asked for, on a logarithmic scale; where the
    table has intervals, as bands."""
    with style():
        figure = Figure(figsize=(PAGE_WIDTH, 3.4), facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        for number, (system, curve) in enumerate(curves.groupby("system", sort=False)):
            colour, back = system_colour(number), curve["seconds_back"]
            axes.plot(back, curve["share"], color=colour, linewidth=1.6, label=system)
            low, high = (curve[end].to_numpy(float) for end in BAND)
            axes.fill_between(back, low, high, where=low > 0, color=colour, alpha=0.18, linewidth=0)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        axes.set_xlim(0, float(curves["seconds_back"].max()))
        axes.set_xlabel("time before the last frame (s)")
        axes.set_ylabel("share of the gradient, a frame")
        axes.grid(axis="y")
        axes.legend(frameon=False, labelcolor=INK)
    return figure
