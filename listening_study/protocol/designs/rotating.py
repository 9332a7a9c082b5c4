"""Which screens of a block one listener sees, in which order, and in which variant: balanced over listeners.

A block of the study has rows (prompts, or pieces) and variants of each: which system's clip is heard, which pair is
compared and on which side, what X is. One listener sees `each` screens. Their rows rotate from listener to listener
and their variants form a Latin square, so that over `rotations` listeners all rows are seen equally often, and over
`rotations * variants` every variant of every row. The orders of `rotations * variants * rows(each)` listeners form
Williams squares (`squares`): then every row has been at every position equally often, in every variant.

Which row is first, which listener begins with which variant, and which letter of a square a screen is, is shuffled
by the study's secret, and again for every such group of listeners.
"""

from dataclasses import dataclass
from math import gcd

from listening_study.protocol.designs.squares import rows, shuffled, williams_row


@dataclass(frozen=True)
class Screens:
    """How much there is to see in a block of the study.

    rows : prompts or pieces
    variants : of each row
    each : screens that one listener sees
    """

    rows: int
    variants: int
    each: int

    @property
    def rotations(self) -> int:
        """After how many listeners every row was seen equally often.

        >>> Screens(rows=10, variants=3, each=10).rotations, Screens(rows=10, variants=3, each=4).rotations
        (1, 5)
        """
        return self.rows // gcd(self.rows, self.each)

    @property
    def balanced(self) -> int:
        """After how many listeners every variant of every row was seen equally often.

        >>> Screens(rows=10, variants=3, each=4).balanced
        15
        """
        return self.rotations * self.variants

    @property
    def group(self) -> int:
        """After how many listeners positions are balanced, too.

        >>> Screens(rows=10, variants=3, each=4).group
        60
        """
        return self.balanced * rows(self.each)


def screens(secret: str, slot: int, size: Screens) -> list[tuple[int, int]]:
    """Row and variant of what the listener of this slot (0, 1, 2, ...) sees, in order.

    A row that is seen more than once has another variant each time, as long as there are others.

    >>> seen = screens("1", 0, Screens(rows=4, variants=2, each=4))
    >>> sorted(row for row, _ in seen), sorted(variant for _, variant in seen)
    ([0, 1, 2, 3], [0, 0, 1, 1])
    """
    group, place = divmod(slot, size.group)
    place, rotation = divmod(place, size.rotations)
    square_row, shift = divmod(place, size.variants)
    order = shuffled(range(size.rows), f"{secret}/{group}/row")
    first = shuffled(range(size.variants), f"{secret}/{group}/variant")[shift]
    letters = []
    for turn in range(rotation * size.each, (rotation + 1) * size.each):
        again, column = divmod(turn, size.rows)
        letters.append((order[column], (first + column + again) % size.variants))
    square = f"{secret}/{group}/{rotation}/{shift}"
    mixed = [letters[letter] for letter in shuffled(range(size.each), f"{square}/letter")]
    row = shuffled(range(rows(size.each)), f"{square}/square")[square_row]
    return [mixed[letter] for letter in williams_row(row, size.each)]


def on_screen(secret: str, slot: int, size: Screens, clips: tuple[str, ...]) -> tuple[str, ...]:
    """The clips of one screen in the order this listener sees them.

    Over `rows(len(clips))` listeners of one rotation and variant every clip is at every place equally often.

    secret : another one for each row

    >>> sorted(on_screen("1", 3, Screens(1, 1, 1), ("a", "b", "c")))
    ['a', 'b', 'c']
    """
    count = len(clips)
    mixed = shuffled(clips, f"{secret}/clip")
    turn, place = divmod(slot // size.balanced, rows(count))
    row = shuffled(range(rows(count)), f"{secret}/{turn}/place")[place]
    return tuple(mixed[letter] for letter in williams_row(row, count))
