"""Notes in and out of MIDI files.

Times are seconds in real time: the file's tempo map is obeyed, its metre plays no part. Drums are left out, and counted
(`Notes.left_out`). Reading is our own: `smf` checks every byte, `sounding` says when notes end. pretty_midi
writes.
"""

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Events
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.smf import CorruptError, parse
from clstm.music.sounding import sounding
from clstm.runtime.errors import NoNotesError, UnreadableFileError
from clstm.runtime.files import replacing

VELOCITY = 80  # the one velocity of music that carries none
LONGEST = 12 * 3600.0  # seconds; a longer "piece" is a corrupt tick count
LONGEST_RENDERED = 2 * 3600.0  # seconds; more is hardly a piece, and its samples would fill a disk

LARGEST = 8 * 2**20  # bytes; the performances of the longest piano works have less than one million

_FIRST_BYTES = 16


@dataclass(frozen=True, eq=False)
class Notes:
    """Notes sorted by onset, then pitch. All fields but the last are arrays of one length, (notes,).

    onset, offset : float seconds, onset <= offset
    pitch : int, MIDI 0..127
    velocity : int, 1..127
    left_out : what the file they were read from says besides; nothing where they were made or cut
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    left_out: LeftOut = NOTHING

    def __len__(self) -> int:
        return len(self.onset)

    @property
    def duration(self) -> float:
        """Seconds from 0 to the last offset; 0 without notes.

        >>> Notes.of([(0.0, 3.0, 60, 80), (1.0, 2.0, 64, 80)]).duration, Notes.of().duration
        (3.0, 0.0)
        """
        return float(self.offset.max(initial=0.0))

    @classmethod
    def of(cls, rows: Iterable[tuple[float, float, int, int]] = ()) -> "Notes":
        """From (onset s, offset s, pitch, velocity) rows in any order.

        >>> Notes.of([(0.5, 1.0, 64, 80), (0.0, 0.5, 60, 80)]).pitch.tolist()
        [60, 64]
        """
        table = np.array(list(rows), dtype=np.float64).reshape(-1, 4)
        table = table[np.lexsort((table[:, 2], table[:, 0]))]
        return cls(table[:, 0], table[:, 1], table[:, 2].astype(np.int64), table[:, 3].astype(np.int64))

    def between(self, start: float, end: float) -> "Notes":
        """What sounds in start..end seconds, cut at both ends, with `start` as the new zero.

        >>> part = Notes.of([(0.0, 2.0, 60, 80)]).between(1.0, 3.0)
        >>> part.onset.tolist(), part.offset.tolist()
        ([0.0], [1.0])
        """
        inside = (self.offset > start) & (self.onset < end)
        onset = np.clip(self.onset[inside], start, end) - start
        offset = np.clip(self.offset[inside], start, end) - start
        return Notes(onset, offset, self.pitch[inside], self.velocity[inside])


def read_midi(path: Path, *, pedal: bool = False) -> Notes:
    """Read every pitched note of a MIDI file, or of one in a RIFF file.

    pedal : hold notes while the sustain or sostenuto pedal of their channel is down

    Notes end as FluidSynth's player ends them (`clstm.music.sounding`). Raises `UnreadableFileError` with the reason.

    >>> notes = read_midi(Path("song.mid"))
    >>> len(notes), notes.pitch[:4].tolist(), notes.onset[:4].tolist()
    (24, [60, 62, 64, 65], [0.0, 0.25, 0.5, 0.75])
    """
    path = Path(path)
    events = read_events(path)
    notes = notes_of(path, events, pedal=pedal)
    if not len(notes):
        raise NoNotesError(path, "only drums" if notes.left_out.drums else "no notes")
    return notes


def read_events(path: Path) -> Events:
    """Everything that a MIDI file says. Raises `UnreadableFileError` with the reason."""
    try:
        return parse(_content(path))
    except CorruptError as error:
        raise UnreadableFileError(path, str(error)) from error


def notes_of(path: Path, events: Events, *, pedal: bool) -> Notes:
    """The notes with a pitch of a file's events; none in a file of drums alone. Raises `UnreadableFileError`."""
    played = sounding(events, pedal=pedal)
    onset, offset = events.seconds(played.begin), events.seconds(played.end)
    longest = offset.max(initial=0.0)
    if longest > LONGEST:
        raise UnreadableFileError(
            path, f"absurd times: it would last {longest / 3600:.0f} hours; at most {LONGEST / 3600:.0f} are read"
        )
    # By tick, then by pitch, which takes seven bits.
    order = np.argsort(played.begin << 7 | played.pitch, kind="stable")
    return Notes(onset[order], offset[order], played.pitch[order], played.velocity[order], played.left_out)


def _content(path: Path) -> bytes:
    """A file's bytes. A file that is not plain, does not begin as MIDI, or is too large, is not read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFileError(path, "cannot be opened (not a plain file)")
        with path.open("rb") as file:
            begin = file.read(_FIRST_BYTES)
            if begin and not begin.startswith((b"MThd", b"RIFF")):
                raise UnreadableFileError(path, "not a MIDI file (it does not begin with MThd)")
            content = begin + file.read(LARGEST + 1 - len(begin)) if status.st_size <= LARGEST else b""
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be opened ({error.strerror or error})") from error
    if status.st_size > LARGEST or len(content) > LARGEST:
        megabytes = max(status.st_size, len(content)) / 2**20
        raise UnreadableFileError(path, f"{megabytes:,.0f} MB; MIDI files of up to {LARGEST // 2**20} MB are read")
    if not content:
        raise UnreadableFileError(path, "0 bytes")
    return content


def write_midi(notes: Notes, path: Path, *, program: int = 0) -> None:
    """Write notes as one instrument, 120 quarters per minute, 960 ticks per quarter. A note lasts at least one tick.

    1/8 s is exactly 240 ticks, so music on the score matrix's grid is written without rounding.

    >>> write_midi(Notes.of([(0.125, 0.5, 60, 80)]), Path("one.mid"))
    >>> read_midi(Path("one.mid")).onset, read_midi(Path("one.mid")).offset
    (array([0.125]), array([0.5]))
    """
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(resolution=960, initial_tempo=120.0)
    instrument = pretty_midi.Instrument(program=program)
    tick = 1 / 1920  # s: 960 per quarter, two quarters per second
    instrument.notes = [
        pretty_midi.Note(int(velocity), int(pitch), float(onset), float(max(offset, onset + tick)))
        for onset, offset, pitch, velocity in zip(notes.onset, notes.offset, notes.pitch, notes.velocity, strict=True)
    ]
    midi.instruments.append(instrument)
    with replacing(Path(path)) as temporary:
        midi.write(str(temporary))
