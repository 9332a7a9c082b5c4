"""What all figures have in common: their look, the widths of a journal's columns, and how they become files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.palette import GRID, INK, MUTED

PANEL_WIDTH = 4.0  # inches: one song on the page
COLUMN_WIDTH = 3.5  # inches: one column of a journal
PAGE_WIDTH = 7.2  # two columns
WIDTHS = {"": PAGE_WIDTH, "-one-column": COLUMN_WIDTH}  # ending of the file's name: its width
FORMATS = (".svg", ".pdf", ".png")
DPI = 300  # of what is rasterised, in print

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 8.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.parse_math": False,  # a name may hold a `$`
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # letters stay letters, as journals ask
    "svg.hashsalt": "clstm",  # the same figure gives the same file
}


@contextmanager
def style() -> Iterator[None]:
    """The look of all figures; text and ticks take it when made and when saved."""
    with mpl.rc_context(_STYLE):
        yield


def shortened(name: str, longest: int) -> str:
    """
    >>> shortened("a long name", 7), shortened("short", 7)
    ('a long…', 'short')
    """
    return name if len(name) <= longest else f"{name[: max(longest - 1, 1)]}…"


def inches(axes: Axes, length: float) -> float:
    """A length along x as a share of the axes' width."""
    return length / (axes.get_position().width * axes.figure.bbox.width / axes.figure.dpi)


def letter(row: int) -> str:
    return f"({chr(ord('a') + row)})" if row < 26 else f"({row + 1})"


def save(figure: Figure, path: Path | str, dpi: int = DPI) -> None:
    """Write a figure in the format of its suffix, the same bytes for the same figure: no date, no version."""
    path = Path(path)
    silent = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # of a name; the page has it in full
        if path.suffix == ".png":
            _save_pixels(figure, path, dpi)
        else:
            figure.savefig(path, dpi=dpi, metadata=silent[path.suffix])


def _save_pixels(figure: Figure, path: Path, dpi: int) -> None:
    """A PNG of 256 colours, which these figures hardly pass: a third of the size."""
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi, format="png")
    image = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(path, format="png", dpi=(dpi, dpi), optimize=True)
