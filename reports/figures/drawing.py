"""Songs and tables -> the figures' files, and what the page says of each."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from clstm.runtime.processes import in_processes
from evaluation.comparison.compare import Comparison
from evaluation.comparison.contrasts import DIFFERS, NONE
from evaluation.comparison.tables import VIEWS
from evaluation.figures.style import FORMATS, WIDTHS, save
from evaluation.measurement.measure import METRICS
from reports.figures import charts, network
from reports.figures import panels as figures
from reports.figures.captions import alternative_text, finding
from reports.figures.network import NetworkDiagram
from reports.figures.panels import KINDS, FigureKind, Scale
from reports.figures.songs import DrawnPiece
from reports.numbers import number

SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')
PANEL_DPI = 160  # of a panel's rasterised parts, on the page


@dataclass(frozen=True)
class Panel:
    """One system's part of a figure; paths are relative to the page.

    size : of the image, points
    box : where the axes lie in the image: left, top, width, height, 0..1
    seconds : what the time axis spans; 0: it has none
    """

    name: str
    colour: str
    image: str
    alternative: str
    finding: str
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    seconds: float


@dataclass(frozen=True)
class Section:
    """A figure of songs: the panels side by side, and the systems that cannot have one."""

    key: str
    number: int
    title: str
    panels: tuple[Panel, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A figure of a table, with its alternative text; its sizes as drawn two columns and one column wide, points."""

    key: str
    title: str
    alternative: str
    size: tuple[int, int] = (0, 0)
    narrow: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Drawn:
    """All figures of a report: of songs, and of tables by their key; distributions by view."""

    sections: tuple[Section, ...]
    charts: Mapping[str, Chart]
    distributions: tuple[Chart, ...]
    for_print: bool = True


def draw_all(
    songs: Mapping[str, DrawnPiece],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    networks: Sequence[NetworkDiagram],
    content: Mapping[str, Any],
    verdict: Comparison,
    folder: Path,
    progress: Callable[[int, int], object],
    for_print: bool = True,
) -> Drawn:
    """Draw everything, in processes.

    songs : the reference's first; names : of each, what its files are called; colours : of each system
    content : the numbers of the report
    progress : called with the figures drawn and their number
    for_print : also what the page does not show: PDF, PNG, and all songs on one sheet
    """
    (folder / "figures").mkdir()
    shown = [songs[name] for name in names]
    scale = Scale.of(shown)
    kinds = [kind for kind in KINDS if figures.drawable(kind, shown)]
    jobs: list[_Job] = [_Songs(kind.key, folder / "figures", for_print, kind, shown, scale, names) for kind in kinds]
    chosen = _charts(networks, content, verdict, colours)
    jobs += [_Table(chart.key, folder / "figures", for_print, draw) for chart, draw in chosen]
    for done, (_, result) in enumerate(in_processes(_draw, jobs, seconds=600)):
        if isinstance(result, Exception):
            raise result
        progress(done + 1, len(jobs))
    made = {chart.key: _sized(chart, folder) for chart, _ in chosen}
    distributions = tuple(chart for key, chart in made.items() if key.startswith("distributions-"))
    return Drawn(tuple(_section(kind, shown, scale, names, folder) for kind in kinds), made, distributions, for_print)


def _sized(chart: Chart, folder: Path) -> Chart:
    wide, narrow = (_size(folder / "figures" / f"{chart.key}{ending}.svg") for ending in WIDTHS)
    return replace(chart, size=wide, narrow=narrow)


def _size(image: Path) -> tuple[int, int]:
    """Width and height of an SVG in points, so that a page can leave room for it before it is loaded."""
    with image.open(encoding="utf-8") as file:
        found = SIZE.search(file.read(2000))
    assert found, "matplotlib writes the size of a figure at its beginning"
    return round(float(found[1])), round(float(found[2]))


@dataclass(frozen=True, eq=False)
class _Job:
    key: str
    folder: Path
    for_print: bool

    def __str__(self) -> str:
        return self.key

    def draw(self) -> None:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class _Songs(_Job):
    kind: FigureKind
    songs: Sequence[DrawnPiece]
    scale: Scale
    names: Mapping[str, str]

    def draw(self) -> None:
        shown = figures.drawable(self.kind, self.songs)
        for ending, width in WIDTHS.items() if self.for_print else ():
            together = figures.draw(self.kind, shown, self.scale, width)
            for suffix in FORMATS:
                save(together, self.folder / f"{self.key}{ending}{suffix}")
        for song in shown:
            panel = figures.draw(self.kind, [song], self.scale)
            save(panel, self.folder / f"{self.key}-{self.names[song.name]}.svg", PANEL_DPI)


@dataclass(frozen=True, eq=False)
class _Table(_Job):
    make: Callable[..., Figure]

    def draw(self) -> None:
        for ending, width in WIDTHS.items():
            figure = self.make(width=width)
            for suffix in FORMATS if self.for_print else FORMATS[:1]:
                save(figure, self.folder / f"{self.key}{ending}{suffix}")


def _draw(job: _Job) -> None:
    job.draw()


def _section(
    kind: FigureKind, songs: Sequence[DrawnPiece], scale: Scale, names: Mapping[str, str], folder: Path
) -> Section:
    shown = figures.drawable(kind, songs)
    panels = tuple(
        Panel(
            song.name,
            song.colour,
            f"figures/{kind.key}-{names[song.name]}.svg",
            alternative_text(kind, song),
            finding(kind, song),
            _size(folder / "figures" / f"{kind.key}-{names[song.name]}.svg"),
            kind.box(),
            kind.span(scale.seconds),
        )
        for song in shown
    )
    without = tuple(song.name for song in songs if song not in shown)
    return Section(kind.key, kind.number, kind.title, panels, without)


def _charts(
    networks: Sequence[NetworkDiagram], content: Mapping[str, Any], verdict: Comparison, colours: Mapping[str, str]
) -> list[tuple[Chart, Callable[..., Figure]]]:
    """The figures of tables that this report has."""
    made: list[tuple[Chart, Callable[..., Figure]]] = []
    if any(row["verdict"] != NONE for row in content["verdict"]):
        chart = Chart("distances", "Distance from the reference", _distances_in_words(content["verdict"]))
        made.append((chart, partial(charts.distances, verdict.table, dict(colours))))
    if networks:
        sentences = ". ".join(one.sentence for one in networks)
        made.append((Chart("network", "Network", f"Structure of the networks. {sentences}."), _Networks(networks)))
    tidy = verdict.measurements.values
    have = tidy.dropna(subset="value")["metric"].map(lambda name: METRICS[name].view)
    for view in VIEWS:
        if (have == view).any():
            title = VIEWS[view].split(" (")[0]
            words = f"Distributions: {title.lower()}. " + _distributions_in_words(content, view)
            chart = Chart(f"distributions-{view}", title, words)
            own = tidy[[METRICS[name].view == view for name in tidy["metric"]]]
            made.append((chart, partial(charts.distributions, own, view, dict(colours))))
    study = content["study"]
    if study and any(row["answers"] for row in study["tally"]):
        shares = "; ".join(
            f"{row['source']} {number(100 * row['p_human'])} %" for row in study["tally"] if row["answers"]
        )
        note = f"{study['note']}. " if study["note"] else ""
        chart = Chart("listeners", "Taken for human", f"{note}Share of answers “by a person”: {shares}.")
        table = pd.DataFrame([row for row in study["tally"] if row["answers"]])
        made.append((chart, partial(charts.taken_for_human, table, study["colours"], study["note"])))
    tested = [row for row in content["correlation"] if row["within"] is not None]
    if tested:
        best = max(tested, key=lambda row: abs(row["within"]))
        words = (
            f"{study['note'] + '. ' if study['note'] else ''}Rank correlation of {len(tested)} figures with the share "
            f"taken for human, within sources; the strongest is {METRICS[best['metric']].label} with "
            f"{number(best['within'], 2)}."
        )
        chart = Chart("correlation", "Figures against listeners", words)
        made.append((chart, partial(charts.correlations, pd.DataFrame(tested), study["note"])))
    return made


@dataclass(frozen=True)
class _Networks:
    networks: Sequence[NetworkDiagram]

    def __call__(self, width: float) -> Figure:
        return network.draw(self.networks, width)


def _distances_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    said = []
    for system in dict.fromkeys(row["system"] for row in rows if row["verdict"] != NONE):
        own = [row for row in rows if row["system"] == system and row["verdict"] != NONE]
        told = sum(row["verdict"] == DIFFERS for row in own)
        said.append(f"{system} differs significantly in {told} of {len(own)} figures")
    return f"Distance of every figure from the reference, in noise floors: {'; '.join(said)}."


def _distributions_in_words(content: Mapping[str, Any], view: str) -> str:
    """The medians of the view's first figure, for those who cannot see the dots; the table has the others."""
    rows = [row for row in content["numbers"] if METRICS[row["metric"]].view == view and row["n"]]
    first = [row for row in rows if row["metric"] == rows[0]["metric"]]
    unit = METRICS[rows[0]["metric"]].unit
    medians = "; ".join(f"{row['system']} {number(row['median'], 2)}" for row in first)
    return f"Medians of {METRICS[rows[0]['metric']].label.lower()}{f' ({unit})' if unit else ''}: {medians}."
