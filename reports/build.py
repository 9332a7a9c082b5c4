"""From systems to a folder that holds the whole report: page, players, figures, tables and their provenance.

index.html               the page; opens from disk and needs nothing beside this folder
audio/*.mp3              the song each system shows, and samples of its other pieces
figures/*                every figure one and two journal columns wide (SVG, PDF, PNG), and each system's panel (SVG)
tables/*                 every table as CSV, as it is read, and in LaTeX
verdict.csv              every number of the verdict (`evaluation.comparison.contrasts.COLUMNS`)
metrics.csv, pieces.csv  tidy: every figure of every file; every file, its group and what was done to it
report.json              all numbers of the page and their provenance
variants.csv             tidy: every figure of the same systems decoded another way, if any were given
manifest.json            when it was made, from what, and the hash of every file above

The same inputs give the same bytes, but for the time in index.html and manifest.json.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

import pandas as pd

from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing, write_json, write_table, write_text
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_replace
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.comparison import compare as judging
from evaluation.comparison.compare import Comparison
from evaluation.measurement.cache import sha256
from evaluation.measurement.named_paths import named_path
from reports.content import Asked, Given, content_of
from reports.figures import reach
from reports.figures.drawing import draw_all
from reports.figures.excerpts import AUDIO, make_excerpts, spans
from reports.figures.network import NetworkDiagram, read_network
from reports.findings import tables
from reports.inputs import variants as decoded
from reports.inputs.study_results import read_study
from reports.inputs.systems import System, check_names, systems_of, within
from reports.inputs.variants import MeasuredVariant
from reports.page.page import Listening, render_page
from reports.page.single_file import single_file
from reports.verification.manifest import FORMAT, MADE_BY, MANIFEST
from reports.verification.provenance import find_runs, provenance, read_credits

CHOICES = ("command", "reference", "grid", "seconds", "robustness", "seed")
MARK = '<meta name="generator" content="clstm report">'
RECORD, PAGE = "report.json", "index.html"


@dataclass(frozen=True)
class ReportRequest:
    """What the user asked for. `command` is what they typed, to be printed in the report.

    index : a CSV with a column file, and group, composer, title, licence, source as far as known
    accuracy, pairs, reach, study : tables and results made by other commands
    weights : NAME=RUN each, the runs that made a system's music
    variants : SYSTEM:LABEL=PATH each, the same system decoded another way
    unheard : names of systems whose audio is left out
    single : `out` is one file that holds everything
    for_print : figures also as PDF, PNG and one column wide, and all systems on one sheet
    """

    sources: tuple[str, ...]
    reference: str
    out: Path
    title: str | None = None
    index: Path | None = None
    accuracy: Path | None = None
    pairs: Path | None = None
    reach: Path | None = None
    reach_pairs: Path | None = None
    study: Path | None = None
    weights: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    settings: RenderSettings = RenderSettings()
    grid: judging.Grid = "reference"
    seconds: float | None = None
    robustness: bool = False
    other_soundfont: Path | None = None
    seed: int = 0
    single: bool = False
    for_print: bool = True
    command: str = ""

    @property
    def comparison(self) -> judging.ComparisonRequest:
        """The part of it that the evaluation answers."""
        return judging.ComparisonRequest(
            self.sources,
            self.reference,
            self.out,
            self.settings,
            self.grid,
            self.index,
            self.seconds,
            self.robustness,
            self.other_soundfont,
            self.seed,
        )


def make_report(request: ReportRequest, progress: Progress = silent) -> dict[str, Any]:
    """Write the report to `request.out`, whole or not at all; returns what `report.json` holds.

    Raises `UserError` for anything that cannot be compared or an `out` that is not ours to replace.
    """
    sources = dict(named_path(source) for source in request.sources)
    check_names([named_path(source)[0] for source in request.sources], request.reference)
    if strange := set(request.unheard) - set(sources):
        raise UserError(f"--without-audio names {min(strange)!r}, which is none of the systems ({', '.join(sources)})")
    variants = decoded.parse(request.variants, list(sources), request.reference)
    out = request.out.resolve()
    check_replaceable(out, sources | {str(one): one.path for one in variants}, request.single)
    runs = find_runs(sources, request.weights)
    networks = [read_network(run, name) for name, run in runs.items()]
    given = Given(
        None if request.accuracy is None else tables.read_accuracy(request.accuracy),
        None if request.pairs is None else tables.read_pairs(request.pairs),
        None if request.reach is None else reach.read(request.reach),
        None if request.reach_pairs is None else reach.read_pairs(request.reach_pairs),
        None if request.study is None else read_study(request.study),
        read_credits(request.index),
        {network.name: network.kind for network in networks},
    )
    verdict = judging.judge(request.comparison, progress)
    measured = decoded.measure(variants, request.comparison, verdict, progress)
    systems = systems_of(verdict, sources, request.reference, request.seed)
    with replacing(out) as target:
        folder = target.with_name(f"{target.name}.folder") if request.single else target
        with _new_folder(folder, keep=not request.single):
            content = _write(request, folder, verdict, systems, measured, runs, networks, given, progress)
            if request.single:
                write_text(target, single_file(folder))
    return content


def check_replaceable(out: Path, sources: Mapping[str, Path], single: bool = False) -> None:
    """Raises `UserError` unless `out` is new, empty or an earlier report, and holds none of the music to compare."""
    for name, path in sources.items():
        if path.resolve().is_relative_to(out):
            raise UserError(f"--out {out} holds the music of {name} and would be replaced; choose another folder")
        if path.is_dir() and out.is_relative_to(path.resolve()):
            raise UserError(
                f"--out {out} lies within the music of {name} and would be taken for it; choose another folder"
            )
    if single:
        if out.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"--out {out} is no page's name; with --single-file give a file such as report.html")
        if out.is_dir():
            raise UserError(f"--out {out} is a folder; with --single-file give a file such as report.html")
        if out.exists() and MARK not in out.read_text(encoding="utf-8", errors="replace")[:1000]:
            raise UserError(f"--out {out} is not an earlier report; choose another name or remove it")
        return
    if out.is_file():
        raise UserError(f"--out {readable(out)} is a file; give a folder, or --single-file")
    may_replace(out, RECORD, partial(_written, out), "a report")


def file_name(number: int, name: str) -> str:
    """A name any file system and any browser takes; the number keeps two that look alike apart.

    >>> file_name(2, "Pièce <b>“x”</b>")
    '2-piece-b-x-b'
    """
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join([str(number), *re.findall("[a-z0-9]+", letters)])[:60]


def _written(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The files of an earlier report, beside its record. Raises `ValueError` for a record of something else."""
    if record["made_by"] != MADE_BY:
        raise ValueError(record["made_by"])
    return [MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]]


@contextmanager
def _new_folder(path: Path, keep: bool) -> Iterator[None]:
    """A folder to write into, removed again unless it is to be kept."""
    path.mkdir()
    try:
        yield
    finally:
        if not keep:
            rmtree(path, ignore_errors=True)


def _write(
    request: ReportRequest,
    folder: Path,
    verdict: Comparison,
    systems: Sequence[System],
    variants: Sequence[MeasuredVariant],
    runs: Mapping[str, Path],
    networks: Sequence[NetworkDiagram],
    given: Given,
    progress: Progress,
) -> dict[str, Any]:
    names = {system.name: file_name(number, system.name) for number, system in enumerate(systems)}
    colours = {system.name: system.colour for system in systems}
    span = spans(systems, request.settings)
    heard = _players(systems, names, folder, request)
    excerpts = make_excerpts(systems, *heard, request.settings, span, partial(progress, "Rendering"))
    asked = Asked(request.reference, request.title, request.settings, request.seed)
    content = content_of(verdict, systems, variants, given, excerpts, span, asked, progress)
    content["provenance"] = provenance(
        verdict,
        systems,
        request.settings,
        {name: getattr(request, name) for name in CHOICES} | {"without_audio": list(request.unheard)},
        {name: getattr(request, name) for name in ("index", "accuracy", "pairs", "reach", "reach_pairs", "study")},
        given.credits,
        runs,
    ) | {"variants": [one.hashed() for one in variants]}
    drawing = partial(progress, "Drawing")
    for_print = request.for_print and not request.single
    drawn = draw_all(excerpts.songs, names, colours, networks, content, verdict, folder, drawing, for_print)
    _write_tables(folder, content, verdict, request)
    if variants:
        write_table(folder / "variants.csv", decoded.tidy(variants))
    write_json(folder / RECORD, content)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    listening = {
        system.name: _listening(system, folder, heard[0][system.name], heard[1][system.name]) for system in systems
    }
    write_text(folder / PAGE, render_page(content, drawn, listening, created))
    outputs = {
        path.relative_to(folder).as_posix(): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }
    manifest = {"made_by": MADE_BY, "format": FORMAT, "created": created, **content["provenance"], "outputs": outputs}
    write_json(folder / MANIFEST, manifest)
    return content


def _players(
    systems: Sequence[System], names: Mapping[str, str], folder: Path, request: ReportRequest
) -> tuple[dict[str, Path | None], dict[str, list[Path]]]:
    """The audio files to write: of the song each system shows, and of its samples."""
    shown: dict[str, Path | None] = {}
    samples: dict[str, list[Path]] = {}
    for system in systems:
        silent = system.name in request.unheard or (system.role == "control" and request.reference in request.unheard)
        shown[system.name] = None if silent else folder / "audio" / f"{names[system.name]}{AUDIO}"
        samples[system.name] = [
            folder / "audio" / f"{names[system.name]}-sample{place + 1}{AUDIO}" for place in range(len(system.samples))
        ] * (not silent)
    return shown, samples


def _listening(system: System, folder: Path, shown: Path | None, samples: Sequence[Path]) -> Listening:
    """The players of a system, as the page names them."""

    def inside(path: Path) -> str:
        return path.relative_to(folder).as_posix()

    others = zip(system.samples, samples, strict=False)
    return Listening(
        None if shown is None else inside(shown), tuple((piece.name, inside(path)) for piece, path in others)
    )


def _write_tables(folder: Path, content: Mapping[str, Any], verdict: Comparison, request: ReportRequest) -> None:
    """Every table as it is read, in CSV and LaTeX, and the data behind them."""
    (folder / "tables").mkdir()
    for name, (table, caption) in tables.printed(content).items():
        write_table(folder / "tables" / f"{name}.csv", table)
        write_text(folder / "tables" / f"{name}.tex", tables.latex(table, caption, name))
    write_table(folder / "verdict.csv", verdict.table)
    write_table(folder / "metrics.csv", verdict.measurements.values)
    sources = {system: named_path(source)[1] for source in request.sources for system in (named_path(source)[0],)}
    sources[verdict.reference] = sources[request.reference]
    pieces = verdict.measurements.pieces
    rows = zip(pieces["system"], pieces["file"], strict=True)
    pieces = pieces.assign(file=[within(Path(file), Path(readable(sources[system]))) for system, file in rows])
    pieces = pieces.assign(group=[group.rsplit("/", 1)[-1] for group in pieces["group"]])
    write_table(folder / "pieces.csv", pieces.drop(columns="strikes"))
    if verdict.others:
        others = [table.assign(sound=name) for name, table in verdict.others.items()]
        write_table(folder / "robustness.csv", pd.concat(others))
    if request.accuracy is not None:
        copyfile(request.accuracy, folder / "accuracy.csv")
