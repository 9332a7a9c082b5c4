"""The longest run of notes that each piece shares with a corpus, and that the corpus's pieces share with each other.

Runs are those of `metrics.shared_passages`: the same intervals, chords and rhythm on the 1/8 s grid, in any key. A run
ends at a rest, where nothing is struck for more than 4 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE, encode
from evaluation.metrics.shared_passages import Array, gaps, longest_elsewhere, strikes, tokens

REST = 4.0  # seconds without a strike, which end a run


@dataclass(frozen=True, eq=False)
class ComparedPiece:
    """The strikes of a piece: frames (1/8 s) and MIDI pitches, (strikes,) each, of a score matrix of `frames`."""

    name: str
    group: str
    frames: int
    frame: Array
    pitch: Array
    left_out: LeftOut = NOTHING

    @classmethod
    def of(cls, notes: Notes, name: str = "", group: str = "") -> "ComparedPiece":
        """A piece of notes, in a group of its own unless one is given.

        >>> piece = ComparedPiece.of(Notes.of([(0.0, 0.5, 60, 80), (0.5, 1.0, 64, 80)]), "duet")
        >>> piece.group, piece.frames, piece.frame.tolist(), piece.pitch.tolist()
        ('duet', 8, [0, 4], [60, 64])
        """
        matrix = encode(notes)
        return cls(name, group or name, matrix.shape[1], *strikes(matrix), notes.left_out)


@dataclass(frozen=True)
class Match:
    """The longest run that a piece shares with the corpus.

    notes : 2 or more, or 0 without any
    seconds : from its first strike to its last
    at, there : when it begins here and in the corpus's piece of number `piece`, s
    semitones : how much higher it is here
    """

    notes: int
    seconds: float = 0.0
    at: float = 0.0
    piece: int = -1
    there: float = 0.0
    semitones: int = 0


@dataclass(frozen=True, eq=False)
class Common:
    """The runs that queries share with a corpus, and the corpus with itself.

    matches : one for each query
    corpus : its pieces
    runs : of each piece of the corpus, for each token the length of the longest run from there that another group has
    chances : where in each piece its excerpt begins, 0..1 of the possible places
    """

    matches: list[Match]
    corpus: Sequence[ComparedPiece]
    runs: list[Array]
    chances: NDArray[np.float64]

    def own(self, frames: int) -> Array:
        """Notes of the longest run shared with other groups, (excerpts,): one excerpt of so many frames from each piece
        of the corpus that is long enough."""
        return np.array(
            [
                _longest_within(piece.frame, run, int(chance * (piece.frames - frames + 1)), frames)
                for piece, run, chance in zip(self.corpus, self.runs, self.chances, strict=True)
                if piece.frames >= frames
            ],
            dtype=np.int64,
        )


def longest_common(queries: Sequence[ComparedPiece], corpus: Sequence[ComparedPiece], seed: int = 0) -> Common:
    """The longest run of each query in corpus pieces of other groups, and the runs within the corpus.

    seed : for the places from which the corpus's excerpts are taken

    >>> tune = Notes.of([(k / 4, k / 4 + 0.25, 60 + k * k % 11, 80) for k in range(8)])
    >>> higher = Notes.of([(k / 4, k / 4 + 0.25, 65 + k * k % 11, 80) for k in range(5)])
    >>> (match,) = longest_common([ComparedPiece.of(higher, "new")], [ComparedPiece.of(tune, "old")]).matches
    >>> match.notes, match.semitones
    (5, 5)
    """
    pieces = [*corpus, *queries]
    number = {group: value for value, group in enumerate(dict.fromkeys(piece.group for piece in pieces))}
    sizes = np.array([max(len(piece.frame), 1) for piece in pieces])  # its tokens, and an end like no other
    starts = np.concatenate([[0], np.cumsum(sizes)])
    text = _text(pieces, sizes)
    of_piece = np.repeat(np.arange(len(pieces)), sizes)
    group = np.array([number[piece.group] for piece in pieces], dtype=np.int64)[of_piece]
    length, found = longest_elsewhere(text, group, of_piece < len(corpus))
    matches = []
    for index in range(len(corpus), len(pieces)):
        begin = starts[index]
        here = int(np.argmax(length[begin : starts[index + 1]]))
        place = found[begin + here]
        other = int(of_piece[place])
        match = (pieces[index], here, other, pieces[other], int(place - starts[other]))
        matches.append(_match(*match, int(length[begin + here])) if place >= 0 else Match(0))
    runs = [length[starts[index] : starts[index + 1] - 1] for index in range(len(corpus))]
    return Common(matches, corpus, runs, np.random.default_rng(seed).random(len(corpus)))


def _text(pieces: Sequence[ComparedPiece], sizes: Array) -> Array:
    """The tokens of all pieces. The end of each piece and each long rest is a token that occurs once, so that no run
    crosses it."""
    ends = np.cumsum(sizes) - 1
    text = np.zeros(int(sizes.sum()), dtype=np.int64)
    inside = np.ones(len(text), dtype=bool)
    inside[ends] = False
    text[inside] = np.concatenate([tokens(piece.frame, piece.pitch) for piece in pieces] or [text[:0]])
    unique = ~inside | (gaps(text) > REST * FRAME_RATE)
    text[unique] = -1 - np.arange(np.count_nonzero(unique))
    return text


def _match(piece: ComparedPiece, here: int, number: int, other: ComparedPiece, there: int, length: int) -> Match:
    if not length:
        return Match(0)
    return Match(
        notes=length + 1,
        seconds=float(piece.frame[here + length] - piece.frame[here]) / FRAME_RATE,
        at=float(piece.frame[here]) / FRAME_RATE,
        piece=number,
        there=float(other.frame[there]) / FRAME_RATE,
        semitones=int(piece.pitch[here] - other.pitch[there]),
    )


def _longest_within(frame: Array, run: Array, begin: int, frames: int) -> int:
    """Notes of the longest run within the frames begin .. begin + frames."""
    first, end = np.searchsorted(frame, [begin, begin + frames])
    if end - first < 2:
        return 0
    inside = np.minimum(run[first : end - 1], np.arange(end - first - 1, 0, -1)).max()
    return int(inside) + 1 if inside else 0
