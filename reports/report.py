"""From systems to a folder that holds the whole report: page, players, figures, tables and their provenance.

index.html               the page; opens from disk and needs nothing beside this folder
audio/*.flac             the song each system shows
figures/*                every figure with all systems, one and two journal columns wide (SVG, PDF, PNG), and each
                         system's panel of it (SVG)
metrics.csv              tidy: system, piece, metric, value, unit, note
accuracy.csv             as given, if it was
report.json              all numbers of the page and how they were made
"""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import pandas as pd

from clstm.errors import UserError
from clstm.files import replacing, write_json, write_text
from evaluation.render import RenderSettings
from reports import provenance
from reports.drawing import draw_sections
from reports.listeners import read_study
from reports.measuring import Outcome, Spans, measure_all, spans
from reports.page import render_page
from reports.palette import MUTED
from reports.systems import Source, System, parse_sources, read_systems
from reports.tables import read_accuracy, summary

MADE_BY = "clstm report"

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, how many there are


@dataclass(frozen=True)
class Request:
    """What the user asked for. `command` is what they typed, to be printed in the report."""

    sources: tuple[str, ...]
    reference: str
    out: Path
    title: str | None = None
    accuracy: Path | None = None
    study: Path | None = None  # results of a listening study
    settings: RenderSettings = RenderSettings()
    seed: int = 0
    command: str = ""


def make_report(request: Request, progress: Progress) -> dict[str, Any]:
    """Write the report to `request.out`, whole or not at all; returns what `report.json` holds.

    Raises `UserError` for anything that cannot be compared or an `out` that is not ours to replace.
    """
    sources = parse_sources(request.sources, request.reference)
    out = request.out.resolve()
    check_replaceable(out, sources)
    accuracy = None if request.accuracy is None else read_accuracy(request.accuracy)
    study = None if request.study is None else read_study(request.study)
    with replacing(out) as folder:
        folder.mkdir()
        systems = read_systems(sources, partial(progress, "Reading"))
        rendering = provenance.rendering(request.settings, systems)  # a SoundFont that cannot be used shows here
        names = {system.name: file_name(number, system.name) for number, system in enumerate(systems)}
        audio = {system.name: folder / "audio" / f"{names[system.name]}.flac" for system in systems}
        span = spans(systems, request.settings)
        measured = partial(progress, "Rendering and measuring")
        outcome = measure_all(systems, audio, request.settings, span, measured)
        systems = [_without_failures(system, outcome) for system in systems]
        songs = [outcome.songs[system.name] for system in systems]
        sections = draw_sections(songs, names, folder, partial(progress, "Drawing"))
        numbers = summary(outcome.metrics, [system.name for system in systems])
        content = _content(request, systems, numbers, accuracy, span)
        content |= {"rendering": rendering, "study": study and study | {"colours": _colours(study, systems)}}
        outcome.metrics.to_csv(folder / "metrics.csv", index=False)
        if request.accuracy is not None:
            copyfile(request.accuracy, folder / "accuracy.csv")
        write_json(folder / "report.json", content)
        write_text(folder / "index.html", render_page(content, sections))
    return content


def check_replaceable(out: Path, sources: Sequence[Source]) -> None:
    """Raises `UserError` unless `out` is new, empty or an earlier report, and holds none of the music to compare."""
    for source in sources:
        if source.path.resolve().is_relative_to(out):
            raise UserError(
                f"--out {out} holds the music of {source.name} and would be replaced; choose another folder"
            )
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"--out {out} is a file; give a folder")
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
        return bool(json.loads((folder / "report.json").read_text(encoding="utf-8"))["made_by"] == MADE_BY)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _without_failures(system: System, outcome: Outcome) -> System:
    """The system without the pieces that could be read but not measured, which join its failures."""
    failures = outcome.failures[system.name]
    lost = {failure.path for failure in failures}
    pieces = tuple(piece for piece in system.pieces if piece.path not in lost)
    remarks = system.remarks
    if clipped := outcome.clipped[system.name]:
        remarks = (*remarks, f"{clipped} samples of its player lay beyond full scale and were clipped")
    return replace(system, pieces=pieces, failures=(*system.failures, *failures), remarks=remarks)


def _content(
    request: Request, systems: Sequence[System], numbers: pd.DataFrame, accuracy: pd.DataFrame | None, span: Spans
) -> dict[str, Any]:
    return {
        "made_by": MADE_BY,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": request.title or f"Does it hold up against {request.reference}?",
        "reference": request.reference,
        "seconds_drawn": round(span.drawn, 3),
        "seconds_heard": round(span.heard, 3),
        "systems": [_system(system) for system in systems],
        "numbers": _records(numbers),
        "accuracy": None if accuracy is None else _records(accuracy),
        "command": request.command,
        "seed": request.seed,
        "versions": provenance.versions(),
    }


def _colours(study: dict[str, Any], systems: Sequence[System]) -> dict[str, str]:
    """Of each source: that of the system with its name; grey where the report has none."""
    known = {system.name.casefold(): system.colour for system in systems}
    return {row["source"]: known.get(row["source"].casefold(), MUTED) for row in study["tally"]}


def _system(system: System) -> dict[str, Any]:
    return {
        "name": system.name,
        "role": system.role,
        "colour": system.colour,
        "shown": system.shown.name,
        "median_seconds": round(float(pd.Series([piece.seconds for piece in system.pieces]).median()), 3),
        "inputs": provenance.inputs(system),
        "failures": [{"file": str(failure.path), "reason": failure.reason} for failure in system.failures],
        "remarks": list(system.remarks),
        "generated": system.generated,
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ready for JSON, which has no NaN."""
    columns = [str(column) for column in table.columns]
    cells = table.astype(object).where(table.notna(), None).itertuples(index=False)
    return [dict(zip(columns, row, strict=True)) for row in cells]
