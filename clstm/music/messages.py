"""What a synthesizer is sent: the channel messages of a piece by time, with what is done to them before they sound.

Everything that FluidSynth obeys is kept, in its order: notes, program and bank, every controller (pedals, volume,
expression, pan, modulation, registered parameters, all notes off), pitch bend, aftertouch and system exclusives.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
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
DRUM_BANK = 128  # where SoundFonts keep the kits

TICK = 1920  # of notes without a file: per second, as `write_midi` writes them

COLUMNS = ("time", "due", "track", "channel", "kind", "first", "second")

_BANKS = (0, 32)  # controllers
_XG_DRUMS = 120  # the first bank of drums after XG on
_DEVICES = (16, 127)  # FluidSynth's own number, and that of all devices
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
    def presets(self) -> "Presets":
        """What its channels play, moment by moment."""
        order = self.first[self.kind == EXCLUSIVE >> 4].tolist()
        sent = [self.exclusives[place] for place in order]
        return Presets.of(self.kind, self.channel, self.first, self.second, sent)

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
        pitched = self.struck & ~self.presets.drums
        plays = np.isin(self.channel, np.unique(self.channel[pitched]))
        part = self.where(~other & plays & (pitched | ~self.struck))
        of_drums = part.channel % CHANNELS == DRUMS  # pitched here, by a message that is left out
        part = replace(part, channel=np.where(of_drums, self.channels + part.channel // CHANNELS, part.channel))
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


@dataclass(frozen=True, eq=False)
class Presets:
    """The preset that each message finds on its channel, as FluidSynth 2.2 to 2.4 selects it: in the style of GS.

    bank, program : (messages,), as asked for: a SoundFont may lack it
    drums : (messages,) whether it is a kit

    A file's system exclusives are obeyed: General MIDI, GS and XG on, which reset all channels, and "use for rhythm
    part" of GS, which makes drums of another channel. After XG on the bank 120 or higher does so too. The banks of
    General MIDI 2 are ignored, as FluidSynth ignores them up to 2.5. A tenth channel that GS takes from the drums keeps
    its kit until the next bank; from FluidSynth 2.5 on it plays bank 0 at once.
    """

    bank: Indices
    program: Indices

    @property
    def drums(self) -> NDArray[np.bool_]:
        kit: NDArray[np.bool_] = self.bank == DRUM_BANK
        return kit

    @classmethod
    def of(
        cls, kind: NDArray[Any], channel: Indices, first: NDArray[Any], second: NDArray[Any], sent: Sequence[bytes]
    ) -> "Presets":
        """From the columns of messages and their system exclusives, in order; `sent` : the bytes of these."""
        state = _Selection(int(channel.max(initial=0)) + 1)
        wanted = (kind == PROGRAM) | (kind == EXCLUSIVE >> 4)
        for bank in _BANKS:
            wanted |= (kind == CONTROLLER) & (first == bank)
        places = np.flatnonzero(wanted)
        exclusives = iter(sent)
        columns = (column[places].tolist() for column in (kind, channel, first, second))
        for place, one, own, low, high in zip(places.tolist(), *columns, strict=True):
            if one == PROGRAM:
                state.select(place, own, low)
            elif one == CONTROLLER:
                state.bank_select(own, low, high)
            else:
                state.exclusive(place, next(exclusives))
        changes = np.array(state.changes, dtype=np.int64)
        count = len(kind) + 1  # one line has all channels one after another, each from -1 on
        line = changes[:, 1] * count + changes[:, 0] + 1
        order = np.argsort(line, kind="stable")
        found = order[np.searchsorted(line[order], channel * count + np.arange(len(kind)) + 1, side="right") - 1]
        return cls(changes[found, 2], changes[found, 3])


class _Selection:
    """The state of FluidSynth's channels; `changes` : (place, channel, bank, program) of each preset selected."""

    def __init__(self, channels: int) -> None:
        self._style, self.changes = "gs", []  # type: tuple[str, list[tuple[int, int, int, int]]]
        self._channels = channels
        self._reset(-1)

    def _reset(self, place: int) -> None:
        self._drums = [channel % CHANNELS == DRUMS for channel in range(self._channels)]
        self._bank = [DRUM_BANK * drums for drums in self._drums]
        for channel in range(self._channels):
            self.select(place, channel, 0)

    def select(self, place: int, channel: int, program: int) -> None:
        bank = DRUM_BANK if self._drums[channel] else self._bank[channel]
        self.changes.append((place, channel, bank, program))

    def bank_select(self, channel: int, controller: int, value: int) -> None:
        """It counts from the next program on."""
        if self._style == "xg" and controller == 0:
            self._drums[channel] = value >= _XG_DRUMS
        elif self._style == "xg" or (self._style == "gs" and controller == 0 and not self._drums[channel]):
            self._bank[channel] = value

    def exclusive(self, place: int, content: bytes) -> None:
        if style := begun(content):
            self._style = style
            self._reset(place)
        elif self._style == "gs" and (set_to := _set_by_roland(content)):
            (area, part, what), value = set_to
            if (area, part >> 4, what) == (0x40, 1, 0x15) and value <= 2:  # use for rhythm part
                self._rhythm(place, part & 15, drums=value > 0)

    def _rhythm(self, place: int, part: int, *, drums: bool) -> None:
        """GS counts parts: 0 is the channel of the drums, 1 to 9 are those before it, 10 to 15 those behind."""
        channel = part if part > DRUMS else (part - 1) % (DRUMS + 1)
        if channel < self._channels:
            self._drums[channel] = drums
            self.select(place, channel, 0)


def begun(content: bytes) -> str:
    """The style of bank select that a system exclusive begins, and with it resets all channels; "" where it does not.

    content : without F0 and F7

    >>> begun(bytes.fromhex("7e 7f 09 01")), begun(bytes.fromhex("41 10 42 12 40 00 7f 00 41"))
    ('gm', 'gs')
    """
    if len(content) < 4 or content[1] not in _DEVICES:
        return ""
    if content[0] == 0x7E and content[2] == 9 and content[3] in (1, 3):  # General MIDI on, 1 or 2
        return "gm"
    if content[0] == 0x43 and content[2:] in (b"\x4c\0\0\x7e\0", b"\x4c\0\0\x7f\0"):  # XG on, all parameters
        return "xg"
    address, value = _set_by_roland(content) or ((), 0)
    return {0: "gs", 0x7F: "gm"}.get(value, "") if address == (0x40, 0, 0x7F) else ""  # GS on, or off


def _set_by_roland(content: bytes) -> tuple[tuple[int, ...], int] | None:
    """The address and the value of a GS message that sets one byte."""
    if len(content) != 9 or content[:1] + content[2:4] != b"\x41\x42\x12" or sum(content[4:]) % 128:
        return None
    return (tuple(content[4:7]), content[7]) if content[1] in _DEVICES else None


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
