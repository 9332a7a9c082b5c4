"""Music that lies in memory, written as a file: then it is read, measured and heard exactly as any other file.

Notes may come from pretty_midi, mido, symusic or miditoolkit; sound is an array with its rate.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clstm.music.midi import Notes, write_midi
from clstm.music.piece import Piece, write_piece
from clstm.runtime.errors import UserError

ACCEPTED = "a path, a Music, Notes, an object of pretty_midi, mido, symusic or miditoolkit, or (array, rate in Hz)"
_WRITERS = {"pretty_midi": "write", "mido": "save", "symusic": "dump_midi", "miditoolkit": "dump"}  # by library


def written(music: Any, folder: Path, name: str) -> Path:
    """The file of a piece: its own, if it is a path; else `name` with a suffix in the folder, written now.

    Raises `UserError` for what is no music.

    >>> written("song.mid", Path("."), "unused")
    PosixPath('song.mid')
    >>> written((np.zeros(8000), 8000), Path("."), "silence")
    PosixPath('silence.wav')
    """
    if isinstance(music, str | Path):
        return Path(music)
    midi = folder / f"{name}.mid"
    if isinstance(music, Notes):
        write_midi(music, midi)
    elif isinstance(music, Piece):
        write_piece(music, midi)
    elif (library := type(music).__module__.partition(".")[0].removesuffix("_core")) in _WRITERS:
        getattr(music, _WRITERS[library])(str(midi))
    elif is_sound(music):
        array, rate = music
        return _sound(array, rate, folder / f"{name}.wav")
    else:
        what = "(array, rate), as in (samples, 44100)" if isinstance(music, np.ndarray) else ACCEPTED
        raise UserError(f"{_called(music)} is no music that is read here; give {what}")
    return midi


def is_sound(music: Any) -> bool:
    """Whether this is an array with its rate, and not two pieces.

    >>> is_sound((np.zeros(8000), 8000)), is_sound(("a.mid", "b.mid"))
    (True, False)
    """
    return isinstance(music, tuple) and len(music) == 2 and np.ndim(music[0]) > 0 and isinstance(music[1], int | float)


def _called(music: Any) -> str:
    return "an array without a rate" if isinstance(music, np.ndarray) else f"{type(music).__name__} {music!r:.60}"


def _sound(array: ArrayLike, rate: Any, path: Path) -> Path:
    import soundfile

    samples = in_order(array)
    if not 1000 <= rate <= 384000:
        raise UserError(f"a rate of {rate} Hz is none of sound; give (array, rate) with the rate in Hz, such as 44100")
    soundfile.write(str(path), samples, int(rate), subtype="FLOAT")
    return path


def in_order(array: ArrayLike) -> NDArray[np.float32]:
    """Samples as (samples, channels) float32, -1..1; whole numbers are of their type's full scale.

    array : (samples,), (samples, channels) or, as librosa has it, (channels, samples); one or two channels

    >>> in_order(np.array([16384, -32768], dtype=np.int16)).tolist()
    [[0.5], [-1.0]]
    >>> in_order(np.zeros((2, 8000))).shape
    (8000, 2)
    """
    samples = np.asarray(array)
    if samples.ndim == 1:
        samples = samples[:, None]
    elif samples.ndim == 2 and samples.shape[0] in (1, 2) and samples.shape[1] > 2:
        samples = samples.T
    if samples.ndim != 2 or samples.shape[1] not in (1, 2) or not len(samples):
        raise UserError(f"an array of shape {np.shape(array)} is no sound; give (samples,) or (samples, 2)")
    if np.issubdtype(samples.dtype, np.integer):
        return (samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32)
    if not np.isfinite(samples).all():
        raise UserError("the array holds NaN or infinity, which no sound has; give numbers from -1 to 1")
    return samples.astype(np.float32)
