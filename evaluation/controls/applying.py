"""A control put on a piece: what the piece would be if its maker had these limits.

Music that obeys a control comes back as it is, and a control put on music twice is put on it once. All limits of a
score matrix together are the score matrix itself: notes go through `encode` and `decode`, whatever played them.

Otherwise every note goes to the nearest step, a half to the later. As on a piano, each key of a channel is one string:
of strikes that fall together the loudest counts, a new strike ends the note before it, and where notes of a key overlap
it sounds until the last of them ends. Instruments, drums and controllers stay, but for what a limit removes.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.messages import COLUMNS, CONTROLLER, NOTE_OFF, NOTE_ON, PROGRAM, TICK, Messages
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.music.score import decode, encode
from evaluation.controls.control import NO_CONTROL, PER_PIECE, Control
from evaluation.controls.spans import Spans, spans

ROUNDING = 0.00125  # s: a time as near as this is on a grid; half a tick of a file of 400 ticks per second

_PEDALS = (64, 66, 67)  # sustain, sostenuto, soft
_BANKS = (0, 32)
_ENDS = (120, *range(123, 128))  # all sound off, all notes off and the changes of mode: the notes' ends have them
_BETWEEN = 1e-4  # steps: float error of a time half way between two never moves a note

Times = NDArray[np.float64]
Which = NDArray[np.bool_]


@dataclass(frozen=True)
class Dropped:
    """How many notes a control leaves out of a piece, and of how many: those out of range, and by other instruments."""

    notes: int
    out_of_range: int
    by_others: int

    @property
    def left(self) -> int:
        """How many notes are left."""
        return self.notes - self.out_of_range - self.by_others


def applied(control: Control, piece: Piece, *, pedal: bool = False) -> Piece:
    """The piece under a control. `pedal` : whether its notes are as long as pedals hold them

    >>> from clstm.music.midi import Notes
    >>> played = Piece.of(Notes.of([(0.11, 0.36, 60, 101), (0.52, 0.6, 64, 70)]))
    >>> notes = applied(Control(per_second=8, offsets=True, velocity=80), played).notes
    >>> notes.onset.tolist(), notes.offset.tolist(), notes.velocity.tolist()
    ([0.125, 0.5], [0.375, 0.625], [80, 80])
    """
    if control.of_a_score_matrix:
        assert isinstance(control.velocity, int)
        held = control.pedal == "lengths"
        notes = spans(piece.messages, piece.duration, pedal=True).notes() if held else piece.notes
        return Piece.of(decode(encode(notes), control.velocity))
    if control == NO_CONTROL or not len(piece.messages):
        return piece
    return _with_one_velocity(control, _rebuilt(control, piece, pedal=pedal))


def dropped(control: Control, piece: Piece) -> Dropped:
    """What a control leaves out of a piece."""
    found = spans(piece.messages, piece.duration, pedal=False)
    outside, other = _out_of_range(control, found), _by_others(control, found)
    if control.of_a_score_matrix:  # plays what other instruments play, but no drums
        other = found.drum
    return Dropped(len(found.place), int((outside & ~other).sum()), int(other.sum()))


def nearest(times: Times, per_second: int) -> Times:
    """The multiple of 1/per_second s nearest to each time, s; a half to the later.

    >>> nearest(np.array([0.06, 0.0625, 0.2]), 8).tolist()
    [0.0, 0.125, 0.25]
    """
    return np.floor(times * per_second + 0.5 + _BETWEEN) / per_second


def off_grid(times: Times, per_second: int) -> Which:
    """Which times, s, are further from the nearest multiple of 1/per_second s than MIDI rounds."""
    off: Which = np.abs(times - np.rint(times * per_second) / per_second) > ROUNDING
    return off


def late(begin: Times, end: Times, per_second: int) -> Which:
    """Which notes do not end on a grid that they begin on: each lasts one step at least."""
    short: Which = end - begin < 0.5 / per_second
    return off_grid(end, per_second) | short


def _rebuilt(control: Control, piece: Piece, *, pedal: bool) -> Piece:
    messages = piece.messages
    held = spans(messages, piece.duration, pedal=control.pedal == "lengths")
    kept = ~(_out_of_range(control, held) | _by_others(control, held))
    if kept.all() and not _pedalled(control, messages).any() and _on_grid(control, held):
        return piece
    strings = _strings(*_moved(control, held.where(kept)))
    # The beats that a file states are not those of music whose onsets were moved to another grid.
    metre = piece.metre if control.per_second is None else None
    return _with_messages(replace(piece, metre=metre), _messages(control, messages, held, strings), pedal=pedal)


def _out_of_range(control: Control, found: Spans) -> Which:
    low, high = control.lowest or 0, 127 if control.highest is None else control.highest
    outside: Which = ~found.drum & ((found.key < low) | (found.key > high))
    return outside


def _by_others(control: Control, found: Spans) -> Which:
    other = found.drum & (not control.drums)
    if control.programs is not None:
        other |= ~found.drum & ~np.isin(found.program, control.programs)
    return other


def _pedalled(control: Control, messages: Messages) -> Which:
    """The messages of pedals that the control removes."""
    moved: Which = (messages.kind == CONTROLLER) & np.isin(messages.first, _PEDALS)
    return moved & (control.pedal is not None)


def _on_grid(control: Control, found: Spans) -> bool:
    if control.per_second is None:
        return True
    if off_grid(found.begin, control.per_second).any():
        return False
    return not control.offsets or not late(found.begin, found.end, control.per_second).any()


def _moved(control: Control, found: Spans) -> tuple[Spans, float]:
    """The notes at the steps of the grid, and how long one lasts at least, s."""
    least = 1 / TICK
    if control.per_second is None:
        return found, least
    begin = nearest(found.begin, control.per_second)
    if not control.offsets:
        return replace(found, begin=begin, end=np.maximum(found.end + begin - found.begin, begin + least)), least
    least = 1 / control.per_second
    return replace(found, begin=begin, end=np.maximum(nearest(found.end, control.per_second), begin + least)), least


def _strings(found: Spans, least: float) -> Spans:
    """Each key of a channel as one string: no two of its notes sound at once."""
    order = np.lexsort((found.place, found.begin, found.key, found.channel))
    own = found.where(order)
    key = own.channel << 7 | own.key
    again = np.zeros(len(key), dtype=bool)  # struck with the note before
    again[1:] = (key[1:] == key[:-1]) & (own.begin[1:] - own.begin[:-1] < least / 2)
    velocity, end = own.velocity.copy(), own.end.copy()
    for at in range(1, len(key)):
        if key[at] == key[at - 1]:
            end[at] = max(end[at], end[at - 1])
        if again[at]:
            velocity[at] = max(velocity[at], velocity[at - 1])
    final = np.append(~again[1:], True)[: len(key)]  # has the latest end, and the loudest strike
    kept = replace(own, velocity=velocity, end=end).where(final)
    kept = replace(kept, place=own.place[~again], begin=own.begin[~again])
    key, end = key[final], kept.end.copy()
    if len(key) > 1:
        struck = (key[1:] == key[:-1]) & (end[:-1] >= kept.begin[1:])
        end[:-1] = np.where(struck, kept.begin[1:], end[:-1])
    return replace(kept, end=end)


def _messages(control: Control, messages: Messages, before: Spans, notes: Spans) -> Messages:
    """The messages with these notes instead of their own."""
    other = ~np.isin(messages.kind, (NOTE_ON, NOTE_OFF)) & ~_pedalled(control, messages)
    other &= ~((messages.kind == CONTROLLER) & np.isin(messages.first, _ENDS))
    rest = np.flatnonzero(other)
    time = _in_order(control, messages, before)[rest]
    count = len(notes.place)
    # A note ends where its end was among the messages, but before the next strike of its key.
    key = notes.channel << 7 | notes.key
    following = np.append(np.where(key[1:] == key[:-1], notes.place[1:], np.inf), np.inf)[:count]
    last = np.minimum(notes.last, following - 0.5)
    zeros = np.zeros(count, dtype=np.int64)
    rows: dict[str, NDArray[Any]] = {
        "time": np.concatenate([time, notes.begin, notes.end]),
        "track": np.zeros(len(rest) + 2 * count, dtype=np.int64),
        "channel": np.concatenate([messages.channel[rest], notes.channel, notes.channel]),
        "kind": np.concatenate([messages.kind[rest], zeros + NOTE_ON, zeros + NOTE_OFF]),
        "first": np.concatenate([messages.first[rest], notes.key, notes.key]),
        "second": np.concatenate([messages.second[rest], notes.velocity, zeros]),
    }
    rows["due"] = np.maximum(rows["time"] - 0.5 / TICK, 0.0)
    order = np.lexsort((np.concatenate([rest, notes.place, last]), rows["time"]))
    end = max(messages.end, float(rows["due"].max(initial=0.0)))
    columns: dict[str, Any] = {name: rows[name][order] for name in COLUMNS}
    return Messages(**columns, exclusives=messages.exclusives, end=end)


def _in_order(control: Control, messages: Messages, before: Spans) -> Times:
    """The time of each message. A change of program stays between the notes it was between, wherever these move."""
    if control.per_second is None:
        return messages.time
    time = messages.time.copy()
    moved = nearest(before.begin, control.per_second)
    changes = (messages.kind == PROGRAM) | (messages.kind == CONTROLLER) & np.isin(messages.first, _BANKS)
    for at in np.flatnonzero(changes).tolist():
        own = before.channel == messages.channel[at]
        earlier, later = moved[own & (before.place < at)], moved[own & (before.place > at)]
        time[at] = np.clip(time[at], earlier.max(initial=0.0), later.min(initial=np.inf))
    return time


def _with_messages(piece: Piece, messages: Messages, *, pedal: bool) -> Piece:
    last = float(messages.time.max(initial=0.0))
    sounding = spans(messages, last, pedal=True)
    notes = (sounding if pedal else spans(messages, last, pedal=False)).notes()
    drums = None if piece.drums is None else sounding.drums()
    return replace(piece, messages=messages, notes=notes, drums=drums, duration=float(sounding.end.max(initial=0.0)))


def _with_one_velocity(control: Control, piece: Piece) -> Piece:
    struck = piece.messages.struck
    if control.velocity is None or not struck.any():
        return piece
    velocities = np.sort(piece.messages.second[struck])
    one = int(velocities[(len(velocities) - 1) // 2]) if control.velocity == PER_PIECE else control.velocity
    if (velocities == one).all():
        return piece
    messages = replace(piece.messages, second=np.where(struck, one, piece.messages.second))
    drums = piece.drums and _all_at(piece.drums, one)
    return replace(piece, messages=messages, notes=_all_at(piece.notes, one), drums=drums)


def _all_at(notes: Notes, velocity: int) -> Notes:
    return replace(notes, velocity=np.full(len(notes), velocity))
