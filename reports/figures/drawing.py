"""From songs and tables to the figures' files, and what the page says of each."""

import gc
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from clstm.runtime.processes import in_background, in_processes
from evaluation.comparison.verdict import VerdictRow, systems_in
from evaluation.distance.sentences import thousandths
from evaluation.distance.space import JOINT
from evaluation.distance.trained import DISTANCE, JOINTLY
from evaluation.figures.style import FORMATS, WIDTHS, save
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.content.listeners import StudyContent
from reports.content.rows import CorrelationRow, DistanceRow, MetricSummary, TrainingRow, TrainingTestRow
from reports.figures import charts, network, panels, trainings
from reports.figures.closeness import closeness, named
from reports.figures.distances import distances, drawn
from reports.figures.panels import KINDS, SCORE_MATRIX, FigureKind
from reports.figures.scale import Scale
from reports.figures.songs import DrawnPiece
from reports.inputs.networks import NetworkDiagram
from reports.numbers import number

SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')

DRAWING = 600.0  # seconds that one figure may take

DrawChart = Callable[..., Figure]  # takes the width in inches
Colours = Mapping[str, str]  # of systems, by name


@dataclass(frozen=True)
class Section:
    """A figure of songs, and the systems that cannot have one."""

    key: str
    number: int
    title: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A figure of a table, with its alternative text; its sizes as drawn two columns and one column wide, points."""

    key: str
    title: str
    alternative: str
    size: tuple[int, int] = (0, 0)
    narrow: tuple[int, int] = (0, 0)


ChosenChart = tuple[Chart, DrawChart]  # what the page says of it, and how to draw it


@dataclass(frozen=True)
class Drawn:
    """All figures of a report: of songs, and of tables by their key; distributions by view."""

    sections: tuple[Section, ...]
    charts: Mapping[str, Chart]
    distributions: tuple[Chart, ...]
    for_print: bool = True


@dataclass(frozen=True, eq=False)
class Job:
    """Drawings that are made together, in a process. key : what their files are called"""

    key: str

    def __str__(self) -> str:
        return self.key

    def draw(self) -> None:
        raise NotImplementedError


def kinds_of(songs: Sequence[DrawnPiece], *, score_matrix: bool = True) -> list[FigureKind]:
    """The figures of songs that any of these can have.

    score_matrix : whether any of this music lives on the score matrix; other music is not shown on it
    """
    offered = [kind for kind in KINDS if score_matrix or kind is not SCORE_MATRIX]
    return [kind for kind in offered if panels.drawable(kind, songs)]


def of_songs(kinds: Sequence[FigureKind], songs: Sequence[DrawnPiece], folder: Path) -> list[Job]:
    """All songs on one sheet, for print. songs : the reference's first"""
    scale = Scale.of(songs)
    return [_Songs(kind.key, folder, kind, songs, scale) for kind in kinds]


def of_tables(chosen: Sequence[ChosenChart], folder: Path, *, for_print: bool) -> list[Job]:
    """The figures of tables, of `of_verdict` and the like. for_print : also what the page does not show: PDF and PNG"""
    return [_Table(chart.key, folder, for_print, make) for chart, make in chosen]


Drawing = Iterator[tuple[Job, Exception | None]]


@contextmanager
def begun(jobs: Sequence[Job]) -> Iterator[Drawing]:
    """Draw in processes during the block, which `draw` waits for."""
    with in_background(_draw, jobs, seconds=DRAWING) as results:
        yield results


def draw(
    jobs: Sequence[Job], progress: Callable[[int, int], object], already: Drawing | tuple[()] = (), more: int = 0
) -> None:
    """Draw everything, in processes. progress : called with the jobs done and their number

    already, more : jobs that are `begun`, and their number
    """
    for done, (_, result) in enumerate(chain(in_processes(_draw, jobs, seconds=DRAWING), already), start=1):
        if isinstance(result, Exception):
            raise result
        progress(done, len(jobs) + more)


def drawn_of(
    kinds: Sequence[FigureKind],
    songs: Sequence[DrawnPiece],
    chosen: Sequence[ChosenChart],
    folder: Path,
    *,
    for_print: bool,
) -> Drawn:
    """What the page says of the figures, once they are drawn."""
    made = {chart.key: _sized(chart, folder) for chart, _ in chosen}
    distributions = tuple(chart for key, chart in made.items() if key.startswith("distributions-"))
    return Drawn(tuple(_section(kind, songs) for kind in kinds), made, distributions, for_print)


def _draw(job: Job) -> None:
    # A figure is a web of cycles that live until it is drawn: a tenth of the time would go into looking for garbage.
    gc.disable()
    try:
        job.draw()
    finally:
        gc.enable()


def _sized(chart: Chart, folder: Path) -> Chart:
    wide, narrow = (_size(folder / f"{chart.key}{ending}.svg") for ending in WIDTHS)
    return replace(chart, size=wide, narrow=narrow)


def _size(image: Path) -> tuple[int, int]:
    """Width and height of an SVG in points, so that a page can leave room for it before it is loaded."""
    with image.open(encoding="utf-8") as file:
        found = SIZE.search(file.read(2000))
    assert found, "matplotlib writes the size of a figure at its beginning"
    return round(float(found[1])), round(float(found[2]))


@dataclass(frozen=True, eq=False)
class _Songs(Job):
    folder: Path
    kind: FigureKind
    songs: Sequence[DrawnPiece]
    scale: Scale

    def draw(self) -> None:
        for ending, width in WIDTHS.items():
            together = panels.draw(self.kind, panels.drawable(self.kind, self.songs), self.scale, width)
            for suffix in FORMATS:
                save(together, self.folder / f"{self.key}{ending}{suffix}")


@dataclass(frozen=True, eq=False)
class _Table(Job):
    folder: Path
    for_print: bool
    make: DrawChart

    def draw(self) -> None:
        for ending, width in WIDTHS.items():
            figure = self.make(width=width)
            for suffix in FORMATS if self.for_print else FORMATS[:1]:
                save(figure, self.folder / f"{self.key}{ending}{suffix}")


def _section(kind: FigureKind, songs: Sequence[DrawnPiece]) -> Section:
    shown = panels.drawable(kind, songs)
    return Section(kind.key, kind.number, kind.title, tuple(song.name for song in songs if song not in shown))


def of_distances(rows: Sequence[DistanceRow], colours: Colours) -> Iterator[ChosenChart]:
    """How far each system is in all metrics together, where that is known."""
    whole = [row for row in rows if row.space == JOINT and not row.without_control and row.distance is not None]
    if whole:
        words = "; ".join(f"{named(row, rows)}: {thousandths(row.distance or 0)} from {row.against}" for row in whole)
        chart = Chart("closeness", "All metrics together", f"MMD² × 1000 in all metrics together: {words}.")
        yield chart, partial(closeness, rows, colours)


def of_verdict(rows: Sequence[VerdictRow], colours: Colours) -> Iterator[ChosenChart]:
    """Distances, where there are any."""
    if any(drawn(row) for row in rows):
        chart = Chart("distances", "Distance from the reference", _distances_in_words(rows))
        yield chart, partial(distances, rows, colours)


def of_trainings(
    rows: Sequence[TrainingRow], tests: Sequence[TrainingTestRow], colours: Colours
) -> Iterator[ChosenChart]:
    """Every training's distances, where a system has several."""
    own = [row for row in rows if row.metric.startswith(DISTANCE)]
    if own:
        joint: dict[str, list[str]] = {}
        for row in own:
            if row.metric == JOINTLY and row.value is not None:
                joint.setdefault(row.system, []).append(number(1000 * row.value))
        said = "; ".join(f"{name} {', '.join(values)}" for name, values in joint.items())
        chart = Chart(
            "trainings", "Several trainings", f"MMD² × 1000 of each training in all metrics together: {said}."
        )
        yield chart, partial(trainings.dots, own, tests, colours)


def of_networks(networks: Sequence[NetworkDiagram]) -> Iterator[ChosenChart]:
    """All networks on one figure, where any is known."""
    if networks:
        structures = ". ".join(one.sentence for one in networks)
        chart = Chart("network", "Network", f"Structure of the networks. {structures}.")
        yield chart, partial(network.draw, networks)


def of_numbers(numbers: Sequence[MetricSummary], tidy: pd.DataFrame, colours: Colours) -> Iterator[ChosenChart]:
    """Distributions: one figure per view of which any system has a value that is compared.

    tidy : measurements, with columns system, metric, value
    """
    views = tidy["metric"].map(lambda name: METRICS[name].view)
    compared = tidy["metric"].map(lambda name: METRICS[name].compared)
    have = views[tidy["value"].notna() & compared]
    for view, title in VIEWS.items():
        if (have == view).any():
            words = f"Distributions: {title.lower()}. {_medians_in_words(numbers, view)}"
            chart = Chart(f"distributions-{view}", title, words)
            yield chart, partial(charts.distributions, tidy[views == view], view, colours)


def of_listeners(study: StudyContent | None, correlation: Sequence[CorrelationRow]) -> Iterator[ChosenChart]:
    """What listeners said, and which metrics correlate with it, where there is a study."""
    if study is None:
        return
    note = f"{study.note}. " if study.note else ""
    answered = [row for row in study.tally if row.answers]
    if answered:
        shares = "; ".join(f"{row.source} {number(100 * (row.p_human or 0))} %" for row in answered)
        chart = Chart("listeners", "Taken for human", f"{note}Share of answers “by a person”: {shares}.")
        yield chart, partial(charts.taken_for_human, answered, study.colours, study.note)
    tested = [row for row in correlation if row.within is not None]
    if tested:
        best = max(tested, key=lambda row: abs(row.within or 0))
        words = (
            f"{note}Rank correlation of {len(tested)} metrics with the share taken for human, within sources; the "
            f"strongest is {METRICS[best.metric].label} with {number(best.within or 0, 2)}."
        )
        chart = Chart("correlation", "Metrics and listeners", words)
        yield chart, partial(charts.correlations, tested, study.note)


def of_blocks(study: StudyContent | None) -> Iterator[ChosenChart]:
    """The mean, share or worth of each system or pair, a figure for each block of other tasks."""
    note = f"{study.note}. " if study and study.note else ""
    for block in study.blocks if study else ():
        known = [row for row in block.rows if row.value is not None]
        if known and study:
            words = f"{note}{block.title}. {' '.join(block.phrases)}"
            chart = Chart(block.name, block.title, words)
            yield chart, partial(charts.of_block, known, block.measure, study.colours, study.note)


def _distances_in_words(rows: Sequence[VerdictRow]) -> str:
    said = []
    for system in systems_in(rows):
        own = [row for row in rows if row.system == system and row.judged]
        differing = sum(row.differs for row in own)
        found = f"differs significantly in {differing} of {len(own)} metrics" if own else "could not be tested"
        said.append(f"{system} {found}")
    return f"Distance of every metric from the reference, in noise floors: {'; '.join(said)}."


def _medians_in_words(numbers: Sequence[MetricSummary], view: str) -> str:
    """The medians of the view's first metric, for those who cannot see the dots; the table has the others."""
    rows = [row for row in numbers if METRICS[row.metric].view == view and row.n]
    metric = rows[0].metric
    medians = "; ".join(f"{row.system} {number(row.median or 0, 2)}" for row in rows if row.metric == metric)
    label, unit = METRICS[metric].phrase, METRICS[metric].unit
    return f"Medians of {label}{f' ({unit})' if unit else ''}: {medians}."
