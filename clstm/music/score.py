"""Notes <-> score matrix: the paper's representation (section 3.1, Figure 1).

A score matrix is (156, frames) uint8, 8 frames per second of real time. Rows 0..77 say *held* (the pitch sounds), rows
78..155 *struck* (it begins here), for MIDI 24..101. The two states and the 78 pitches are those of Biaxial RNN and
Music_RNN_RBM, which fit the paper's 156 rows; their faults (last notes that never end, short notes that vanish) are
not copied.

A matrix is *consistent* when struck implies held and every held run begins struck. For every consistent matrix m,
`encode(decode(m), frames=m.shape[1])` is m. The grid keeps no velocity and no timing finer than a frame; `losses`
counts what a piece loses.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import VELOCITY, Notes

FRAME_RATE = 8  # frames per second
WINDOW = 90  # frames that a network reads: the paper's N (Table 1)
HORIZON = 9  # frames that it predicts: the paper's "length of each generation"
HORIZONS = {"next": 1, "nine": HORIZON}  # frames ahead, by the names that tables have
LOWEST, HIGHEST = 24, 101  # MIDI, both included
PITCHES = HIGHEST - LOWEST + 1
ROWS = 2 * PITCHES
HELD = slice(0, PITCHES)
STRUCK = slice(PITCHES, ROWS)

_ON_GRID = 1e-4  # frames: float error of a time on the grid, or half way between two frames, never moves a note

Matrix = NDArray[np.uint8]


@dataclass(frozen=True)
class Losses:
    """What the grid does not keep of a piece, in notes."""

    notes: int
    out_of_range: int  # pitch outside MIDI 24..101: left out
    merged: int  # a second onset of a pitch in one frame: one strike remains
    lengthened: int  # ends in the frame it began in: lasts one frame


def parts(rows: int) -> dict[str, slice]:
    """The states a matrix keeps of each pitch, by name: held and struck in ours, one in a published piano roll.

    >>> parts(156), parts(88)
    ({'held': slice(0, 78, None), 'struck': slice(78, 156, None)}, {'sounding': slice(0, 88, None)})
    """
    return {"held": HELD, "struck": STRUCK} if rows == ROWS else {"sounding": slice(0, rows)}


def encode(notes: Notes, frames: int | None = None) -> Matrix:
    """The score matrix of notes, (156, frames) uint8.

    Onsets and offsets go to the nearest frame, a half to the later; every note lasts at least one frame. Where notes of
    one pitch overlap, the pitch is held for their union and struck at each onset. `frames` cuts or pads with silence;
    None ends with the last note. Pitches outside 24..101 are left out.

    >>> matrix = encode(Notes.of([(0.0, 0.5, 60, 80)]))  # half a second of middle C
    >>> matrix.shape, matrix[60 - LOWEST].tolist(), matrix[PITCHES + 60 - LOWEST].tolist()
    ((156, 4), [1, 1, 1, 1], [1, 0, 0, 0])
    """
    begin, end, row = _cells(notes)
    length = int(end.max(initial=0)) if frames is None else frames
    matrix = np.zeros((ROWS, length), dtype=np.uint8)
    inside = begin < length
    begin, end, row = begin[inside], np.minimum(end[inside], length), row[inside]
    # +1 where a note begins, -1 where it ends: the running sum counts the notes sounding.
    # int32 and on one axis: several times as fast here as the smaller types and two indices are.
    edges = np.zeros((PITCHES, length + 1), dtype=np.int32)
    cells, first = edges.reshape(-1), row * (length + 1)
    np.add.at(cells, first + begin, np.int32(1))
    np.add.at(cells, first + end, np.int32(-1))
    matrix[HELD] = np.cumsum(edges, axis=1, out=edges)[:, :length] > 0
    matrix[PITCHES + row, begin] = 1
    return matrix


def decode(matrix: Matrix, velocity: int = VELOCITY) -> Notes:
    """The notes of a score matrix: one from each strike to the next strike or the end of the held run.

    matrix : (156, frames) of 0 and 1; the notes' times are seconds

    Held runs that begin without a strike are struck first, and struck cells held (`repair`). A note still held in the
    last frame ends with it.

    >>> notes = decode(encode(Notes.of([(0.0, 0.5, 60, 80), (0.5, 1.0, 60, 80)])))
    >>> notes.onset.tolist(), notes.offset.tolist()
    ([0.0, 0.5], [0.5, 1.0])
    """
    matrix = repair(matrix)
    held, struck = matrix[HELD].astype(bool), matrix[STRUCK].astype(bool)
    padded = np.pad(held, ((0, 0), (0, 1)))
    # A boundary is a frame where a note may end: a strike, or a frame that is not held. A note ends at the next one.
    boundary = ~padded
    boundary[:, :-1] |= struck
    frames = padded.shape[1]
    here = np.where(boundary, np.arange(frames), frames)
    next_boundary = np.minimum.accumulate(here[:, ::-1], axis=1)[:, ::-1]
    frame, row = np.nonzero(struck.T)
    offset = next_boundary[row, frame + 1]
    return Notes(
        frame / FRAME_RATE,
        offset / FRAME_RATE,
        (row + LOWEST).astype(np.int64),
        np.full(len(frame), velocity, dtype=np.int64),
    )


def repair(matrix: Matrix) -> Matrix:
    """The nearest consistent matrix that loses nothing: what is struck is held, and a held run without a strike is
    struck in its first frame. Crops (a note may sound across the cut) and samples of a model pass through here.

    >>> cut = encode(Notes.of([(0.0, 0.5, 60, 80)]))[:, 2:]  # sounds from the start, and is struck nowhere
    >>> is_consistent(cut), is_consistent(repair(cut))
    (False, True)
    """
    repaired = np.array(matrix, dtype=np.uint8)
    repaired[HELD] |= repaired[STRUCK]
    repaired[STRUCK] |= _run_starts(repaired[HELD])
    return repaired


def is_consistent(matrix: Matrix) -> bool:
    """Whether struck implies held and every held run begins struck.

    >>> matrix = np.zeros((156, 2), dtype=np.uint8)
    >>> matrix[36] = 1  # middle C is held, and struck nowhere
    >>> is_consistent(np.zeros_like(matrix)), is_consistent(matrix)
    (True, False)
    """
    held, struck = matrix[HELD], matrix[STRUCK]
    return bool((struck <= held).all() and (_run_starts(held) <= struck).all())


def losses(notes: Notes) -> Losses:
    """What `encode` will not keep of these notes.

    >>> losses(Notes.of([(0.0, 0.01, 60, 80), (0.02, 0.5, 60, 80), (0.0, 1.0, 20, 80)]))
    Losses(notes=3, out_of_range=1, merged=1, lengthened=1)
    """
    inside = (notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)
    begin, _, row = _cells(notes)
    struck = np.zeros((PITCHES, int(begin.max(initial=-1)) + 1), dtype=np.bool_)
    struck[row, begin] = True
    short = nearest(notes.offset[inside]) <= nearest(notes.onset[inside])
    return Losses(len(notes), int((~inside).sum()), len(begin) - int(np.count_nonzero(struck)), int(short.sum()))


def moved(notes: Notes) -> float:
    """How far `encode` moves the onsets that it keeps, ms on average; 0 where it keeps none.

    >>> round(moved(Notes.of([(0.0, 0.5, 60, 80), (0.15, 0.5, 64, 80)])), 3)
    12.5
    """
    onset = notes.onset[(notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)]
    return float(1000 * np.abs(nearest(onset) / FRAME_RATE - onset).mean()) if len(onset) else 0.0


def nearest(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The frame nearest to each time in seconds, a half to the later.

    >>> nearest(np.array([0.06, 0.0625, 0.07])).tolist()
    [0, 1, 1]
    """
    return np.floor(seconds * FRAME_RATE + 0.5 + _ON_GRID).astype(np.int64)


def _run_starts(held: Matrix) -> Matrix:
    before = np.pad(held, ((0, 0), (1, 0)))[:, :-1]
    return (held > before).astype(np.uint8)


def _cells(notes: Notes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """First frame, frame after the last, and pitch row of every note within the range."""
    inside = (notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)
    begin = nearest(notes.onset[inside])
    end = np.maximum(nearest(notes.offset[inside]), begin + 1)
    return begin, end, notes.pitch[inside] - LOWEST
