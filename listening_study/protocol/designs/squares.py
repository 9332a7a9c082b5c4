"""Shuffles that need no generator, and Williams squares (Williams 1949).

Shuffles sort by SHA-256 instead of using a library's generator: a listener's order can be computed again years later,
with any version of any library.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

_Item = TypeVar("_Item", int, str)


def shuffled(items: Sequence[_Item], salt: str) -> list[_Item]:
    """The items in an order that the salt decides.

    >>> shuffled([1, 2, 3], "a") == shuffled([3, 2, 1], "a")
    True
    """
    return sorted(items, key=lambda item: sha256(f"{salt}/{item}".encode()).digest())


def shuffled_by_place(items: Sequence[str], salt: str) -> list[str]:
    """Shuffled by position: the same permutation for any items."""
    return [items[place] for place in shuffled(range(len(items)), salt)]


def rows(size: int) -> int:
    """Rows of a Williams square; an odd size needs the mirrored ones, too.

    >>> rows(4), rows(5)
    (4, 10)
    """
    return size if size % 2 == 0 else 2 * size


def williams_row(row: int, size: int) -> list[int]:
    """Row 0 zigzags 0, 1, n-1, 2, n-2, ...; each next row adds one, modulo n. An odd n needs the mirrored rows too.

    >>> williams_row(0, 4), williams_row(1, 4)
    ([0, 1, 3, 2], [1, 2, 0, 3])
    """
    zigzag = [(step + 1) // 2 if step % 2 else -step // 2 for step in range(size)]
    letters = [(letter + row) % size for letter in zigzag]
    return letters if row < size else letters[::-1]
