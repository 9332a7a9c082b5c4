"""What a piece loses in the score matrix (78 pitches, 1/8 s, no velocity), and why.

A model that writes score matrices cannot do what they cannot hold, so a person's piece beside its music is best heard
through the same grid; this says what that costs. Notes are read without the sustain pedal, as `clstm prepare` does
unless told otherwise: what the pedal holds is lost before the grid.

A *chord* is notes whose onsets follow each other within 30 ms, as for the inter-onset interval. Pitches outside MIDI
24 to 101 are left out; all else is said of the notes that remain:

merged        a pitch struck again within the frame of its last strike; one strike remains. *doubled* of them begin
              together (within 1 ms), two voices or tracks on one key: nothing is lost that a piano could play.
lengthened    end in the frame they begin in, and last one frame instead.
onset shift   from a note's onset to its frame, ms, at most 62.5; length change likewise, of the notes that remain.
run together  notes of another chord than the note before them that fall into its frame: a run becomes a chord.
broken        notes of the same chord as the note before them that fall into another frame: a chord becomes two.
in order      share of all notes that have the same note before them as before, chords read from the bottom up.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.errors import NothingUsableError, UnreadableFileError
from clstm.isolation import in_processes
from clstm.midi import Notes, read_midi
from clstm.score import FRAME_RATE, HIGHEST, LOWEST, decode, encode, losses
from evaluation.symbolic import CHORD

if TYPE_CHECKING:
    import pandas as pd

DOUBLED = 0.001  # s
HALF_A_FRAME = 1000 / FRAME_RATE / 2  # ms

NOTHING = "nothing but velocities and times within half a frame"


@dataclass(frozen=True)
class Audit:
    """What the grid does to a piece. Counts are of notes; shifts and changes are milliseconds, None without a note in
    range; `lost` is the largest loss as a share of the notes, and `reason` says which."""

    seconds: float
    notes: int
    out_of_range: int
    merged: int
    doubled: int
    lengthened: int
    onset_shift_mean: float | None
    onset_shift_p95: float | None
    length_change_mean: float | None
    length_change_p95: float | None
    run_together: int
    broken: int
    in_order: float
    velocities: int
    velocity_sd: float
    lost: float
    reason: str


def audit(notes: Notes) -> Audit:
    """What the score matrix does to notes, one at least."""
    lost = losses(notes)
    inside = (notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)
    chord = np.cumsum(np.diff(notes.onset, prepend=notes.onset[0]) > CHORD)
    order = np.lexsort((notes.pitch, chord))
    kept = order[inside[order]]
    frame = _frames(notes.onset[kept])
    pitch, onset = notes.pitch[kept], notes.onset[kept]
    first = _first_of_cell(frame, pitch)
    doubled = _doubled(onset, pitch, first)
