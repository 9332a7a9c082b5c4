"""Many files at once: each read and worked on in a process one can lose, each under a name of its own."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from clstm.errors import UnreadableFileError
from clstm.isolation import in_processes, read_many
from evaluation.audio import is_midi

Result = TypeVar("Result")

TIME_LIMIT = 1800.0  # seconds a file: `LONGEST` notes at their densest, on a slow machine


def over_files(
    function: Callable[[Path], Result], paths: Sequence[Path], workers: int | None = None
) -> Iterator[tuple[Path, Result | UnreadableFileError]]:
    """Yield (path, function(path)) in the order of `paths`, or (path, UnreadableFileError) where it cannot be read.

    Rendering may take its time, so the MIDI files are first read under the short time limit for reading: one that hangs
    the parser is known before it can hold up the rest.
    """
    midi = [path for path in dict.fromkeys(paths) if is_midi(path)]
    unreadable = {
        path: read for path, read in read_many(midi, workers=workers) if isinstance(read, UnreadableFileError)
    }
    usable = [path for path in paths if path not in unreadable]
    results = in_processes(function, usable, workers=workers, seconds=TIME_LIMIT)
    for path in paths:
        yield (path, unreadable[path]) if path in unreadable else next(results)


def unique_names(paths: Sequence[Path]) -> list[str]:
    """A name for each file: its stem, or, where another file has that already, with its folders' names before it.

    >>> unique_names([Path("bach/1.mid"), Path("liszt/1.mid"), Path("liszt/2.mid")])
    ['1', 'liszt-1', '2']
    """
    taken: set[str] = set()
    names = []
    for path in paths:
        name = next(name for name in _candidates(path) if name.casefold() not in taken)
        taken.add(name.casefold())  # a file system may not tell upper from lower case
        names.append(name)
    return names


def _candidates(path: Path) -> Iterator[str]:
    folders = [part for part in path.parent.parts if part.strip("/\\.:")]
    for depth in range(len(folders) + 1):
        yield "-".join([*folders[len(folders) - depth :], path.stem])
    number = 2
    while True:
        yield f"{path.stem}-{number}"
        number += 1
