"""What limits a system's music has, read from its notes: whether it passes through a score matrix unchanged.

Nothing is known about audio, so nothing is stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clstm.music.left_out import NOTHING
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import NoNotesError, UnreadableFileError
from evaluation.audio.files import read_playable
from evaluation.measurement.inputs import MeasurementInput

NEAR = 0.001  # s: an onset as close as this is on the grid; MIDI files round their times to about as much


@dataclass(frozen=True)
class Limits:
    """one_velocity : whether all notes have the same
    on_grid : whether all begin at multiples of 1/8 s
    piano : whether there are no drums, no instruments but pianos and no pedal
    """

    one_velocity: bool
    on_grid: bool
    piano: bool

    @property
    def of_a_score_matrix(self) -> bool:
        """Whether a score matrix has all of it: then music that passes through one is comparable."""
        return self.one_velocity and self.on_grid and self.piano

    def beyond(self) -> str:
        """What of the music a score matrix cannot have, in words; "" if nothing.

        >>> Limits(one_velocity=False, on_grid=True, piano=False).beyond()
        'velocities and instruments or pedal'
        """
        parts = {"velocities": self.one_velocity, "timing": self.on_grid, "instruments or pedal": self.piano}
        return " and ".join(part for part, within in parts.items() if not within)


def limits_of(inputs: Sequence[MeasurementInput]) -> Limits | None:
    """The limits that all files obey, as they are measured; None where one came as audio or none has a note."""
    if not all(one.is_midi for one in inputs):
        return None
    velocities: set[int] = set()
    on_grid = piano = True
    for piece in map(_piece, inputs):
        velocities |= set(piece.notes.velocity.tolist())
        on_grid = on_grid and _on_grid(piece.notes)
        piano = piano and piece.notes.left_out == NOTHING
    return Limits(len(velocities) == 1, on_grid, piano) if velocities else None


def _piece(one: MeasurementInput) -> Piece:
    """Without notes where it cannot be read, which is said elsewhere, or is silent."""
    try:
        read = read_playable(one.path, pedal=one.pedal)
    except (NoNotesError, UnreadableFileError):
        return Piece.of(Notes.of())
    return one.transformed(read)


def _on_grid(notes: Notes) -> bool:
    frames = notes.onset * FRAME_RATE
    return bool((np.abs(frames - np.rint(frames)) <= NEAR * FRAME_RATE).all())
