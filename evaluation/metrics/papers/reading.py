"""Notes as papers count them: in quarters of the file's tempo map, and in the bars that it states.

Where nothing is known of tempo, as after the score matrix, a quarter is half a second: what does not need beats is a
share of the time, and does not depend on it. Numbers that need beats exist only where the onsets follow those of the
file (`evaluation.metrics.metre.follows`): of a performance that was played over the default of 120 quarters a minute,
beats and bars say nothing, though code that counts ticks prints a number.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import DEFAULT, Metre
from clstm.music.midi import Notes
from evaluation.metrics.metre import music_bars
from evaluation.metrics.metric import Missing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_NOTES = Missing("no notes")
ROUNDING = 1e-4  # quarters: less than half a tick of any usual file


@dataclass(frozen=True, eq=False)
class Reading:
    """Notes and what is known of their beats.

    notes : those with a pitch; drums : their notes
    metre : as the file states it, or the default
    seconds : how long the music lasts
    beatless : why its beats say nothing; None where its onsets follow them
    """

    notes: Notes
    drums: Notes
    metre: Metre
    seconds: float
    beatless: Missing | None

    @classmethod
    def of(
        cls, notes: Notes, drums: Notes | None, metre: Metre | None, seconds: float, beatless: Missing | None
    ) -> "Reading":
        """drums, metre : None where nothing is known of them"""
        return cls(
            notes, Notes.of() if drums is None else drums, DEFAULT if metre is None else metre, seconds, beatless
        )

    @cached_property
    def zero(self) -> float:
        """Quarters of the file at which the music begins; not 0 only where it was cut."""
        return float(self.metre.quarters(np.zeros(1))[0])

    def quarters(self, seconds: Floats) -> Floats:
        """Seconds of the music in quarters from its begin."""
        return self.metre.quarters(seconds) - self.zero

    @cached_property
    def begin(self) -> Floats:
        """Onsets of the notes with a pitch, (notes,) quarters."""
        return self.quarters(self.notes.onset)

    @cached_property
    def end(self) -> Floats:
        """Their offsets, (notes,) quarters."""
        return self.quarters(self.notes.offset)

    @cached_property
    def last(self) -> float:
        """Quarters to the end of the last note, drums included."""
        return max(float(self.end.max(initial=0.0)), float(self.quarters(self.drums.offset).max(initial=0.0)))

    @cached_property
    def pitch_class(self) -> Integers:
        return self.notes.pitch % 12

    @cached_property
    def bars(self) -> Floats:
        """(bars, 2) begin and end, quarters from the begin of the music; those before a cut are left out."""
        return music_bars(self.metre, self.seconds) - self.zero

    @cached_property
    def bar(self) -> Integers:
        """The bar in which each note with a pitch begins."""
        return self.bar_of(self.begin)

    def bar_of(self, quarters: Floats) -> Integers:
        found: Integers = np.clip(
            np.searchsorted(self.bars[:, 0], quarters + ROUNDING, side="right") - 1, 0, len(self.bars) - 1
        )
        return found

    @cached_property
    def by_bar(self) -> Integers:
        """How many notes of each pitch class begin in each bar, (bars, 12)."""
        cells = np.bincount(12 * self.bar + self.pitch_class, minlength=12 * len(self.bars))
        return cells.reshape(-1, 12)

    @cached_property
    def one_bar(self) -> float | Missing:
        """The length of all bars, quarters, where they have one length."""
        lasts = float(self.metre.quarters(np.array([self.seconds]))[0])
        lengths = {4 * beats / value for at, beats, value in self.metre.signatures if at < lasts}
        return lengths.pop() if len(lengths) == 1 else Missing("its time signature changes")


def touched(first: Integers, last: Integers, count: int) -> NDArray[np.bool_]:
    """Which of `count` boxes in a row any note touches, (count,); each touches those from `first` to `last`.

    >>> touched(np.array([0, 3]), np.array([1, 3]), 5).tolist()
    [True, True, False, True, False]
    """
    edges = np.bincount(np.minimum(first, count), minlength=count + 1)
    edges -= np.bincount(np.minimum(last + 1, count), minlength=count + 1)
    inside: NDArray[np.bool_] = np.cumsum(edges[:count]) > 0
    return inside


def whole(quarters: Floats, length: float = 1.0) -> Integers:
    """How many whole lengths there are before each time; one just short of a boundary by rounding is on it."""
    found: Integers = np.floor((quarters + ROUNDING) / length).astype(np.int64)
    return found


def entropy(counts: NDArray[np.int64]) -> Floats:
    """Entropy of each row of counts, (rows, classes), bits; every row has a count.

    >>> entropy(np.array([[1, 1, 0], [4, 0, 0]])).tolist()
    [1.0, 0.0]
    """
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(np.abs((share * np.log2(share, out=np.zeros_like(share), where=share > 0)).sum(axis=1)))
