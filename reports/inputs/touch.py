"""Whether a system's music has what a score matrix cannot hold: velocities, and a timing finer than its grid.

Read from the notes; nothing is known about audio, so nothing is stated.
"""

from collections.abc import Sequence

import numpy as np

from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import NoNotesError
from evaluation.audio.files import read_notes
from evaluation.measurement.inputs import MeasurementInput
from reports.content.report import Touch

NEAR = 0.001  # s: an onset as close as this is on the grid; MIDI files round their times to about as much


def touch_of(inputs: Sequence[MeasurementInput]) -> Touch | None:
    """The velocities and the timing of music as it is measured; None where it came as audio or has no note."""
    if not all(one.is_midi for one in inputs):
        return None
    velocities: set[int] = set()
    on_grid = True
    for notes in map(_notes, inputs):
        velocities |= set(notes.velocity.tolist())
        on_grid = on_grid and _lies_on_grid(notes)
    return Touch(one_velocity=len(velocities) == 1, on_grid=on_grid) if velocities else None


def _notes(one: MeasurementInput) -> Notes:
    try:
        return one.transformed(read_notes(one.path))
    except NoNotesError:  # silence that counts as a piece
        return Notes.of()


def _lies_on_grid(notes: Notes) -> bool:
    frames = notes.onset * FRAME_RATE
    return bool((np.abs(frames - np.rint(frames)) <= NEAR * FRAME_RATE).all())
