"""`clstm measure` in one call: from the files of several systems to one tidy CSV of their metrics."""

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.files import write_table
from clstm.runtime.ownership import may_write_table
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.measurement.inputs import measurement_inputs, not_used
from evaluation.measurement.named_paths import music_files, named_path
from evaluation.measurement.systems import COLUMNS, Measurements, left_out, measure_systems


@dataclass(frozen=True)
class MeasurementRequest:
    """What is measured, and how.

    sources : NAME=PATH each
    same_grid : MIDI goes through the score matrix and one velocity first
    pedal : whether notes last as long as a pedal holds them
    seconds : only the beginning of every piece; None is all of it
    """

    sources: tuple[str, ...]
    out: Path
    settings: RenderSettings = RenderSettings()
    same_grid: bool = False
    pedal: bool = False
    seconds: float | None = None
    workers: int | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class MeasuredTable:
    """How many of the files were measured, and what the user should know about the others."""

    measured: int
    total: int
    remarks: tuple[str, ...]


def make_table(request: MeasurementRequest, progress: Progress = silent) -> MeasuredTable:
    """Measure every file and write `request.out`. Raises `UserError` before the work for what cannot be done."""
    may_write_table(request.out, COLUMNS)
    if request.seconds is not None and not isfinite(request.seconds):
        raise UserError(f"--seconds {request.seconds} is not a length; give seconds, such as 30")
    named = [named_path(source) for source in request.sources]
    if len({name for name, _ in named}) < len(named):
        raise UserError("a name is given twice; every system needs a name of its own")
    music = {name: music_files(path) for name, path in named}
    pieces = {
        name: [
            replace(one, same_grid=request.same_grid, pedal=request.pedal)
            for one in measurement_inputs(found.files, cut=request.seconds)
        ]
        for name, found in music.items()
    }
    found = measure_systems(pieces, request.settings, progress, request.workers, request.cluster)
    write_table(request.out, found.values)
    remarks = [f"{name}: {remark}" for name, beside in music.items() for remark in beside.remarks]
    remarks += not_used([one.path for own in pieces.values() for one in own])
    usable = int((found.pieces["rejected"] == "").sum())
    return MeasuredTable(usable, len(found.pieces), (*remarks, *_of_pieces(found), *left_out(found)))


def _of_pieces(found: Measurements) -> list[str]:
    """Why a file was rejected, or what was unusual about it."""
    remarks = []
    for row in found.pieces.to_dict("records"):
        if row["rejected"]:
            remarks.append(f"Rejected {row['file']}: {row['rejected']}")
        elif row["remarks"]:
            remarks.append(f"{row['file']}: {row['remarks']}")
    return remarks
