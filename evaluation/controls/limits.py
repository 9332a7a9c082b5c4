"""The limits that a system's music has, read from its notes.

A limit is one that all music of the system obeys: every onset of every file lies on the grid, every note has the
velocity. The grid is the largest step of 1/1 to 1/125 s that has all onsets within MIDI rounding, where chance would
hardly put them on it; a coarser grid that the music happens to obey is found too. Where the tempo differs from file to
file, a grid may be one of beats: that is described (`per_quarter`), and put on no reference, for a performance has no
beats that are known.

Nothing is known about audio, so nothing is stated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Events
from clstm.music.messages import NOTE_ON
from clstm.music.piece import Piece
from evaluation.controls.applying import ROUNDING, late, off_grid
from evaluation.controls.control import PER_PIECE, Control, PerPiece
from evaluation.controls.spans import spans

STEPS = range(1, 126)  # steps in a second
BEATS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)  # steps in a quarter
FINEST = 4  # ticks that a step of beats has at least
CHANCE = 1e-3  # of onsets at random that all lie on a grid: a larger one is no evidence
# A rule that nearly all music obeys is named, with its exceptions: these are no more than
NOTES = 100  # one in so many notes, or
FILES = 10  # one in so many files

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PieceLimits:
    """What one file has.

    seconds : to the end of its last note
    notes, drums : how many are struck
    moments : different onsets after 0
    off, late : (125,) how many onsets and offsets are off the grid of each of `STEPS`
    off_beat : (11,) the same of `BEATS`; None where they are not known
    chance_of_beat : (11,) of one onset at random that lies on each
    velocities : those of its notes, in order
    programs : those that play notes with a pitch, in order
    lowest, highest : pitches, MIDI; None without any
    pedals : how often a pedal is pressed
    polyphony : most notes with a pitch at once
    """

    seconds: float
    notes: int
    drums: int
    moments: int
    off: Counts
    late: Counts
    off_beat: Counts | None
    chance_of_beat: NDArray[np.float64] | None
    velocities: tuple[int, ...]
    programs: tuple[int, ...]
    lowest: int | None
    highest: int | None
    pedals: int
    polyphony: int

    @property
    def struck(self) -> int:
        return self.notes + self.drums

    @classmethod
    def of(cls, piece: Piece, events: Events | None = None) -> "PieceLimits":
        """events : of its file, for its beats"""
        found = spans(piece.messages, piece.duration, pedal=False)
        pitched = ~found.drum
        keys = found.key[pitched]
        off_beat, chance = (None, None) if events is None else _beats(events)
        return cls(
            piece.duration,
            int(pitched.sum()),
            int(found.drum.sum()),
            len(np.unique(np.rint(found.begin[found.begin > ROUNDING] / ROUNDING))),
            _counts(off_grid(found.begin, step) for step in STEPS),
            _counts(late(found.begin, found.end, step) for step in STEPS),
            off_beat,
            chance,
            tuple(np.unique(found.velocity).tolist()),
            tuple(np.unique(found.program[pitched]).tolist()),
            int(keys.min()) if len(keys) else None,
            int(keys.max()) if len(keys) else None,
            found.left_out.pedals,
            _polyphony(found.begin[pitched], found.end[pitched]),
        )


@dataclass(frozen=True)
class Rule:
    """A limit that all files obey, or all but a few.

    value : such as 8, of steps in a second
    exceptions : places in the list of the files that do not obey it
    """

    value: int
    exceptions: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Limits:
    """The limits of several files together, in their order. files : their names"""

    pieces: tuple[PieceLimits, ...]
    files: tuple[str, ...] = ()

    def control(self) -> Control:
        """The grid and the velocity that all files obey. Other limits are not read from notes, but declared."""
        grid = self.grid
        return Control(grid, self.offsets_on(grid) if grid else False, self.velocity)

    @property
    def velocities(self) -> tuple[int, ...]:
        return tuple(sorted({velocity for one in self.pieces for velocity in one.velocities}))

    @property
    def velocity(self) -> int | PerPiece | None:
        """That of all notes; "piece" where every file has one of its own; None where they vary."""
        if len(self.velocities) == 1:
            return self.velocities[0]
        return PER_PIECE if all(len(one.velocities) <= 1 for one in self.pieces) else None

    @property
    def programs(self) -> tuple[int, ...]:
        return tuple(sorted({program for one in self.pieces for program in one.programs}))

    @property
    def range(self) -> tuple[int, int] | None:
        """The lowest and the highest pitch, MIDI."""
        lowest = [one.lowest for one in self.pieces if one.lowest is not None]
        return (min(lowest), max(one.highest or 0 for one in self.pieces)) if lowest else None

    @property
    def drums(self) -> int:
        return sum(one.drums for one in self.pieces)

    @property
    def pedals(self) -> int:
        return sum(one.pedals for one in self.pieces)

    @cached_property
    def grid(self) -> int | None:
        """Steps in a second of the grid that has all onsets."""
        rule = self.nearest_grid
        return None if rule is None or rule.exceptions else rule.value

    def obeys(self, per_second: int) -> bool:
        """Whether all onsets lie on a grid."""
        return not any(one.off[per_second - STEPS[0]] for one in self.pieces)

    def offsets_on(self, per_second: int) -> bool:
        """Whether all offsets lie on a grid."""
        return not any(one.late[per_second - STEPS[0]] for one in self.pieces)

    @cached_property
    def nearest_grid(self) -> Rule | None:
        """The largest step that has all onsets, or else nearly all."""
        moments = sum(one.moments for one in self.pieces)
        chance = moments * np.log(np.minimum(2 * ROUNDING * np.array(STEPS), 1.0))
        return self._rule(STEPS, [one.off for one in self.pieces], chance)

    @cached_property
    def per_quarter(self) -> Rule | None:
        """Steps in a quarter of the grid of beats that has all onsets, or nearly all, where none in seconds has."""
        known = [(one.off_beat, one.chance_of_beat) for one in self.pieces]
        if self.grid is not None or any(off is None for off, _ in known):
            return None
        chances = [one.moments * np.log(one.chance_of_beat) for one in self.pieces if one.chance_of_beat is not None]
        return self._rule(BEATS, [off for off, _ in known if off is not None], np.sum(chances, axis=0))

    @property
    def rule(self) -> Rule | None:
        """The grid to speak of: one that all onsets lie on, in seconds or of beats, else one that nearly all do."""
        both = [one for one in (self.nearest_grid, self.per_quarter) if one is not None]
        return next((one for one in both if not one.exceptions), next(iter(both), None))

    def few(self, exceptions: Sequence[int]) -> bool:
        """Whether these places in the list of files are few enough to be named as exceptions."""
        return FILES * len(exceptions) <= len(self.pieces)

    def _rule(self, values: Sequence[int], off: Sequence[Counts], chance: NDArray[np.float64]) -> Rule | None:
        """chance : (values,) natural logarithm of that of onsets at random"""
        known = [(place, value) for place, value in enumerate(values) if chance[place] < np.log(CHANCE)]
        table = np.array(off).reshape(len(self.pieces), len(values))
        for place, value in known:
            if not table[:, place].any():
                return Rule(value)
        struck = sum(one.struck for one in self.pieces)
        for place, value in known:
            exceptions = np.flatnonzero(table[:, place])
            if self.few(exceptions.tolist()) or NOTES * int(table[:, place].sum()) <= struck:
                return Rule(value, tuple(exceptions.tolist()))
        return None


def _counts(each: Iterable[NDArray[np.bool_]]) -> Counts:
    return np.array([np.count_nonzero(one) for one in each], dtype=np.int64)


def _beats(events: Events) -> tuple[Counts, NDArray[np.float64]]:
    """(11,) how many onsets are off each of `BEATS`, by their ticks, and the chance of one at random to be on it."""
    struck = (events.status >> 4 == NOTE_ON) & (events.second > 0)
    tick, division = events.tick[struck], events.division
    off, chance = [], []
    for beat in BEATS:
        apart = np.abs(tick - np.rint(tick * beat / division) * division / beat)
        whole = division % beat == 0  # else a tick is rounded
        off.append(np.count_nonzero(apart > (0 if whole else 0.5)))
        ticks = division / beat
        chance.append(1.0 if ticks < FINEST else (1 if whole else 2) / ticks)
    return np.array(off, dtype=np.int64), np.array(chance)


def _polyphony(begin: NDArray[np.float64], end: NDArray[np.float64]) -> int:
    """Most notes at once; one that begins as another ends does not sound with it."""
    times = np.concatenate([end, begin])
    steps = np.repeat([-1, 1], len(begin))
    return int(np.cumsum(steps[np.lexsort((steps, times))]).max(initial=0))
