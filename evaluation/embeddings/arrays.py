"""Embeddings that the user made: a folder with one array (.npy) per file of music."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clstm.runtime.errors import UnreadableFileError
from evaluation.embeddings.embedder import Frames, as_frames

Found = list[Frames | UnreadableFileError]


def read_arrays(folder: Path, system: str, files: Sequence[Path]) -> Found:
    """The array of each file of a system: FOLDER/SYSTEM/FILE.npy, FILE with its path below their common folder or below
    a folder above that one, with or without its own suffix; or FOLDER/PATH.npy, with the path as it was given."""
    return [_read(folder, system, file, relative) for file, relative in zip(files, _relative(files), strict=True)]


def has_arrays(folder: Path, system: str) -> bool:
    """Whether a folder has arrays under this name."""
    return (folder / system).is_dir()


def _relative(files: Sequence[Path]) -> list[Path]:
    """Paths below the folder that holds all files."""
    parents = [file.parent for file in files]
    common = parents[0]
    while not all(parent.is_relative_to(common) for parent in parents):
        common = common.parent
    return [file.relative_to(common) for file in files]


def _read(folder: Path, system: str, file: Path, relative: Path) -> Frames | UnreadableFileError:
    places = [folder / system / relative]
    # Where all files lie in one sub-folder of the set, the path from the set's own folder is longer.
    least = len(relative.parts)
    places += [folder / system / Path(*file.parts[-count:]) for count in range(least + 1, len(file.parts))]
    if not file.is_absolute() and ".." not in file.parts:
        places.append(folder / file)
    for place in places:
        for path in (place.with_suffix(".npy"), place.with_name(f"{place.name}.npy")):
            if path.is_file():
                try:
                    return as_frames(np.load(path, allow_pickle=False))
                except (ValueError, OSError, EOFError) as error:
                    return UnreadableFileError(file, f"{path.name} holds {error}")
    return UnreadableFileError(file, f"no array {places[0].with_suffix('.npy')}")
