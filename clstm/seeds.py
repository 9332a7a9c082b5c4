"""Where generation begins: windows of a corpus, or of a MIDI file, and what a person wrote after them.

A model and the human piece continue the same window, so that what is compared is the continuation.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.midi import read_midi
from clstm.score import FRAME_RATE, Matrix, encode, repair

WINDOW = 90  # frames, the paper's N


@dataclass(frozen=True)
class Seed:
    """A window to continue.

    name : of the piece, for file names and tables
    start : its first frame in the piece
    window : (156, window) consistent
    padding : frames of silence put before music that was shorter than the window
    continuation : (156, frames) consistent, what follows in the piece; may be shorter than asked
    """

    name: str
    start: int
    window: Matrix
    padding: int
    continuation: Matrix


def from_corpus(corpus: Corpus, split: str, count: int, after: int, seed: int, window: int = WINDOW) -> list[Seed]:
    """`count` windows at random places of a split, from different pieces as long as there are any.

    A piece must be long enough for the window and `after` frames of its own continuation. Raises `UserError` when none
    is, `MismatchError` when the corpus is no music.
    """
    corpus.must_be_music()
    pieces = corpus.of_split(split)
    fitting = pieces[corpus.lengths[pieces] >= window + after]
    if not len(fitting):
        longest = int(corpus.lengths[pieces].max()) / FRAME_RATE
        raise UserError(
            f"no piece of the split {split!r} lasts {(window + after) / FRAME_RATE:g} s (a window of"
            f" {window / FRAME_RATE:g} s and {after / FRAME_RATE:g} s to follow); the longest lasts {longest:g} s"
        )
    random = np.random.default_rng((seed, 2))
    order = np.concatenate([random.permutation(fitting) for _ in range(-(-count // len(fitting)))])[:count]
    seeds = []
    for piece in order:
        start = int(random.integers(0, corpus.lengths[piece] - window - after + 1))
        matrix = corpus.excerpt(int(piece), start, start + window + after)
        name = Path(corpus.pieces["file"][piece]).stem
        seeds.append(Seed(name, start, repair(matrix[:, :window]), 0, repair(matrix[:, window:])))
    return seeds


def from_midi(path: Path, start_seconds: float = 0.0, window: int = WINDOW) -> Seed:
    """The window of a MIDI file that begins at `start_seconds`; short music is padded with silence before it."""
    matrix = encode(read_midi(path))
    start = round(start_seconds * FRAME_RATE)
    seed = matrix[:, start : start + window]
    if not seed.any():
        raise UserError(
            f"{path} has no note within MIDI 24..101 in the {window / FRAME_RATE:g} s from {start_seconds:g} s on;"
            f" it lasts {matrix.shape[1] / FRAME_RATE:g} s: choose another --seed-start"
        )
    padding = window - seed.shape[1]
    padded = np.pad(repair(seed), ((0, 0), (padding, 0)))
    return Seed(Path(path).stem, start, padded, padding, repair(matrix[:, start + window :]))
