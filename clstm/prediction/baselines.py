"""Trivial predictions, to compare any accuracy with.

Most cells of a score matrix are 0, so silence alone scores 97 to 98 %. Each baseline predicts the horizon from what
came before it: frames (T, rows) of one piece and the ends (n,) of the windows -> chances (n, horizon, rows) in 0..1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.corpus.corpus import Corpus
from clstm.music.score import STRUCK, Matrix

Chances = NDArray[np.float64]
Predictor = Callable[[Matrix, NDArray[np.int64], int], Chances]


@dataclass(frozen=True)
class Markov:
    """Each row its own first-order chain for each frame of the horizon.

    table : (horizon, 2, rows), the chance of 1 after a last frame of 0 and of 1, add-one smoothed
    """

    table: NDArray[np.float64]

    @classmethod
    def fit(cls, corpus: Corpus, pieces: NDArray[np.int64], horizon: int) -> "Markov":
        """The chains of some pieces of a corpus, for each of `horizon` frames ahead.

        One key that sounds in every other frame: add-one smoothed, two changes each way are 3 of 4 and 1 of 4.

        >>> import pandas as pd
        >>> from clstm.corpus.corpus import pack
        >>> roll = np.zeros((88, 5), dtype=np.uint8)
        >>> roll[39] = [0, 1, 0, 1, 0]
        >>> corpus = Corpus("toy", pd.DataFrame({"start": [0], "frames": [5]}), pack(roll), rows=88)
        >>> Markov.fit(corpus, np.array([0]), 1).table[0, :, 39].tolist()
        [0.75, 0.25]
        """
        ones = np.zeros((horizon, 2, corpus.rows))
        seen = np.zeros_like(ones)
        for piece in pieces:
            frames = corpus.matrix(int(piece)).T.astype(np.int64)
            for ahead in range(1, min(horizon, len(frames) - 1) + 1):
                last, then = frames[:-ahead], frames[ahead:]
                both, after_one = (last & then).sum(axis=0), last.sum(axis=0)
                ones[ahead - 1] += np.stack([then.sum(axis=0) - both, both])
                seen[ahead - 1] += np.stack([len(last) - after_one, after_one])
        # Add one: what was never seen would otherwise cost infinitely many nats when it comes.
        return cls((ones + 1) / (seen + 2))

    def __call__(self, frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
        last = frames[ends - 1][:, None]  # (n, 1, rows)
        return np.where(last == 1, self.table[:horizon, 1], self.table[:horizon, 0])


def silence(frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
    """No note from here on: (n, horizon, rows) of 0.

    frames : (T, rows); ends : (n,), the frame after each window

    >>> silence(np.ones((4, 156), dtype=np.uint8), np.array([3]), 9).shape
    (1, 9, 156)
    """
    return np.zeros((len(ends), horizon, frames.shape[1]))


def copy_last(frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
    """The last frame, strikes included, repeated: (n, horizon, rows) of 0 and 1.

    >>> frames = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.uint8)
    >>> copy_last(frames, np.array([2]), 3)[0].tolist()
    [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    """
    return np.repeat(frames[ends - 1][:, None], horizon, axis=1).astype(np.float64)


def hold_chord(frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
    """The last chord is held, nothing is struck: (n, horizon, rows) of 0 and 1.

    >>> frame = np.zeros((1, 156), dtype=np.uint8)
    >>> frame[0, [36, 78 + 36]] = 1  # middle C is struck, and so held
    >>> np.flatnonzero(hold_chord(frame, np.array([1]), 1)).tolist()
    [36]
    """
    held = copy_last(frames, ends, horizon)
    held[..., STRUCK] = 0
    return held
