"""The systems that a report compares: their pieces, and the one song that represents each of them.

A system is any folder or file of MIDI or audio, from any generator. A reference of MIDI may have controls: the same
pieces under the limits of other systems, which are compared with them (`evaluation.comparison.sets.references`).

The song shown is the median of the system's pieces by note density (audio: by level), the lower of the two in the
middle: typical, and nobody's choice. Samples are drawn at random, from the same places in every system's list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.music.generated import read_manifest
from clstm.runtime.errors import UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from evaluation.comparison.compare import Comparison
from evaluation.figures.palette import CONTROLS, REFERENCE, system_colour
from evaluation.measurement.cache import sha256
from evaluation.measurement.inputs import MeasurementInput
from reports.content.report import SystemRole

SAMPLES = 3  # pieces of every system to listen to, besides the one shown

Places = NDArray[np.float64]  # (pieces,) random: the order in which places of a list are drawn


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
    """A system with its usable pieces, in the order of their paths; `shown` is the one in figures and players."""

    name: str
    role: SystemRole
    colour: str
    source: Path
    pieces: tuple[SystemPiece, ...]
    shown: SystemPiece
    samples: tuple[SystemPiece, ...] = ()
    failures: tuple[Failure, ...] = ()
    generated: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def files(self) -> list[str]:
        """What its usable files are called within it."""
        return [within(piece.path, self.source) for piece in self.pieces]

    @property
    def has_notes(self) -> bool:
        return is_midi(self.shown.path)


def systems_of(verdict: Comparison, sources: Mapping[str, Path], reference: str, seed: int = 0) -> list[System]:
    """The systems of a verdict, the reference first and its controls, if any, after it.

    sources : where each system's music is
    reference : as the user named it
    """
    # Places in the list, not pieces: systems that continue the same prompts are then heard with the same ones.
    places = np.random.default_rng(seed).random(max(map(len, verdict.systems.values())))
    first = _system(verdict, reference, "reference", REFERENCE, sources[reference], places)
    found = [first]
    for name in verdict.systems:
        if name == reference:
            continue
        if name in verdict.references.controls:
            place = sum(one.role == "control" for one in found)
            colour = CONTROLS[place % len(CONTROLS)]
            control = _system(verdict, name, "control", colour, sources[reference], places)
            same_song = next((piece for piece in control.pieces if piece.path == first.shown.path), control.shown)
            found.insert(1 + place, replace(control, shown=same_song))
        else:
            colour = system_colour(sum(one.role == "system" for one in found))
            found.append(_system(verdict, name, "system", colour, sources[name], places))
    return found


def _system(verdict: Comparison, name: str, role: SystemRole, colour: str, source: Path, places: Places) -> System:
    values, pieces = verdict.measurements.values, verdict.measurements.pieces
    about = list(zip(verdict.systems[name], pieces[pieces["system"] == name].to_dict("records"), strict=True))
    own = tuple(
        SystemPiece(one, row["piece"], sha256(one.path), row["seconds"]) for one, row in about if not row["rejected"]
    )
    failures = tuple(Failure(one.path, hash_of(one.path), row["rejected"]) for one, row in about if row["rejected"])
    shown = median_piece(own, _gauges(values[values["system"] == name], own))
    samples = _drawn(own, shown, places)
    return System(name, role, colour, source, own, shown, samples, failures, read_generated(source))


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


def _drawn(pieces: Sequence[SystemPiece], shown: SystemPiece, places: Places) -> tuple[SystemPiece, ...]:
    order = [pieces[place] for place in np.argsort(places[: len(pieces)])]
    return tuple([piece for piece in order if piece is not shown][:SAMPLES])


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
