"""A piece as its file has it: its messages, which sound, and its notes with a pitch, which are counted.

Score matrix, metrics of notes and the models' notes are views of `notes`; a synthesizer is sent `messages`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clstm.music.events import EXCLUSIVE, Metre, metre_of
from clstm.music.messages import CHANNELS, ONE_BYTE, TICK, Messages, messages_of, messages_of_notes
from clstm.music.midi import Notes, drums_of, notes_of, read_events
from clstm.music.sounding import sounding
from clstm.runtime.errors import NoNotesError
from clstm.runtime.files import replacing

if TYPE_CHECKING:
    import mido

LOUDEST = 127  # velocity


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of music.

    messages : what sounds, drums and controllers included
    notes : those with a pitch
    duration : seconds to the end of the last note that sounds, drums and what a pedal holds included
    drums : those of the drums, with the keys of these as pitches; None where nothing is known of drums
    metre : the beats and bars that the file states; None where there is no file, or nothing left of its time
    remarks : what of its file is not used as it is written, or was not stated and is assumed
    """

    messages: Messages
    notes: Notes
    duration: float
    drums: Notes | None = None
    metre: Metre | None = None
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, notes: Notes) -> "Piece":
        """Notes alone, on a piano.

        >>> Piece.of(Notes.of([(0.0, 0.5, 60, 80)])).messages.kind.tolist()
        [9, 8]
        """
        return cls(messages_of_notes(notes), notes, notes.duration)

    def between(self, start: float, end: float) -> "Piece":
        """What sounds in start..end seconds, with `start` as the new zero."""
        lasts = max(min(self.duration, end) - start, 0.0)
        drums = None if self.drums is None else self.drums.between(start, end)
        metre = None if self.metre is None else self.metre.later(start)
        return Piece(self.messages.between(start, end), self.notes.between(start, end), lasts, drums, metre)

    def with_velocities(self, power: float) -> "Piece":
        """Velocities become 127 (v / 127) ** power, rounded, and at least 1.

        >>> Piece.of(Notes.of([(0.0, 0.5, 60, 80)])).with_velocities(2).notes.velocity.tolist()
        [50]
        """
        notes, drums = _bent(self.notes, power), self.drums and _bent(self.drums, power)
        return replace(self, messages=self.messages.with_velocities(power), notes=notes, drums=drums)


def _bent(notes: Notes, power: float) -> Notes:
    bent = LOUDEST * (notes.velocity / LOUDEST) ** power
    return replace(notes, velocity=np.maximum(np.rint(bent), 1).astype(np.int64))


def write_piece(piece: Piece, path: Path) -> None:
    """Write every message, at 120 quarters per minute and 960 ticks per quarter, as `write_midi` writes notes."""
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=TICK // 2)
    messages = piece.messages.ended()
    tick = np.rint(messages.time * TICK).astype(np.int64)
    for port in range(messages.channels // CHANNELS):
        track = mido.MidiTrack([mido.MetaMessage("midi_port", port=port)] if port else [])
        own = np.flatnonzero(messages.channel // CHANNELS == port)
        own = own[np.argsort(tick[own], kind="stable")]
        gaps = np.diff(tick[own], prepend=0).tolist()
        track += [_message(messages, at, gap) for at, gap in zip(own.tolist(), gaps, strict=True)]
        file.tracks.append(track)
    with replacing(Path(path)) as temporary:
        file.save(temporary)


def _message(messages: Messages, at: int, gap: int) -> "mido.Message":
    import mido

    kind = int(messages.kind[at])
    if kind == EXCLUSIVE >> 4:
        return mido.Message("sysex", data=messages.exclusives[int(messages.first[at])], time=gap)
    data = [int(messages.first[at]), int(messages.second[at])][: 1 if kind in ONE_BYTE else 2]
    return mido.Message.from_bytes([kind << 4 | int(messages.channel[at]) % CHANNELS, *data], time=gap)


def read_piece(path: Path, *, pedal: bool = False) -> Piece:
    """Read a file of notes. They are as pressed, or with `pedal` as long as they sound; the sound obeys the pedal.

    Raises `UnreadableFileError` with the reason; a file of drums alone is read, and has no notes with a pitch.
    """
    events = read_events(path)
    everything = sounding(events, pedal=True, drums=True)
    if not len(everything.begin):
        raise NoNotesError(path, "no notes")
    notes = notes_of(path, events, pedal=pedal)
    lasts = float(events.seconds(everything.end).max())
    return Piece(messages_of(events), notes, lasts, drums_of(events, everything), metre_of(events), events.remarks)
