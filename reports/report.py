"""From systems to a folder that holds the whole report: page, players, figures, tables and their provenance.

index.html               the page; opens from disk and needs nothing beside this folder
audio/*.mp3              the song each system shows, and samples of its other pieces
figures/*                every figure one and two journal columns wide (SVG, PDF, PNG), and each system's panel (SVG)
tables/*                 every table as CSV, as it is read, and in LaTeX
verdict.csv              every number of the verdict (`evaluation.comparison.COLUMNS`)
metrics.csv, pieces.csv  tidy: every figure of every file; every file, its group and what was done to it
report.json              all numbers of the page and their provenance
manifest.json            when it was made, from what, and the hash of every file above

The same inputs give the same bytes, but for the time in index.html and manifest.json.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

import numpy as np
import pandas as pd

from clstm.errors import UserError
from clstm.files import replacing, write_json, write_text
from evaluation import verdict as judging
from evaluation.cache import sha256
from evaluation.render import RenderSettings
from evaluation.sources import named_path
from evaluation.verdict import Verdict
from reports import claims, correlation, reach, tables, words
from reports.drawing import draw_all
from reports.excerpts import AUDIO, Excerpts, Spans, make_excerpts, spans
from reports.listeners import read_study
from reports.network import Network, read_network
from reports.page import Listening, render_page
from reports.palette import MUTED
from reports.provenance import find_runs, inputs, provenance, read_credits
from reports.single_file import single_file
from reports.systems import System, check_names, systems_of

MADE_BY = "clstm report"
FORMAT = 2
RECORD, MANIFEST, PAGE = "report.json", "manifest.json", "index.html"

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, how many there are


@dataclass(frozen=True)
class Request:
    """What the user asked for. `command` is what they typed, to be printed in the report.

    index : a CSV with a column file, and group, composer, title, licence, source as far as known
    accuracy, pairs, reach, study : tables and results made by other commands
    weights : NAME=RUN each, the runs that made a system's music
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
    study: Path | None = None
    weights: tuple[str, ...] = ()
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
    def comparison(self) -> judging.Request:
        """The part of it that the evaluation answers."""
        return judging.Request(
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


@dataclass(frozen=True, eq=False)
class Given:
    """The tables given beside the music, read."""

    accuracy: pd.DataFrame | None
    pairs: pd.DataFrame | None
    reach: pd.DataFrame | None
    study: dict[str, Any] | None
    credits: dict[str, dict[str, str]]


def make_report(request: Request, progress: Progress = lambda what, done, total: None) -> dict[str, Any]:
    """Write the report to `request.out`, whole or not at all; returns what `report.json` holds.

    Raises `UserError` for anything that cannot be compared or an `out` that is not ours to replace.
    """
    sources = dict(named_path(source) for source in request.sources)
    check_names([named_path(source)[0] for source in request.sources], request.reference)
    if strange := set(request.unheard) - set(sources):
        raise UserError(f"--without-audio names {min(strange)!r}, which is none of the systems ({', '.join(sources)})")
    out = request.out.resolve()
    check_replaceable(out, sources, request.single)
    given = Given(
        None if request.accuracy is None else tables.read_accuracy(request.accuracy),
        None if request.pairs is None else tables.read_pairs(request.pairs),
        None if request.reach is None else reach.read(request.reach),
        None if request.study is None else read_study(request.study),
        read_credits(request.index),
    )
    runs = find_runs(sources, request.weights)
    networks = [read_network(run, name) for name, run in runs.items()]
    verdict = judging.judge(request.comparison, progress)
    systems = systems_of(verdict, sources, request.reference, request.seed)
    with replacing(out) as target:
        folder = target.with_name(f"{target.name}.folder") if request.single else target
        with _new_folder(folder, keep=not request.single):
            content = _write(request, folder, verdict, systems, runs, networks, given, progress)
            if request.single:
                write_text(target, single_file(folder))
    return content


def check_replaceable(out: Path, sources: Mapping[str, Path], single: bool = False) -> None:
    """Raises `UserError` unless `out` is new, empty or an earlier report, and holds none of the music to compare."""
    for name, path in sources.items():
        if path.resolve().is_relative_to(out):
            raise UserError(f"--out {out} holds the music of {name} and would be replaced; choose another folder")
    if single:
        if out.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"--out {out} is no page's name; with --single-file give a file such as report.html")
        if out.is_dir():
            raise UserError(f"--out {out} is a folder; with --single-file give a file such as report.html")
        return
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"--out {out} is a file; give a folder, or --single-file")
    if any(out.iterdir()) and not _is_report(out):
        raise UserError(f"--out {out} is not empty and not an earlier report; choose another folder or empty it")


def file_name(number: int, name: str) -> str:
    """A name any file system and any browser takes; the number keeps two that look alike apart.

    >>> file_name(2, "Pièce <b>“x”</b>")
    '2-piece-b-x-b'
    """
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join([str(number), *re.findall("[a-z0-9]+", letters)])[:60]


def _is_report(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / RECORD).read_text(encoding="utf-8"))["made_by"] == MADE_BY)
    except (OSError, ValueError, KeyError, TypeError):
        return False


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
    request: Request,
    folder: Path,
    verdict: Verdict,
    systems: Sequence[System],
    runs: Mapping[str, Path],
    networks: Sequence[Network],
    given: Given,
    progress: Progress,
) -> dict[str, Any]:
    names = {system.name: file_name(number, system.name) for number, system in enumerate(systems)}
    colours = {system.name: system.colour for system in systems}
    span = spans(systems, request.settings)
    heard = _players(systems, names, folder, request)
    excerpts = make_excerpts(systems, *heard, request.settings, span, partial(progress, "Rendering"))
    content = _content(request, verdict, systems, given, span, excerpts, progress)
    content["provenance"] = provenance(
        verdict,
        systems,
        request.settings,
        _choices(request),
        {name: getattr(request, name) for name in ("index", "accuracy", "pairs", "reach", "study")},
        given.credits,
        runs,
    )
    drawing = partial(progress, "Drawing")
    for_print = request.for_print and not request.single
    drawn = draw_all(excerpts.songs, names, colours, networks, content, verdict, folder, drawing, for_print)
    _write_tables(folder, content, verdict, request)
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
    systems: Sequence[System], names: Mapping[str, str], folder: Path, request: Request
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


def _choices(request: Request) -> dict[str, Any]:
    return {
        "command": request.command,
        "reference": request.reference,
        "grid": request.grid,
        "seconds": request.seconds,
        "robustness": request.robustness,
        "seed": request.seed,
        "without_audio": list(request.unheard),
    }


def _content(
    request: Request,
    verdict: Verdict,
    systems: Sequence[System],
    given: Given,
    span: Spans,
    excerpts: Excerpts,
    progress: Progress,
) -> dict[str, Any]:
    """All numbers of the page."""
    numbers = tables.summary(verdict.measurements.figures, [system.name for system in systems])
    about = [_system(system, excerpts, verdict, given) for system in systems]
    accuracy = None if given.accuracy is None else records(given.accuracy)
    study = given.study and {**given.study, "colours": _colours(given.study, systems)}
    heard = _correlation(request, given.study, verdict, systems, progress)
    judged = [] if not len(verdict.table) else records(verdict.table)
    content: dict[str, Any] = {
        "made_by": MADE_BY,
        "format": FORMAT,
        "title": request.title or f"Does it hold up against {request.reference}?",
        "reference": request.reference,
        "against": verdict.reference,
        "seconds_drawn": round(span.drawn, 3),
        "seconds_heard": round(span.heard, 3),
        "systems": about,
        "remarks": verdict.remarks,
        "sounds": list(verdict.others),
        "verdict": judged,
        "numbers": records(numbers),
        "accuracy": accuracy,
        "study": study,
        "correlation": heard,
    }
    content["claims"] = _claims(request, verdict, given, about, accuracy or [])
    content["summary"] = words.summary(
        judged, about, verdict.reference, accuracy=accuracy or [], study=study, correlation=heard
    )
    return content


def _claims(
    request: Request,
    verdict: Verdict,
    given: Given,
    about: Sequence[Mapping[str, Any]],
    accuracy: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The paper's claims, where its models are among the systems."""
    parts = claims.roles(about)
    if not {"lstm", "c-lstm"} & set(parts):
        return []
    pairs = [] if given.pairs is None else records(given.pairs)
    rows = [
        *claims.of_prediction(accuracy, pairs),
        *claims.of_reach(given.reach),
        *claims.judge(verdict.sounds, parts, verdict.reference, request.reference, request.seed),
        *claims.of_listening(given.study, parts),
    ]
    return rows if any(row["value"] is not None for row in rows) else []  # of songs nothing is inferred


def _correlation(
    request: Request,
    study: Mapping[str, Any] | None,
    verdict: Verdict,
    systems: Sequence[System],
    progress: Progress,
) -> list[dict[str, Any]]:
    """Figures of a study's clips against what listeners took for human, where the clips' pieces are at hand."""
    if study is None:
        return []
    human = request.reference if study["as_played"] else verdict.reference
    by_name = {name.casefold(): takes for name, takes in verdict.systems.items()}
    of_sources = {row["source"]: by_name.get(row["source"].casefold(), ()) for row in study["tally"]}
    if request.reference.casefold() == study["human"].casefold():
        of_sources[study["human"]] = verdict.systems[human]
    found = correlation.takes_of_clips(study["clips"], study["seconds"], of_sources)
    if len(found) < correlation.FEWEST:
        return []
    done = 0

    def measured(_: Path) -> None:
        nonlocal done
        done += 1
        progress("Measuring clips", done, len(found))

    figures = correlation.measure_clips(found, request.settings, measured).figures
    return records(
        correlation.correlate(figures.rename(columns={"system": "clip"}), pd.DataFrame(study["clips"]), request.seed)
    )


def _write_tables(folder: Path, content: Mapping[str, Any], verdict: Verdict, request: Request) -> None:
    """Every table as it is read, in CSV and LaTeX, and the data behind them."""
    (folder / "tables").mkdir()
    for name, (table, caption) in tables.printed(content).items():
        table.to_csv(folder / "tables" / f"{name}.csv", index=False)
        write_text(folder / "tables" / f"{name}.tex", tables.latex(table, caption, name))
    verdict.table.to_csv(folder / "verdict.csv", index=False)
    verdict.measurements.figures.to_csv(folder / "metrics.csv", index=False)
    sources = {system: named_path(source)[1] for source in request.sources for system in (named_path(source)[0],)}
    sources[verdict.reference] = sources[request.reference]
    pieces = verdict.measurements.pieces
    rows = zip(pieces["system"], pieces["file"], strict=True)
    pieces = pieces.assign(file=[_inside(Path(file), sources[system]) for system, file in rows])
    pieces = pieces.assign(group=[group.rsplit("/", 1)[-1] for group in pieces["group"]])
    pieces.to_csv(folder / "pieces.csv", index=False)
    if verdict.others:
        others = [table.assign(sound=name) for name, table in verdict.others.items()]
        pd.concat(others).to_csv(folder / "robustness.csv", index=False)
    if request.accuracy is not None:
        copyfile(request.accuracy, folder / "accuracy.csv")


def _inside(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix() if path != source else path.name


def _colours(study: Mapping[str, Any], systems: Sequence[System]) -> dict[str, str]:
    """Of each source: that of the system with its name; grey where the report has none."""
    known = {system.name.casefold(): system.colour for system in systems}
    return {row["source"]: known.get(row["source"].casefold(), MUTED) for row in study["tally"]}


def _system(system: System, excerpts: Excerpts, verdict: Verdict, given: Given) -> dict[str, Any]:
    pieces = verdict.measurements.pieces
    said = pieces.loc[pieces["system"] == system.name, "remarks"].astype(object).fillna("")
    counts = said[said != ""].value_counts()
    remarks = [f"{count} of {len(said)} files: {remark}" for remark, count in counts.items()]
    if over := excerpts.clipped[system.name]:
        remarks.append(f"{over} samples of its players lay beyond full scale and were clipped")
    lengths = np.array([piece.seconds for piece in system.pieces])
    return {
        "name": system.name,
        "role": system.role,
        "colour": system.colour,
        "shown": system.shown.name,
        "median_seconds": round(float(np.median(lengths)), 3),
        "inputs": inputs(system, given.credits),
        "failures": [
            {"file": _inside(failure.path, system.source), "reason": failure.reason} for failure in system.failures
        ],
        "remarks": remarks,
        "generated": {name: value for name, value in (system.generated or {}).items() if name != "items"} or None,
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ready for JSON, which has neither NaN nor infinity."""
    columns = [str(column) for column in table.columns]
    plain = table.replace([np.inf, -np.inf], np.nan)
    cells = plain.astype(object).where(plain.notna(), None).itertuples(index=False)
    return [dict(zip(columns, row, strict=True)) for row in cells]
