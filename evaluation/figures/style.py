"""What all figures have in common: their look, the widths of a journal's columns, and how they become files."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from evaluation.figures.fonts import cut_once
from evaluation.figures.palette import GRID, INK, MUTED

PANEL_WIDTH = 4.0  # inches: one song on the page
COLUMN_WIDTH = 3.5  # inches: one column of a journal
PAGE_WIDTH = 7.2  # two columns
WIDTHS = {"": PAGE_WIDTH, "-one-column": COLUMN_WIDTH}  # ending of the file's name: its width
FORMATS = (".svg", ".pdf", ".png")
LONGEST_NAME = 60  # letters of a system's name; the page has it in full
ROOM = 0.03  # inches between the labels of an axis at least
SCREEN_DPI = 100  # matplotlib's own
MADE = "Made by clstm"  # in every figure's file: it may be replaced
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
    "axes.titley": 1.0,  # nothing is above the axes that a title would have to avoid, and looking for it takes long
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
    """The look of all figures; it must be in force when a figure is made and when it is saved."""
    with mpl.rc_context(_STYLE):
        yield


def shortened(name: str, longest: int) -> str:
    """
    >>> shortened("a long name", 7), shortened("short", 7)
    ('a long…', 'short')
    """
    return name if len(name) <= longest else f"{name[: max(longest - 1, 1)]}…"


@lru_cache(maxsize=4096)
def extent(text: str, size: float) -> tuple[float, float]:
    """Width and height of a text in inches, its lines as matplotlib sets them; size : points

    The larger of what it takes in print and on a screen, where letters are moved onto pixels.
    """
    with style(), _any_letter():
        sizes = []
        for dpi in (DPI, SCREEN_DPI):
            figure, renderer = _measuring(dpi)
            shown = figure.text(0, 0, text, fontsize=size)
            box = shown.get_window_extent(renderer)
            shown.remove()
            sizes.append((box.width / dpi, box.height / dpi))
    return max(wide for wide, _ in sizes), max(tall for _, tall in sizes)


@lru_cache
def _measuring(dpi: int) -> tuple[Figure, Any]:
    """A figure on which nothing is drawn, as small as can be, and its renderer."""
    figure = Figure((1, 1), dpi=dpi)
    return figure, FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # matplotlib's gap


def wrapped(text: str, size: float, width: float) -> str:
    """The whole text in lines of at most `width` inches: broken behind a space, else behind a hyphen, else anywhere."""
    lines, rest = [], " ".join(text.split())
    while rest and extent(rest, size)[0] > width:
        fits = next((end for end in range(len(rest) - 1, 1, -1) if extent(rest[:end].rstrip(), size)[0] <= width), 1)
        end = rest.rfind(" ", 0, fits + 1) + 1 or rest.rfind("-", 0, fits) + 1 or fits
        lines.append(rest[:end].rstrip())
        rest = rest[end:]
    return "\n".join([*lines, rest] if rest else lines)


def ticks(axes: Axes, candidates: Iterable[float], size: float, beyond: float = 0.0) -> None:
    """Label an x axis, whose place and limits are final, with the values that find room; earlier ones have priority.

    beyond : inches a label may reach out of the axes at either end
    """
    across = axes.get_position().width * axes.figure.bbox.width / axes.figure.dpi
    low, high = axes.get_xlim()
    taken: dict[float, tuple[float, float]] = {}
    for value in candidates:
        if not low <= value <= high:
            continue
        share = axes.transAxes.inverted().transform(axes.transData.transform((value, 0)))[0]
        half = extent(_said(value), size)[0] / 2
        left, right = share * across - half, share * across + half
        room = all(right + ROOM <= other[0] or other[1] + ROOM <= left for other in taken.values())
        if room and left >= -beyond and right <= across + beyond:
            taken[float(value)] = (left, right)
    axes.set_xticks(sorted(taken), [_said(value) for value in sorted(taken)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelsize=size)


def _said(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")


def inches(axes: Axes, length: float) -> float:
    """A length along x as a share of the axes' width."""
    return length / (axes.get_position().width * axes.figure.bbox.width / axes.figure.dpi)


def letter(row: int) -> str:
    return f"({chr(ord('a') + row)})" if row < 26 else f"({row + 1})"


def save(figure: Figure, path: Path | str, dpi: int = DPI) -> None:
    """Write a figure in the format of its suffix, the same bytes for the same figure: no date, no version."""
    path = Path(path)
    silent = {".svg": {"Date": None, "Creator": MADE}, ".pdf": {"CreationDate": None, "Creator": MADE}}
    with style(), _any_letter(), cut_once():
        if path.suffix == ".png":
            _save_pixels(figure, path, dpi)
        else:
            figure.savefig(path, dpi=dpi, metadata=silent[path.suffix])


@contextmanager
def _any_letter() -> Iterator[None]:
    """Letters that the font does not have are left blank; the page has the name in full."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _save_pixels(figure: Figure, path: Path, dpi: int) -> None:
    """A PNG of 256 colours, which these figures hardly pass: a third of the size."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    width, height = (int(inches * dpi) for inches in figure.get_size_inches())
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi, format="rgba")
    image = Image.frombuffer("RGBA", (width, height), drawn.getvalue())
    image = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    about = PngInfo()
    about.add_text("Software", MADE)
    image.save(path, format="png", dpi=(dpi, dpi), pnginfo=about)
