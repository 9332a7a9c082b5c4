"""The Python API of the reports (`import clstm as cl`): `cl.report`, and tables of comparisons for papers."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import pandas as pd

from clstm.notebook import markup
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.errors import UserError, choice
from clstm.runtime.finding import named_path
from clstm.runtime.progress import Progress
from evaluation.audio.render import RenderSettings
from evaluation.comparison.sets.references import Grid
from evaluation.distance.sentences import rank
from evaluation.distance.space import JOINT
from reports.build import PAGE, make_report
from reports.content.report import ReportContent
from reports.inputs.request import ReportRequest
from reports.paper.lines import STYLES
from reports.paper.table import TableRequest, make_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Options(TypedDict, total=False):
    """What can be given to `report`, with the meanings of `clstm report make` (`reports.inputs.request`)."""

    title: str | None
    index: Path | None
    accuracy: Path | None
    pairs: Path | None
    reach: Path | None
    reach_pairs: Path | None
    study: Path | None
    weights: tuple[str, ...]
    variants: tuple[str, ...]
    unheard: tuple[str, ...]
    settings: RenderSettings
    grid: Grid
    limits: tuple[str, ...]
    margin: str
    embeddings: tuple[str, ...]
    skip: tuple[str, ...]
    likelihood: Path | None
    pedal: bool
    replicates: bool
    trainings: Path | None
    samples: int | None
    seconds: float | None
    robustness: bool
    other_soundfont: Path | None
    seed: int
    single: bool
    for_print: bool
    command: str


FILES = ("index", "accuracy", "pairs", "reach", "reach_pairs", "study", "likelihood", "trainings", "other_soundfont")
SEVERAL = ("weights", "variants", "unheard", "limits", "embeddings", "skip")


@dataclass(frozen=True, eq=False, repr=False)
class Report(Result):
    """A report that was written.

    content : all its numbers and what they say, as report.json has them
    page : the page to open
    table : one row per system and metric; ranking : one row per system, the closest first; summary : in sentences
    """

    content: ReportContent
    page: Path

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame([row.model_dump() for row in self.content.verdict])

    @property
    def ranking(self) -> pd.DataFrame:
        """Columns: system, against, distance, distance_low, distance_high (MMD² × 1000), p, rank."""
        rows = [row for row in self.content.distances if row.space == JOINT and not row.without_control]
        rows.sort(key=lambda row: (row.rank_best is None, row.rank_best or 0, row.distance or 0))
        found = [
            (row.system, row.against, *map(_thousandfold, (row.distance, row.distance_low, row.distance_high)), row.p)
            for row in rows
        ]
        columns = ["system", "against", "distance", "distance_low", "distance_high", "p"]
        ranks = [_rank(row.rank_best, row.rank_worst) for row in rows]
        return pd.DataFrame(found, columns=columns).assign(rank=ranks)

    @property
    def summary(self) -> tuple[str, ...]:
        return tuple(f"{said.about}: {said.text}" for said in self.content.summary)

    def caveats(self) -> tuple[str, ...]:
        return self.content.remarks

    @property
    def folder(self) -> Path:
        """The folder of the report; of a single file, the one it lies in."""
        return self.page.parent

    def __fspath__(self) -> str:
        return str(self.page)

    def __str__(self) -> str:
        return f"{self.content.title}: {self.page}"

    def parts(self) -> Sequence[str]:
        ranked = self.ranking
        cells = [
            [markup.text(row["system"]), f"{row['distance']:.0f}", markup.text(row["rank"])]
            for row in ranked.to_dict("records")
        ]
        link = f'<p><a href="{markup.text(self.page.as_posix())}" target="_blank">Open the report</a></p>'
        table = markup.table(["", "MMD² × 1000", "rank"], cells) if cells else ""
        return [link, table, markup.folded("In words", markup.lines(self.summary))]

    def plot(self) -> "Figure":
        """Each system's distance in all metrics together, with its interval."""
        from evaluation.api.drawing import distances

        whole = [row for row in self.content.distances if row.space == JOINT and not row.without_control]
        samples = {row.system: _thousandfold(row.human_95) for row in whole}
        ranked = self.ranking
        rows = ranked.assign(reference_95=[samples[name] for name in ranked["system"]]).to_dict("records")
        return distances(rows, self.content.reference)

    def to_latex(self) -> str:
        """The table of `clstm table`. Raises `UserError` for a report that is a single file."""
        if not (self.folder / "report.json").is_file():
            raise UserError(f"{self.page} is a single file, which holds no tables; make the report as a folder")
        return table_of(self.folder)

    def save(self, folder: Folder) -> Path:
        """Raises `UserError`: a report is where `out` said, and names its own files."""
        raise UserError(f"the report is in {self.folder}; copy that folder to {folder}, or make it there")


def _thousandfold(value: float | None) -> float:
    return float("nan") if value is None else 1000 * value


def _rank(best: float | None, worst: float | None) -> str:
    return "" if best is None or worst is None else rank((int(best), int(worst)))


def report(
    systems: Mapping[str, Folder],
    reference: str,
    out: Folder,
    *,
    progress: Progress | None = None,
    **options: Unpack[Options],
) -> Report:
    """Compare systems on one page with players, figures and all numbers.

    systems : by name: files or folders; what lies in memory has no place that a report could name
    out : the folder of the report, or with `single` its one file
    options : those of `clstm report make`, such as title, seconds, index, accuracy, study, robustness, seed, single

    Raises `UserError` for what cannot be compared. Measurements are cached: if stopped, the same call continues. A
    script calls this under `if __name__ == "__main__":`, since it starts processes.
    """
    for name, music in systems.items():
        if not isinstance(music, str | os.PathLike):
            raise UserError(
                f"{name} lies in memory, and a report names its files; save it, and give the file or folder"
            )
        named_path(f"{name}={os.fspath(music)}")
    given: dict[str, Any] = dict(options)
    given |= {name: Path(given[name]) for name in FILES if given.get(name) is not None}
    given |= {name: _several(given[name]) for name in SEVERAL if name in given}
    sources = tuple(f"{name}={os.fspath(music)}" for name, music in systems.items())
    request = ReportRequest(sources, reference, Path(out), **given)
    return of_request(request, progress)


def of_request(request: ReportRequest, progress: Progress | None = None) -> Report:
    """The report that is asked for."""
    with waiting(progress) as advance:
        content = make_report(request, advance)
    return Report(content, request.out if request.single else request.out / PAGE)


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def table_of(
    folder: Path,
    metrics: Sequence[str] = (),
    *,
    style: str = "mean-sd",
    bold: bool = False,
    rank: bool = False,
    columns: int = 1,
    transpose: bool = False,
) -> str:
    """LaTeX of the folder of a report or a comparison, as `clstm table` writes it.

    Raises `UserError` for metrics or a style that there is not.
    """
    with TemporaryDirectory() as place:
        out = Path(place) / "table.tex"
        chosen = choice("style", style, STYLES)
        request = TableRequest(
            *(folder, out, tuple(metrics), chosen), bold=bold, rank=rank, columns=columns, transpose=transpose
        )
        make_table(request)
        return out.read_text(encoding="utf-8")
