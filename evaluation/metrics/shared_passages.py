"""Runs of notes that two pieces, or two places of one piece, have in common, whatever their keys.

Music is read as in the score matrix: its strikes in the order of their frames (1/8 s) and, within a frame, of
their pitches, upwards. A *token* describes the step from one strike to the next:

    256 * (frames from one to the other) + (semitones up, or down where negative) + 128

so a piece of n strikes has n - 1 tokens, and a run of k tokens is k + 1 notes with their chords and rhythm. Equal runs
are equal music in another key, at the same tempo: lengths and loudness play no part, and a note more in a chord, or a
strike a frame later, ends a run.

Runs are found exactly, with the ranks of all windows of 1, 2, 4, 8 ... tokens (Manber & Myers, "Suffix arrays: a new
method for on-line string searches", SIAM J. Comput. 22(5), 1993): two places have a window in common where its ranks
are equal, and the places in the order of the last ranks have the longest runs in common with their neighbours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import LOWEST, STRUCK, Matrix

Array = NDArray[np.int64]

INTERVALS = 256  # more than from the lowest pitch to the highest, up and down
UNISON = 128


def strikes(matrix: Matrix) -> tuple[Array, Array]:
    """Frame and MIDI pitch of each strike of a score matrix (156, frames), by frame, then by pitch.

    >>> from clstm.music.midi import Notes
    >>> from clstm.music.score import encode
    >>> frame, pitch = strikes(encode(Notes.of([(0.0, 1.0, 64, 80), (0.0, 1.0, 60, 80), (0.5, 1.0, 67, 80)])))
    >>> frame.tolist(), pitch.tolist()
    ([0, 0, 4], [60, 64, 67])
    """
    frame, row = np.nonzero(matrix[STRUCK].T)
    return frame, row + LOWEST


def tokens(frame: Array, pitch: Array) -> Array:
    """(strikes,) frames and pitches -> (strikes - 1,), none for no strike.

    >>> tokens(np.array([0, 0, 4]), np.array([60, 64, 62])).tolist()
    [132, 1150]
    """
    return INTERVALS * np.diff(frame) + np.diff(pitch) + UNISON


def gaps(token: Array) -> Array:
    """Frames between the two strikes of each token.

    >>> gaps(tokens(np.array([0, 0, 4]), np.array([60, 64, 62]))).tolist()
    [0, 4]
    """
    return token // INTERVALS


@dataclass(frozen=True, eq=False)
class Ranks:
    """The order of the windows of a text, and of what begins at each of its places.

    levels : for windows of 1, 2, 4 ... tokens, (places + 1,) int32: equal where the windows are equal, greater where a
        window is greater; a window that runs into the end of the text is like no other; the last entry, -1, is the end
    order : (places,) the places by what begins at them
    """

    levels: list[NDArray[np.int32]]
    order: Array

    @classmethod
    def of(cls, text: Array) -> "Ranks":
        """The ranks of a text, (places,) int.

        >>> Ranks.of(np.array([3, 1, 2])).order
        array([1, 2, 0])
        """
        places = len(text)
        levels = [_with_end(np.unique(text, return_inverse=True)[1])]
        # Twice as wide each time, until every place has a rank of its own.
        while places and levels[-1].max() < places - 1:
            width = 2 ** (len(levels) - 1)
            rank = levels[-1].astype(np.int64)
            following = np.full(places, -1, dtype=np.int64)  # a window that runs into the end is like no other
            following[: places - width] = rank[width:-1]
            # The ranks of both halves as one number: neither is more than `places`.
            levels.append(_with_end(np.unique(rank[:-1] * (places + 1) + following, return_inverse=True)[1]))
        return cls(levels, np.argsort(levels[-1][:-1]))

    def common(self, here: Array, there: Array) -> Array:
        """Length of the run of tokens that begins at both of two places, for each pair; they are never one place.

        >>> Ranks.of(np.array([1, 2, 3, 1, 2, 4])).common(np.array([0]), np.array([3]))
        array([2])
        """
        here, there = here.copy(), there.copy()
        length = np.zeros(len(here), dtype=np.int64)
        # The length in powers of two, the largest first.
        for power in reversed(range(len(self.levels))):
            level = self.levels[power]
            step = np.where(level[here] == level[there], 2**power, 0)
            here += step
            there += step
            length += step
        return length


def _with_end(rank: Array) -> NDArray[np.int32]:
    return np.append(rank, -1).astype(np.int32)


def longest_repeat(text: Array) -> int:
    """Tokens of the longest run that begins at two places of a text; the two may overlap.

    >>> longest_repeat(np.array([1, 2, 3, 9, 1, 2, 3])), longest_repeat(np.array([7, 7, 7, 7]))
    (3, 3)
    """
    return repeated(Ranks.of(text))


def repeated(ranks: Ranks) -> int:
    """`longest_repeat` of a text whose ranks are known."""
    return int(ranks.common(ranks.order[:-1], ranks.order[1:]).max(initial=0))


def longest_elsewhere(text: Array, group: Array, searched: NDArray[np.bool_]) -> tuple[Array, Array]:
    """For each place of a text the longest run that also begins at a `searched` place of another group.

    text : (places,) int; group, searched : (places,) what each place belongs to, and whether it may be found
    returns its length in tokens, 0 without any, and the place where it was found (-1 without any), (places,) each

    >>> text, group = np.array([1, 2, 3, 1, 2, 4]), np.array([0, 0, 0, 1, 1, 1])
    >>> length, found = longest_elsewhere(text, group, np.ones(6, dtype=bool))
    >>> length.tolist(), found.tolist()
    ([2, 1, 0, 2, 1, 0], [3, 4, -1, 0, 1, -1])
    """
    ranks = Ranks.of(text)
    length = np.zeros(len(text), dtype=np.int64)
    found = np.full(len(text), -1, dtype=np.int64)
    # The longest run is shared with the nearest place in the order, on one side or the other.
    for order in (ranks.order, ranks.order[::-1]):
        neighbour = _last_of_another_group(order, group, searched)
        known = np.flatnonzero(neighbour >= 0)
        common = ranks.common(order[known], neighbour[known])
        longer = common > length[order[known]]
        length[order[known[longer]]] = common[longer]
        found[order[known[longer]]] = neighbour[known[longer]]
    return length, found


def _last_of_another_group(order: Array, group: Array, searched: NDArray[np.bool_]) -> Array:
    """For each place in an order, the last searched place before it that is of another group, or -1."""
    candidates = order[searched[order]]
    if not len(candidates):
        return np.full(len(order), -1, dtype=np.int64)
    own = group[candidates]
    first = np.flatnonzero(np.append(True, own[1:] != own[:-1]))  # of each stretch of candidates of one group
    stretch_first = np.repeat(first, np.diff(np.append(first, len(own))))
    before = np.cumsum(searched[order], dtype=np.int64) - searched[order]  # candidates before each place
    last: Array = before - 1
    same = (last >= 0) & (own[last] == group[order])
    last = np.where(same, stretch_first[last] - 1, last)
    return np.where(last >= 0, candidates[last], -1)
