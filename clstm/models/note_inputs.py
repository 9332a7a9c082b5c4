"""What the network of notes is given at every position of a piece, and what it is to draw there.

A piece of n notes has n + 1 positions. Position 0 stands for the beginning: at frame 0, with nothing before it, it
draws only the gap to the first note. Position k draws note k: pitch, duration, and the gap to note k + 1. The last gap
says only that nothing more is struck before the piece ends, and a note that ends with the piece lasts at least so long.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from clstm.models.matching import NEVER, guesses, states
from clstm.music.score import PITCHES
from clstm.runtime.compiling import compiled

Inputs = dict[str, NDArray[np.generic]]  # arrays over positions
DECAY = 256.0  # frames, of what was lately
MASKED = -1e4  # the log chance of what cannot be

_TYPES = {
    **dict.fromkeys(("time", "heard", "d_row", "g_row", "dur"), np.int32),
    "rates": np.float32,
    "guess_w": np.uint8,
}


class Classes:
    """Frames as classes: exact from `first` to `exact`, then ever wider bins in which every value is as likely.

    low : the least value of each class; width : how many values it has; top : values beyond count as the last one
    """

    def __init__(self, first: int, exact: int, ratio: float = 1.25, top: int = 8192) -> None:
        low = list(range(first, exact + 1))
        edge = exact + 1
        while edge < top:
            low.append(edge)
            edge = max(edge + 1, int(np.ceil(edge * ratio)))
        self.low = np.array(low)
        self.high = np.append(self.low[1:] - 1, edge - 1)
        self.width = self.high - self.low + 1
        self.first, self.top = first, edge

    def __len__(self) -> int:
        return len(self.low)

    def of(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """The class of each value.

        >>> Classes(1, 24).of(np.array([1, 24, 25, 31, 32])).tolist()
        [0, 23, 24, 24, 25]
        """
        return np.searchsorted(self.low, np.minimum(frames, self.top - 1), side="right") - 1

    def row(self, frames: NDArray[np.int64], *, at_least: bool = False) -> NDArray[np.int64]:
        """The row of `table` for each value; for 17 minutes and more the last."""
        return np.minimum(frames, self.top - 1) + (self.top if at_least else 0)

    @cache  # noqa: B019  # there are two, as long as the program runs
    def table(self) -> NDArray[np.float32]:
        """The log share of each class in a target, (2 top, classes): row v is exactly v, row top + v is at least v."""
        values = np.arange(self.top)
        place = self.of(values).clip(0)
        exact = np.full((self.top, len(self)), MASKED, np.float32)
        exact[values, place] = -np.log(self.width[place])
        more = np.clip((self.high[None] - values[:, None] + 1) / self.width[None], 0, 1)
        with np.errstate(divide="ignore"):
            at_least = np.maximum(np.log(more), MASKED).astype(np.float32)
        return np.concatenate([exact, at_least])


DURATIONS = Classes(1, 24)
GAPS = Classes(0, 16)
EMPTY_DURATION, EMPTY_GAP = len(DURATIONS), len(GAPS)  # classes that stand for "none"


def of_notes(
    notes: NDArray[np.int64],
    frames: int | None = None,
    pitches: int = PITCHES,
    free: int = 1,
    guessed: Inputs | None = None,
) -> Inputs:
    """The arrays of one piece over its n + 1 positions.

    notes : (n, 3), as `clstm.models.sequence` has them; frames : of the piece; None is the beginning of one (a prompt)
    free : a pitch may be struck when it sounds for fewer frames than this
    guessed : what `guessed_of` gives for these notes, which takes most of the time
    """
    n = len(notes)
    pitch, onset, duration = np.ascontiguousarray(notes.T.astype(np.int64))
    age = np.full((n + 1, pitches), NEVER, np.int16)
    left = np.full((n + 1, pitches), -1, np.int16)
    age[1:], left[1:] = states(notes, pitches)
    guessed = guessed_of(notes, pitches, free, left[1:]) if guessed is None else guessed
    gap = np.diff(onset, prepend=0)  # before each note; of the first, from frame 0
    after = np.append(gap[1:], 0)[:n]
    given = {
        "age": age,
        "left": left,
        **_before(pitch, onset, duration, gap, pitches),
        **guessed,
    }
    drawn = _drawn(pitch, onset, duration, gap, after, frames, pitches)
    return {name: np.ascontiguousarray(one, _TYPES.get(name, np.int16)) for name, one in (given | drawn).items()}


def _before(
    pitch: NDArray[np.int64],
    onset: NDArray[np.int64],
    duration: NDArray[np.int64],
    gap: NDArray[np.int64],
    pitches: int,
) -> Inputs:
    """What was before each position. prev_p : pitches stands for the beginning, pitches + 1 for nothing; low : up to
    this pitch nothing may follow in the chord; time : of the note to draw, heard : of the note before, frames."""
    n = len(pitch)
    strikes = np.zeros((n + 1, pitches), np.int16)
    np.add.at(strikes, (np.arange(2, n + 1), pitch[:-1]), 1)  # position k draws note k - 1
    chord = (gap == 0) & (np.arange(n) > 0)
    return {
        "so_far": np.cumsum(strikes, axis=0, dtype=np.int16),
        "prev_p": np.concatenate([[pitches + 1, pitches], pitch[:-1]])[: n + 1],
        "prev_d": np.concatenate([[EMPTY_DURATION, EMPTY_DURATION], DURATIONS.of(duration)[:-1]])[: n + 1],
        "prev_g": np.concatenate([[EMPTY_GAP], GAPS.of(gap)]),
        "time": np.append(0, onset),
        "heard": np.concatenate([[0, 0], onset[:-1]])[: n + 1],
        "low": np.concatenate([[-1], np.where(chord, np.append(-1, pitch[:-1])[:n], -1)]),
        "rates": _rates(onset, duration),
    }


def guessed_of(
    notes: NDArray[np.int64], pitches: int = PITCHES, free: int = 1, left: NDArray[np.int16] | None = None
) -> Inputs:
    """The guesses of the match model over the positions of a piece, (n + 1, 9) each; position 0 has none.

    left : of `clstm.models.matching.states`, where it is known
    """
    left = states(notes, pitches)[1] if left is None else left
    guess = guesses(notes, left, free)
    source, k = guess[:, :, 3], guess.shape[1]
    none = source < 0
    after = np.append(np.diff(notes[:, 1]), 0)[: len(notes)]
    values = {
        "guess_p": (-1, guess[:, :, 0]),
        "guess_n": (0, guess[:, :, 1]),
        "guess_w": (0, guess[:, :, 2]),
        "guess_d": (EMPTY_DURATION, np.where(none, EMPTY_DURATION, DURATIONS.of(notes[:, 2])[source])),
        "guess_g": (EMPTY_GAP, np.where(none, EMPTY_GAP, GAPS.of(after)[source])),
    }
    made = {name: np.concatenate([np.full((1, k), empty), own]) for name, (empty, own) in values.items()}
    return {name: own.astype(_TYPES.get(name, np.int16)) for name, own in made.items()}


def _drawn(
    pitch: NDArray[np.int64],
    onset: NDArray[np.int64],
    duration: NDArray[np.int64],
    gap: NDArray[np.int64],
    after: NDArray[np.int64],
    frames: int | None,
    pitches: int,
) -> Inputs:
    """What is to be drawn: classes, and rows of `Classes.table` (d_row, g_row)."""
    n = len(pitch)
    d_row = DURATIONS.row(np.append(0, duration))
    g_row = GAPS.row(np.append(gap[:1], after) if n else np.zeros(1, np.int64))
    if frames is not None:
        to_the_end = np.append(False, onset + duration >= frames)
        d_row = d_row + np.where(to_the_end, DURATIONS.top, 0)
        g_row[-1] = GAPS.row(np.array(frames - (onset[-1] if n else 0)), at_least=True)
    return {
        "p": np.append(pitches, pitch),
        "d": np.append(0, DURATIONS.of(duration)),
        "dur": np.append(1, duration),
        "g": GAPS.of(np.append(gap[:1], after)) if n else np.zeros(1, np.int64),
        "d_row": d_row,
        "g_row": g_row,
    }


@compiled
def _rates(onset, duration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Log notes and sounding pitches per frame so far, and lately, (n + 1, 4), about -1 to 1."""
    n = len(onset)
    out = np.zeros((n + 1, 4), np.float32)
    strikes, sound, lately_n, lately_s, before = 0.0, 0.0, 0.0, 0.0, 0
    for k in range(n + 1):
        t = onset[k - 1] if k else 0
        if k:
            fade = np.exp(-(t - before) / 256.0)
            lately_n *= fade
            lately_s *= fade
            before = t
        weight = 256.0 * (1 - np.exp(-t / 256.0))
        out[k, 0] = np.log((strikes + 8) / (t + 8))
        out[k, 1] = np.log((sound + 16) / (t + 8))
        out[k, 2] = np.log((lately_n + 8) / (weight + 8))
        out[k, 3] = np.log((lately_s + 16) / (weight + 8))
        if k:
            strikes += 1
            sound += duration[k - 1]
            lately_n += 1
            lately_s += duration[k - 1]
    return out
