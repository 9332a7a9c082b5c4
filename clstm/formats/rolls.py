"""Piano rolls in NumPy's files: a Multitrack of pypianoroll (.npz), and plain arrays (.npy) beside their frame rate.

pypianoroll: `info.json` in the archive has resolution (frames per quarter) and for each track program, is_drum and
name; `pianoroll_0_csc_data`, `_indices`, `_indptr` and `_shape` are a sparse matrix (frames, 128); `tempo` is the tempo
of each frame, in quarters per minute.

A note begins where a cell becomes sounding, and ends where it becomes silent: a roll cannot say that a note is struck
again. Its velocity is that of its first frame; of cells that are only on or off, the one of music that has none.
"""

import zipfile
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.formats.building import (
    DEFAULT_TEMPO,
    NO_TEMPO,
    VELOCITY,
    Converted,
    FormatError,
    Part,
    midi_bytes,
    no_program,
)
from clstm.formats.markup import json_of
from clstm.formats.recognition import PITCHES, ROLL, ROLL_RATE
from clstm.formats.values import whole

LARGEST = 256 * 2**20  # bytes of an array, unpacked
LONGEST_ROLL = 2**24  # frames: 46 hours at 100 frames a second

_NUMPY = b"\x93NUMPY"
_SHOWN = 40  # characters of a key that is not known
_FASTEST = 1000.0  # frames per second


def multitrack(data: bytes) -> Converted:
    """A Multitrack that `pypianoroll.save` wrote. Raises `FormatError`."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise FormatError(f"unpacked it has more than {LARGEST // 2**20} MB")
            info = json_of(_member(archive, "info.json"), "info.json")
            parts: list[Part] = []
            unstated = 0
            while (about := info.get(str(len(parts)))) is not None:
                notes = _sparse_notes(archive, f"pianoroll_{len(parts)}")
                drums, name = bool(about.get("is_drum")), str(about.get("name") or "")
                parts.append(Part(notes, program=int(about.get("program") or 0), drums=drums, name=name))
                unstated += not drums and about.get("program") is None
            resolution = whole(info, "resolution" if "resolution" in info else "beat_resolution", "info.json", 1)
            tempi = _tempi(archive)
        remarks = (*(() if tempi else (NO_TEMPO,)), *no_program(unstated, len(parts)))
        return Converted(midi_bytes(resolution, parts, tempi=tempi), remarks)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise FormatError(f"corrupt: not a whole archive ({error})") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"corrupt: not a Multitrack of pypianoroll ({' '.join(str(error).split())})") from error


def array(data: bytes, about: dict[str, Any]) -> Converted:
    """A roll of (frames, 128) or (128, frames), or several of (tracks, frames, 128); `about` has its frame rate.

    about : `frames_per_second`; also `programs`, for each track a number of General MIDI or "drums"

    >>> roll = np.zeros((8, 128), dtype=bool)
    >>> roll[2:4, 60] = True
    >>> file = BytesIO()
    >>> np.save(file, roll)
    >>> array(file.getvalue(), {"frames_per_second": 8}).remarks
    ()
    """
    rate = about.get(ROLL_RATE)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate <= _FASTEST:
        raise FormatError(f"{ROLL_RATE} {rate!r}; a number above 0 and at most {_FASTEST:g} is needed")
    rolls = _rolls(data)
    stated = about.get("programs") or []
    if not isinstance(stated, list):
        raise FormatError(f"programs {stated!r}; a list is needed, of 0 to 127 or 'drums' for each track")
    programs = stated or [0] * len(rolls)
    if len(programs) != len(rolls):
        raise FormatError(f"{len(rolls)} tracks, and programs for {len(programs)}")
    parts = []
    for roll, program in zip(rolls, programs, strict=True):
        drums = program == "drums"
        if not drums and not (isinstance(program, int) and not isinstance(program, bool) and 0 <= program < PITCHES):
            raise FormatError(f"program {program!r}; 0 to 127 or 'drums' is needed")
        parts.append(Part(_notes(roll), program=0 if drums else program, drums=drums))
    frames = max(round(rate / 2), 1)  # in a quarter: half a second, or what comes next to it
    remarks = []
    if len(rolls) > 1 and not stated:
        remarks.append(f"{len(rolls)} tracks and no programs: all are read as a piano")
    if unknown := [key for key in about if key not in (ROLL_RATE, "programs")]:
        keys = ", ".join(repr(key[:_SHOWN]) for key in unknown[:3]) + ", ..." * (len(unknown) > 3)
        remarks.append(f"{ROLL}: {keys} not known, and ignored; {ROLL_RATE} and programs are")
    return Converted(midi_bytes(frames, parts, tempi=[(0, 60 * rate / frames)]), tuple(remarks))


def _rolls(data: bytes) -> NDArray[Any]:
    """(tracks, frames, 128), with values that are velocities, or on and off."""
    found = _loaded(data)
    if found.ndim not in (2, 3) or PITCHES not in found.shape[-2:]:
        raise FormatError(f"an array of {found.shape}; (frames, 128) or (tracks, frames, 128) is read")
    if found.dtype.kind not in "biuf":
        raise FormatError(f"an array of {found.dtype}; velocities or on and off are read")
    if found.ndim == 2 and found.shape[1] != PITCHES:
        found = found.T
    found = found if found.ndim == 3 else found[None]
    if found.shape[2] != PITCHES:
        raise FormatError(f"an array of {found.shape}; (tracks, frames, 128) is read")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise FormatError("values that are not numbers (NaN or infinite)")
    low, high = (found.min(initial=0), found.max(initial=0)) if found.dtype.kind != "b" else (0, 1)
    if low < 0 or high >= PITCHES:
        raise FormatError(f"values from {low:g} to {high:g}; a roll has velocities, 0 to 127, or on and off")
    return found


def _notes(roll: NDArray[Any]) -> list[tuple[int, int, int, int]]:
    """(begin, end, pitch, velocity) of a roll (frames, 128), times in frames. Values up to 1 are on or off."""
    sounding = roll > 0
    edges = np.diff(np.pad(sounding, ((1, 1), (0, 0))).astype(np.int8), axis=0).T  # (128, frames + 1)
    pitch, begin = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    if roll.dtype.kind == "b" or roll.max(initial=0) <= 1:
        velocity = np.full(len(pitch), VELOCITY)
    else:
        velocity = np.maximum(np.rint(roll[begin, pitch]), 1).astype(np.int64)
    return list(zip(begin.tolist(), end.tolist(), pitch.tolist(), velocity.tolist(), strict=True))


def _sparse_notes(archive: zipfile.ZipFile, name: str) -> list[tuple[int, int, int, int]]:
    """The notes of one track, without its matrix in full unless that is small."""
    from scipy.sparse import csc_matrix

    frames, pitches = (int(one) for one in _array(archive, f"{name}_csc_shape"))
    if pitches != PITCHES or not 0 <= frames <= LONGEST_ROLL:
        raise FormatError(f"a roll of {frames} x {pitches}; up to {LONGEST_ROLL} x {PITCHES} are read")
    values, indices, begins = (_array(archive, f"{name}_csc_{one}") for one in ("data", "indices", "indptr"))
    matrix = csc_matrix((values, indices, begins), shape=(frames, pitches))
    matrix.check_format(full_check=True)
    binary = matrix.dtype == np.bool_ or matrix.data.max(initial=0) <= 1
    notes = []
    for pitch in range(PITCHES):
        column = _notes(matrix[:, [pitch]].toarray())
        notes += [(begin, end, pitch, VELOCITY if binary else velocity) for begin, end, _, velocity in column]
    return notes


def _tempi(archive: zipfile.ZipFile) -> list[tuple[int, float]]:
    """(frame, quarters per minute) wherever it changes; 0 stands for a tempo that pypianoroll did not know."""
    if "tempo.npy" not in archive.namelist():
        return []
    tempo = np.asarray(_array(archive, "tempo"), dtype=np.float64).ravel()
    tempo = np.where(tempo > 0, tempo, DEFAULT_TEMPO)
    changes = np.flatnonzero(np.diff(tempo, prepend=np.nan) != 0)
    return [(int(at), float(tempo[at])) for at in changes]


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    return _loaded(_member(archive, f"{name}.npy"))


def _loaded(data: bytes) -> NDArray[Any]:
    """An array as NumPy writes one, without pickle."""
    if not data.startswith(_NUMPY):
        raise FormatError("corrupt: not an array of NumPy")
    try:
        found: NDArray[Any] = np.load(BytesIO(data), allow_pickle=False)
    except Exception as error:  # NumPy raises whatever its code meets in a damaged header
        raise FormatError(f"corrupt: not an array that NumPy can read ({' '.join(str(error).split())})") from error
    return found


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        raise FormatError(f"corrupt: not a whole Multitrack of pypianoroll: it has no {name.removesuffix('.npy')}")
    with archive.open(name) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FormatError(f"unpacked it has more than {LARGEST // 2**20} MB")
    return content
