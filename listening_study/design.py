"""Who hears what, in which order: a pure function of the study's seed, a listener's slot and the clips.

Every listener hears every clip once. The orders of a block of listeners form a Williams square (Williams 1949): when a
block is complete every clip has stood in every position equally often and has followed every other clip equally often,
so neither fatigue nor the clip before favours a source. A block is n listeners for an even number n of clips and 2n
for an odd one. Which clip is which letter of the square, and which listener gets which row, is shuffled anew for every
block.

Shuffles sort by SHA-256 instead of drawing from a library's generator: the order a listener came from can be computed
again years later, in any version of any library.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

_Item = TypeVar("_Item", int, str)


def sequence(seed: int, slot: int, clips: Sequence[str]) -> list[str]:
    """The clips in the order in which the listener of this slot (0, 1, 2, ...) hears them.

    >>> sequence(1, 0, ["a", "b", "c", "d"]) == sequence(1, 0, ["d", "c", "b", "a"])
    True
    """
    block, place = divmod(slot, block_size(len(clips)))
    letters = _shuffled(clips, f"{seed}/{block}/clip")
    row = _shuffled(range(block_size(len(clips))), f"{seed}/{block}/row")[place]
    return [letters[letter] for letter in _williams_row(row, len(clips))]


def block_size(clips: int) -> int:
    """After how many listeners positions and neighbours are balanced."""
    return clips if clips % 2 == 0 else 2 * clips


def _williams_row(row: int, size: int) -> list[int]:
    """Row 0 zigzags 0, 1, n-1, 2, n-2, ...; each next row adds one, modulo n. An odd n needs the mirrored rows too."""
    zigzag = [(step + 1) // 2 if step % 2 else -step // 2 for step in range(size)]
    letters = [(letter + row) % size for letter in zigzag]
    return letters if row < size else letters[::-1]


def _shuffled(items: Sequence[_Item], salt: str) -> list[_Item]:
    return sorted(items, key=lambda item: sha256(f"{salt}/{item}".encode()).digest())
