"""What an embedder is: a plug-in that makes a vector, or one per frame, of a piece of music.

A plug-in is an entry point of the group `clstm.embedders`: a function that is called with the folder of weights that
the user gave, or None, and returns an `Embedder`. It is loaded in a process of its own, never in the one that compares.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from clstm.runtime.errors import UserError

GROUP = "clstm.embedders"

Frames = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Music:
    """A piece as an embedder receives it, under the same limits and settings as the metrics have it.

    sound : (samples,) float32, the mean of both channels, at the embedder's `rate`; empty where that is None
    notes : None for audio; drums : beside them, where they are known
    seconds : its length
    """

    sound: NDArray[np.float32]
    notes: Notes | None
    drums: Notes | None
    seconds: float


class Embedder(Protocol):
    """rate : Hz of the sound that it takes; None for one of notes, for which nothing is rendered
    version : of code and weights; an array that was kept is used again only while this stays the same
    processes : how many of it may run at once; None for as many as there are cores
    """

    rate: int | None
    version: str
    processes: int | None

    def embed(self, music: Music) -> Any:
        """(dimensions,) or (frames, dimensions), finite numbers. Raises `ValueError` with the reason where there is
        none, such as music that is too short."""


Make = Callable[[Path | None], Embedder]


def installed() -> dict[str, EntryPoint]:
    """The embedders that are installed, by name.

    >>> sorted(set(installed()) & {"clamp3", "mert", "musicnn"})
    ['clamp3', 'mert', 'musicnn']
    """
    return {one.name: one for one in sorted(entry_points(group=GROUP))}


def make(name: str, folder: Path | None) -> Embedder:
    """The embedder of a name. Raises `UserError` in one line where it cannot be loaded, for whatever reason."""
    entry = installed()[name]
    try:
        made: Embedder = entry.load()(folder)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"--embedding {name} cannot be loaded ({entry.value}): {reason(error)}") from error
    if made.rate is not None and not 0 < int(made.rate) <= 384_000:
        raise UserError(f"--embedding {name}: its rate is {made.rate}; give Hz, or None for notes")
    return made


def reason(error: BaseException) -> str:
    r"""What an error says, in one line.

    >>> reason(ValueError("too short\nand more")), reason(KeyError())
    ('ValueError: too short', 'KeyError')
    """
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__


def hash_of(folder: Path) -> str:
    """Of the names and contents of all files of a folder, or of a file, hexadecimal.

    >>> _ = Path("weights").write_bytes(b"abc")
    >>> hash_of(Path("weights"))[:8]
    '8a7deab2'
    """
    digest = hashlib.sha256()
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder]
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        digest.update((path.relative_to(folder).as_posix() if folder.is_dir() else "").encode() + b"\0" + content)
    return digest.hexdigest()


def as_frames(found: Any) -> Frames:
    """What an embedder returned as (frames, dimensions). Raises `ValueError` for what is no such array.

    >>> as_frames([1, 2, 3]).shape
    (1, 3)
    """
    try:
        array = np.asarray(found, np.float32)
    except (TypeError, ValueError):
        raise ValueError("no array of numbers; give (dimensions,) or (frames, dimensions)") from None
    if array.ndim not in (1, 2) or not array.size:
        raise ValueError(f"an array of shape {array.shape}; give (dimensions,) or (frames, dimensions)")
    if not np.isfinite(array).all():
        raise ValueError("numbers that are not finite (NaN or infinite)")
    return np.atleast_2d(array)
