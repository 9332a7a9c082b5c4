"""The figures of a paper, each with its caption: ranking, largest distances, distributions, and one piece as it sounds.

Every number drawn is the record's own. A caption says what is drawn, of how many pieces, and which tests stand behind
it, so that the figure can be read without the page it comes from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from evaluation.comparison.tables import sizes
from evaluation.comparison.verdict import VerdictRow
from evaluation.distance.space import JOINT
from evaluation.figures.palette import CONTROLS, REFERENCE, system_colour
from evaluation.figures.style import letter
from reports.content.rows import DistanceRow, rows_as
from reports.figures import charts, panels
from reports.figures.closeness import closeness
from reports.figures.distances import distances
from reports.figures.panels import SONOGRAM, SPECTRUM, WAVEFORM, FigureKind
from reports.figures.scale import Scale
from reports.figures.songs import DrawnPiece
from reports.numbers import listed, quoted
from reports.paper.closest import possible_ranks
from reports.paper.record import Record
from reports.paper.table import pieces_in_words, sets_in_words

MOST = 10  # metrics with the largest distances
OF_A_PIECE: Mapping[FigureKind, tuple[str, str]] = {  # what it shows, and how; {first} is the first system
    WAVEFORM: ("Waveform", "Pale: the samples; dark: their RMS envelope."),
    SPECTRUM: (
        "Magnitude spectrum",
        "Pale: the spectrum; line: its course; dashed: that of {first}; vertical: 1.0, 1.2 and 1.3 kHz.",
    ),
    SONOGRAM: ("Sonogram", "Level over time and frequency, on one scale of colours."),
}


@dataclass(frozen=True)
class Illustration:
    """key : the name of its files and label; draw : takes the width in inches"""

    key: str
    caption: str
    draw: Callable[..., Figure]


def illustrations(record: Record, songs: Sequence[DrawnPiece] = ()) -> Iterator[Illustration]:
    """Every figure that this record allows. songs : one piece of each system to draw, the reference's first"""
    colours = colours_of(record)
    far = rows_as(DistanceRow, record.distances)
    if any(row.space == JOINT and row.distance is not None for row in far):
        yield Illustration("ranking", _of_ranking(record), partial(closeness, far, colours))
    largest = largest_distances(record.rows)
    if largest:
        shown = [row for row in record.rows if row.metric in largest]
        yield Illustration("largest", _of_largest(record, largest, shown), partial(distances, shown, colours))
    own = record.values[record.values["metric"].isin(largest)]
    if len(own):
        yield Illustration(
            "distributions", _of_distributions(record, largest), partial(charts.spreads, own, largest, colours)
        )
    if songs:
        scale = Scale.of(songs)
        for kind, (what, how) in OF_A_PIECE.items():
            yield Illustration(kind.key, _of_a_piece(what, how, songs), partial(panels.draw, kind, songs, scale))


def largest_distances(rows: Sequence[VerdictRow], most: int = MOST) -> list[str]:
    """The metrics in which any system is furthest from its reference, significant differences first."""
    furthest: dict[str, tuple[bool, float]] = {}
    for row in rows:
        if row.distance is not None:
            furthest[row.metric] = max(furthest.get(row.metric, (False, 0.0)), (row.differs, row.distance))
    return sorted(furthest, key=lambda name: furthest[name], reverse=True)[:most]


def colours_of(record: Record) -> dict[str, str]:
    """Of every set and system, as in a report."""
    controls = [name for name in record.sets if name != record.reference]
    found = {record.reference: REFERENCE} if record.reference in record.sets else {}
    found |= {name: CONTROLS[place % len(CONTROLS)] for place, name in enumerate(controls)}
    return found | {name: system_colour(place) for place, name in enumerate(record.systems)}


def _of_ranking(record: Record) -> str:
    ranks = ""
    if possible_ranks(record):
        ranks = (
            " In parentheses: the ranks that tests of all pairs leave possible, corrected by Holm; 1 is the closest."
        )
    return (
        "Distance of each system from its reference, in all metrics together and by view: squared maximum mean "
        "discrepancy × 1000, with its 95 % interval by a bootstrap over groups of pieces. Filled: p < 0.05, by view "
        f"corrected by Holm. Tick: two samples of the reference of these sizes stay below it in 95 %.{ranks} "
        f"{sets_in_words(record)}"
    )


def _of_largest(record: Record, largest: Sequence[str], shown: Sequence[VerdictRow]) -> str:
    judged = [row for row in shown if row.judged]
    number = f" (n = {sizes(shown)})" if any(row.size is not None for row in shown) else ""
    tested = (
        "No difference was tested."
        if not judged
        else (
            "Filled triangle: significantly higher (right) or lower (left); filled diamond: another spread or "
            "distribution; pale circle: inconclusive. p < 0.05, corrected by Holm over the metrics of a system. "
            f"Significant are {sum(row.differs for row in judged)} of these {len(judged)} differences."
        )
    )
    return (
        f"Distance of each system from its reference in {_counted(largest)} in which any system is furthest from it. "
        f"1 is the distance of two samples of the reference of as many pieces{number}; lines are 95 % intervals. "
        f"{tested} {pieces_in_words(record)}"
    )


def _of_distributions(record: Record, largest: Sequence[str]) -> str:
    return (
        f"Values of every piece in {_counted(largest)} with the largest distances: dots, median, and the middle half. "
        f"Of more than {charts.DOTS} pieces, {charts.DOTS} are drawn at random. {pieces_in_words(record)}"
    )


def _counted(metrics: Sequence[str]) -> str:
    return f"the {len(metrics)} metrics" if len(metrics) > 1 else "the metric"


def _of_a_piece(what: str, how: str, songs: Sequence[DrawnPiece]) -> str:
    of = f"{what} of the first {max(song.seconds for song in songs):.0f} s of"
    one = len({song.title for song in songs}) == 1
    names = [quoted(song.name) + ("" if one else f", {quoted(song.title)}") for song in songs]
    how = how.format(first=quoted(songs[0].name))
    if len(songs) == 1:
        return f"{of} {quoted(songs[0].title)} by {names[0]}. {how}"
    lettered = [f"{letter(place)} {name}" for place, name in enumerate(names)]
    pieces = f"the piece {quoted(songs[0].title)}, by {listed(lettered)}" if one else "; ".join(lettered)
    return f"{of} {pieces}. {how} All have the same axes."
