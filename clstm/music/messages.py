"""What a synthesizer is sent: the channel messages of a piece by time, with what is done to them before they sound.

Everything that FluidSynth obeys is kept, in its order: notes, program and bank, every controller (pedals, volume,
expression, pan, modulation, registered parameters, all notes off), pitch bend, aftertouch and system exclusives.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import EXCLUSIVE, Events, Indices

if TYPE_CHECKING:
    from clstm.music.midi import Notes

NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROLLER, PROGRAM, CHANNEL_PRESSURE, PITCH_BEND = range(8, 15)
CHANNELS = 16  # of a port
ONE_BYTE = (PROGRAM, CHANNEL_PRESSURE)  # have one data byte

DRUMS = 9  # the channel of each port that General MIDI keeps for them, counted from 0

TICK = 1920  # of notes without a file: per second, as `write_midi` writes them

COLUMNS = ("time", "due", "track", "channel", "kind", "first", "second")

_BANKS = (0, 32)  # controllers
_SUSTAIN, _SOSTENUTO, _ALL_NOTES_OFF = 64, 66, 123


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages in the order of a file: by tick, then track, then place in the track. Arrays of one length.

    time : float64 seconds, by the tempo map
    due : float64 seconds from which FluidSynth's player sends each, half a tick before its time (`Events.due`)
    track : of its track; the player sends what is due together track after track
    channel : 16 per port, counted from 0
    kind : `NOTE_OFF` to `PITCH_BEND`, or `EXCLUSIVE` >> 4
    first, second : the data bytes, 0..127; of an exclusive `first` is its place in `exclusives`
    exclusives : the bytes of system exclusives, without F0 and F7
    end : seconds, as `due`; where the notes end that nothing else ends
    """

    time: NDArray[np.float64]
    due: NDArray[np.float64]
    track: Indices
    channel: Indices
    kind: Indices
    first: Indices
    second: Indices
    exclusives: tuple[bytes, ...] = ()
    end: float = 0.0

    def __len__(self) -> int:
        return len(self.due)

    @property
    def channels(self) -> int:
        """How many channels a synthesizer needs, a multiple of 16."""
        return (int(self.channel.max(initial=0)) // CHANNELS + 1) * CHANNELS

    @property
    def struck(self) -> NDArray[np.bool_]:
        """Which messages begin a note."""
        struck: NDArray[np.bool_] = (self.kind == NOTE_ON) & (self.second > 0)
        return struck

    def where(self, which: NDArray[np.bool_]) -> "Messages":
        """Those messages alone."""
        return self._with([getattr(self, name)[which] for name in COLUMNS])

    def _with(self, columns: list[Any]) -> "Messages":
        return replace(self, **dict(zip(COLUMNS, columns, strict=True)))

    def between(self, start: float, end: float) -> "Messages":
        """What sounds in start..end seconds, with `start` as the new zero.

        What was set before `start` is set at once, and a key that is down then is struck again.
        """
        before, inside = self.due < start, (self.due >= start) & (self.due < end)
        note = (self.kind == NOTE_ON) | (self.kind == NOTE_OFF)
        kept = before & ~note
        kept[self._down(np.flatnonzero(before & note))] = True
        kept |= inside
        part = self.where(kept)
        early = part.due < start  # these come first, in their order, whatever their tracks
        return replace(
            part,
            time=np.maximum(part.time - start, 0.0),
            due=np.maximum(part.due - start, 0.0),
            track=np.where(early, -1, part.track),
            end=max(min(self.end, end) - start, 0.0),
        )

    def _down(self, notes: Indices) -> list[int]:
        """The messages among `notes` that struck the keys that are down after them, in order."""
        down: dict[tuple[int, int], int] = {}
        for at in notes.tolist():
            key = int(self.channel[at]), int(self.first[at])
            down.pop(key, None)
            if self.kind[at] == NOTE_ON and self.second[at]:
                down[key] = at
        return sorted(down.values())

    def with_velocities(self, power: float) -> "Messages":
        """Velocities become 127 (v / 127) ** power, rounded, and at least 1."""
        bent = np.maximum(np.rint(127 * (self.second / 127) ** power), 1).astype(np.int64)
        return replace(self, second=np.where(self.struck, bent, self.second))

    def as_one_instrument(self, program: int) -> "Messages":
        """Every channel plays `program`, 0..127; drums, which have no pitch, are left out."""
        other = (self.kind == PROGRAM) | (self.kind == EXCLUSIVE >> 4)
        other |= (self.kind == CONTROLLER) & np.isin(self.first, _BANKS)
        part = self.where(~other & (self.channel % CHANNELS != DRUMS))
        channels = np.unique(part.channel)
        rows = np.zeros(len(channels), dtype=np.int64)
        return Messages(
            np.concatenate([rows.astype(np.float64), part.time]),
            np.concatenate([rows.astype(np.float64), part.due]),
            np.concatenate([rows - 1, part.track]),
            np.concatenate([channels, part.channel]),
            np.concatenate([rows + PROGRAM, part.kind]),
            np.concatenate([rows + program, part.first]),
            np.concatenate([rows, part.second]),
            end=part.end,
        )

    def ended(self) -> "Messages":
        """With an end, at the last moment, for each key that is still down: as a file needs it that others play."""
        down = self._down(np.flatnonzero((self.kind == NOTE_ON) | (self.kind == NOTE_OFF)))
        ends = self.where(np.isin(np.arange(len(self)), down))
        count = len(ends)
        last = max(self.end, float(self.time.max(initial=0.0)))
        ends = replace(ends, time=np.full(count, last), due=np.full(count, self.end), kind=np.full(count, NOTE_OFF))
        return self._with([np.concatenate([getattr(self, name), getattr(ends, name)]) for name in COLUMNS])

    def closing(self) -> Iterator[tuple[int, int, int]]:
        """(channel, controller, value) of what the player sends when a file has ended: pedals up, all notes off."""
        for channel in range(self.channels):
            yield from ((channel, controller, 0) for controller in (_SUSTAIN, _SOSTENUTO, _ALL_NOTES_OFF))


def messages_of(events: Events) -> Messages:
    """The messages of a file."""
    kind = events.status.astype(np.int64) >> 4
    exclusive = events.status == EXCLUSIVE
    channel = np.where(exclusive, 0, (events.status & 15).astype(np.int64)) + CHANNELS * events.port
    first = np.where(exclusive, np.cumsum(exclusive) - 1, events.first.astype(np.int64))
    end = float(events.due(np.array([events.end]))[0])
    due = events.due(events.tick)
    time, second = events.seconds(events.tick), events.second.astype(np.int64)
    return Messages(time, due, events.track, channel, kind, first, second, events.exclusives, end)


def messages_of_notes(notes: "Notes") -> Messages:
    """The messages of notes, as the file has them that `write_midi` makes of these.

    Each pitch is one string, as on a piano: a new strike restarts it, it sounds until the last of its overlapping notes
    ends, and of several strikes in one tick the loudest counts.
    """
    rows = list(_strings(notes))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    nothing = np.zeros(len(table), dtype=np.int64)
    kind = np.where(table[:, 2] > 0, NOTE_ON, NOTE_OFF)
    tick = 1000 * float(np.float32(500000) / np.float32(960) / np.float32(1000)) / 1e6
    due = np.maximum((table[:, 0] - 0.5) * tick, 0.0)
    end = float(due.max(initial=0.0))
    return Messages(table[:, 0] / TICK, due, nothing, nothing, kind, table[:, 1], table[:, 2], end=end)


def _strings(notes: "Notes") -> Iterator[tuple[int, int, int]]:
    """(tick, pitch, velocity) in order of time, velocity 0 where a pitch ends; ends come before strikes."""
    begin = np.rint(notes.onset * TICK).astype(np.int64)
    end = np.maximum(np.rint(notes.offset * TICK).astype(np.int64), begin + 1)
    pitches = notes.pitch.tolist()
    ends = [(tick, 0, pitch, 0) for tick, pitch in zip(end.tolist(), pitches, strict=True)]
    strikes = zip(begin.tolist(), [1] * len(notes), pitches, (-notes.velocity).tolist(), strict=True)
    sounding: Counter[int] = Counter()
    struck: dict[int, int] = {}  # pitch -> the tick of its last strike
    for tick, strike, pitch, softness in sorted([*ends, *strikes]):
        if strike:
            sounding[pitch] += 1
            if struck.get(pitch) != tick:
                yield tick, pitch, -softness
            struck[pitch] = tick
        else:
            sounding[pitch] -= 1
            if not sounding[pitch]:
                yield tick, pitch, 0
