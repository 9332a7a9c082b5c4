"""What a corpus that is being made has so far: if stopped or killed, the same command continues after it.

Beside the corpus, as `.NAME.unfinished`:

    frames.bin      the frames of the files read so far, as the corpus will have them
    notes.bin       their notes, likewise
    read.jsonl      a heading, then one line per file, in the order in which they are read: its name, size and time of
                    change, and either its row or why it was rejected

What is continued is the beginning: up to the first file that is another one than before, or whose frames and notes are
not all there. A power cut can lose the end of any file; a checksum notices.
"""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import UserError
from clstm.runtime.names import LONGEST, readable, shortened

Key = tuple[str, int, int]  # name, bytes, nanoseconds
Row = dict[str, Any]  # of plain values; without "frames", that of a rejected file

ARRAYS = ("frames.bin", "notes.bin")  # that a corpus has too
_READ = "read.jsonl"


class Unfinished:
    """The folder, opened by one process at a time, with the rows of the files that need not be read again.

    done : one row per file of the beginning
    """

    def __init__(self, out: Path, options: Row, files: Sequence[Key], sizes: Callable[[Row], tuple[int, int]]) -> None:
        """sizes : how many bytes a file's row has in each of `ARRAYS`

        Raises `UserError` where another process is making this corpus.
        """
        out = out.resolve()
        self._folder = out.with_name(f".{shortened(out.name, LONGEST - len('..unfinished'))}.unfinished")
        self._folder.mkdir(parents=True, exist_ok=True)
        # Without buffers: what is written stays where this process is killed. Not emptied: the lock comes first.
        self._read = (self._folder / _READ).open("ab+", buffering=0)
        self._arrays = [(self._folder / name).open("ab+", buffering=0) for name in ARRAYS]
        if not _lock(self._read):
            self.close()
            raise UserError(f"another process is making {readable(out)}; wait for it, or give another folder")
        self.done = list(self._kept(_line(options | {"code": _code()}), files, sizes))

    def _kept(self, heading: bytes, files: Sequence[Key], sizes: Callable[[Row], tuple[int, int]]) -> Iterator[Row]:
        """The rows of the beginning that is as it was; whatever follows it is removed."""
        self._read.seek(0)
        for array in self._arrays:
            array.seek(0)
        first, *lines = self._read.readall().splitlines(keepends=True) or [b""]
        size, written = 0, (0, 0)
        if first == heading:
            size = len(heading)
            for line, file in zip(lines, files, strict=False):
                row = _row(line, file)
                if row is None:
                    break
                own = sizes(row)
                read = [array.read(count) for array, count in zip(self._arrays, own, strict=True)]
                if _checksum(read) != row.pop("checksum"):
                    break
                size, written = size + len(line), (written[0] + own[0], written[1] + own[1])
                yield row
        self._read.truncate(size)
        for array, count in zip(self._arrays, written, strict=True):
            array.truncate(count)
        if not size:
            self._read.write(heading)

    def add(self, file: Key, row: Row, arrays: Sequence[NDArray[np.generic]] = ()) -> None:
        """A file that was read: its row, and of one that is used its frames as bits and its notes."""
        written = [array.tobytes() for array in arrays]
        for own, content in zip(self._arrays, written, strict=False):
            own.write(content)
        self._read.write(_line([*file, row | {"checksum": _checksum(written)}]))

    def move_arrays(self, folder: Path) -> None:
        """Give the frames and notes of all files their place in the corpus."""
        for name, array in zip(ARRAYS, self._arrays, strict=True):
            array.close()
            (self._folder / name).replace(folder / name)

    def close(self) -> None:
        for file in (*self._arrays, self._read):
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Only where it was stopped there is something to continue."""
        if kind is None or issubclass(kind, Exception):
            shutil.rmtree(self._folder, ignore_errors=True)
        self.close()


def key(name: str, path: Path) -> Key:
    """What tells whether a file is the one that was read; of a file that cannot be opened, only its name."""
    with suppress(OSError):
        about = os.stat(path)  # noqa: PTH116 - thousands of files, as in `finding`
        return name, about.st_size, about.st_mtime_ns
    return name, -1, -1


def _checksum(arrays: Sequence[bytes]) -> int:
    return zlib.crc32(b"".join(arrays))


def _line(content: object) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _row(line: bytes, file: Key) -> Row | None:
    """The row of a file; None where the line is cut off or is another file's."""
    with suppress(ValueError):
        *found, row = json.loads(line)
        if tuple(found) == file and line.endswith(b"\n"):
            known: Row = row
            return known
    return None


def _lock(file: FileIO) -> bool:
    """Whether no other process has the lock, which ends with the process; where there are no locks, nobody has."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _code() -> str:
    """A hash of the code that makes rows and frames: another version begins again."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
