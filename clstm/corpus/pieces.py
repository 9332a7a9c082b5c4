"""One MIDI file as a piece of a corpus: what a worker process makes of it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.corpus.corpus import PLAYED, pack
from clstm.music.left_out import LeftOut
from clstm.music.midi import Notes, read_midi
from clstm.music.plausibility import implausible
from clstm.music.score import HIGHEST, LOWEST, STRUCK, Losses, Matrix, encode, losses, moved
from clstm.runtime.errors import UnreadableFileError


@dataclass(frozen=True)
class EncodedPiece:
    """packed : (frames, 20) uint8, the 156 rows of each frame as bits
    played : (notes,) of `corpus.PLAYED`, those within the range as they are in the file
    seconds : to the end of the last note
    moved : how far onsets moved to the grid, ms on average
    """

    packed: NDArray[np.uint8]
    played: NDArray[np.void]
    losses: Losses
    left_out: LeftOut
    fingerprint: str
    seconds: float
    moved: float


def encode_file(path: Path, *, pedal: bool) -> EncodedPiece:
    """Raises `UnreadableFileError`, also for a file with no note in range, or of a density that no music has.

    >>> piece = encode_file(Path("song.mid"), pedal=False)  # 24 notes of a quarter second, one after another
    >>> piece.packed.shape, piece.losses
    ((48, 20), Losses(notes=24, out_of_range=0, merged=0, lengthened=0))
    """
    notes = read_midi(path, pedal=pedal)
    if reason := implausible(notes):
        raise UnreadableFileError(path, reason)
    matrix = encode(notes)
    if not matrix.any():
        raise UnreadableFileError(path, "no note within MIDI 24..101")
    about = (losses(notes), notes.left_out, fingerprint(matrix), notes.duration, moved(notes))
    return EncodedPiece(pack(matrix), played(notes), *about)


def played(notes: Notes) -> NDArray[np.void]:
    """The notes within the range, in their order, (notes,) of `corpus.PLAYED`.

    >>> played(Notes.of([(0.0, 0.55, 60, 80), (0.0, 0.5, 20, 80)])).tolist()
    [(0.0, 0.55, 60)]
    """
    inside = (notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)
    found = np.empty(int(inside.sum()), PLAYED)
    found["onset"], found["offset"], found["pitch"] = notes.onset[inside], notes.offset[inside], notes.pitch[inside]
    return found


def fingerprint(matrix: Matrix) -> str:
    """The same for pieces that strike the same notes in the same rhythm, in whatever key and after whatever silence.

    >>> tune = encode(read_midi(Path("song.mid")))
    >>> fingerprint(tune) == fingerprint(np.roll(tune, 5, axis=0)), fingerprint(np.zeros_like(tune))
    (True, 'silence')
    """
    cells = np.flatnonzero(matrix[STRUCK].view(np.bool_))
    if not len(cells):
        return "silence"
    row, frame = np.divmod(cells, matrix.shape[1])
    shape = np.stack([row - row.min(), frame - frame.min()]).astype(np.int32)
    return hashlib.blake2b(shape.tobytes(), digest_size=8).hexdigest()
