"""Files written whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


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
        if temporary.is_dir():
            if path.is_dir():
                path.replace(old)
        else:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
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


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Indented, keys in the order given, a final newline: made to be read and compared by people."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
