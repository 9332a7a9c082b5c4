"""The systems a report compares: who they are, the pieces they offer, and the one song each of them shows.

A system is any folder or file of MIDI or audio, ours or not. Generated music has no velocity and lives on a grid, so a
reference of MIDI brings a control with it: the same pieces through the score matrix and one velocity, which is what the
others are held against (`evaluation.verdict`).

A system shows the piece that is the median of its pieces by note density (audio: by level), the lower of the two
middle ones: typical, and nobody's choice. Its samples are drawn at random, the same places of every system's list.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from clstm.errors import UserError
from evaluation.audio import is_midi
from evaluation.cache import sha256
from evaluation.takes import GENERATED, Take
from evaluation.verdict import Verdict
from reports.palette import CONTROL, REFERENCE, system_colour

SAMPLES = 3  # pieces of every system to listen to, beside the one it shows

Role = Literal["reference", "control", "system"]


@dataclass(frozen=True)
class Piece:
    """One usable file as it is taken; `seconds` excludes the tail a rendering adds."""

    take: Take
    name: str
    sha256: str
    seconds: float

    @property
    def path(self) -> Path:
        return self.take.path


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
    role: Role
    colour: str
    source: Path
    pieces: tuple[Piece, ...]
    shown: Piece
    samples: tuple[Piece, ...] = ()
    failures: tuple[Failure, ...] = ()
    generated: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def has_notes(self) -> bool:
        return is_midi(self.shown.path)


def systems_of(verdict: Verdict, sources: Mapping[str, Path], reference: str, seed: int = 0) -> list[System]:
    """The systems of a verdict, the reference first and its control, if any, second.

    sources : where each system's music is
    reference : as the user named it; where the verdict holds the others against its control, both are here
    """
    pieces, figures = verdict.measurements.pieces, verdict.measurements.figures
    order = [reference, *(name for name in verdict.systems if name != reference)]
    # Places, not pieces: systems that continue the same seeds are then heard with the same ones.
    places = np.random.default_rng(seed).random(max(map(len, verdict.systems.values())))
    found: list[System] = []
    numbers = iter(range(len(order)))
    for name in order:
        about = pieces[pieces["system"] == name]
        own = [
            Piece(take, row["piece"], sha256(take.path), row["seconds"])
            for take, row in zip(verdict.systems[name], about.to_dict("records"), strict=True)
            if not row["rejected"]
        ]
        failures = tuple(
            Failure(Path(row["file"]), _hash(Path(row["file"])), row["rejected"])
            for row in about.to_dict("records")
            if row["rejected"]
        )
        if name == reference:
            role, colour = "reference", REFERENCE
        elif name == verdict.reference:
            role, colour = "control", CONTROL
        else:
            role, colour = "system", system_colour(next(numbers))
        shown = median_piece(own, _gauges(figures[figures["system"] == name], own))
        if role == "control":  # the very song the reference shows
            shown = next(piece for piece in own if piece.path == found[0].shown.path)
        found.append(
            System(
                name,
                role,  # type: ignore[arg-type]  # one of the three above
                colour,
                sources[reference if role == "control" else name],
                tuple(own),
                shown,
                _drawn(own, shown, places),
                failures,
                read_generated(sources[reference if role == "control" else name]),
            )
        )
    return found


def median_piece(pieces: Sequence[Piece], gauges: Mapping[str, float]) -> Piece:
    """The piece with the median gauge; of an even number, the lower of the two in the middle."""
    return sorted(pieces, key=lambda piece: (gauges[piece.name], piece.name))[(len(pieces) - 1) // 2]


def check_names(names: Sequence[str], reference: str) -> None:
    """Raises `UserError` for names a page could not tell apart: those that differ in case alone."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise UserError(f"the names {other!r} and {name!r} differ in case alone; give them other names")


def _gauges(figures: pd.DataFrame, pieces: Sequence[Piece]) -> dict[str, float]:
    """Notes a second of each piece, or its mean level where it came as audio; silence counts as least."""
    metric = "note_density" if is_midi(pieces[0].path) else "mean_level"
    values = figures[figures["metric"] == metric].set_index("piece")["value"].fillna(-np.inf)
    return {str(piece): float(value) for piece, value in values.items()}


def _drawn(pieces: Sequence[Piece], shown: Piece, places: np.ndarray) -> tuple[Piece, ...]:
    order = [pieces[place] for place in np.argsort(places[: len(pieces)])]
    return tuple([piece for piece in order if piece is not shown][:SAMPLES])


def _hash(path: Path) -> str:
    try:
        return sha256(path)
    except OSError:  # it cannot be read, as its reason says
        return ""


def read_generated(path: Path) -> dict[str, Any] | None:
    """What `clstm generate` wrote about the music in this folder, if it did."""
    try:
        content = json.loads((path / GENERATED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
