"""`clstm measure` in one call: from the files of several systems to one tidy table of their metrics, and its CSV."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from clstm.runtime.errors import UserError
from clstm.runtime.files import write_table
from clstm.runtime.finding import MusicFiles, is_midi
from clstm.runtime.names import counted
from clstm.runtime.ownership import may_write_table, must_differ
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control
from evaluation.controls.declared import of_text
from evaluation.measurement.inputs import MeasurementInput, for_midi, measurement_inputs, not_used, other_lengths
from evaluation.measurement.limits import emptied, left_out_by_controls, left_out_in_words
from evaluation.measurement.options import replicates
from evaluation.measurement.options.named_paths import music_files, named_path
from evaluation.measurement.options.prompts import of_recorded, skips
from evaluation.measurement.systems import (
    COLUMNS,
    PIECES,
    UNWRITTEN,
    Measurements,
    alike,
    left_out,
    measure_systems,
    on_one_instrument,
)

if TYPE_CHECKING:
    import pandas as pd

NOTHING_LEFT = "no notes under the control"
LINES = 20  # on single files; of more, one per reason
_NUMBERS = re.compile(r"\b\d+(?:,\d{3})*\b")  # as in `alike`


@dataclass(frozen=True)
class MeasurementRequest:
    """What is measured, and how.

    sources : NAME=PATH each
    out : the CSV of the table; None where none is written
    same_grid : MIDI goes through the score matrix and one velocity first
    pedal : whether notes last as long as a pedal holds them
    seconds : only the beginning of every piece; None is all of it
    control : limits that are put on MIDI first (`evaluation.controls.declared`)
    notes_only : only the metrics of notes are measured, and nothing is rendered
    replicates : whether the sub-folders of a system are its trainings (`evaluation.measurement.options.replicates`)
    skip : NAME=SECONDS each, cut from the beginning of the files of a system
    pieces : a second table, one row per file (`evaluation.measurement.systems.PIECES`)
    """

    sources: tuple[str, ...]
    out: Path | None = None
    settings: RenderSettings = RenderSettings()
    same_grid: bool = False
    pedal: bool = False
    seconds: float | None = None
    workers: int | None = None
    cluster: str | None = None
    control: str | None = None
    notes_only: bool = False
    pieces: Path | None = None
    replicates: bool = False
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MeasuredTable:
    """How many of the files were measured, what was found, and what the user should know about the others."""

    measured: int
    total: int
    remarks: tuple[str, ...]
    found: Measurements


def make_table(
    request: MeasurementRequest,
    progress: Progress = silent,
    renamed: Callable[["MeasuredTable"], "MeasuredTable"] = lambda made: made,
) -> MeasuredTable:
    """Measure every file and write `request.out` and `request.pieces`, if they are given.

    renamed : what is found, with other names of files

    Raises `UserError` before the work for what cannot be done.
    """
    may_write_table(request.out, COLUMNS)
    may_write_table(request.pieces, PIECES[: -len(UNWRITTEN)], "--pieces")
    must_differ(out=request.out, pieces=request.pieces)
    made = renamed(_measured(request, progress))
    write_tables(made, request.out, request.pieces)
    return made


def write_tables(made: MeasuredTable, out: Path | None, pieces: Path | None) -> None:
    """The table of values and that of files, each as CSV, where it is asked for."""
    if out:
        write_table(out, made.found.values)
    if pieces:
        write_table(pieces, made.found.pieces.drop(columns=UNWRITTEN))


def _measured(request: MeasurementRequest, progress: Progress) -> MeasuredTable:
    if request.seconds is not None and not isfinite(request.seconds):
        raise UserError(f"--seconds {request.seconds} is not a length; give seconds, such as 30")
    control = _control(request)
    named = [named_path(source) for source in request.sources]
    if len({name for name, _ in named}) < len(named):
        raise UserError("a name is given twice; every system needs a name of its own")
    skipped = skips(request.skip, [name for name, _ in named])
    music = {name: music_files(path) for name, path in named}
    if request.notes_only:
        _must_be_midi(music)
        if request.settings.instrument is not None:
            raise UserError("--instrument changes the sound, and --only notes makes none; leave out one of them")
    of_midi = {
        "--control": request.control is not None,
        "--same-grid": request.same_grid,
        "--pedal": request.pedal,
        "--instrument": request.settings.instrument is not None,
    }
    on_audio = for_midi(of_midi, [file for found in music.values() for file in found.files])
    pieces = {
        name: [
            replace(
                one,
                control=control,
                pedal=request.pedal,
                notes_only=request.notes_only,
                begin=skipped.get(name, 0.0),
            )
            for one in measurement_inputs(found.files, cut=request.seconds)
        ]
        for name, found in music.items()
    }
    of_trainings = _with_replicates(request, pieces, dict(named))
    pieces, by_control = _under_control(pieces, request.workers)
    found = measure_systems(pieces, request.settings, progress, request.workers, request.cluster)
    remarks = [f"{name}: {remark}" for name, beside in music.items() for remark in beside.remarks]
    remarks += not_used([one.path for own in pieces.values() for one in own])
    remarks += other_lengths({name: beside.files for name, beside in music.items()}, pedal=request.pedal)
    remarks += [*on_audio, *of_trainings, *by_control, *of_recorded(pieces)]
    usable = int((found.pieces["rejected"] == "").sum())
    remarks += [*_of_pieces(found), *left_out(found), *on_one_instrument(found, request.settings)]
    return MeasuredTable(usable, len(found.pieces), tuple(remarks), found)


def _with_replicates(
    request: MeasurementRequest, pieces: dict[str, list[MeasurementInput]], sources: Mapping[str, Path]
) -> list[str]:
    """Say which training made each file, in place; what is to be said of them."""
    if not request.replicates:
        return replicates.hints(sources, pieces)
    remarks = []
    for name, own in pieces.items():
        pieces[name], said = replicates.by_folder(name, sources[name], own)
        remarks += said
    return remarks


def _control(request: MeasurementRequest) -> Control:
    """What is put on MIDI first. Raises `UserError` for what is none."""
    if request.control is None:
        return SCORE_MATRIX if request.same_grid else NO_CONTROL
    if request.same_grid:
        raise UserError("--same-grid is a control of its own; give it or --control")
    return of_text(request.control)


def _under_control(
    systems: Mapping[str, list[MeasurementInput]], workers: int | None
) -> tuple[dict[str, list[MeasurementInput]], list[str]]:
    """The inputs, those of which their control leaves nothing marked; and what it leaves out, one line per system."""
    marked, remarks = dict(systems), []
    for name, own in systems.items():
        if not any(one.control.leaves_out_notes for one in own):
            continue
        found = left_out_by_controls(own, workers)
        marked[name] = [
            replace(one, unfit=NOTHING_LEFT) if emptied(lost) else one for one, lost in zip(own, found, strict=True)
        ]
        remarks += [f"{name}: {words}"] if (words := left_out_in_words(found)) else []
    return marked, remarks


def _must_be_midi(music: Mapping[str, MusicFiles]) -> None:
    """Raise `UserError` for a system of audio, which has no notes."""
    for name, found in music.items():
        if not is_midi(found.files[0]):  # audio beside MIDI is left out
            raise UserError(f"{name} is audio, which has no notes; leave out --only notes, or give MIDI")


def _one_per_reason(pieces: "pd.DataFrame", column: str) -> list[str]:
    """One line for each reason, of the most files first: the file, or how many there are and the first of them."""
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for file, why in zip(pieces["file"], pieces[column], strict=True):
        groups.setdefault(tuple(_NUMBERS.split(why)), []).append((file, why))
    said = []
    for group in sorted(groups.values(), key=len, reverse=True):
        first, more = group[0][0], len(group) - 1
        [(why, _)] = alike(reason for _, reason in group)
        said.append(f"{more + 1:,} files: {why} ({first} and {more:,} more)" if more else f"{first}: {why}")
    return said


def _of_pieces(found: Measurements) -> list[str]:
    """Why files were rejected, or what was unusual about them: one line per file; of many, one per reason."""
    pieces = found.pieces
    rejected, others = pieces["rejected"] != "", pieces["remarks"] != ""
    if rejected.sum() + (others & ~rejected).sum() <= LINES:
        rows = pieces[rejected | others][["file", "rejected", "remarks"]].itertuples(index=False)
        return [f"Rejected {file}: {why}" if why else f"{file}: {remark}" for file, why, remark in rows]
    lines = [f"Rejected {said}" for said in _one_per_reason(pieces[rejected], "rejected")]
    lines += _one_per_reason(pieces[others & ~rejected], "remarks")
    rest = len(lines) - LINES
    more = [f"{counted(rest, 'more reason')}; --pieces says of each file what there is"] * (rest > 0)
    return lines[:LINES] + more
