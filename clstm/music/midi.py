"""Notes in and out of MIDI files, and into them from every other format of notes (`clstm.formats`).

Times are seconds in real time: the file's tempo map is obeyed, its metre plays no part. Drums are left out, and counted
(`Notes.left_out`). Reading is our own: `smf` checks every byte, `sounding` says when notes end. pretty_midi
writes.
"""

import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.formats.building import FormatError
from clstm.formats.misnamed import misnamed
from clstm.formats.reading import convert, format_of
from clstm.music.events import Events
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.smf import CorruptError, parse
from clstm.music.sounding import Sounding, sounding
from clstm.runtime.errors import NoNotesError, UnreadableFileError
from clstm.runtime.files import replacing
from clstm.runtime.finding import AUDIO, kind

VELOCITY = 80  # the one velocity of music that carries none
LONGEST = 12 * 3600.0  # seconds; a longer "piece" is a corrupt tick count
LONGEST_RENDERED = 2 * 3600.0  # seconds; more is hardly a piece, and its samples would fill a disk

LARGEST = 8 * 2**20  # bytes; the performances of the longest piano works have less than one million

_FIRST_BYTES = 16
_BEGINS = (b"MThd", b"RIFF")


@dataclass(frozen=True, eq=False)
class Notes:
    """Notes sorted by onset, then pitch. All fields but the last are arrays of one length, (notes,).

    onset, offset : float seconds, onset <= offset
    pitch : int, MIDI 0..127
    velocity : int, 1..127
    left_out : what the file they were read from says besides; nothing where they were made or cut
    program : int, General MIDI 0..127, what plays each; None where nothing is known of it, as in a score matrix
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    left_out: LeftOut = NOTHING
    program: NDArray[np.int64] | None = None

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
        program = None if self.program is None else self.program[inside]
        return Notes(onset, offset, self.pitch[inside], self.velocity[inside], program=program)


def read_midi(path: Path, *, pedal: bool = False) -> Notes:
    """Read every pitched note of a MIDI file, of one in a RIFF file, or of a file in another format of notes.

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
    """Everything that a file of notes says. Raises `UnreadableFileError` with the reason."""
    path = Path(path)
    form = format_of(path)
    content = _content(path, form.largest if form else LARGEST)
    try:
        if content.startswith(_BEGINS) or form is None:
            return parse(content)
        converted = convert(path, content)
        events = parse(converted.midi)
        return replace(events, remarks=(*converted.remarks, *events.remarks))
    except (CorruptError, FormatError) as error:
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
    notes = _by_time(played, onset, offset)
    return replace(notes, left_out=replace(played.left_out, remarks=events.remarks))


def drums_of(events: Events, played: Sounding) -> Notes:
    """The drums among the notes of a file, each with the key of its drum as pitch, and its kit as program."""
    return _by_time(played, events.seconds(played.begin), events.seconds(played.end), played.drums)


def _by_time(
    played: Sounding, onset: NDArray[np.float64], offset: NDArray[np.float64], which: NDArray[np.bool_] | None = None
) -> Notes:
    # By tick, then by pitch, which takes seven bits.
    order = np.argsort(played.begin << 7 | played.pitch, kind="stable")
    order = order if which is None else order[which[order]]
    pitch, velocity, program = (column[order] for column in (played.pitch, played.velocity, played.program))
    return Notes(onset[order], offset[order], pitch, velocity, program=program)


def _content(path: Path, largest: int) -> bytes:
    """A file's bytes. What is not plain, is neither MIDI nor called as another format, or is too large, is not read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFileError(path, "cannot be opened (not a plain file)")
        with path.open("rb") as file:
            begin = file.read(_FIRST_BYTES)
            strange = not begin.startswith(_BEGINS) and format_of(path) is None
            if begin and (strange or begin[8:12] == b"WAVE"):
                raise UnreadableFileError(path, _what_else(path, begin + file.read(largest)))
            content = begin + file.read(largest + 1 - len(begin)) if status.st_size <= largest else b""
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be opened ({error.strerror or error})") from error
    if status.st_size > largest or len(content) > largest:
        megabytes = max(status.st_size, len(content)) / 2**20
        what = "files of this format" if format_of(path) else "MIDI files"
        raise UnreadableFileError(path, f"{megabytes:,.0f} MB; {what} of up to {largest // 2**20} MB are read")
    if not content:
        raise UnreadableFileError(path, "0 bytes")
    return content


def _what_else(path: Path, content: bytes) -> str:
    """What a file is that is not MIDI, and not called as another format."""
    if kind(path) == AUDIO:
        return "it is audio, and has no notes"
    if content[4:8] == b"ftyp":
        return "not MIDI: it is MPEG-4 (audio or video); name it .m4a"
    return misnamed(content, None) or "not a MIDI file (it does not begin with MThd)"


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
