"""Files written whole or not at all."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

UNFINISHED = re.compile(r"\..+\.\d+(\.\w+)?")  # .name.process.suffix


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is flushed to disk and renamed to `path`.

    The temporary name keeps the suffix of `path`, for writers that choose a format by it. When the block fails, or
    the process is killed, `path` is what it was before. A folder may be built the same way; an old one steps aside, and
    is removed when the new one has its name.
    """
    path = Path(path).resolve()  # through links, to what is really replaced
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    old = path.with_name(f"{temporary.name}.old")
    try:
        yield temporary
        _flush(temporary)
        if temporary.is_dir() and path.is_dir():
            path.replace(old)
        temporary.replace(path)
        _flush_entry(path.parent)  # without it a power cut could bring the old file back
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)  # a write that fails does not say where
        raise
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """To disk: a file, or a folder with all in it."""
    if path.is_dir():
        for inside in path.iterdir():
            _flush(inside)
        _flush_entry(path)
    else:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _flush_entry(folder: Path) -> None:
    """To disk: the names in a folder. Some network file systems cannot, and keep their own order."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove what `replacing` was writing in a folder when its process was killed. No other process may write there."""
    for path in Path(folder).glob(".*"):
        if UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Indented, keys in the order given, a final newline: made to be read and compared by people."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
