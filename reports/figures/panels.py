"""Score matrices, waveforms, spectra, sonograms (the paper's Figures 1, 3, 4 and 5), piano rolls and self-similarity:
songs in, a matplotlib `Figure` out.

Every figure shows its songs one below the other, on the axes of a `Scale`: one song with the scale of all gives a panel
that can be compared with the others' panels. A figure alone:

    from evaluation.figures.style import save
    from reports.figures.panels import SONOGRAM, draw
    from reports.figures.songs import read_song
    songs = [read_song("bwv804.mid", "Bach"), read_song("lstm.mid", "LSTM")]
    save(draw(SONOGRAM, songs), "sonograms.pdf")

Margins are fixed in inches, so that the axes of all panels have the same size; dense images are rasterised within SVG.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures.palette import INK
from evaluation.figures.style import (
    LONGEST_NAME,
    PAGE_WIDTH,
    PANEL_WIDTH,
    extent,
    inches,
    letter,
    shortened,
    style,
    wrapped,
)
from reports.figures import plots
from reports.figures.plots import LEFT
from reports.figures.scale import Scale
from reports.figures.songs import EXCERPT, DrawnPiece

BOTTOM, TOP, GAP = 0.46, 0.2, 0.34  # inches below, above and between axes
TITLE = 0.14  # inches more for a name above a row
SIDE_BY_SIDE = 2.0  # inches that a square takes at least


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure: its file name, its place in the paper (0: none), and how to draw one song of it.

    height : inches of one song's axes on a panel
    right : inches at the right, for a colour bar
    span : of the seconds drawn, how many its time axis shows; 0: it has none
    """

    key: str
    number: int
    title: str
    height: float
    right: float
    span: Callable[[float], float]
    draw: Callable[[Axes, DrawnPiece, Scale], None]
    square: bool = False
    of_notes: bool = False

    def box(self) -> tuple[float, float, float, float]:
        """Where the axes of a panel of one song lie: left, top, width, height as shares of the image.

        >>> [round(share, 2) for share in WAVEFORM.box()]
        [0.15, 0.08, 0.81, 0.72]
        """
        total = BOTTOM + TOP + self.height
        return LEFT / PANEL_WIDTH, TOP / total, 1 - (LEFT + self.right) / PANEL_WIDTH, self.height / total


def draw(kind: FigureKind, songs: Sequence[DrawnPiece], scale: Scale | None = None, width: float = 0.0) -> Figure:
    """The figure of `songs`, one below the other (squares side by side); with more than one, each bears its name.

    scale : the axes they share; by default those of these songs
    width : inches; by default a panel for one song, two columns of a journal for more
    """
    scale = scale or Scale.of(songs)
    named = len(songs) > 1
    width = width or (PAGE_WIDTH if named else PANEL_WIDTH)
    columns = min(len(songs), max(int((width - kind.right) / (SIDE_BY_SIDE + LEFT)), 1)) if kind.square else 1
    rows = -(-len(songs) // columns)
    wide = (width - kind.right - columns * LEFT) / columns
    heads = [wrapped(f"{letter(place)} {shortened(song.name, LONGEST_NAME)}", 9, wide - 0.1)
             for place, song in enumerate(songs)]  # fmt: skip
    title = max(TITLE, *(extent(head, 9)[1] for head in heads)) if named else 0.0
    top, gap = TOP + title, GAP + max(title - TITLE, 0) + (BOTTOM if columns > 1 else 0)
    height = wide if kind.square and named else kind.height * (0.8 if named else 1.0)
    total = BOTTOM + top + rows * height + (rows - 1) * gap
    with style():
        figure = Figure(figsize=(width, total), facecolor="white")
        for place, song in enumerate(songs):
            row, column = divmod(place, columns)
            left, above = LEFT + column * (wide + LEFT), top + row * (height + gap)
            axes = figure.add_axes((left / width, 1 - (above + height) / total, wide / width, height / total))
            kind.draw(axes, song, scale)
            axes.yaxis.set_label_coords(-inches(axes, 0.48), 0.5)
            if named:
                axes.set_title(heads[place], loc="left", fontsize=9, pad=5, color=INK)
            if place + columns < len(songs) and columns == 1:
                axes.set_xlabel("")
                axes.tick_params(labelbottom=False)
    return figure


def _whole(seconds: float) -> float:
    return seconds


def _beginning(seconds: float) -> float:
    return min(seconds, EXCERPT)


def _none(_seconds: float) -> float:
    return 0.0


SCORE_MATRIX = FigureKind("score-matrix", 1, "Score matrix", 2.6, 0.12, _beginning, plots.score_matrix, of_notes=True)
WAVEFORM = FigureKind("waveform", 3, "Waveform and RMS envelope", 1.7, 0.12, _whole, plots.waveform)
SPECTRUM = FigureKind("spectrum", 4, "Magnitude spectrum", 2.0, 0.12, _none, plots.spectrum)
SONOGRAM = FigureKind("sonogram", 5, "Sonogram", 2.0, 0.56, _whole, plots.sonogram)
PIANO_ROLL = FigureKind("piano-roll", 0, "Piano roll", 2.0, 0.12, _whole, plots.piano_roll, of_notes=True)
SELF_SIMILARITY = FigureKind(
    "self-similarity", 0, "Self-similarity", 2.8, 0.58, _whole, plots.self_similarity, square=True
)
KINDS = (SCORE_MATRIX, WAVEFORM, SPECTRUM, SONOGRAM, PIANO_ROLL, SELF_SIMILARITY)


def drawable(kind: FigureKind, songs: Sequence[DrawnPiece]) -> list[DrawnPiece]:
    """The songs this kind of figure can show: a score matrix and a piano roll need notes."""
    return [song for song in songs if not kind.of_notes or song.notes is not None]
