"""CSV that a spreadsheet opens without running what a participant typed, or what a file is called.

A cell that begins with = + - @, a tab or a line break is a formula to Excel and its kin (OWASP, "CSV injection"); where
a country separates lists by semicolons, so is what follows one. Such text gets an apostrophe before it; numbers are
numbers and stay as they are.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from clstm.runtime.names import printable

if TYPE_CHECKING:
    import pandas as pd

INNER = re.compile(r"([;\t])(?=[=+\-@])")  # begins a cell where lists are separated by it
MARKED = r"\1'"
CELLS = 1 << 14  # that are remembered
FORMULA = ("=", "+", "-", "@", "\t", "\n")


def csv(table: "pd.DataFrame") -> str:
    """The table as CSV, text neutralised, headings too.

    >>> import pandas as pd
    >>> print(csv(pd.DataFrame({"said": ["=1+1", "fine"], "rating": [-1, 5]})), end="")
    said,rating
    '=1+1,-1
    fine,5
    """
    text = table.select_dtypes(exclude=["number", "bool"])
    once = lru_cache(CELLS)(_neutral)  # a large table says few things, many times
    safe = table.assign(
        **{str(name): text[name].map(lambda cell: once(cell) if isinstance(cell, str) else cell) for name in text}
    ).rename(columns=neutral)
    return safe.to_csv(index=False, lineterminator="\n")


def neutral(cell: object) -> object:
    """The cell, with an apostrophe before text that would be a formula.

    A carriage return becomes a line break: unquoted as it would be, it begins a new row, and what follows a new cell.

    >>> neutral("=1+1"), neutral(-1.5), neutral("fine")
    ("'=1+1", -1.5, 'fine')
    """
    return _neutral(cell) if isinstance(cell, str) else cell


def _neutral(cell: str) -> str:
    text = printable(cell.replace("\r\n", "\n").replace("\r", "\n"))
    if text.startswith(FORMULA):
        return f"'{text[0]}{INNER.sub(MARKED, text[1:])}"
    return INNER.sub(MARKED, text)
