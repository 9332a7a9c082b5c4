"""A piece that grows note by note, and what the network is given before each note (`clstm.models.notes`).

The same values as those of a whole piece in training and scoring, worked out from what has been so far: each note
adds to what is known, nothing is read twice. So a note costs one pass over the lengths of the matches, and no more.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.models.matching import COUNTS, LONGEST, NEVER
from clstm.models.note_inputs import DECAY, DURATIONS, EMPTY_DURATION, EMPTY_GAP, GAPS

Inputs = dict[str, Any]  # numbers, and arrays over pitches, guesses or rates, by the names the network has for them
INTERVAL, PITCH, RHYTHM = 0, 1, 2  # readings of the past: in any key, in this key, whatever the pitches
WIDEST = 16  # a match counts for its share as if it were at most so long
CUT = 32000  # frames: more are given as these


class GrowingPiece:
    """Notes in order of onset, then pitch; times in frames.

    pitches : how many there are; kept : how many of the last positions `history` holds
    """

    def __init__(self, pitches: int, kept: int) -> None:
        self.pitches = pitches
        self.count = 0
        self.notes = np.zeros((256, 3), dtype=np.int64)  # pitch, onset, duration
        self.tokens = np.zeros((3, 256), dtype=np.int64)
        self.lengths = np.zeros((3, 256), dtype=np.int64)  # of the match that ends before each note
        self.struck = np.full(pitches, -1)  # when each pitch was last struck
        self.ends = np.full(pitches, -1)
        self.strikes = np.zeros(pitches, dtype=np.int64)
        self.sounded = 0  # frames, of all notes
        self.lately = np.zeros(2)  # notes and frames that sounded, fading
        self.faded = 0  # the frame up to which they have
        self.history: deque[Inputs] = deque([self._beginning()], maxlen=kept)

    def read(self, notes: Iterable[tuple[int, int, int]]) -> None:
        """Add notes that are known: pitch, onset, duration."""
        for pitch, onset, duration in notes:
            self.ask(int(onset))
            self.add(int(pitch), int(onset), int(duration))

    def ask(self, onset: int, *, hidden: bool = False) -> Inputs:
        """What the network is given for the next note, which is struck at `onset`; kept in `history`.

        hidden : leave out what the past suggests
        """
        i = self.count
        if i + 1 >= len(self.notes):
            self._grow()
        self.notes[i, 1] = onset  # the gap after the note before it is known now
        before = self.notes[i - 1]
        gap = onset - int(before[1]) if i else onset
        chord = i > 0 and gap == 0
        left = np.where(self.struck >= 0, np.clip(self.ends - onset, -1, CUT), -1)
        low = int(before[0]) if chord else -1
        self._fade(onset)
        given: Inputs = {
            "prev_p": int(before[0]) if i else self.pitches,
            "prev_d": int(DURATIONS.of(before[2])) if i else EMPTY_DURATION,
            "prev_g": int(GAPS.of(np.asarray(gap))),
            "time": onset,
            "heard": int(before[1]) if i else 0,
            "low": low,
            "age": np.where(self.struck >= 0, np.minimum(onset - self.struck, CUT), NEVER),
            "left": left,
            "so_far": self.strikes.copy(),
            "rates": self._rates(onset),
        } | self._guesses(gap, low, left, hidden=hidden)
        self.history.append(given)
        return given

    def add(self, pitch: int, onset: int, duration: int) -> None:
        """Add the note that was asked for."""
        i = self.count
        self.notes[i] = pitch, onset, duration
        if i:
            step = pitch - self.notes[i - 1, 0] + self.pitches  # never negative
            gap = onset - self.notes[i - 1, 1]
            self.tokens[:, i] = np.array([step, pitch, duration]) * (1 << 24) + gap
        else:
            self.tokens[:, i] = -1
        self.struck[pitch], self.ends[pitch] = onset, onset + duration
        self.strikes[pitch] += 1
        self.sounded += duration
        self.lately += 1, duration
        self.count += 1
        self._advance()

    def _beginning(self) -> Inputs:
        """Position 0: nothing is known, and only the wait until the first note is asked for."""
        nothing = np.full(self.pitches, -1)
        given: Inputs = {"prev_p": self.pitches + 1, "prev_d": EMPTY_DURATION, "prev_g": EMPTY_GAP}
        given |= {"time": 0, "heard": 0, "low": -1, "age": np.full(self.pitches, NEVER), "left": nothing}
        given |= {"so_far": np.zeros_like(nothing), "rates": self._rates(0)}
        return given | self._no_guesses()

    def _advance(self) -> None:
        """How long the match before each note j is: how many tokens up to j - 1 equal those up to the last note."""
        i = self.count
        same = self.tokens[:, : i - 1] == self.tokens[:, i - 1 : i]
        self.lengths[:, 1:i] = np.where(same, self.lengths[:, : i - 1] + 1, 0)

    def _fade(self, onset: int) -> None:
        self.lately *= np.exp(-(onset - self.faded) / DECAY)
        self.faded = onset

    def _rates(self, onset: int) -> NDArray[np.float32]:
        """log of notes and of sounding pitches per frame: so far, and lately. (4,)"""
        weight = DECAY * (1 - np.exp(-onset / DECAY))
        amounts = np.add([self.count, self.sounded, *self.lately], [8, 16, 8, 16])
        return np.log(amounts / np.add([onset, onset, weight, weight], 8)).astype(np.float32)

    def _no_guesses(self) -> Inputs:
        none = np.zeros(sum(COUNTS), dtype=np.int64)
        empty = {"guess_d": none + EMPTY_DURATION, "guess_g": none + EMPTY_GAP}
        return {"guess_p": none - 1, "guess_n": none.copy(), "guess_w": none.copy()} | empty

    def _guesses(self, gap: int, low: int, left: NDArray[np.int64], *, hidden: bool) -> Inputs:
        """What followed the last times this run of notes came: best matches first, in each of the three readings."""
        given = self._no_guesses()
        if hidden or self.count < 2:
            return given
        notes, i = self.notes, self.count
        waits = np.diff(notes[:i, 1], prepend=0) == gap
        first = 0
        for reading, count in enumerate(COUNTS):
            where = np.flatnonzero(waits & (self.lengths[reading, :i] >= 1))
            pitches = notes[where, 0] if reading == PITCH else np.zeros_like(where)
            if reading == INTERVAL:
                pitches = notes[i - 1, 0] + notes[where, 0] - notes[where - 1, 0]
            if reading != RHYTHM:
                inside = (pitches > low) & (pitches >= 0) & (pitches < self.pitches)
                fits = inside & (left[np.where(inside, pitches, 0)] < 1)
                where, pitches = where[fits], pitches[fits]
            for place, (pitch, length, share, source) in enumerate(
                _best(where, pitches, self.lengths[reading, where], count), first
            ):
                given["guess_p"][place], given["guess_n"][place], given["guess_w"][place] = pitch, length, share
                given["guess_d"][place] = DURATIONS.of(notes[source, 2])
                given["guess_g"][place] = GAPS.of(notes[source + 1, 1] - notes[source, 1])
            first += count
        return given

    def _grow(self) -> None:
        self.notes = np.concatenate([self.notes, np.zeros_like(self.notes)])
        self.tokens, self.lengths = (np.concatenate([a, np.zeros_like(a)], axis=1) for a in (self.tokens, self.lengths))


def _best(
    where: NDArray[np.int64], pitches: NDArray[np.int64], lengths: NDArray[np.int64], count: int
) -> list[tuple[int, int, int, int]]:
    """Of guesses, those of one pitch taken together, the `count` pitches with the longest match; later among equals.

    where : the note that each guess is what followed
    returns pitch, length, share of the squared lengths in 255ths, and source of each
    """
    if not len(where):
        return []
    weights = np.bincount(pitches, np.minimum(lengths, WIDEST) ** 2.0)
    order = np.lexsort((-where, -lengths))
    _, first = np.unique(pitches[order], return_index=True)
    chosen = order[np.sort(first)[:count]]
    total = weights.sum()
    return [
        (int(pitches[one]), min(int(lengths[one]), LONGEST), int(255 * weights[pitches[one]] / total), int(where[one]))
        for one in chosen
    ]
