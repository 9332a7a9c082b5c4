"""A table as text: LaTeX (booktabs alone), Markdown, CSV. Cells arrive as numbers already rounded.

Numbers are aligned at their decimal points: each cell gets blanks as wide as the digits that it has fewer than the
longest of its column. `--columns 1` is a `table`, `--columns 2` a `table*`, which spans both columns of a page. What
is wider than that becomes several tables; so does what is longer than a page.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from math import ceil
from textwrap import wrap

from reports.findings.latex import escaped

WIDTHS = {1: 229.0, 2: 469.0}  # points: a column of `article` in two columns, the narrowest in use, and both of them
GAP = 8.0  # points between columns
LETTER = 4.4  # points of a digit of 8 point Computer Modern; a letter is no wider on average
LABEL = 0.32  # share of the width that the first column may have
LINES = 50  # of a page at footnote size, less the rules of a table
CAPTION = 1.3  # lines of a table that one of its caption is as high as
UNPRINTED = 12  # tables that may wait for a page: LaTeX gives up on more than 18
MINUS = "−"
HEAD = 13  # letters of a name above a column, before it is broken


@dataclass(frozen=True)
class Printed:
    """One cell: its numbers as text, how they are joined, whether it is bold, and its ranks."""

    numbers: tuple[str, ...] = ()
    bold: bool = False
    ranks: str = ""

    @property
    def text(self) -> str:
        return joined(self.numbers) + self.ranks


@dataclass(frozen=True)
class Grid:
    """Rows and columns with their names, (rows, columns) cells; `first` columns are repeated in every part."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Printed, ...], ...]
    corner: str
    first: int = 0

    def transposed(self, corner: str) -> "Grid":
        return Grid(self.columns, self.rows, tuple(zip(*self.cells, strict=True)), corner)

    def part(self, rows: Sequence[int], columns: Sequence[int]) -> "Grid":
        cells = tuple(tuple(self.cells[row][column] for column in columns) for row in rows)
        names = tuple(self.rows[row] for row in rows), tuple(self.columns[column] for column in columns)
        return replace(self, rows=names[0], columns=names[1], cells=cells)


def joined(numbers: Sequence[str]) -> str:
    """
    >>> joined(("3.2", "0.5")), joined(("3", "1", "5")), joined(())
    ('3.2 ± 0.5', '3 [1, 5]', '–')
    """
    if len(numbers) == 3:
        return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"
    return " ± ".join(numbers) or "–"


def parts(grid: Grid, columns: int, caption: str = "") -> list[Grid]:
    """The grid in as many parts as fit a page that is one or two columns wide, below a caption."""
    width = [max(_of_column(grid, place)) + GAP for place in range(len(grid.columns))]
    free = WIDTHS[columns] * (1 - LABEL) - GAP
    first = list(range(grid.first))
    if sum(width[place] for place in first) > free / 2:
        first = []  # the reference has its own part
    bundles: list[list[int]] = [[]]
    for place in range(len(first), len(grid.columns)):
        used = sum(width[one] for one in [*first, *bundles[-1]])
        if bundles[-1] and used + width[place] > free:
            bundles.append([])
        bundles[-1].append(place)
    bounds = _bounds(grid, columns, caption)
    return [grid.part(range(start, end), [*first, *bundle]) for bundle in bundles for start, end in pairwise(bounds)]


def _bounds(grid: Grid, columns: int, caption: str) -> list[int]:
    """Where each part begins, and where the last one ends."""
    free = LINES - CAPTION * ceil(1.15 * LETTER * len(caption) / WIDTHS[columns])
    free -= max(len(broken(name)) for name in grid.columns)
    bounds, used = [0], 0
    for place, name in enumerate(grid.rows):
        lines = len(wrap(name, _letters(columns)))
        if place > bounds[-1] and used + lines > free:
            bounds.append(place)
            used = 0
        used += lines
    return [*bounds, len(grid.rows)]


def _letters(columns: int) -> int:
    """How many letters a line of the first column has."""
    return int(_label_width(columns) / (LETTER * 1.2))


def _of_column(grid: Grid, place: int) -> list[float]:
    """Widths of the cells of a column and of its name, in points."""
    cells = [LETTER * (len(row[place].text) + 2 * row[place].bold) for row in grid.cells]
    return [*cells, *(LETTER * 1.15 * len(line) for line in broken(grid.columns[place]))]


def broken(name: str) -> list[str]:
    """A name in lines of at most `HEAD` letters, between words where there are any.

    >>> broken("lstm"), broken("a_name_of_many_letters")
    (['lstm'], ['a_name_of_', 'many_letters'])
    """
    lines = [""]
    for word in re.findall(r"[^ _-]*[ _-]?", name):
        for piece in re.findall(f".{{1,{HEAD}}}", word):
            if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > HEAD:
                lines.append("")
            lines[-1] += piece
    return [line.strip() for line in lines]


def latex(grid: Grid, caption: str, label: str, columns: int, note: str = "") -> str:
    """All parts as floats; captions of further parts say that they continue."""
    made = parts(grid, columns, caption)
    floats = []
    for number, part in enumerate(made):
        said = caption if number == 0 else "Continued from the table before."
        label = re.sub(r"[^\w.:-]+", "-", label, flags=re.ASCII).strip("-") or "comparison"
        name = label if number == 0 else f"{label}-{number + 1}"
        floats += ["\\clearpage"] if number and not number % UNPRINTED else []
        floats.append("\n".join(_float(part, said, name, columns)))
    comment = [f"% {line}" for line in ("Needs \\usepackage{booktabs}.", note) if line]
    return "\n".join([*comment, "\n\n".join(floats), ""])


def _float(grid: Grid, caption: str, label: str, columns: int) -> Iterator[str]:
    name = "table" if columns == 1 else "table*"
    yield f"\\begin{{{name}}}[t]"
    yield "\\centering"
    yield f"\\caption{{{escaped(caption)}}}"
    yield f"\\label{{tab:{label}}}"
    yield "\\footnotesize"
    yield f"\\setlength{{\\tabcolsep}}{{{GAP / 2:.0f}pt}}"
    yield "\\def\\pad{\\hphantom{0}}"
    yield f"\\begin{{tabular}}{{@{{}}{_first_column(grid, columns)}{'r' * len(grid.columns)}@{{}}}}"
    yield "\\toprule"
    yield " & ".join([escaped(grid.corner), *map(_heading, grid.columns)]) + r" \\"
    yield "\\midrule"
    aligned = list(
        zip(*(_aligned([row[place] for row in grid.cells]) for place in range(len(grid.columns))), strict=True)
    )
    for row, cells in zip(grid.rows, aligned, strict=True):
        yield " & ".join([_row_name(row, columns), *cells]) + r" \\"
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield f"\\end{{{name}}}"


def _first_column(grid: Grid, columns: int) -> str:
    return f"p{{{_label_width(columns):.0f}pt}}" if any(_is_long(row, columns) for row in grid.rows) else "l"


def _label_width(columns: int) -> float:
    return LABEL * WIDTHS[columns] - GAP


def _is_long(name: str, columns: int) -> bool:
    return LETTER * 1.1 * len(name) > _label_width(columns)


def _row_name(name: str, columns: int) -> str:
    """A long name may break; a word too long for a line may break anywhere."""
    if not _is_long(name, columns):
        return escaped(name)
    fits = _letters(columns)
    words = [r"\allowbreak ".join(map(escaped, re.findall(f".{{1,{fits}}}", word))) for word in name.split(" ")]
    return r"\raggedright\hangindent=1em " + " ".join(words)


def _heading(name: str) -> str:
    lines = broken(name)
    text = r"\\".join(map(escaped, lines))
    return text if len(lines) == 1 else f"\\shortstack[r]{{{text}}}"


def _aligned(cells: Sequence[Printed]) -> list[str]:
    """The cells of a column, padded so that their decimal points stand one below the other."""
    most = max((len(cell.numbers) for cell in cells), default=0)
    before = [max((_whole(cell, place) for cell in cells), key=_width, default="") for place in range(most)]
    after = [max((len(_decimals(cell, place)) for cell in cells), default=0) for place in range(most)]
    return [_cell(cell, before, after) for cell in cells]


def _cell(cell: Printed, before: Sequence[str], after: Sequence[int]) -> str:
    if not cell.numbers:
        return "--"
    padded = []
    for place, text in enumerate(cell.numbers):
        left = _blanks(before[place], _whole(cell, place)) if place else ""
        lacks = after[place] - len(_decimals(cell, place))
        right = "\\pad" * (lacks - 1 if lacks and "." not in text else lacks)
        right += "\\hphantom{.}" if lacks and "." not in text else ""
        number = f"\\textbf{{{escaped(text)}}}" if cell.bold and place == 0 else escaped(text)
        padded.append(f"{left}{{}}{number}{right}{{}}" if left or right else number)
    return (
        escaped("\0".join([joined(["\1"] * len(padded)), cell.ranks]))
        .replace("\0", "")
        .replace("\1", "{}")
        .format(*padded)
    )


def _width(whole: str) -> float:
    """In digits: a minus sign is wider than one."""
    return len(whole.lstrip(MINUS)) + 1.55 * whole.startswith(MINUS)


def _blanks(widest: str, whole: str) -> str:
    digits = len(widest.lstrip(MINUS)) - len(whole.lstrip(MINUS))
    sign = "\\hphantom{$-$}" if widest.startswith(MINUS) and not whole.startswith(MINUS) else ""
    return sign + "\\pad" * max(digits, 0)


def _whole(cell: Printed, place: int) -> str:
    return cell.numbers[place].partition(".")[0] if place < len(cell.numbers) else ""


def _decimals(cell: Printed, place: int) -> str:
    """Point and decimals."""
    _, point, rest = cell.numbers[place].partition(".") if place < len(cell.numbers) else ("", "", "")
    return point + rest


def markdown(grid: Grid, caption: str) -> str:
    """One table below its caption."""

    def safe(text: str) -> str:
        return re.sub(r"([|_*\\])", r"\\\1", escape(text, quote=False))

    lines = [safe(caption), "", f"| {' | '.join(map(safe, [grid.corner, *grid.columns]))} |"]
    lines.append("|---|" + "---:|" * len(grid.columns))
    for name, row in zip(grid.rows, grid.cells, strict=True):
        cells = [f"**{cell.text}**" if cell.bold else cell.text for cell in row]
        lines.append(f"| {' | '.join([safe(name), *cells])} |")
    return "\n".join([*lines, ""])
