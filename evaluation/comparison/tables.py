"""The verdict to be read: a table that fits a terminal, and one in Markdown for a repository or a paper's appendix.

A cell holds the system's median, its distance from the reference in noise floors (1 is the distance of two samples of
the reference, so the unit depends on the size of the samples, which is printed), and Cliff's delta. Bold where the
difference is significant, with a sign for its direction.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import floor, isfinite, log10
from typing import TYPE_CHECKING

from evaluation.comparison.verdict import (
    HIGHER,
    LESS,
    LOWER,
    MORE,
    OTHERWISE,
    Direction,
    VerdictRow,
    rows_of,
    systems_in,
)
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

SIGNS: Mapping[Direction, str] = {HIGHER: "↑", LOWER: "↓", MORE: "↔", LESS: "↔", OTHERWISE: "≠", "": ""}
LEGEND = "↑ mean higher, ↓ mean lower, ↔ spread differs, ≠ distribution differs, direction not shown"
OF_MEANS = ("looped",)  # metrics of 0 and 1: their median says nothing, their mean is a share
MISSING = "-"


def readable(table: "pd.DataFrame", reference: str) -> "Table":
    """For the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    rows = rows_of(table)
    systems = systems_in(rows)
    flips = "\n? another conclusion with another sound" if "flips" in table.columns else ""
    shown = Table(
        Column("", no_wrap=True),
        Column("median", justify="right"),
        *(Column(Text(system), justify="right", overflow="fold") for system in systems),
        title=Text(
            f"Distance from {reference} in noise floors of {sizes(rows)} pieces, and Cliff's delta\n"
            f"Significant: {LEGEND}{flips}"
        ),
        box=SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    for metric, own in by_metric(rows).items():
        cells = [(_terminal(own[system]), "bold" if own[system].differs else "dim") for system in systems]
        shown.add_row(
            METRICS[metric].label,
            _middle_of_reference(own[systems[0]]),
            *(Text(cell, style, no_wrap=True) for cell, style in cells),
        )
    return shown


def markdown(table: "pd.DataFrame", reference: str, summary: Sequence[str], caveats: Sequence[str]) -> str:
    """The whole verdict, one table per view."""
    rows = rows_of(table)
    systems = systems_in(rows)
    robust = "flips" in table.columns
    lines = [f"# Compared with {_escaped(reference)}", "", *(f"- {_escaped(line)}" for line in summary), ""]
    if caveats:
        lines += ["Caveats:", "", *(f"- {_escaped(line)}" for line in caveats), ""]
    lines += [
        "A cell has the median, the distance from the reference with its 95 % interval, and Cliff's delta (δ, -1 to 1:",
        "how much more often a piece of the system lies above one of the reference than below). The distance is in",
        f"noise floors: 1 is the distance of two samples of {sizes(rows)} pieces of the reference. **Bold** where the",
        "difference is significant: p < 0.05 in a permutation test, corrected by Holm over the metrics of the system.",
        f"The direction is tested separately, with the same correction: {LEGEND}.",
        "A difference that is not significant is inconclusive, not absent. (n of N): n of N pieces have the metric.",
        *(["`flips` marks a conclusion that changes with another sound."] if robust else []),
        "",
    ]
    heads = "| | " + " | ".join(map(_escaped, [reference, *systems])) + " |"
    for view in dict.fromkeys(METRICS[row.metric].view for row in rows):
        lines += [f"## {VIEWS.get(view, view)}", "", heads, "|---|" + "---:|" * (1 + len(systems))]
        for metric, own in by_metric([row for row in rows if METRICS[row.metric].view == view]).items():
            cells = [f"{METRICS[metric].label}{_unit(metric)}", _middle_of_reference(own[systems[0]])]
            cells += [_cell(own[system], robust) for system in systems]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Three significant digits, never in powers of ten.

    >>> number(1234.5), number(0.01234), number(-23.04)
    ('1234', '0.0123', '-23.0')
    """
    if value is None or not isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    return f"{value:.{max(2 - floor(log10(abs(value))), 0)}f}"


def by_metric(rows: Iterable[VerdictRow]) -> dict[str, dict[str, VerdictRow]]:
    """The rows by metric and system, in their order."""
    found: dict[str, dict[str, VerdictRow]] = {}
    for row in rows:
        found.setdefault(row.metric, {})[row.system] = row
    return found


def sizes(rows: Iterable[VerdictRow]) -> str:
    """How many pieces the samples of a noise floor have: "25", or "9 to 25"; "no" where there is no floor.

    >>> sizes([VerdictRow(system="rnn", metric="novelty", verdict="differs", size=size) for size in (25, 9)])
    '9 to 25'
    """
    known = sorted({int(row.size) for row in rows if row.size is not None})
    return " to ".join(map(str, dict.fromkeys((known[0], known[-1])))) if known else "no"


def _terminal(row: VerdictRow) -> str:
    if not row.judged:
        return MISSING
    return f"{_distance(row.distance)}{SIGNS[row.direction] or ' '}{'?' if row.flips else ' '}{_delta(row)}"


def _cell(row: VerdictRow, robust: bool) -> str:
    median = _middle(row.metric, row.system_median, row.system_mean, row.system_n, row.system_pieces)
    if not row.judged:
        return f"{median} (no verdict)"
    distance = _distance(row.distance)
    if row.distance_low is not None:
        distance += f" [{_distance(row.distance_low)}, {_distance(row.distance_high)}]"
    if row.differs:
        distance = f"**{distance} {SIGNS[row.direction]}**"
    flips = f" flips: {row.flips}" if robust and row.flips else ""
    return f"{median}; {distance}; δ {_delta(row)}{flips}"


def _middle_of_reference(row: VerdictRow) -> str:
    return _middle(row.metric, row.reference_median, row.reference_mean, row.reference_n, row.reference_pieces)


def _middle(metric: str, median: float | None, mean: float | None, have: float | None, pieces: float | None) -> str:
    """The median of a set, or the mean of a share; and how many of its pieces have the metric, if not all."""
    middle = number(mean if metric in OF_MEANS else median)
    return middle if have == pieces else f"{middle} ({have or 0:.0f} of {pieces or 0:.0f})"


def _delta(row: VerdictRow) -> str:
    return MISSING if row.delta is None else f"{row.delta:+.2f}"


def _distance(value: float | None) -> str:
    return "no floor" if value is None else f"{value:.1f}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f" ({unit})" if unit else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
