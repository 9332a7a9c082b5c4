"""The verdict for people: a table a terminal can hold, and one in Markdown for a repository or a paper's appendix.

A cell is the system's median and its distance from the reference in noise floors: 1 is what the reference's own halves
differ by. Bold, with an arrow, where the difference is told apart from chance.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.comparison import DIFFERS, NONE
from evaluation.measures import METRICS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

VIEWS = {
    "loudness": "Loudness",
    "envelope": "Time domain (the paper's Figure 3)",
    "spectrum": "Frequency domain (Figure 4)",
    "sonogram": "Change over time (Figure 5)",
    "structure": "Structure of the sound",
    "symbolic": "Notes (Figure 1)",
    "repetition": "Repetition",
}
ARROWS = {"higher": "↑", "lower": "↓", "varies more": "↔", "varies less": "↔", "otherwise": "↔"}
OF_MEANS = ("looped",)  # figures of 0 and 1: their median says nothing, their mean is a share
MISSING = "-"

Row = Mapping[Any, Any]


def readable(table: "pd.DataFrame", reference: str) -> "Table":
    """For the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    systems = list(dict.fromkeys(table["system"]))
    otherwise = " ? otherwise with another sound" if "flips" in table.columns else ""
    shown = Table(
        Column("", no_wrap=True),
        Column("median", justify="right"),
        *(Column(Text(system), justify="right", overflow="fold") for system in systems),
        title=Text(f"Distance from {reference}, in noise floors\n↑ higher ↓ lower ↔ otherwise varied{otherwise}"),
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
    lines = [f"# Held against {_escaped(reference)}", "", *(f"- {_escaped(line)}" for line in summary), ""]
    if remarks:
        lines += ["To know before believing it:", "", *(f"- {_escaped(line)}" for line in remarks), ""]
    lines += [
        "A cell has the median and the distance from the reference with its 95 % interval, in noise floors: 1 is what",
        "two samples of the reference differ by. **Bold** where a permutation test, corrected for all rows by Holm,",
        "tells them apart (p < 0.05): ↑ most are higher, ↓ lower, ↔ they vary more or less; `*`, `**`, `***` a small,",
        "medium or large effect (Cliff's delta). Not told apart is no proof of being alike. (n of N): so many pieces",
        f"have the figure. Distances are of samples of {_sizes(table)} pieces.",
        *(["`flips` marks a conclusion that is another one with another sound."] if robust else []),
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
    arrow = _arrow(row) if row["verdict"] == DIFFERS else " "
    return f"{_distance(row['distance'])}{arrow}{'?' if row.get('flips') else ''}"


def _cell(row: Row, robust: bool) -> str:
    median = _middle(row["metric"], row, "system")
    if row["verdict"] == NONE:
        return f"{median} (no verdict)"
    distance = _distance(row["distance"])
    if np.isfinite(row["distance_low"]):
        distance += f" [{_distance(row['distance_low'])}, {_distance(row['distance_high'])}]"
    if row["verdict"] == DIFFERS:
        stars = {"small": "*", "medium": "**", "large": "***"}.get(row["how"].partition("(")[2].rstrip(")"), "")
        distance = f"**{distance} {_arrow(row)}**" + (f" `{stars}`" if stars else "")
    flips = f" flips: {row['flips']}" if robust and row["flips"] else ""
    return f"{median}; {distance}{flips}"


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


def _arrow(row: Row) -> str:
    return ARROWS[row["how"].split(" (")[0]]


def _distance(value: float) -> str:
    return "no floor" if not np.isfinite(value) else f"{value:.1f}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f" ({unit})" if unit else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
