"""Notes in order <-> consistent score matrix, one to one: the representation of a model that draws note by note.

A sequence is (notes, 3) int64, rows of (pitch row 0..77, onset, duration) with times in frames, ordered by onset, then
pitch; its piece has a given number of frames. No two notes of a pitch overlap and no note goes on beyond the piece. The
sequences of a number of frames and the consistent matrices of that number of frames are one to one.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import HELD, PITCHES, ROWS, STRUCK, Matrix, is_consistent


def sequence(matrix: Matrix) -> NDArray[np.int64]:
    """The notes of a consistent matrix, in order. Raises `ValueError` when the matrix is not consistent.

    >>> matrix = np.zeros((156, 4), dtype=np.uint8)
    >>> matrix[36], matrix[78 + 36] = [0, 1, 1, 0], [0, 1, 0, 0]
    >>> sequence(matrix).tolist()
    [[36, 1, 2]]
    """
    if not is_consistent(matrix):
        raise ValueError("the matrix is not consistent: repair it first")
    held = np.pad(matrix[HELD], ((0, 0), (0, 1)))
    ends = np.pad(matrix[STRUCK], ((0, 0), (0, 1))).astype(bool) | (held == 0)  # a note lasts until the next of these
    pitch, onset = np.nonzero(matrix[STRUCK])
    last = held.shape[1] - 1
    frames = np.where(ends, np.arange(last + 1), last)
    following = np.minimum.accumulate(frames[:, ::-1], axis=1)[:, ::-1]  # at each frame, the first such from there on
    duration = following[pitch, onset + 1] - onset
    order = np.lexsort((pitch, onset))
    return np.stack([pitch, onset, duration], axis=1)[order].astype(np.int64)


def matrix_of(notes: NDArray[np.int64], frames: int) -> Matrix:
    """The matrix of a sequence, (156, frames). The inverse of `sequence`; notes are taken to be as it gives them."""
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for pitch, onset, duration in notes:
        matrix[pitch, onset : onset + duration] = 1
        matrix[PITCHES + pitch, onset] = 1
    return matrix
