"""Prompts: windows of a corpus, of a MIDI file, or of a built-in opening; and their human continuations.

A model and the human piece continue the same music, so only the continuations are compared. It begins in the same
frame whatever the window of a model: one with a longer window reads further back, and silence before the piece.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from clstm.corpus.corpus import Corpus
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.midi import VELOCITY, Notes, read_midi
from clstm.music.score import FRAME_RATE, ROWS, WINDOW, Matrix, encode, repair
from clstm.runtime.errors import NoNotesError, UserError
from clstm.runtime.names import readable

# Bach, Prelude in C, BWV 846 (1722): the chord of each of its first bars, bass first.
PRELUDE = ((60, 64, 67, 72, 76), (60, 62, 69, 74, 77), (59, 62, 67, 74, 77), (60, 64, 67, 72, 76))


@dataclass(frozen=True)
class Prompt:
    """A window to continue.

    name : of the piece, for file names and tables
    group, file : what the piece belongs to in its corpus (its composer, its work), and its file there; "" for a piece
        of no corpus
    start : its first frame in the piece
    window : (156, window) consistent
    padding : frames of silence put before music that was shorter than the window
    continuation : (156, frames) consistent, what follows in the piece; may be shorter than asked
    left_out : what the file it was read from says besides its notes
    """

    name: str
    start: int
    window: Matrix
    padding: int
    continuation: Matrix
    group: str = ""
    file: str = ""
    left_out: LeftOut = NOTHING

    @property
    def end(self) -> int:
        """The frame of the piece in which its continuation begins.

        >>> opening().end
        90
        """
        return self.start + int(self.window.shape[1]) - self.padding


def from_corpus(corpus: Corpus, split: str, count: int, after: int, seed: int, window: int = WINDOW) -> list[Prompt]:
    """`count` windows at random places of a split, from different pieces as long as there are any.

    A piece must be long enough for the paper's window and `after` frames of its own continuation. Raises `UserError`
    when none is, `MismatchError` when the corpus is no music.
    """
    corpus.must_be_music()
    pieces = corpus.of_split(split)
    fitting = pieces[corpus.lengths[pieces] >= WINDOW + after]
    if not len(fitting):
        longest = int(corpus.lengths[pieces].max()) / FRAME_RATE
        raise UserError(
            f"no piece of the split {split!r} lasts {(WINDOW + after) / FRAME_RATE:g} s (a window of"
            f" {WINDOW / FRAME_RATE:g} s and {after / FRAME_RATE:g} s to follow); the longest lasts {longest:g} s"
        )
    random = np.random.default_rng((seed, 2))
    order = np.concatenate([random.permutation(fitting) for _ in range(-(-count // len(fitting)))])[:count]
    chosen = []
    for piece in order:
        begin = WINDOW + int(random.integers(0, corpus.lengths[piece] - WINDOW - after + 1))
        start = max(begin - window, 0)
        read, continuation = (corpus.excerpt(int(piece), *span) for span in ((start, begin), (begin, begin + after)))
        name = Path(corpus.pieces["file"][piece]).stem
        group, file = (str(corpus.pieces[column][piece]) for column in ("group", "file"))
        chosen.append(Prompt(name, start, *_padded(read, window), repair(continuation), group, file))
    return chosen


def opening(window: int = WINDOW) -> Prompt:
    """The first bars of Bach's Prelude in C, BWV 846, sixteenths of a quarter second: a prompt that needs no file.

    >>> prompt = opening()
    >>> prompt.name, prompt.window.shape, prompt.padding
    ('bwv846', (156, 90), 0)
    """
    notes = []
    for bar, (bass, tenor, *upper) in enumerate(PRELUDE):
        for half in (0, 8):  # sixteenths
            begin, end = 16 * bar + half, 16 * bar + half + 8
            notes += [(begin, end, bass), (begin + 1, end, tenor)]
            notes += [(begin + 2 + k, begin + 3 + k, upper[k % 3]) for k in range(6)]
    matrix = encode(Notes.of((begin / 4, end / 4, pitch, VELOCITY) for begin, end, pitch in notes))
    return Prompt("bwv846", 0, *_padded(matrix[:, :window], window), repair(matrix[:, window:]))


def nothing() -> Prompt:
    """No music: what a model that needs none begins from.

    >>> nothing().window.shape
    (156, 0)
    """
    empty = np.zeros((ROWS, 0), dtype=np.uint8)
    return Prompt("new", 0, empty, 0, empty)


def unpadded(prompt: Prompt) -> Prompt:
    """Without the silence before it, for a model whose past may have any length.

    >>> prompt = unpadded(from_midi(Path("song.mid")))
    >>> prompt.window.shape, prompt.padding
    ((156, 48), 0)
    """
    return replace(prompt, window=prompt.window[:, prompt.padding :], padding=0)


def from_midi(path: Path, start_seconds: float = 0.0, window: int = WINDOW, *, pedal: bool = False) -> Prompt:
    """The window of a MIDI file that begins at `start_seconds`; short music is padded with silence before it.

    pedal : whether it lengthens notes

    Six seconds of music before a window of 90 frames, 11.25 s, is filled with silence:

    >>> prompt = from_midi(Path("song.mid"))
    >>> prompt.name, prompt.window.shape, prompt.padding
    ('song', (156, 90), 42)
    """
    if Path(path).is_dir():
        raise UserError(f"--prompt {readable(path)} is a folder; give a file of it, or several, each with --prompt")
    try:
        notes = read_midi(path, pedal=pedal)
    except NoNotesError as error:
        raise UserError(f"--prompt {error}; give music that has notes with a pitch") from error
    matrix = encode(notes)
    start = round(start_seconds * FRAME_RATE)
    read = matrix[:, start : start + window]
    if not read.any():
        raise UserError(
            f"{readable(path)} has no note within MIDI 24..101 in the {window / FRAME_RATE:g} s from"
            f" {start_seconds:g} s on; it lasts {matrix.shape[1] / FRAME_RATE:g} s: choose another --prompt-start"
        )
    return Prompt(
        readable(Path(path).stem),
        start,
        *_padded(read, window),
        repair(matrix[:, start + window :]),
        left_out=notes.left_out,
    )


def _padded(matrix: Matrix, window: int) -> tuple[Matrix, int]:
    """The matrix, repaired, behind as much silence as fills the window; and how many frames of it."""
    padding = window - matrix.shape[1]
    return np.pad(repair(matrix), ((0, 0), (padding, 0))), padding
