"""A cache on disk, so that no file is rendered or measured twice.

The key of an entry has the content of its input, every setting, the versions of the libraries and our own code, so no
outdated entry is ever found. Entries are kept in the user's cache folder; the variable CLSTM_CACHE names another one,
and `CLSTM_CACHE=off` keeps none. Values of metrics, which are small, take 500 MB at most, renders 2 GB, embeddings and
what reports hold of pieces 1 GB each; beyond that the oldest are removed. Where nothing can be written, nothing is
cached.

An entry is data, never code: JSON, or an array as NumPy writes one without pickle. It begins with a hash of its name
and content. A damaged, incomplete or renamed entry is ignored and made again; a folder in which others can write is not
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
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from clstm.formats.recognition import companion
from clstm.runtime.console import warn
from clstm.runtime.files import size_of

Result = TypeVar("Result")

VARIABLE = "CLSTM_CACHE"
# Bytes, by kind.
LIMITS = {"values": 500_000_000, "render": 2_000_000_000, "embedding": 1_000_000_000, "excerpts": 1_000_000_000}
_FORMER = ("figures",)  # kinds of earlier versions: no entry of theirs is ever found again

_READERS = ("miditok", "music21", "protobuf", "symusic", "verovio")  # of formats of notes; some may be absent
_VERSIONS = ("lameenc", "librosa", "numpy", "pyloudnorm", "scipy", "soundfile", "soxr")
_DIGEST = 32  # bytes
_NAME = re.compile(r"[0-9a-f]{64}")  # of an entry; also within the name of one that is being written
_ARRAY = b"\x93NUMPY"


def folder() -> Path | None:
    """The folder of all entries; None when nothing is cached."""
    import platformdirs

    given = os.environ.get(VARIABLE, "")
    if given.lower() == "off":
        return None
    return Path(given) if given else platformdirs.user_cache_path("clstm") / "measured"


def remembered(
    kind: str, key: dict[str, Any], make: Callable[[], Result], valid: Callable[[Any], bool] = lambda result: True
) -> Result:
    """What `make` returned for this kind and key before, or what it returns now. An error is not cached.

    kind : one of `LIMITS`
    key : all that the result depends on, as plain values for JSON
    make : returns an array, or plain values for JSON (where tuples become lists)
    valid : whether an entry that was read can be a result of `make`
    """
    place = _place(folder(), kind)
    if place is None:
        return make()
    named = json.dumps([kind, key, _code()], sort_keys=True, default=repr)
    path = place / hashlib.sha256(named.encode()).hexdigest()
    # Whatever is wrong with an entry, the result is made again.
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
    """Bypass the cache inside this block.

    >>> with nothing_remembered():
    ...     print(folder())
    None
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "off"
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def trim() -> None:
    """Remove the oldest entries beyond the limit. Only one process calls it, when its work is done."""
    _remove_former()
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


def _remove_former() -> None:
    """Remove entries of earlier versions, which would otherwise never be removed."""
    location = folder()
    for kind in _FORMER:
        with suppress(OSError):  # not there, or not empty afterwards: something else is in it
            place = (location or Path()) / kind
            if location is not None and _ours(location) and _ours(place) and not place.is_symlink():
                for _, _, path in list(_entries(place)):
                    path.unlink()
                place.rmdir()


def sha256(path: Path) -> str:
    """The hash of a plain file's content, hexadecimal; and of the tokenizer or frame rate that it is read with.

    Raises `OSError` for what is no plain file (`clstm.runtime.files`).

    The example of FIPS 180-2:

    >>> _ = Path("abc.txt").write_bytes(b"abc")
    >>> sha256(Path("abc.txt"))[:16]
    'ba7816bf8f01cfea'
    """
    size_of(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    if beside := companion(path):
        digest.update(beside.read_bytes())
    return digest.hexdigest()


def _read(path: Path, limit: int) -> Any:
    """Raises `ValueError` for a file that is not an entry of this name, `OSError` where there is none."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
        raise ValueError("not a file that was written here")
    content = path.read_bytes()
    body = content[_DIGEST:]
    if content[:_DIGEST] != _digest(path.name, body):
        raise ValueError("damaged")
    os.utime(path)  # the first to be removed is the one that was not used for longest
    return np.load(io.BytesIO(body), allow_pickle=False) if body.startswith(_ARRAY) else json.loads(body)


def _write(path: Path, result: Any) -> None:
    parts: list[bytes | memoryview]
    if isinstance(result, np.ndarray):
        head, array = io.BytesIO(), np.ascontiguousarray(result)
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
        parts = [head.getvalue(), array.data.cast("B")]
    else:
        parts = [json.dumps(result).encode()]
    # Not through `clstm.runtime.files`, which follows links: a link of this name is replaced, never what it leads to.
    # Nor is the entry flushed to the disk: what a power cut leaves does not pass `_read`.
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(temporary, "xb", opener=_private) as file:
            file.writelines([_digest(path.name, *parts), *parts])
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _digest(name: str, *parts: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(name.encode())
    for part in parts:
        digest.update(part)
    return digest.digest()


def _entries(place: Path) -> Iterator[tuple[float, int, Path]]:
    """When each entry was last used, its size in bytes, and the file. Nothing else in the folder is ours."""
    for path in place.iterdir():
        with suppress(OSError):  # another process may trim too
            about = path.lstat()
            if stat.S_ISREG(about.st_mode) and _NAME.search(path.name):
                yield about.st_mtime, about.st_size, path


@lru_cache
def _place(location: Path | None, kind: str) -> Path | None:
    """The folder of a kind; None where nothing is, or can be, cached."""
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
    """Whether only this user can have written the files of a folder."""
    about = place.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & stat.S_IWOTH)


@lru_cache
def code_of(package: Path) -> str:
    """A hash of all code below a folder, for a key whose results come from more than `clstm` and `evaluation`."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@lru_cache
def _code() -> str:
    """A hash of all code that an entry may come from, but for what its key adds."""
    from soundfile import __libsndfile_version__

    ours = Path(__file__).parents[1]
    digest = hashlib.sha256("".join(map(code_of, (ours.with_name("clstm"), ours))).encode())
    digest.update(repr([__libsndfile_version__, *map(version, _VERSIONS)]).encode())
    for name in _READERS:
        with suppress(PackageNotFoundError):
            digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()
