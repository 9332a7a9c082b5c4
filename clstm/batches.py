"""Pieces of a corpus as training sees them: which are for choosing the weights, and the batch of every step.

A batch is a function of seed and step alone, so a resumed run sees what the run that never stopped would have seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.score import HELD, PITCHES, STRUCK, Matrix, repair

SELECTION_SHARE = 0.1


@dataclass(frozen=True)
class Excerpts:
    """Excerpts of one length.

    frames : (B, T, rows) uint8
    real : (B, T) bool, False behind the end of a short piece
    """

    frames: NDArray[np.uint8]
    real: NDArray[np.bool_]


def training_and_selection(corpus: Corpus, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pieces to learn from, and pieces to choose the best weights by.

    With a test split, `valid` does the choosing. Without one, `valid` is what will be reported, so a tenth of the
    training groups is set aside.
    """
    train = corpus.of_split("train")
    if corpus.held_out == "test" and (corpus.pieces["split"] == "valid").any():
        return train, corpus.of_split("valid")
    groups = corpus.pieces["group"].to_numpy()[train]
    names = np.unique(groups)
    if len(names) < 2:
        raise UserError(f"{corpus.path} has {len(names)} group of pieces to train on; at least 2 are needed")
    count = max(1, round(SELECTION_SHARE * len(names)))
    chosen = np.isin(groups, np.random.default_rng((seed, 0)).choice(names, count, replace=False))
    return train[~chosen], train[chosen]


def row_means(corpus: Corpus, pieces: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of frames in which each row is 1, (rows,)."""
    totals = sum(corpus.matrix(piece).sum(axis=1, dtype=np.int64) for piece in pieces)
    return np.asarray(totals) / corpus.lengths[pieces].sum()


def batch(
    corpus: Corpus, pieces: NDArray[np.int64], size: int, length: int, seed: int, step: int, transpose: tuple[int, int]
) -> Excerpts:
    """Random excerpts, longer pieces more often, each moved by some semitones of `transpose` (from, to)."""
    random = np.random.default_rng((seed, 1, step))
    lengths = corpus.lengths[pieces]
    chosen = random.choice(len(pieces), size, p=lengths / lengths.sum())
    excerpts = []
    for piece, frames in zip(pieces[chosen], lengths[chosen], strict=True):
        start = int(random.integers(0, max(frames - length, 0) + 1))
        excerpt = corpus.excerpt(int(piece), start, min(start + length, int(frames)))
        excerpts.append(transposed(repair(excerpt), int(random.integers(transpose[0], transpose[1] + 1))))
    return _stack(excerpts, length)


def fixed(corpus: Corpus, pieces: NDArray[np.int64], size: int, length: int, seed: int) -> Excerpts:
    """The same `size` random excerpts every time, untransposed, for choosing weights."""
    return batch(corpus, pieces, size, length, seed, 0, (0, 0))


def transposed(matrix: Matrix, semitones: int) -> Matrix:
    """Moved up, held and struck together, no further than every note stays within the rows."""
    rows = np.flatnonzero(matrix[HELD].any(axis=1))
    if not len(rows):
        return matrix
    shift = int(np.clip(semitones, -rows[0], PITCHES - 1 - rows[-1]))
    moved = np.empty_like(matrix)
    for part in (HELD, STRUCK):
        moved[part] = np.roll(matrix[part], shift, axis=0)  # the rows that wrap around are empty
    return moved


def _stack(excerpts: list[Matrix], length: int) -> Excerpts:
    frames = np.zeros((len(excerpts), length, len(excerpts[0])), dtype=np.uint8)
    real = np.zeros((len(excerpts), length), dtype=np.bool_)
    for place, excerpt in enumerate(excerpts):
        frames[place, : excerpt.shape[1]] = excerpt.T
        real[place, : excerpt.shape[1]] = True
    return Excerpts(frames, real)
