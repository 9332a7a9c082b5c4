"""What the page's template says of pieces: which can be picked, and where their players and views are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.figures.panels import KINDS
from reports.inputs.matched import Match, Matches
from reports.inputs.systems import System, within
from reports.listening.excerpts import AUDIO, VIEWS, Excerpts, piece_name
from reports.listening.selection import Selection

TEMPLATES = Path(__file__).parent / "templates"
TIMED = tuple(kind.key for kind in KINDS if kind.span(1.0))  # figures with a time axis


@dataclass(frozen=True)
class HeardPiece:
    """One piece of a system. id : of its files; name, file : as elsewhere in the report; audio : None where it is left
    out; match : what it has in common with other systems' pieces, a place in `Listening.matches`"""

    id: str
    name: str
    file: str
    views: str
    audio: str | None = None
    match: int | None = None


@dataclass(frozen=True)
class Listening:
    """pieces : by system, those that can be picked, of `all_of` that there are; shown : the piece the page begins with

    matches : what can be picked for all systems at once; axes : which the views of all pieces share
    """

    pieces: Mapping[str, Sequence[HeardPiece]]
    shown: Mapping[str, str]
    all_of: Mapping[str, int]
    matches: Sequence[Match] = ()
    axes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def linked(self) -> frozenset[str]:
        """The systems that follow the common picker."""
        return frozenset(name for name, own in self.pieces.items() if any(piece.match is not None for piece in own))

    @property
    def picked(self) -> list[int]:
        """The matches that any system's pieces here have, in order."""
        return sorted({piece.match for own in self.pieces.values() for piece in own if piece.match is not None})

    @property
    def heard(self) -> frozenset[str]:
        """The systems that have players."""
        return frozenset(name for name, own in self.pieces.items() if any(piece.audio for piece in own))


def listening_of(
    systems: Sequence[System],
    names: Mapping[str, str],
    matches: Matches,
    selection: Selection,
    excerpts: Excerpts,
    unheard: Sequence[str] = (),
) -> Listening:
    """names : what the files of each system are called; unheard : systems whose audio is left out"""

    def piece(system: System, place: int) -> HeardPiece:
        own, name = system.pieces[place], piece_name(names[system.name], place)
        return HeardPiece(
            name,
            own.name,
            within(own.path, system.source),
            f"{VIEWS}/{name}.js",
            None if system.name in unheard else f"{AUDIO}/{name}.mp3",
            matches.of[system.name][place],
        )

    return Listening(
        {one.name: tuple(piece(one, place) for place in selection.pieces[one.name]) for one in systems},
        {one.name: piece_name(names[one.name], one.pieces.index(one.shown)) for one in systems},
        {one.name: len(one.pieces) for one in systems},
        matches.matches,
        excerpts.axes,
    )
