"""The notes among messages: which channel and key, from when to when, drums included."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import EXCLUSIVE, Events, Indices
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.messages import CHANNELS, Messages
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.music.sounding import sounding


@dataclass(frozen=True, eq=False)
class Spans:
    """Notes in the order they are struck. Arrays of one length, (notes,).

    place : of the message that strikes each, among the messages
    last : where the message that ends it lies among them; their number where nothing does
    channel, key, velocity : as `Messages` has them
    begin, end : seconds
    program : General MIDI 0..127, of the channel when it is struck; of a drum, the kit
    drum : whether it is a drum
    left_out : what the messages have besides notes with a pitch
    """

    place: Indices
    last: Indices
    channel: Indices
    key: Indices
    velocity: Indices
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    program: Indices
    drum: NDArray[np.bool_]
    left_out: LeftOut

    def notes(self) -> Notes:
        """Those with a pitch."""
        return self._those(~self.drum, self.left_out)

    def drums(self) -> Notes:
        """Those of the drums, with the keys of these as pitches."""
        return self._those(self.drum, NOTHING)

    def _those(self, which: NDArray[np.bool_], left_out: LeftOut) -> Notes:
        own = self.where(which)
        own = own.where(np.lexsort((own.key, own.begin)))
        return Notes(own.begin, own.end, own.key, own.velocity, left_out, own.program)

    def where(self, which: NDArray[np.bool_] | NDArray[np.integer]) -> "Spans":
        """Those notes, by their places or by which they are."""
        arrays = [field.name for field in fields(self) if field.name != "left_out"]
        return replace(self, **{name: getattr(self, name)[which] for name in arrays})


def left_out(piece: Piece, begin: float, end: float, *, pedal: bool) -> LeftOut:
    """What begin..end seconds of a piece have besides notes with a pitch. A pedal that is down at the beginning counts.

    pedal : whether pedals lengthen the notes
    """
    part = piece.between(begin, end)
    found = spans(part.messages, part.duration, pedal=pedal).left_out
    # A message is sent a moment before its time: one at the very end is among the messages, and not among the notes.
    return found if part.drums is None else replace(found, drums=len(part.drums))


def spans(messages: Messages, last: float, *, pedal: bool) -> Spans:
    """The notes of messages, as `clstm.music.sounding` ends them.

    last : seconds at which notes end that nothing else ends; pedal : whether pedals lengthen them
    """
    moments, tick = np.unique(messages.time, return_inverse=True)
    exclusive = messages.kind == EXCLUSIVE >> 4
    events = Events(
        tick=tick.astype(np.int64),
        track=messages.track,
        port=messages.channel // CHANNELS,
        status=(messages.kind << 4 | messages.channel % CHANNELS).astype(np.uint8),
        first=np.where(exclusive, 0, messages.first).astype(np.uint8),
        second=messages.second.astype(np.uint8),
        exclusives=messages.exclusives,
        tempo=np.empty((0, 2), dtype=np.int64),
        metre=np.empty((0, 3), dtype=np.int64),
        key=np.empty((0, 3), dtype=np.int64),
        texts=(),
        division=1,
        end=len(moments),
    )
    found = sounding(events, pedal=pedal, drums=True)
    place = np.flatnonzero(messages.struck)
    times = np.append(moments, max(last, float(messages.time.max(initial=0.0))))
    return Spans(
        place,
        np.searchsorted(tick, found.end),
        messages.channel[place],
        messages.first[place],
        messages.second[place],
        messages.time[place],
        times[found.end],
        found.program,
        found.drums,
        found.left_out,
    )
