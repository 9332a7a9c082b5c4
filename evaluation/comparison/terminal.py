"""The verdict in a terminal: tables that fit it, one below the other where there are many systems."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from string import ascii_uppercase
from typing import TYPE_CHECKING

from rich.cells import cell_len

from evaluation.comparison.tables import (
    LEGEND,
    MISSING,
    SIGNS,
    by_metric,
    delta,
    distance,
    middle_of_reference,
    middle_of_system,
    pieces,
    sets_of,
    what,
)
from evaluation.comparison.verdict import VerdictRow, rows_of, systems_in
from evaluation.metrics.catalogue import METRICS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

Cells = dict[str, dict[str, tuple[str, str]]]  # of each column, by the label of the metric: the cell and its style

WIDTH = 80  # characters of a terminal
GAP = 2  # blanks beside a column, and at the edges of a table
LONGEST = 11  # characters of a name above a column


def readable(table: "pd.DataFrame", reference: str) -> "list[Text | Table]":
    """For a terminal of `WIDTH` characters: a heading, then tables, one below the other where there are many systems.

    Long names are letters, which the heading explains. Systems without any verdict are left out, unless none has one:
    then the cells are medians. Medians of several sets of the reference are in `markdown` alone.
    """
    from rich.text import Text

    rows = rows_of(table)
    sets = sets_of(rows, reference)
    judged = [name for name in systems_in(rows) if any(row.judged for row in rows if row.system == name)]
    systems = judged or systems_in(rows)
    cells: Cells = {name: {} for name in ([reference] if len(sets) == 1 else []) + systems}
    for metric, own in by_metric(rows).items():
        label = METRICS[metric].label
        if len(sets) == 1:
            cells[reference][label] = (middle_of_reference(next(iter(own.values()))), "")
        for name in systems:
            style = "bold" if own[name].differs else "dim"
            cells[name][label] = (_terminal(own[name]) if judged else middle_of_system(own[name]), style)
    short, legend = _short(cells)
    heading = [_what_cells_are(rows, sets) if judged else "Medians; no metric has a verdict", *legend]
    heading += ["? another conclusion with another sound"] if "flips" in table.columns else []
    first = [short[reference]] if len(sets) == 1 else []
    columns = {short[name]: own for name, own in cells.items()}
    return [Text("\n".join(heading)), *(_table(columns, first, names) for names in _fitting(columns, first))]


def _what_cells_are(rows: Sequence[VerdictRow], sets: Mapping[str, str]) -> str:
    median = "the median of the reference, and " if len(sets) == 1 else ""
    return (
        f"Cells: {median}the distance from {what(sets)} in noise floors of {pieces(rows)}, with Cliff's delta\n"
        f"Significant: {LEGEND}"
    )


def _short(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Each name as a column has it, a letter where it is long, and a line for each letter.

    >>> _short(["human, one velocity", "rnn"])
    ({'human, one velocity': 'A', 'rnn': 'rnn'}, ['A = human, one velocity'])
    """
    long = [name for name in names if cell_len(name) > LONGEST]
    taken, short = set(names), {name: name for name in names}
    letters = (letter for letter in map(_letter, count()) if letter not in taken)
    short |= dict(zip(long, letters, strict=False))
    return short, [f"{short[name]} = {name}" for name in long]


def _letter(place: int) -> str:
    """A to Z, then A1 to Z1."""
    return f"{ascii_uppercase[place % 26]}{place // 26 or ''}"


def _fitting(columns: Cells, first: Sequence[str]) -> list[list[str]]:
    """The systems in as many parts as are needed for each to fit the terminal beside the labels and the median."""
    width = {
        name: max(map(cell_len, (name, *(cell for cell, _ in own.values())))) + GAP for name, own in columns.items()
    }
    labels = max((cell_len(label) for own in columns.values() for label in own), default=0)
    free = WIDTH - GAP - labels - sum(width[name] for name in first)
    parts: list[list[str]] = [[]]
    used = 0
    for name in columns:
        if name in first:
            continue
        if parts[-1] and used + width[name] > free:
            parts.append([])
            used = 0
        parts[-1].append(name)
        used += width[name]
    return parts


def _table(columns: Cells, first: Sequence[str], systems: Sequence[str]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    names = [*first, *systems]
    shown = Table(
        Column("", no_wrap=True),
        *(Column(Text(name), justify="right", no_wrap=True) for name in names),
        box=SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    for label in next(iter(columns.values())):
        shown.add_row(label, *(Text(*columns[name][label], no_wrap=True) for name in names))
    return shown


def _terminal(row: VerdictRow) -> str:
    if not row.judged:
        return MISSING
    return f"{distance(row.distance)}{SIGNS[row.direction] or ' '}{'?' if row.flips else ' '}{delta(row)}"
