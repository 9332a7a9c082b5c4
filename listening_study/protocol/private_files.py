"""Files that only their owner may read, from the first byte on: mode 0600 whatever the umask."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from clstm.runtime.files import replacing

MODE = 0o600
OTHERS = 0o077  # what anybody but the owner may do


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A text file to write into, mode 0600; it is whole, or not there."""
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 a path cannot open a descriptor
            yield file


def write_private(path: Path, text: str) -> None:
    """Write a text file, mode 0600; whole or not at all.

    >>> write_private(Path("key.txt"), "secret")
    >>> is_open_to_others(Path("key.txt")), oct(Path("key.txt").stat().st_mode & 0o777)
    (False, '0o600')
    """
    with private_file(path) as file:
        file.write(text)


def make_private(path: Path) -> None:
    """Make an empty file, mode 0600; if there is one already, remove the permissions of others.

    Raises `OSError` for a file that cannot be made. One of another owner stays as it is.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE))
    except FileExistsError:
        narrow(path)


def narrow(path: Path) -> None:
    """Remove the permissions of others from a file, if it exists; a file of another owner stays as it is.

    >>> make_private(Path("diary.txt"))
    >>> Path("diary.txt").chmod(0o644)
    >>> narrow(Path("diary.txt"))
    >>> is_open_to_others(Path("diary.txt"))
    False
    """
    with suppress(OSError):
        if is_open_to_others(path):
            path.chmod(path.stat().st_mode & ~OTHERS & 0o777)


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may read, change or run a file; False where there is none."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except FileNotFoundError:
        return False


def copy(source: str, target: str) -> None:
    """Like `shutil.copy2`, but only the owner can read the copy, also while it is written; for `shutil.copytree`."""
    make_private(Path(target))
    shutil.copy2(source, target)
