"""Joint nats of frames under a model that draws notes: exact, with what it knows at a cut and no more.

Given a window, the music of the window and the frame after it is read as a piece of its own. What sounds in its first
frame is taken as struck there, as in a prompt; what sounds at its end is known only to have lasted for k frames, so
that what it does next costs P(d | d > k), and the wait for the next onset likewise. The nats of the frame are those of
window and frame less those of the window (`clstm.models.note_scoring`): the chances of all frames that can follow a
window sum to 1.

Given the whole past, the piece is read once, and a frame costs what the frames up to it cost less what those before it
cost. The frames of a piece add up to its exact nats. In one frame alone, the lengths of earlier notes that still sound
are known to the later ones.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.models.note_scoring import notes_of, read
from clstm.models.notes import Notes
from clstm.music.score import Matrix
from clstm.prediction.resampling import Array


def nats_after(network: Notes, frames: Matrix, ends: NDArray[np.int64], window: int) -> Array:
    """Nats of the frame after each window, given this window alone, (n,).

    frames : (T, rows); ends : (n,), the frame after each window; window : frames
    """
    parts = (np.ascontiguousarray(frames[end - window : end + 1].T) for end in ends)
    pieces = ((notes_of(part), window + 1) for part in parts)
    return np.array([one.of_frame(window) for one in read(network, pieces)], dtype=np.float64)


def nats_in(network: Notes, piece: Matrix, frames: NDArray[np.int64]) -> Array:
    """Nats of some frames of a piece, given all of it before them, (n,). piece : (rows, T)"""
    (one,) = read(network, [(notes_of(piece), piece.shape[1])])
    return np.array([one.of_frame(int(frame)) for frame in frames], dtype=np.float64)


def whole(network: Notes, piece: Matrix) -> float:
    """Exact nats of a piece, (rows, T)."""
    (one,) = read(network, [(notes_of(piece), piece.shape[1])])
    return one.total
