"""The verdict for people: a table a terminal can hold, and one in Markdown for a repository or a paper's appendix.

A cell is the system's median, its distance from the reference in noise floors (1 is what two samples of the reference
differ by, so the unit depends on the size of the samples, which is printed), and Cliff's delta. Bold where the
difference is significant, with a sign for the way in which it is.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.comparison.contrasts import DIFFERS, HIGHER, LESS, LOWER, MORE, NONE, OTHERWISE
from evaluation.measurement.measure import METRICS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

VIEWS = {
    "loudness": "Loudness",
    "envelope": "Time domain",
    "spectrum": "Frequency domain",
    "sonogram": "Change over time",
    "structure": "Structure of the sound",
    "symbolic": "Notes",
    "repetition": "Repetition",
}
SIGNS = {HIGHER: "↑", LOWER: "↓", MORE: "↔", LESS: "↔", OTHERWISE: "≠"}
SIGNS_SAY = "↑ mean higher, ↓ mean lower, ↔ spread differs, ≠ distribution differs, in what way is not shown"
OF_MEANS = ("looped",)  # figures of 0 and 1: their median says nothing, their mean is a share
MISSING = "-"

Row = Mapping[Any, Any]


def readable(table: "pd.DataFrame", reference: str) -> "Table":
    """For the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    systems = list(dict.fromkeys(table["system"]))
    otherwise = "\n? another conclusion with another sound" if "flips" in table.columns else ""
    shown = Table(
        Column("", no_wrap=True),
        Column("median", justify="right"),
        *(Column(Text(system), justify="right", overflow="fold") for system in systems),
        title=Text(
            f"Distance from {reference} in noise floors of {_sizes(table)} pieces, and Cliff's delta\n"
            f"Significant: {SIGNS_SAY}{otherwise}"
        ),
        box=SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    for metric, rows in _by_metric(table):
        cells = [_terminal(rows[system]) for system in systems]
        styles = ["bold" if rows[system]["verdict"] == DIFFERS else "dim" for system in systems]
        shown.add_row(
            METRICS[metric].label,
            _middle(metric, rows[systems[0]], "reference"),
            *(Text(cell, style, no_wrap=True) for cell, style in zip(cells, styles, strict=True)),
        )
    return shown


def markdown(table: "pd.DataFrame", reference: str, summary: Sequence[str], remarks: Sequence[str]) -> str:
    """The whole verdict, a table a view."""
    systems = list(dict.fromkeys(table["system"]))
    robust = "flips" in table.columns
    lines = [f"# Compared with {_escaped(reference)}", "", *(f"- {_escaped(line)}" for line in summary), ""]
    if remarks:
        lines += ["Caveats:", "", *(f"- {_escaped(line)}" for line in remarks), ""]
    lines += [
        "A cell has the median, the distance from the reference with its 95 % interval, and Cliff's delta (δ, -1 to 1:",
        "how much more often a piece of the system lies above one of the reference than below). The distance is in",
        f"noise floors: 1 is what two samples of {_sizes(table)} pieces of the reference differ by. **Bold** where the",
        "difference is significant: p < 0.05 in a permutation test, corrected by Holm over the metrics of the system.",
        f"In what way it differs is tested apart and corrected alike: {SIGNS_SAY}.",
        "A difference that is not significant is inconclusive, not absent. (n of N): so many pieces have the metric.",
        *(["`flips` marks a conclusion that changes with another sound."] if robust else []),
        "",
    ]
    views = dict.fromkeys(METRICS[metric].view for metric in table["metric"])
    for view in views:
        part = table[[METRICS[metric].view == view for metric in table["metric"]]]
        lines += [f"## {VIEWS.get(view, view)}", "", "| | " + " | ".join(map(_escaped, [reference, *systems])) + " |"]
        lines.append("|---|" + "---:|" * (1 + len(systems)))
        for metric, rows in _by_metric(part):
            first = rows[systems[0]]
            cells = [_cell(rows[system], robust) for system in systems]
            cells = [f"{METRICS[metric].label}{_unit(metric)}", _middle(metric, first, "reference"), *cells]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def number(value: float) -> str:
    """Three figures that count, never in powers of ten.

    >>> number(1234.5), number(0.01234), number(-23.04)
    ('1234', '0.0123', '-23.0')
    """
    if not np.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    return f"{value:.{max(2 - int(np.floor(np.log10(abs(value)))), 0)}f}"


def _by_metric(table: "pd.DataFrame") -> "list[tuple[str, dict[str, Row]]]":
    grouped = table.groupby("metric", sort=False)
    return [(str(metric), {row["system"]: row for row in own.to_dict("records")}) for metric, own in grouped]


def _terminal(row: Row) -> str:
    if row["verdict"] == NONE:
        return MISSING
    sign = _sign(row) if row["verdict"] == DIFFERS else " "
    return f"{_distance(row['distance'])}{sign}{'?' if row.get('flips') else ' '}{_delta(row)}"


def _cell(row: Row, robust: bool) -> str:
    median = _middle(row["metric"], row, "system")
    if row["verdict"] == NONE:
        return f"{median} (no verdict)"
    distance = _distance(row["distance"])
    if np.isfinite(row["distance_low"]):
        distance += f" [{_distance(row['distance_low'])}, {_distance(row['distance_high'])}]"
    if row["verdict"] == DIFFERS:
        distance = f"**{distance} {_sign(row)}**"
    flips = f" flips: {row['flips']}" if robust and row["flips"] else ""
    return f"{median}; {distance}; δ {_delta(row)}{flips}"


def _middle(metric: str, row: Row, side: str) -> str:
    """The median of a set, or the mean of a share; and how many of its pieces have the figure, if not all."""
    middle = number(row[f"{side}_mean" if metric in OF_MEANS else f"{side}_median"])
    have, pieces = row[f"{side}_n"], row[f"{side}_pieces"]
    return middle if have == pieces else f"{middle} ({have:.0f} of {pieces:.0f})"


def _sizes(table: "pd.DataFrame") -> str:
    sizes = table["size"].dropna()
    if not len(sizes):
        return "no"
    few, many = int(sizes.min()), int(sizes.max())
    return f"{few}" if few == many else f"{few} to {many}"


def _sign(row: Row) -> str:
    return SIGNS[row["how"].split(" (")[0]]


def _delta(row: Row) -> str:
    return f"{row['delta']:+.2f}"


def _distance(value: float) -> str:
    return "no floor" if not np.isfinite(value) else f"{value:.1f}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f" ({unit})" if unit else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
