"""The pieces of a corpus that select the weights, and the batch of every training step.

A batch is a function of seed and step alone, so a resumed run sees what the run that never stopped would have seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.corpus.corpus import Corpus
from clstm.music.score import ROWS, Matrix, parts, repair
from clstm.runtime.errors import UserError

SELECTION_SHARE = 0.1


@dataclass(frozen=True)
class TrainingWindows:
    """Excerpts of one length, or windows with what follows them.

    frames : (B, T, rows) uint8
    real : (B, T) bool, False before the beginning and behind the end of a piece
    pieces : (B,), the piece of the corpus that each is from
    """

    frames: NDArray[np.uint8]
    real: NDArray[np.bool_]
    pieces: NDArray[np.int64]


def training_and_selection(corpus: Corpus, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pieces to learn from, and pieces to choose the best weights by.

    Where there is a test split, the pieces of `valid` choose. Without one, results are reported on `valid`, so a tenth
    of the training groups is set aside to choose by.

    Where there is a test split, `valid` selects:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"split": ["train", "valid", "test"], "group": ["a", "b", "c"]})
    >>> training_and_selection(Corpus("toy", table, np.empty((0, 20), dtype=np.uint8)), seed=0)
    (array([0]), array([1]))
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
    """The share of frames in which each row is 1, (rows,).

    >>> import pandas as pd
    >>> from clstm.corpus.corpus import pack
    >>> matrix = np.zeros((156, 4), dtype=np.uint8)
    >>> matrix[36, :3] = 1  # in three of four frames
    >>> corpus = Corpus("toy", pd.DataFrame({"start": [0], "frames": [4]}), pack(matrix))
    >>> float(row_means(corpus, np.array([0]))[36])
    0.75
    """
    totals = sum(corpus.matrix(piece).sum(axis=1, dtype=np.int64) for piece in pieces)
    return np.asarray(totals / corpus.lengths[pieces].sum())


def batch(
    corpus: Corpus,
    pieces: NDArray[np.int64],
    size: int,
    length: int,
    seed: int,
    step: int,
    transpose: tuple[int, int],
    *,
    whole: bool = False,
    lead_in: int = 0,
) -> TrainingWindows:
    """Random excerpts, longer pieces more often, each moved by some semitones of `transpose` (from, to).

    size, length : excerpts, and frames of each
    seed, step : the batch depends on nothing else, so that a resumed run sees what it would have seen
    whole : only where a piece fills the excerpt, every place as likely as any other: the paper's windows at stride 1
    lead_in : frames of silence before a piece that an excerpt may begin in; they are not music to predict
    """
    random = np.random.default_rng((seed, 1, step))  # 0 chooses the selection pieces, 2 prompts, 3 draws music
    lengths = corpus.lengths[pieces]
    weights = np.maximum(lengths - length + 1, 0) if whole else lengths
    chosen = random.choice(len(pieces), size, p=weights / weights.sum())
    excerpts = []
    for piece, frames in zip(pieces[chosen], lengths[chosen], strict=True):
        start = int(random.integers(-lead_in, max(frames - length, -lead_in) + 1))  # the last that fits included
        excerpt = corpus.excerpt(int(piece), max(start, 0), min(start + length, int(frames)))
        if corpus.rows == ROWS:
            excerpt = repair(excerpt)
        semitones = int(random.integers(transpose[0], transpose[1] + 1))
        excerpts.append((max(-start, 0), transposed(excerpt, semitones)))
    return _stack(excerpts, length, pieces[chosen])


def fixed(
    corpus: Corpus,
    pieces: NDArray[np.int64],
    size: int,
    length: int,
    seed: int,
    *,
    whole: bool = False,
    lead_in: int = 0,
) -> TrainingWindows:
    """The same `size` random excerpts every time, untransposed, for choosing weights.

    >>> import pandas as pd
    >>> from clstm.corpus.corpus import pack
    >>> corpus = Corpus("toy", pd.DataFrame({"start": [0], "frames": [20]}), pack(np.eye(156, 20, dtype=np.uint8)))
    >>> one, two = (fixed(corpus, np.array([0]), size=3, length=8, seed=0) for _ in range(2))
    >>> one.frames.shape, bool((one.frames == two.frames).all())
    ((3, 8, 156), True)
    """
    return batch(corpus, pieces, size, length, seed, 0, (0, 0), whole=whole, lead_in=lead_in)


def transposed(matrix: Matrix, semitones: int) -> Matrix:
    """Moved up, every state of a pitch together, no further than every note stays within the rows.

    matrix : (rows, frames)

    >>> matrix = np.zeros((156, 1), dtype=np.uint8)
    >>> matrix[[70, 78 + 70]] = 1
    >>> np.flatnonzero(transposed(matrix, 3)).tolist(), np.flatnonzero(transposed(matrix, 12)).tolist()
    ([73, 151], [77, 155])
    """
    states = parts(len(matrix)).values()
    rows = np.flatnonzero(np.any([matrix[part].any(axis=1) for part in states], axis=0))
    if not len(rows):
        return matrix
    pitches = len(matrix) // len(states)
    shift = int(np.clip(semitones, -rows[0], pitches - 1 - rows[-1]))
    moved = np.empty_like(matrix)
    for part in states:
        moved[part] = np.roll(matrix[part], shift, axis=0)  # the rows that wrap around are empty
    return moved


def _stack(excerpts: list[tuple[int, Matrix]], length: int, pieces: NDArray[np.int64]) -> TrainingWindows:
    """The excerpts as one batch, each from the frame that is given with it."""
    frames = np.zeros((len(excerpts), length, len(excerpts[0][1])), dtype=np.uint8)
    real = np.zeros((len(excerpts), length), dtype=np.bool_)
    for place, (first, excerpt) in enumerate(excerpts):
        inside = slice(first, first + excerpt.shape[1])
        frames[place, inside] = excerpt.T
        real[place, inside] = True
    return TrainingWindows(frames, real, pieces)
