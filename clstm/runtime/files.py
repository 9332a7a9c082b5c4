"""Files written whole or not at all; JSON read with care; and how large a file is before it is opened.

A file is first written beside its place, as `.name.clstm-host-process.suffix`. A run that is killed leaves that there;
the next run that writes into the folder removes it, once no process of that number runs here.
"""

import errno
import json
import os
import platform
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clstm.runtime.errors import NotWrittenError, UserError
from clstm.runtime.names import LONGEST, printable, readable, shortened
from clstm.runtime.spreadsheet import csv

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 32 * 10**9  # bytes; two hours of stereo at 384 kHz in 32 bits are 22
DIGITS = 300  # of a whole number in JSON; one of more is no number of ours, and no float

_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_HOST = re.sub(r"\W", "", platform.node())[:32] or "here"  # of several machines that share a folder
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair, or a byte of a name that is not UTF-8
_UNFINISHED = re.compile(rf"\..*\.clstm-{_HOST}-(\d+)(\.\w*)*")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is flushed to disk and renamed to `path`.

    The temporary name keeps the suffix of `path`, for writers that choose a format by it. When the block fails, or
    the process is killed, `path` is what it was before. A folder may be built the same way; an old one steps aside, and
    is removed when the new one has its name. Raises `NotWrittenError` for what the system refuses, whatever its reason.

    >>> path = Path("results.txt")
    >>> with replacing(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> with replacing(path) as temporary:
    ...     raise RuntimeError(temporary.write_text("half"))
    Traceback (most recent call last):
    RuntimeError: 4
    >>> path.read_text()
    'whole'
    """
    given = str(path)
    try:
        path = Path(path).resolve()  # through links, to what is really replaced
    except RuntimeError as error:
        raise UserError(f"{readable(path)} is a link that leads to itself; give another name") from error
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{readable(path)} is a device or a pipe, and is never replaced; give another name")
    temporary = _temporary(path)
    old = path.with_name(f"{temporary.name}.old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(path.parent)
        yield temporary
        _flush(temporary)
        if temporary.is_dir() and path.is_dir():
            path.replace(old)
        temporary.replace(path)
        _flush_entry(path.parent)  # without it a power cut could bring the old file back
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if _is_of(error, path):
            raise NotWrittenError(error.errno, error.strerror, given) from error
        raise
    finally:
        _remove(temporary)


def _is_of(error: OSError, path: Path) -> bool:
    """Whether an error is one of writing `path`, and not of a file that is read meanwhile."""
    if isinstance(error, NotWrittenError) or error.errno is None:
        return False
    where = error.filename
    if not isinstance(where, str | bytes | os.PathLike):
        return True  # a write that fails does not say where
    place = Path(os.fsdecode(where))
    return place.is_relative_to(_temporary(path)) or place in (path, *path.parents)


def _temporary(path: Path) -> Path:
    mark = f".clstm-{_HOST}-{os.getpid()}{path.suffix}"
    room = LONGEST - len(os.fsencode(f".{mark}.old.folder"))  # as much as may still be put behind it
    return path.with_name(f".{shortened(path.stem, room)}{mark}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Flush to disk: a file, or a folder with all in it."""
    if path.is_dir():
        for inside in path.iterdir():
            _flush(inside)
        _flush_entry(path)
    else:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _flush_entry(folder: Path) -> None:
    """Flush to disk: the names in a folder. Some network file systems cannot, and keep their own order."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@lru_cache(maxsize=1024)  # once a process: a folder of many files is written file by file
def remove_unfinished(folder: Path) -> None:
    """Remove what `replacing` was writing in a folder when its process was killed; what a process that still runs is
    writing stays. A folder that had stepped aside, and has no successor yet, gets its name back."""
    with suppress(OSError):  # a folder that cannot be listed, or holds what cannot be removed, is not made worse
        for path in Path(folder).iterdir():
            found = _UNFINISHED.fullmatch(path.name)
            if not found or _runs(int(found[1])):
                continue
            successor = _named_by(path)
            if path.suffix == ".old" and successor and not successor.exists():
                path.replace(successor)
            else:
                _remove(path)


def _named_by(path: Path) -> Path | None:
    """The former name of a folder that stepped aside; None where it was too long to be kept."""
    stem, _, rest = path.name.removesuffix(".old")[1:].rpartition(".clstm-")
    suffix = re.sub(r"^.*?-\d+", "", rest)
    return path.with_name(stem + suffix) if len(os.fsencode(path.name)) < LONGEST - len(".folder") else None


def _runs(process: int) -> bool:
    """Whether another process of this number runs on this machine."""
    if process == os.getpid():  # of an earlier run, as where every container's first process is number 1
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """UTF-8; what cannot be written so (half of a surrogate pair, a byte of a file's name) is escaped."""
    with replacing(path) as temporary:
        temporary.write_text(printable(text), encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Indented, keys in the order given, a final newline: made to be read and compared by people.

    >>> write_json(Path("order.json"), {"b": 1, "a": [0.5]})
    >>> print(Path("order.json").read_text(), end="")
    {
      "b": 1,
      "a": [
        0.5
      ]
    }
    """
    text = json.dumps(content, indent=2, ensure_ascii=False)  # escapes what a terminal obeys by itself
    with replacing(path) as temporary:
        temporary.write_text(_HALF.sub(_escaped, text) + "\n", encoding="utf-8")


def _escaped(half: re.Match[str]) -> str:
    """What cannot be written as UTF-8, readable, as JSON quotes it."""
    return json.dumps(readable(half.group()))[1:-1]


def read_json(path: Path, *, finite: bool = False) -> Any:
    """The content of a JSON file that another program may have written or damaged.

    finite : refuse NaN and Infinity, which JSON does not have and Python writes

    Raises `OSError` where the file cannot be opened, and `ValueError` for whatever is wrong in it: no UTF-8, no JSON,
    nested beyond what can be read, numbers of hundreds of digits.

    >>> _ = Path("nan.json").write_text('{"p": NaN}')
    >>> read_json(Path("nan.json"))
    {'p': nan}
    >>> read_json(Path("nan.json"), finite=True)
    Traceback (most recent call last):
    ValueError: NaN is not a number
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return json.loads(text, parse_int=_whole, parse_constant=_refused if finite else float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _refused(text: str) -> None:
    raise ValueError(f"{text} is not a number")


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """CSV with a heading; names are readable, and no text is a formula to a spreadsheet (`spreadsheet`)."""
    with replacing(path) as temporary:
        temporary.write_text(csv(table), encoding="utf-8")


def size_of(path: Path) -> int:
    """The size of a file in bytes, before it is opened: a pipe would never open, a device never end.

    Raises `OSError` for a file that is not plain, or larger than any music read.

    >>> _ = Path("abc.txt").write_bytes(b"abc")
    >>> size_of(Path("abc.txt"))
    3
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        kind = _KINDS.get(stat.S_IFMT(about.st_mode), "a device")
        raise OSError(errno.EINVAL, f"{kind}, no file", str(path))
    if about.st_size > LARGEST:
        raise OSError(errno.EFBIG, f"{about.st_size / 1e9:.0f} GB; at most {LARGEST / 1e9:.0f} are read", str(path))
    return about.st_size
