"""What was rendered and measured before is not done again.

An entry is found by the content of its input, every setting, the versions of what works on it, and this package's own
code, so nothing stale is ever found. Entries lie in the user's cache folder; the variable CLSTM_CACHE names another,
and `CLSTM_CACHE=off` keeps none. Of figures, which are small, 500 MB are kept, of renders 2 GB: then the oldest go.
Where nothing can be written, nothing is kept.

An entry is data, never code: JSON, or an array as NumPy writes one without pickle. It begins with a hash of its name
and content. What is damaged, cut off, or of another name is worked out again; a folder that others can write is not
used.
"""

import hashlib
import io
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import version
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from clstm.runtime.console import warn
from clstm.runtime.files import size_of

Result = TypeVar("Result")

VARIABLE = "CLSTM_CACHE"
LIMITS = {"figures": 500_000_000, "render": 2_000_000_000}  # bytes, by kind

_VERSIONS = ("librosa", "numpy", "pyloudnorm", "scipy", "soundfile", "soxr")
_DIGEST = 32  # bytes
_NAME = re.compile(r"[0-9a-f]{64}")  # of an entry; also within the name of one that is being written
_ARRAY = b"\x93NUMPY"


def folder() -> Path | None:
    """Where entries are kept; None when they are not."""
    import platformdirs

    given = os.environ.get(VARIABLE, "")
    if given.lower() == "off":
        return None
    return Path(given) if given else platformdirs.user_cache_path("clstm") / "measured"


def remembered(
    kind: str, key: dict[str, Any], make: Callable[[], Result], valid: Callable[[Any], bool] = lambda result: True
) -> Result:
    """What `make` returned for this kind and key before, or what it returns now. An error is not remembered.

    kind : one of `LIMITS`
    key : what the result depends on; values as in JSON
    make : returns an array, or values as in JSON (which has lists for tuples)
    valid : whether what was read can be what `make` returns
    """
    place = _place(folder(), kind)
    if place is None:
        return make()
    named = json.dumps([kind, key, _code()], sort_keys=True, default=repr)
    path = place / hashlib.sha256(named.encode()).hexdigest()
    # Whatever is wrong with an entry, it is worked out again.
    with suppress(OSError, ValueError, EOFError, MemoryError, RecursionError):
        found: Result = _read(path, LIMITS[kind])
        if valid(found):
            return found
    result = make()
    with suppress(OSError):  # a full disk costs the cache only
        _write(path, result)
    return result


@contextmanager
def nothing_remembered() -> Iterator[None]:
    """Whoever recalls what a file measured before learns nothing of what it measures today."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "off"
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def trim() -> None:
    """Let the oldest entries go beyond the limit. One process does it, when the work is done."""
    for kind, limit in LIMITS.items():
        if (place := _place(folder(), kind)) is None:
            continue
        shutil.rmtree(place / "joblib" / "evaluation", ignore_errors=True)  # pickles, of an earlier version
        kept = 0
        for _, size, path in sorted(_entries(place), reverse=True):
            kept += size
            if kept > limit:
                with suppress(OSError):
                    path.unlink()


def sha256(path: Path) -> str:
    """Of a plain file's content. Raises `OSError` for what is none (`clstm.runtime.files`)."""
    size_of(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, limit: int) -> Any:
    """Raises `ValueError` for what is no entry of this name, `OSError` where there is none."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
        raise ValueError("not a file that was written here")
    content = path.read_bytes()
    body = content[_DIGEST:]
    if content[:_DIGEST] != _digest(path.name, body):
        raise ValueError("damaged")
    os.utime(path)  # the oldest to go is the one longest not asked for
    return np.load(io.BytesIO(body), allow_pickle=False) if body.startswith(_ARRAY) else json.loads(body)


def _write(path: Path, result: Any) -> None:
    if isinstance(result, np.ndarray):
        array = io.BytesIO()
        np.save(array, result, allow_pickle=False)
        body = array.getvalue()
    else:
        body = json.dumps(result).encode()
    # Not through `clstm.runtime.files`, which follows links: what lies under the name is replaced, never where it
    # leads. Nor is it flushed to the disk: what a power cut leaves does not pass `_read`.
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(temporary, "xb", opener=_private) as file:
            file.write(_digest(path.name, body) + body)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _digest(name: str, body: bytes) -> bytes:
    digest = hashlib.sha256(name.encode())
    digest.update(body)
    return digest.digest()


def _entries(place: Path) -> Iterator[tuple[float, int, Path]]:
    """When each was asked for last, its size in bytes, and the file. Nothing else in the folder is ours."""
    for path in place.iterdir():
        with suppress(OSError):  # another process may trim too
            about = path.lstat()
            if stat.S_ISREG(about.st_mode) and _NAME.search(path.name):
                yield about.st_mtime, about.st_size, path


@lru_cache
def _place(location: Path | None, kind: str) -> Path | None:
    """The folder of a kind; None where nothing is, or can be, kept."""
    if location is None:
        return None
    place = location / kind
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (_ours(location) and _ours(place)):
            if parent_process() is None:
                warn(f"{location} is not used as a cache: others can write there; CLSTM_CACHE names another folder")
            return None
    except OSError:
        return None
    return place if os.access(place, os.W_OK) else None


def _ours(place: Path) -> bool:
    """Whether only this user can have written what lies in a folder."""
    about = place.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & stat.S_IWOTH)


@lru_cache
def _code() -> str:
    """Of all code an entry may come from."""
    from soundfile import __libsndfile_version__

    ours = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for package in (ours, ours.with_name("clstm")) for path in package.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(repr([__libsndfile_version__, *map(version, _VERSIONS)]).encode())
    return digest.hexdigest()
