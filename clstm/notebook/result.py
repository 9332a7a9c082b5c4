"""What every function of the Python API returns: a table that can be looked at, drawn, printed and kept.

Results are frozen. In a notebook they show themselves; in a script `print` gives one line, and `table` all numbers.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from clstm.notebook import markup

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Folder = Path | str


class Result(ABC):
    """What all results can do. `table` has all numbers, `remarks` one line for each caveat."""

    @property
    @abstractmethod
    def table(self) -> "pd.DataFrame":
        """All numbers."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Caveats, one line each. They name options where a command asked, and arguments where `cl` did."""
        return tuple(map(vars(self).get("_words", str), self.caveats()))

    def caveats(self) -> Sequence[str]:
        """The remarks, which name options."""
        return ()

    def in_words(self, words: Callable[[str], str]) -> Self:
        """This result, whose remarks are now put in other words."""
        vars(self)["_words"] = words  # it is frozen
        return self

    @abstractmethod
    def __str__(self) -> str:
        """What it is, in one line."""

    def __repr__(self) -> str:
        return f"<{self}>"

    @abstractmethod
    def parts(self) -> Sequence[str]:
        """What a notebook shows below the first line: HTML (`clstm.notebook.markup`)."""

    def _repr_html_(self) -> str:
        caveats = f"{len(self.remarks)} caveat{'s' * (len(self.remarks) != 1)}"
        return markup.page(markup.heading(str(self)), *self.parts(), markup.folded(caveats, markup.lines(self.remarks)))

    @abstractmethod
    def plot(self) -> "Figure":
        """A matplotlib `Figure`. Save it with `evaluation.figures.style.save`, or its own `savefig`."""

    @abstractmethod
    def to_latex(self) -> str:
        """A table in LaTeX, for the package booktabs."""

    @abstractmethod
    def save(self, folder: Folder) -> Path:
        """Write everything into a folder; returns it. Raises `UserError` for a folder that holds something else."""
