"""Notes in and out of MIDI files.

Times are seconds in real time: the file's tempo map is obeyed, its metre plays no part. Drums are left out.
Reading is by symusic, hundreds of times faster than pretty_midi; on a corrupt file a native parser may crash or hang,
so folders of unknown files go through `clstm.corpus`, which reads in processes it can lose. Writing is by pretty_midi.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.errors import NoNotesError, NothingUsableError, UnreadableFileError, UserError
from clstm.files import replacing

SUFFIXES = (".mid", ".midi")
VELOCITY = 80  # the one velocity of music that carries none
LONGEST = 12 * 3600.0  # seconds; a longer "piece" is a corrupt tick count

_HEADER = b"MThd"
_END_OF_TRACK = b"\xff\x2f\x00"
# Pedals up and note-offs, each followed by the delta time 0 of the next one; to release what is not down does nothing.
_RELEASE_ALL = b"".join(bytes([0xB0 | channel, 64, 0, 0]) for channel in range(16)) + b"".join(
    bytes([0x80 | channel, pitch, 0, 0]) for channel in range(16) for pitch in range(128)
)


@dataclass(frozen=True, eq=False)
class Notes:
    """Notes sorted by onset, then pitch. All fields are arrays of one length, (notes,).

    onset, offset : float seconds, onset <= offset
    pitch : int, MIDI 0..127
    velocity : int, 1..127
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.onset)

    @property
    def duration(self) -> float:
        """Seconds from 0 to the last offset; 0 without notes."""
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
        """What sounds in start..end seconds, cut at both ends, with `start` as the new zero."""
        inside = (self.offset > start) & (self.onset < end)
        onset = np.clip(self.onset[inside], start, end) - start
        offset = np.clip(self.offset[inside], start, end) - start
        return Notes(onset, offset, self.pitch[inside], self.velocity[inside])


def read_midi(path: Path, *, pedal: bool = False) -> Notes:
    """Read every pitched note of a MIDI file.

    pedal : hold notes while the sustain pedal (controller 64 at 64 or more) of their channel is down, until the pitch
        sounds again or the pedal comes up.

    A note never released lasts to the end of its track. Raises `UnreadableFileError` with the reason.
    """
    import symusic

    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be opened ({error.strerror or error})") from error
    if not data:
        raise UnreadableFileError(path, "0 bytes")
    if not data.startswith(_HEADER):
        raise UnreadableFileError(path, "not a MIDI file (it does not begin with MThd)")
    if len(data) < 14:
        raise UnreadableFileError(path, "corrupt: the header is cut off")
    if data[12] & 0x80:
        raise UnreadableFileError(path, "its time division is SMPTE; only ticks per quarter are read")
    if data[12:14] == b"\x00\x00":
        raise UnreadableFileError(path, "corrupt header: 0 ticks per quarter")
    try:
        score = symusic.Score.from_midi(_released(data)).to("second")
    except Exception as error:  # symusic raises bare RuntimeErrors for anything it cannot parse
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise UnreadableFileError(path, f"corrupt: {reason}") from error

    pitched = [track for track in score.tracks if not track.is_drum and len(track.notes)]
    if not pitched:
        drums = any(track.is_drum and len(track.notes) for track in score.tracks)
        raise NoNotesError(path, "only drums" if drums else "no notes")
    columns = [_columns(track, pedal=pedal) for track in pitched]
    onset, offset, pitch, velocity = (np.concatenate(column) for column in zip(*columns, strict=True))
    if not np.isfinite(offset).all() or offset.max() > LONGEST:
        hours = offset.max() / 3600
        raise UnreadableFileError(
            path, f"absurd times: it would last {hours:.0f} hours; at most {LONGEST / 3600:.0f} are read"
        )
    order = np.lexsort((pitch, onset))
    return Notes(onset[order], offset[order], pitch[order], velocity[order])


def _released(data: bytes) -> bytes:
    """The file with every note of every track released at the track's end; symusic drops notes that never are.

    In place of a track's last event, FF 2F 00, or behind a track without one, come pedals up and note-offs for each
    pitch and channel, then that event. Of several notes of one pitch that are never released, the first is kept.
    """
    parts, place = [data[:14]], 14
    while place + 8 <= len(data):
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "big")
        chunk = data[place + 8 : end]
        if data[place : place + 4] == b"MTrk" and end <= len(data):
            whole = chunk.endswith(_END_OF_TRACK)
            chunk = (chunk[: -len(_END_OF_TRACK)] if whole else chunk + b"\x00") + _RELEASE_ALL + _END_OF_TRACK
        size = len(chunk) if end <= len(data) else end - place - 8  # a track that is cut off stays so
        parts += [data[place : place + 4], size.to_bytes(4, "big"), chunk]
        place = end
    return b"".join(parts) + data[place:]


def _columns(track: Any, *, pedal: bool) -> tuple[NDArray[Any], ...]:
    arrays = track.notes.numpy()
    onset = arrays["time"].astype(np.float64)
    offset = onset + arrays["duration"].astype(np.float64)
    pitch = arrays["pitch"].astype(np.int64)
    if pedal:
        spans = [(span.time, span.time + span.duration) for span in track.pedals]
        offset = _sustained(onset, offset, pitch, spans)
    return onset, offset, pitch, arrays["velocity"].astype(np.int64)


def _sustained(
    onset: NDArray[np.float64], offset: NDArray[np.float64], pitch: NDArray[np.int64], spans: list[tuple[float, float]]
) -> NDArray[np.float64]:
    """Offsets moved to where the pedal comes up, or to the next onset of the same pitch if that is sooner."""
    offset = offset.copy()
    for down, up in spans:
        caught = (offset >= down) & (offset < up)
        offset[caught] = up
    for value in np.unique(pitch):
        notes = np.flatnonzero(pitch == value)
        notes = notes[np.argsort(onset[notes], kind="stable")]
        following = onset[notes[1:]]
        earlier = notes[:-1]
        again = following > onset[earlier]
        offset[earlier[again]] = np.minimum(offset[earlier[again]], following[again])
    return offset


def write_midi(notes: Notes, path: Path, *, program: int = 0) -> None:
    """Write notes as one instrument at 120 quarters a minute and 960 ticks a quarter. A note lasts at least one tick.

    1/8 s is exactly 240 ticks, so music on the score matrix's grid is written without rounding.
    """
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(resolution=960, initial_tempo=120.0)
    instrument = pretty_midi.Instrument(program=program)
    tick = 1 / 1920
    instrument.notes = [
        pretty_midi.Note(int(velocity), int(pitch), float(onset), float(max(offset, onset + tick)))
        for onset, offset, pitch, velocity in zip(notes.onset, notes.offset, notes.pitch, notes.velocity, strict=True)
    ]
    midi.instruments.append(instrument)
    with replacing(Path(path)) as temporary:
        midi.write(str(temporary))


def find_files(sources: Iterable[Path], suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """The files named, and those with one of the suffixes in the folders named, recursively; sorted, once each.

    Raises `UserError` for a path that does not exist, `NothingUsableError` when nothing is found.
    """
    sources = [Path(source) for source in sources]
    found: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            inside = (path for path in source.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
            found.update(dict.fromkeys(path for path in sorted(inside) if not path.name.startswith(".")))
        elif source.exists():
            found[source] = None
        else:
            raise UserError(f"{source} does not exist; give files or folders that do")
    if not found:
        raise NothingUsableError(f"no {' or '.join(suffixes)} file in {', '.join(map(str, sources)) or 'nothing'}")
    return list(found)
