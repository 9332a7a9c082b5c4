"""Many files at once: in processes that may crash without harm, and under unique names."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from clstm.music.folder import read_many
from clstm.runtime.errors import NoNotesError, UnreadableFileError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable, shortened
from clstm.runtime.processes import in_processes
from evaluation.measurement.cluster import on_cluster

Item = TypeVar("Item")
Result = TypeVar("Result")

NAME = 200  # bytes of a name, at most
TIME_LIMIT = 1800.0  # seconds per file: two hours of the densest notes, on a slow machine
OF_NOTES = 120.0  # the same where nothing is rendered


def over_files(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int | None = None,
    cluster: str | None = None,
    *,
    renders: bool = True,
) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    """Yield (item, function(item)) in the order of `items`, or (item, UnreadableFileError) where it cannot be read.

    items : paths, or objects with a `path`
    workers : processes on this machine; one per core by default
    cluster : the address of a Dask scheduler whose workers are used instead
    renders : whether the function may render

    Rendering may take long. So the MIDI files are first read under the short time limit for reading: a file that hangs
    the parser is found before it can delay the others.
    """
    midi = [path for path in dict.fromkeys(map(_path, items)) if renders and is_midi(path)]
    unreadable = {
        path: read
        for path, read in read_many(midi, workers=workers)
        if isinstance(read, UnreadableFileError) and not isinstance(read, NoNotesError)  # `function` may use it
    }
    usable = [item for item in items if _path(item) not in unreadable]
    if cluster is None:
        results = in_processes(function, usable, workers=workers, seconds=TIME_LIMIT if renders else OF_NOTES)
    else:
        results = on_cluster(function, usable, cluster)
    for item in items:
        yield (item, unreadable[_path(item)]) if _path(item) in unreadable else next(results)


def _path(item: object) -> Path:
    return item if isinstance(item, Path) else Path(getattr(item, "path", str(item)))


def unique_names(paths: Sequence[Path]) -> list[str]:
    """A unique name for each file: its stem, with its folders' names before it where another file has that stem.

    Names are readable, and short enough that a suffix and a few letters more can follow.

    >>> unique_names([Path("bach/1.mid"), Path("liszt/1.mid"), Path("liszt/2.mid")])
    ['1', 'liszt-1', '2']
    """
    taken: set[str] = set()
    names = []
    for path in paths:
        name = next(name for name in _candidates(path) if name.casefold() not in taken)
        taken.add(name.casefold())  # a file system may ignore case
        names.append(name)
    return names


def _candidates(path: Path) -> Iterator[str]:
    folders = [part for part in path.parent.parts if part.strip("/\\.:")]
    stem = shortened(readable(path.stem), NAME)
    for depth in range(len(folders) + 1):
        name = readable("-".join([*folders[len(folders) - depth :], stem]))
        if len(name.encode()) <= NAME:
            yield name
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1
