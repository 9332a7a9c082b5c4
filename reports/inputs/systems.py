"""The systems that a report compares: their pieces, and the one song that represents each of them.

A system is any folder or file of MIDI or audio, from any generator. A reference of MIDI may have controls: the same
pieces under the limits of other systems, which are compared with them (`evaluation.comparison.sets.references`).

The song shown is the median of the reference's pieces by note density (audio: by level), the lower of the two in the
middle: typical, and nobody's choice; and of every system the piece after the same prompt. Of a system that has none,
it is the system's own median.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm.music.generated import read_manifest
from clstm.runtime.errors import UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from evaluation.comparison.compare import Comparison
from evaluation.figures.palette import CONTROLS, REFERENCE, system_colour
from evaluation.measurement.cache import sha256
from evaluation.measurement.inputs import MeasurementInput
from reports.content.report import SystemRole
from reports.inputs.matched import Matches, matched


@dataclass(frozen=True)
class SystemPiece:
    """One usable file and how it is measured; `seconds` excludes the tail that a rendering adds."""

    input: MeasurementInput
    name: str
    sha256: str
    seconds: float

    @property
    def path(self) -> Path:
        return self.input.path


@dataclass(frozen=True)
class Failure:
    """A file that was left out, and why."""

    path: Path
    sha256: str
    reason: str


@dataclass(frozen=True, eq=False)
class System:
    """A system with its usable pieces, in the order of their paths; `shown` is the one the page begins with."""

    name: str
    role: SystemRole
    colour: str
    source: Path
    pieces: tuple[SystemPiece, ...]
    shown: SystemPiece
    failures: tuple[Failure, ...] = ()
    generated: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def files(self) -> list[str]:
        """What its usable files are called within it."""
        return [within(piece.path, self.source) for piece in self.pieces]

    @property
    def has_notes(self) -> bool:
        return is_midi(self.shown.path)


def systems_of(verdict: Comparison, sources: Mapping[str, Path], reference: str) -> list[System]:
    """The systems of a verdict, the reference first and its controls, if any, after it.

    sources : where each system's music is
    reference : as the user named it
    """
    found = [_system(verdict, reference, "reference", REFERENCE, sources[reference])]
    for name in verdict.systems:
        if name == reference:
            continue
        if name in verdict.references.controls:
            place = sum(one.role == "control" for one in found)
            colour = CONTROLS[place % len(CONTROLS)]
            found.insert(1 + place, _system(verdict, name, "control", colour, sources[reference]))
        else:
            colour = system_colour(sum(one.role == "system" for one in found))
            found.append(_system(verdict, name, "system", colour, sources[name]))
    return _of_one_prompt(found, matches_of(found))


def matches_of(systems: Sequence[System]) -> Matches:
    """What the pieces of these systems have in common, the reference being the first."""
    controls = {one.name for one in systems if one.role == "control"}
    return matched({one.name: one.pieces for one in systems}, controls)


def _of_one_prompt(systems: Sequence[System], matches: Matches) -> list[System]:
    """The systems, each with the piece shown that belongs to the reference's, where it has one."""
    reference = systems[0]
    match = matches.of[reference.name][reference.pieces.index(reference.shown)]
    places = [matches.piece(system.name, match) for system in systems]
    return [
        system if place is None else replace(system, shown=system.pieces[place])
        for system, place in zip(systems, places, strict=True)
    ]


def _system(verdict: Comparison, name: str, role: SystemRole, colour: str, source: Path) -> System:
    values, pieces = verdict.measurements.values, verdict.measurements.pieces
    about = list(zip(verdict.systems[name], pieces[pieces["system"] == name].to_dict("records"), strict=True))
    own = tuple(
        SystemPiece(one, row["piece"], sha256(one.path), row["seconds"]) for one, row in about if not row["rejected"]
    )
    failures = tuple(Failure(one.path, hash_of(one.path), row["rejected"]) for one, row in about if row["rejected"])
    shown = median_piece(own, _gauges(values[values["system"] == name], own))
    return System(name, role, colour, source, own, shown, failures, read_generated(source))


def median_piece(pieces: Sequence[SystemPiece], gauges: Mapping[str, float]) -> SystemPiece:
    """The piece with the median gauge; of an even number, the lower of the two in the middle.

    >>> pieces = [SystemPiece(MeasurementInput(Path(f"{name}.mid")), name, "", 9.0) for name in "abcd"]
    >>> median_piece(pieces, {"a": 4.0, "b": 1.0, "c": 3.0, "d": 2.0}).name
    'd'
    """
    return sorted(pieces, key=lambda piece: (gauges[piece.name], piece.name))[(len(pieces) - 1) // 2]


def check_names(names: Sequence[str]) -> None:
    """Raises `UserError` for names that readers would confuse: those that differ in case alone.

    >>> check_names(["lstm", "rnn"])
    >>> check_names(["lstm", "LSTM"])
    Traceback (most recent call last):
        ...
    clstm.runtime.errors.UserError: the names 'lstm' and 'LSTM' differ in case alone; give them other names
    """
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise UserError(f"the names {other!r} and {name!r} differ in case alone; give them other names")


def _gauges(tidy: pd.DataFrame, pieces: Sequence[SystemPiece]) -> dict[str, float]:
    """Notes per second of each piece, or its mean level where it came as audio; silence counts as lowest."""
    metric = "note_density" if is_midi(pieces[0].path) else "mean_level"
    values = tidy[tidy["metric"] == metric].set_index("piece")["value"].fillna(-np.inf)
    return {str(piece): float(value) for piece, value in values.items()}


def hash_of(path: Path) -> str:
    """SHA-256 of a file; "" of one that cannot be read.

    >>> hash_of(Path("no such file"))
    ''
    """
    try:
        return sha256(path)
    except OSError:
        return ""


def within(path: Path, source: Path) -> str:
    """The name of a file within its system: its path in the folder, or its own name.

    >>> within(Path("music/lstm/a/1.mid"), Path("music/lstm")), within(Path("song.mid"), Path("song.mid"))
    ('a/1.mid', 'song.mid')
    """
    return readable(path.relative_to(source).as_posix() if path != source else path.name)


def read_generated(source: Path) -> dict[str, Any] | None:
    """What the `generated.json` beside this music holds, by any program; of a single file only if it is named there.

    Read and checked by `evaluation.measurement.generated`, the only reader of such a file.
    """
    manifest = read_manifest(source if source.is_dir() else source.parent)
    if manifest.content is None or not (source.is_dir() or source.name in manifest.items):
        return None
    return dict(manifest.content)
