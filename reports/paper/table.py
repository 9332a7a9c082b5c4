"""A table for a paper: its cells, and a caption that says n, what is compared with what, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from clstm.runtime.errors import UserError
from clstm.runtime.files import write_table, write_text
from reports.numbers import listed, quoted
from reports.paper import typesetting
from reports.paper.closest import closest, possible_ranks
from reports.paper.lines import Line, Style, lines
from reports.paper.record import Record, read_record
from reports.paper.selection import DISTANCE, VARIETY, selected
from reports.paper.typesetting import Grid, Printed

FORMATS = ("latex", "md", "csv")
WHAT = {
    "mean-sd": "mean ± standard deviation over pieces",
    "median-iqr": "median [quartiles] over pieces",
    "ci": "difference of the mean from the reference's [95 % interval], and the mean itself for the reference",
}


@dataclass(frozen=True)
class TableRequest:
    """columns : of the page that the table spans, 1 or 2"""

    report: Path
    out: Path
    metrics: tuple[str, ...] = ()
    style: Style = "mean-sd"
    format: str = "latex"
    bold: bool = False
    rank: bool = False
    columns: int = 1
    transpose: bool = False


def make_table(request: TableRequest) -> list[str]:
    """Write the table to `request.out`; returns remarks, one line each. Raises `UserError` for what cannot be read."""
    if request.columns not in typesetting.WIDTHS:
        raise UserError(f"--columns {request.columns} is not known; give 1 (table) or 2 (table*)")
    record = read_record(request.report)
    names = selected(record, request.metrics)
    if not names:
        raise UserError(f"{request.report} has none of the usual metrics; name some with --metrics, or give all")
    found = lines(record, names, request.style, bold=request.bold, rank=request.rank)
    grid = grid_of(record, found)
    grid = grid.transposed("System") if request.transpose else grid
    said = caption(record, names, request.style, bold=request.bold, rank=request.rank)
    remarks = [] if request.metrics else [f"Metrics: {', '.join(names)}; --metrics chooses others"]
    if request.format == "csv":
        write_table(request.out, as_text(grid))
    elif request.format == "md":
        write_text(request.out, typesetting.markdown(grid, said))
    else:
        note = _splits(grid, request, said)
        remarks += [note] if note else []
        write_text(request.out, typesetting.latex(grid, said, request.out.stem, request.columns, note))
    return remarks


def fitting(request: TableRequest) -> TableRequest:
    """The same table in the narrowest form that is one table: in one column, turned, in two; in two if none is."""
    record = read_record(request.report)
    names = selected(record, request.metrics)
    grid = grid_of(record, lines(record, names, request.style, bold=request.bold, rank=request.rank))
    said = caption(record, names, request.style, bold=request.bold, rank=request.rank)
    for columns in typesetting.WIDTHS:
        for transpose in (False, True):
            shown = grid.transposed("System") if transpose else grid
            if len(typesetting.parts(shown, columns, said)) == 1:
                return replace(request, columns=columns, transpose=transpose)
    return replace(request, columns=max(typesetting.WIDTHS))


def grid_of(record: Record, found: Sequence[Line]) -> Grid:
    """Metrics in rows; in columns what systems are compared with, and the systems."""
    others = [name for name in record.papers["system"].unique() if name not in (*record.sets, *record.systems)]
    columns = [
        name
        for name in (*record.sets, *record.systems, *others)
        if any(name in line.cells and line.cells[name].value is not None for line in found)
    ]
    cells = tuple(tuple(_printed(line, name) for name in columns) for line in found)
    first = sum(name in record.sets for name in columns)
    return Grid(tuple(line.label for line in found), tuple(columns), cells, "Metric", first)


def _printed(line: Line, name: str) -> Printed:
    if name not in line.cells:
        return Printed()
    cell = line.cells[name]
    ranks = "" if cell.ranks is None else f" ({'–'.join(map(str, dict.fromkeys(cell.ranks)))})"
    return Printed(cell.texts(line.decimals), cell.bold, ranks)


def as_text(grid: Grid) -> pd.DataFrame:
    """The table as it is read."""
    rows = [[name, *(cell.text for cell in row)] for name, row in zip(grid.rows, grid.cells, strict=True)]
    return pd.DataFrame(rows, columns=[grid.corner, *grid.columns])


def _splits(grid: Grid, request: TableRequest, said: str) -> str:
    made = len(typesetting.parts(grid, request.columns, said))
    if made == 1:
        return ""
    hints = [] if request.columns == 2 else ["--columns 2 is wider"]
    hints += [] if request.transpose else ["--transpose puts the systems in rows"]
    return f"The table does not fit {_page(request.columns)}: it is {made} tables" + "".join(
        f"; {one}" for one in hints
    )


def _page(columns: int) -> str:
    return "one column" if columns == 1 else "the width of a page"


def caption(record: Record, names: Sequence[str], style: Style, *, bold: bool = False, rank: bool = False) -> str:
    """Sentences on what the numbers are, in the order in which they are looked for."""
    said = [sets_in_words(record)]
    if any(name.partition(":")[0] != DISTANCE and name not in VARIETY for name in names):
        said.append(f"Cells: {WHAT[style]}.")
    if any(name.startswith(DISTANCE) for name in names):
        said.append(
            "Distance: squared maximum mean discrepancy from the reference, with its 95 % interval by a bootstrap over "
            "groups of pieces; 0 where nothing differs."
        )
    if style == "ci":
        said.append("Intervals are by a bootstrap over groups of pieces.")
    said += _on_ranks(record, bold=bold, rank=rank) if bold or rank else []
    return " ".join(said)


def pieces_in_words(record: Record) -> str:
    """How many pieces there are of each."""
    sizes = record.sizes
    counted = [f"{quoted(name)} {sizes[name]}" for name in (*record.sets, *record.systems) if name in sizes]
    return f"Pieces: {listed(counted)}." if counted else ""


def sets_in_words(record: Record) -> str:
    """The same, and what is compared with what, under which limits."""
    return " ".join([pieces_in_words(record), *_compared(record)]).strip()


def _compared(record: Record) -> list[str]:
    if len(record.sets) == 1:
        (only,) = record.sets
        found = [f"All are compared with {quoted(only)}."]
    else:
        against = {row.system: row.against for row in record.rows}
        found = [
            f"Compared are {listed([f'{quoted(system)} with {quoted(other)}' for system, other in against.items()])}."
        ]
    for name in record.sets:
        if limits := record.controls.get(name):
            found.append(f"{quoted(name)} is {quoted(record.reference)} {limits}.")
    return found


def _on_ranks(record: Record, *, bold: bool, rank: bool) -> list[str]:
    ranked = possible_ranks(record)
    if not ranked:
        return ["No pair of systems was tested, so none is ranked or bold."]
    met = {row.against for row in record.rows if row.system in ranked}
    limits = ", reference and systems under the limits of all of them together" if len(met) > 1 else ""
    how = "every pair by a bootstrap over groups, p < 0.05 corrected by Holm over pairs" + limits
    said = []
    if bold:
        best = closest(record)
        one = (
            "the distance of the system that is significantly closer than every other one"
            if best
            else ("nothing, as no system is significantly closer than every other one")
        )
        said.append(f"Bold: {one}; single metrics have no test of two systems.")
    if rank:
        said.append("In parentheses: the ranks that these tests leave possible, 1 is the closest.")
    return [*said, f"Tests: {how}."]
