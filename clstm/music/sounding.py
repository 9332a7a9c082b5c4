"""Notes from channel messages: when each begins and ends, as FluidSynth's file player sounds them (checked against it).

Keys, pedals and switches belong to a channel, whichever track they are in. A note ends at the first of

- the note-off of its key;
- all notes off (controller 123, and the changes of mode 124 to 127) or all sound off (120);
- the end of the file.

Where notes of one key overlap, FluidSynth ends all of them at the first note-off. Here, where there are as many
note-offs as notes, each ends the earliest note that is still down; rendered, this sounds the same. Where note-offs are
missing, the key is read as FluidSynth plays it: striking it again ends its earlier note. Otherwise each later note
would get the end of another.

Where the pedals are obeyed, a note released while the sustain pedal (controller 64) is down, by its key or by all notes
off, sounds until the pedal comes up, the key is struck again, or all sound off. Down is a value of 64 or more. Up
releases, whatever follows in the same tick; to reset all controllers (121) lifts the pedal too. The sostenuto pedal
(66) does the same for the keys that are down when it is pressed. FluidSynth lets a note that the pedal holds ring on
below the next of its key; here it ends there, as a string does, and the pitch sounds as long either way.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Events
from clstm.music.left_out import PIANOS, LeftOut
from clstm.music.messages import CHANNELS, Presets

DOWN = 64  # a pedal's value from which it is down
# How long notes last, in words, by whether the pedals are obeyed.
LENGTHS = {False: "as long as keys are down", True: "as long as the pedal holds them"}

_SUSTAIN, _SOSTENUTO, _ALL_SOUND_OFF, _RESET, _ALL_NOTES_OFF = 64, 66, 120, 121, 123
_NOTE_OFF, _NOTE_ON, _CONTROLLER = 8, 9, 11

Indices = NDArray[np.int64]
Which = NDArray[np.bool_]


@dataclass(frozen=True)
class Sounding:
    """Notes in the order they are struck. Arrays of (notes,), begin and end in ticks.

    program : that of its channel, 0..127; of a drum, the kit
    drums : whether it is a drum
    """

    begin: Indices
    end: Indices
    pitch: Indices
    velocity: Indices
    program: Indices
    drums: Which
    left_out: LeftOut


def sounding(events: Events, *, pedal: bool, drums: bool = False) -> Sounding:
    """The notes of a file. `pedal` : whether the pedals lengthen them; `drums` : with the notes of its drums.

    Middle C struck at tick 0, the pedal pressed at 10, the key released at 20, the pedal at 90:

    >>> from clstm.music.smf import parse
    >>> track = bytes.fromhex("00 90 3c 50  0a b0 40 7f  0a 80 3c 00  46 b0 40 00  0a ff 2f 00")
    >>> header = b"MThd" + bytes.fromhex("00000006 0000 0001 0060")
    >>> events = parse(header + b"MTrk" + len(track).to_bytes(4, "big") + track)
    >>> sounding(events, pedal=False).end.tolist(), sounding(events, pedal=True).end.tolist()
    ([20], [90])
    """
    messages = _messages(events)
    presets = messages.presets
    drum = presets.drums
    struck = np.flatnonzero(messages.on if drums else messages.on & ~drum)
    end = messages.ends(struck, pedal=pedal)
    tick = np.append(events.tick, events.end)
    program = presets.program[struck]
    left_out = LeftOut(
        drums=int(np.count_nonzero(messages.on & drum)),
        programs=tuple(one for one in np.flatnonzero(np.bincount(program)).tolist() if one not in PIANOS),
        pedals=0 if pedal else messages.presses(struck),
    )
    pitch, velocity = (values[struck].astype(np.int64) for values in (events.first, events.second))
    return Sounding(events.tick[struck], tick[end], pitch, velocity, program, drum[struck], left_out)


@lru_cache(maxsize=1)
def _messages(events: Events) -> "_Messages":
    """Those of a file, whose notes are asked for several times in a row: with its drums, and as pressed."""
    return _Messages(events)


class _Messages:
    """Messages known by their place in the order they sound in; `count`, one past the last, means none."""

    def __init__(self, events: Events) -> None:
        self.events, self.count = events, len(events.tick)
        self.kind = events.status >> 4
        self.channel = (events.status & 15).astype(np.int64) + CHANNELS * events.port
        self.on = (self.kind == _NOTE_ON) & (events.second > 0)
        self._controllers = np.flatnonzero(self.kind == _CONTROLLER)

    def ends(self, struck: Indices, *, pedal: bool) -> Indices:
        """The message that ends each note."""
        switches = self._controller(*range(_ALL_NOTES_OFF, 128))
        silence = self._controller(_ALL_SOUND_OFF)
        notes = self._keys
        released = np.minimum(notes.released[struck], self._next(struck, struck, switches))
        end = released
        if pedal:
            for controller in (_SUSTAIN, _SOSTENUTO):  # the sostenuto has the last word
                latest = self.latest(released, struck, self._controller(controller, _RESET))
                down = self._is_down(latest, controller)
                if controller == _SOSTENUTO:
                    down &= latest > struck
                end = np.where(down, self._next(released, struck, self._lifts(controller)), end)
            again = notes.again[struck]  # cuts what a pedal holds; other notes end with their own note-offs
            end = np.where(end > released, np.minimum(end, again), end)
        return np.minimum(end, self._next(struck, struck, silence))

    @cached_property
    def _keys(self) -> "_Keys":
        return _Keys(self, np.sort(self._controller(_ALL_SOUND_OFF, *range(_ALL_NOTES_OFF, 128))))

    @cached_property
    def presets(self) -> Presets:
        events = self.events
        return Presets.of(self.kind, self.channel, events.first, events.second, events.exclusives)

    def presses(self, struck: Indices) -> int:
        """How often a pedal is pressed on the channels of these notes."""
        sounds = np.zeros(int(self.channel.max(initial=0)) + 1, dtype=bool)
        sounds[self.channel[struck]] = True
        total = 0
        for controller in (_SUSTAIN, _SOSTENUTO):
            moved = self._controller(controller, _RESET)
            moved = moved[sounds[self.channel[moved]]]
            down = self._is_down(moved, controller)
            total += int(np.count_nonzero(down & ~self._is_down(self.latest(moved, moved, moved), controller)))
        return total

    def _controller(self, *numbers: int) -> Indices:
        """The messages of these controllers."""
        wanted = np.zeros(256, dtype=bool)
        wanted[list(numbers)] = True
        return self._controllers[wanted[self.events.first[self._controllers]]]

    def _is_down(self, messages: Indices, controller: int) -> Which:
        """Whether each message, or none where it is negative, presses the pedal."""
        if not self.count:
            return np.zeros(len(messages), dtype=bool)
        pressed = (self.events.first[messages] == controller) & (self.events.second[messages] >= DOWN)
        down: Which = pressed & (messages >= 0)
        return down

    def _lifts(self, controller: int) -> Indices:
        moved = self._controller(controller, _RESET)
        return moved[~self._is_down(moved, controller)]

    def _next(self, after: Indices, of: Indices, among: Indices) -> Indices:
        """The first message of `among` behind each of `after` on the channel of `of`; `count` where there is none."""
        if not len(among):
            return np.full(len(after), self.count, dtype=np.int64)
        line = np.append(np.sort(self._on_a_line(among, among)), -1)
        wanted = self._on_a_line(of, after)
        found = line[np.searchsorted(line[:-1], wanted, side="right")]
        same = found // (self.count + 1) == wanted // (self.count + 1)
        return np.where(same, found % (self.count + 1), self.count)

    def latest(self, before: Indices, of: Indices, among: Indices) -> Indices:
        """The last message of `among` before each of `before` on the channel of `of`; -1 where there is none."""
        if not len(among):
            return np.full(len(before), -1, dtype=np.int64)
        line = np.append(np.sort(self._on_a_line(among, among)), -1)
        wanted = self._on_a_line(of, before)
        found = line[np.searchsorted(line[:-1], wanted, side="left") - 1]
        same = found // (self.count + 1) == wanted // (self.count + 1)
        return np.where(same, found % (self.count + 1), -1)

    def _on_a_line(self, of: Indices, message: Indices) -> Indices:
        """One number for a channel and a place, so that one sorted array has all channels one after another."""
        line: Indices = self.channel[of].astype(np.int64) * (self.count + 1) + message
        return line


class _Keys:
    """The messages of each key among themselves.

    released, again : (messages,) the message that releases each note, and the next note of its key in a later tick;
        the number of messages where there is none
    switches : the messages that release all keys of their channel; what sounded before is not released after
    """

    def __init__(self, messages: _Messages, switches: Indices) -> None:
        notes = np.flatnonzero((messages.kind == _NOTE_OFF) | (messages.kind == _NOTE_ON))
        key = messages.channel[notes] << 7 | messages.events.first[notes]
        if len(switches):
            key = key + (messages.latest(notes, notes, switches) + 1 << 15)
        elif key.max(initial=0) < 1 << 15:
            key = key.astype(np.int16)  # which numpy sorts several times as fast
        order = np.argsort(key, kind="stable")
        self._notes, self._key, self._count = notes[order], key[order], messages.count
        self._on = messages.on[self._notes]
        doubled = np.zeros(len(notes), dtype=bool)  # with another of its key in its tick, as by both hands
        tick = messages.events.tick[self._notes]
        doubled[1:] = self._on[1:] & self._on[:-1] & (self._key[1:] == self._key[:-1]) & (tick[1:] == tick[:-1])
        self.again = self._following(self._on & ~doubled)
        self.released = self._following(~doubled)
        self._pair()

    def _following(self, wanted: Which) -> Indices:
        """The next message of the same key that is wanted."""
        found = np.full(self._count, self._count, dtype=np.int64)
        places = np.append(np.where(wanted, np.arange(len(wanted)), len(wanted)), len(wanted))
        following = np.minimum.accumulate(places[::-1])[::-1][1:]
        same = np.append(self._key, -1)[following] == self._key
        found[self._notes[same]] = self._notes[following[same]]
        return found

    def _pair(self) -> None:
        """Give the notes of each key that has enough note-offs their own, first come, first served."""
        new = np.diff(self._key, prepend=-1) != 0
        group = np.cumsum(new) - 1  # the number of the key among those there are
        on = self._on
        off = ~on & ~self._idle(group, np.flatnonzero(new))
        on_group, off_group = group[on], group[off]
        ons, offs = (np.bincount(groups, minlength=int(new.sum())) for groups in (on_group, off_group))
        enough = (ons == offs)[on_group]
        own = np.arange(len(on_group)) + (np.cumsum(offs) - offs - np.cumsum(ons) + ons)[on_group]
        self.released[self._notes[on][enough]] = self._notes[off][own[enough]]

    def _idle(self, group: Indices, begins: Indices) -> Which:
        """The note-offs that come while no note of their key is down."""
        steps = np.where(self._on, 1, -1)
        # How many notes of its key are down, from a ground for each key that is out of reach of those before.
        ground = group * -(2 * len(steps) + 2)
        total = np.cumsum(steps)
        down = ground + total - (total - steps)[begins][group]
        least = np.minimum(np.append(0, np.minimum.accumulate(down)[:-1]), ground)
        idle: Which = ~self._on & (down < least)
        return idle
