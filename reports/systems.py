"""The systems a report compares: who they are, the pieces they offer, and the one song each of them shows.

A system is any folder or file of MIDI or audio, ours or not. A folder that holds both is taken for its MIDI, since the
audio beside it is most often its rendering. Generated music has no velocity and lives on a grid, so a reference of
MIDI brings a control with it: the same pieces through the score matrix and one velocity.

A system shows the piece that is the median of its pieces by note density (audio: by level), the lower of the two
middle ones: typical, and nobody's choice.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from clstm.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.isolation import in_processes
from clstm.midi import Notes
from clstm.score import FRAME_RATE
from evaluation.audio import AUDIO_SUFFIXES, is_midi, mono, read_audio, read_notes
from evaluation.batch import unique_names
from evaluation.cache import sha256
from evaluation.render import LONGEST, same_grid
from evaluation.sources import ACCEPTED, music_files, named_path
from reports.palette import CONTROL, REFERENCE, system_colour

GENERATED = "generated.json"  # what `clstm generate` leaves beside its music

Role = Literal["reference", "control", "system"]


@dataclass(frozen=True)
class Source:
    """What the user named: a system and where its music is."""

    name: str
    path: Path


@dataclass(frozen=True, eq=False)
class Piece:
    """One usable file. `notes` is None for audio; `seconds` excludes the tail a rendering adds.

    gauge : notes a second, or the RMS level in dBFS for audio: what the shown song is the median of
    """

    path: Path
    name: str
    sha256: str
    seconds: float
    gauge: float
    notes: Notes | None


@dataclass(frozen=True)
class Failure:
    """A file that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, eq=False)
class System:
    """A system with its usable pieces, in the order of their paths; `shown` is the one in figures and players."""

    name: str
    role: Role
    colour: str
    pieces: tuple[Piece, ...]
    shown: Piece
    failures: tuple[Failure, ...] = ()
    remarks: tuple[str, ...] = ()
    generated: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def has_notes(self) -> bool:
        return self.shown.notes is not None


def parse_sources(arguments: Iterable[str], reference: str) -> list[Source]:
    """NAME=PATH arguments, the reference first. Raises `UserError` for what cannot be compared."""
    sources: dict[str, Source] = {}
    for argument in arguments:
        name, path = named_path(argument)
        if name in sources:
            raise UserError(f"the name {name!r} is given twice; every system needs a name of its own")
        sources[name] = Source(name, path)
    if reference not in sources:
        raise UserError(f"--reference {reference!r} is none of the systems given ({', '.join(sources) or 'none'})")
    if control_name(reference) in sources:
        raise UserError(f"the name {control_name(reference)!r} belongs to the control of {reference!r}; choose another")
    return [sources.pop(reference), *sources.values()]


def control_name(reference: str) -> str:
    return f"{reference}, same grid"


def read_systems(sources: Sequence[Source], progress: Callable[[int, int], None]) -> list[System]:
    """Read every file of every system, in processes; the reference is first and its control, if any, second.

    `progress` is called with the files read and their number. Raises `NothingUsableError` for a system without a usable
    file.
    """
    listed = [(source, *_listed(source)) for source in sources]
    paths = [path for _, paths, _ in listed for path in paths]
    outcomes: dict[Path, Piece | UnreadableFileError] = {}
    for done, (path, outcome) in enumerate(in_processes(read_piece, list(dict.fromkeys(paths)))):
        outcomes[path] = outcome
        progress(done + 1, len(paths))
    systems = [
        _system(number, source, [(path, outcomes[path]) for path in paths], remarks)
        for number, (source, paths, remarks) in enumerate(listed)
    ]
    if systems[0].has_notes:
        systems.insert(1, control(systems[0]))
    return systems


def read_piece(path: Path) -> Piece:
    """One MIDI or audio file. Raises `UnreadableFileError` with the reason."""
    if is_midi(path):
        notes = read_notes(path)
        density = len(notes) / max(notes.duration, 1 / FRAME_RATE)
        return Piece(path, path.stem, sha256(path), notes.duration, density, notes)
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        raise UnreadableFileError(path, f"neither MIDI nor audio by its name; {', '.join(ACCEPTED)} are read")
    waveform, rate = read_audio(path)
    seconds = len(waveform) / rate
    if seconds > LONGEST:
        raise UnreadableFileError(path, f"lasts {seconds / 3600:.1f} hours; at most {LONGEST / 3600:g} are measured")
    power = float(np.mean(mono(waveform) ** 2, dtype=np.float64))
    return Piece(path, path.stem, sha256(path), seconds, 10 * np.log10(max(power, 1e-10)), None)


def control(reference: System) -> System:
    """The reference as a model would have to say it: its pieces on the grid of the score matrix, at one velocity."""
    pieces = tuple(_on_grid(piece) for piece in reference.pieces)
    shown = pieces[reference.pieces.index(reference.shown)]
    return System(control_name(reference.name), "control", CONTROL, pieces, shown)


def median_piece(pieces: Sequence[Piece]) -> Piece:
    """The piece with the median gauge; of an even number, the lower of the two in the middle."""
    return sorted(pieces, key=lambda piece: (piece.gauge, piece.name))[(len(pieces) - 1) // 2]


def _listed(source: Source) -> tuple[list[Path], tuple[str, ...]]:
    """The files of a source, and what to say about those left out."""
    if source.path.is_file():
        return [source.path], ()
    try:
        found, beside = music_files(source.path)
    except NothingUsableError as error:
        raise NothingUsableError(f"{source.name}: {error}") from None
    left_out = f"{beside} audio file{'s were' if beside > 1 else ' was'} not taken, as there is MIDI"
    return found, (left_out,) if beside else ()


def _system(
    number: int, source: Source, outcomes: Sequence[tuple[Path, Piece | UnreadableFileError]], remarks: tuple[str, ...]
) -> System:
    usable = [outcome for _, outcome in outcomes if isinstance(outcome, Piece)]
    failures = tuple(
        Failure(path, outcome.reason) for path, outcome in outcomes if isinstance(outcome, UnreadableFileError)
    )
    if not usable:
        first = failures[0]
        raise NothingUsableError(
            f"{source.name}: none of its {len(failures)} files can be used; {first.path.name}: {first.reason}"
        )
    names = unique_names([piece.path.relative_to(source.path.parent) for piece in usable])
    pieces = tuple(replace(piece, name=name) for piece, name in zip(usable, names, strict=True))
    role: Role = "system" if number else "reference"
    colour = system_colour(number - 1) if number else REFERENCE
    shown = median_piece(pieces)
    return System(source.name, role, colour, pieces, shown, failures, remarks, _generated(source.path))


def _on_grid(piece: Piece) -> Piece:
    assert piece.notes is not None, "only notes can be put on the grid"
    notes = same_grid(piece.notes)
    return replace(piece, notes=notes, seconds=notes.duration)


def _generated(path: Path) -> dict[str, Any] | None:
    """What `clstm generate` wrote about the music in this folder, if it did."""
    try:
        content = json.loads((path / GENERATED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
