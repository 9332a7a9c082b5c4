"""What was rendered and measured before is not done again.

An entry is found by the content of its input, every setting, the versions of what works on it, and this package's own
code, so nothing stale is ever found. Entries lie in the user's cache folder; the variable CLSTM_CACHE names another,
and `CLSTM_CACHE=off` keeps none. Of figures, which are small, 500 MB are kept, of renders 2 GB: then the oldest go.
Where nothing can be written, nothing is kept.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

VARIABLE = "CLSTM_CACHE"
LIMITS = {"figures": "500M", "render": "2G"}  # by kind

_VERSIONS = ("librosa", "numpy", "pyloudnorm", "scipy", "soundfile", "soxr", "symusic")


def folder() -> Path | None:
    """Where entries are kept; None when they are not."""
    import platformdirs

    given = os.environ.get(VARIABLE, "")
    if given.lower() == "off":
        return None
    return Path(given) if given else platformdirs.user_cache_path("clstm") / "measured"


def remembered(kind: str, key: dict[str, Any], make: Callable[[], Result]) -> Result:
    """What `make` returned for this kind and key before, or what it returns now. An error is not remembered.

    kind : one of `LIMITS`
    key : what the result depends on; values as in JSON
    """
    memory = _memory(folder(), kind)
    if memory is None:
        return make()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Unable to cache to disk")  # a full one costs the cache only
        return memory.cache(_made, ignore=["make"])(key, _code(), make)


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
        if (memory := _memory(folder(), kind)) is not None:
            memory.reduce_size(bytes_limit=limit)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _made(key: dict[str, Any], code: str, make: Callable[[], Any]) -> Any:
    return make()


@lru_cache
def _memory(location: Path | None, kind: str) -> Any:
    """None where nothing is, or can be, kept."""
    from joblib import Memory

    if location is None:
        return None
    location /= kind
    try:
        location.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return Memory(location, verbose=0) if os.access(location, os.W_OK) else None


@lru_cache
def _code() -> str:
    """Of all code an entry may come from."""
    from soundfile import __libsndfile_version__

    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*package.glob("*.py"), *package.with_name("clstm").glob("*.py")]):
        digest.update(path.read_bytes())
    digest.update(repr([__libsndfile_version__, *map(version, _VERSIONS)]).encode())
    return digest.hexdigest()
