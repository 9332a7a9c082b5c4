"""The texts of a figure as they are drawn: whether each lies whole within the figure, and none upon another."""

import warnings
from itertools import combinations

from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from evaluation.figures.style import style

NEAR = 0.5  # pixels


def boxes(figure: Figure, dpi: int = 300) -> dict[str, list[Bbox]]:
    """Where each text lies, in pixels, by its words; tick labels that are beyond an axis are not drawn."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.draw()
        hidden = {
            label for axis in figure.findobj(Axis) for tick in axis.get_major_ticks() + axis.get_minor_ticks()
            for label in (tick.label1, tick.label2) if not _inside(axis, tick.get_loc())
        }  # fmt: skip
        found: dict[str, list[Bbox]] = {}
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip() and text not in hidden:
                found.setdefault(text.get_text(), []).append(text.get_window_extent(canvas.get_renderer()))
    return found


def _inside(axis: Axis, place: float) -> bool:
    low, high = sorted(axis.get_view_interval())
    return low <= place <= high


def faults(figure: Figure, dpi: int = 300) -> list[str]:
    """What is cut off by the figure's edge or lies upon another text, a line each."""
    every = [(words, box) for words, own in boxes(figure, dpi).items() for box in own]
    width, height = figure.get_size_inches() * dpi
    cut = [
        f"{words!r} is cut off"
        for words, box in every
        if box.x0 < -NEAR or box.y0 < -NEAR or box.x1 > width + NEAR or box.y1 > height + NEAR
    ]
    upon = [
        f"{one!r} lies upon {other!r}"
        for (one, box), (other, beside) in combinations(every, 2)
        if min(box.x1, beside.x1) - max(box.x0, beside.x0) > NEAR
        and min(box.y1, beside.y1) - max(box.y0, beside.y0) > NEAR
    ]
    return cut + upon
