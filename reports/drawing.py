"""Songs -> the figures' files, and what the page says of each."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reports import figures
from reports.figures import KINDS, Kind, Scale
from reports.findings import alternative_text, finding
from reports.page import Panel, Section
from reports.songs import Song

DPI = 200  # of a panel's rasterised parts, on the page
PRINT_DPI = 300
FORMATS = ("svg", "pdf", "png")
COLUMNS = {"": figures.PAGE_WIDTH, "-one-column": figures.COLUMN_WIDTH}  # ending of the file's name: its width


def draw_sections(
    songs: Sequence[Song], names: Mapping[str, str], folder: Path, progress: Callable[[int, int], None]
) -> list[Section]:
    """Draw every kind of figure, all songs together and one by one, and say what each shows.

    songs : the reference first
    names : of each song, what its files are called
    progress : called with the kinds of figure drawn and their number
    """
    (folder / "figures").mkdir()
    scale = Scale.of(songs)
    sections = []
    for done, kind in enumerate(KINDS):
        if figures.drawable(kind, songs):
            sections.append(_section(kind, songs, scale, names, folder))
        progress(done + 1, len(KINDS))
    return sections


def _section(kind: Kind, songs: Sequence[Song], scale: Scale, names: Mapping[str, str], folder: Path) -> Section:
    shown = figures.drawable(kind, songs)
    for ending, width in COLUMNS.items():
        together = figures.draw(kind, shown, scale, width)
        for suffix in FORMATS:
            figures.save(together, folder / "figures" / f"{kind.key}{ending}.{suffix}", PRINT_DPI)
    panels = []
    for song in shown:
        image = f"figures/{kind.key}-{names[song.name]}.svg"
        figures.save(figures.draw(kind, [song], scale), folder / image, DPI)
        audio = f"audio/{names[song.name]}.flac"
        panels.append(Panel(song.name, song.colour, image, audio, alternative_text(kind, song), finding(kind, song)))
    without = tuple(song.name for song in songs if song not in shown)
    return Section(kind.key, kind.number, kind.title, tuple(panels), without)
