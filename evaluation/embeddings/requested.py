"""Which embeddings a user asks for: NAME of an embedder, NAME=FOLDER of its weights, or NAME=FOLDER of arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation.embeddings.embedder import hash_of, installed
from evaluation.metrics.metric import VIEWS

SPACES = ("joint", "everything")  # of metrics, as distances name them
METRICS = "metrics"  # the default, with no weights: the distance in all metrics, which every comparison has


@dataclass(frozen=True)
class Requested:
    """name : of the embedding
    folder : of weights, or of arrays; None where none was given
    arrays : whether the folder holds an array (.npy) of each piece
    """

    name: str
    folder: Path | None = None
    arrays: bool = False

    def __str__(self) -> str:
        return f"--embedding {self.name}"


def requested(texts: Iterable[str]) -> list[Requested]:
    """What is asked for, in its order. Raises `UserError` for an embedding that is not known, or is given twice.

    >>> requested(["musicnn", "metrics"])
    [Requested(name='musicnn', folder=None, arrays=False)]
    """
    found = [_one(text) for text in texts if text != METRICS]
    names = [one.name for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"--embedding {twice[0]} is given twice; give each embedding once")
    return found


def _one(text: str) -> Requested:
    name, equals, path = text.partition("=")
    name = name.strip()
    if not name or (equals and not path) or readable(name) != name or name in (METRICS, *SPACES, *VIEWS):
        raise UserError(f"--embedding {readable(text)!r} is no embedding; give NAME or NAME=FOLDER, with another NAME")
    known = ", ".join((METRICS, *installed()))
    if not equals:
        if name not in installed():
            raise UserError(
                f"--embedding {name} is not installed; choose one of: {known}; or give {name}=FOLDER, with an array "
                "(.npy) of each file"
            )
        return Requested(name)
    folder = Path(path)
    if not folder.is_dir():
        raise UserError(f"--embedding {name}: {readable(folder)} is no folder; give one of weights, or of .npy files")
    if next(folder.rglob("*.npy"), None) is not None:
        return Requested(name, folder, arrays=True)
    if name not in installed():
        raise UserError(
            f"--embedding {name}: {readable(folder)} has no .npy files, and no embedder of that name is installed "
            f"({known})"
        )
    return Requested(name, folder)


def digest(one: Requested) -> str:
    """The hash of what its folder holds, "" without one."""
    return "" if one.folder is None else hash_of(one.folder)
