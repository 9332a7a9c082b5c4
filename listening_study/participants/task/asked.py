"""What a task asks, item by item, and which replies our page can send to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from listening_study.store import LONGEST_TEXT

HIGHEST = 100  # of a slider


class AskedKind(StrEnum):
    """How an item is answered."""

    CHOICE = "choice"  # the place of an option, from 0
    SCALE = "scale"  # a number from 1 to `points`
    SLIDER = "slider"  # a whole number from 0 to `HIGHEST`
    TICK = "tick"  # whether a box is ticked
    TEXT = "text"


@dataclass(frozen=True)
class Asked:
    """One item.

    options : of a choice, or words of a scale's points, where it has some
    points, low, high : of a scale, and what its ends mean; a slider has ends, too
    keys : of the keyboard, one for each option or point
    heading : the page's heading says the label already
    after_first : shown once the first item of its panel is answered
    of : place of the sound that it is about, where it is about one of several
    """

    kind: AskedKind
    label: str
    options: tuple[str, ...] = ()
    points: int = 0
    low: str = ""
    high: str = ""
    keys: tuple[str, ...] = ()
    required: bool = True
    heading: bool = False
    after_first: bool = False
    of: int | None = None

    def data(self) -> dict[str, Any]:
        """What the page receives: no more than this kind needs."""
        sent: dict[str, Any] = {"kind": self.kind, "label": self.label, "required": self.required, "of": self.of}
        if self.keys:
            sent["keys"] = self.keys
        if self.heading or self.after_first:
            sent |= {"heading": self.heading, "afterFirst": self.after_first}
        match self.kind:
            case AskedKind.CHOICE:
                return sent | {"options": self.options}
            case AskedKind.SCALE:
                return sent | {"points": self.points, "words": self.options, "low": self.low, "high": self.high}
            case AskedKind.SLIDER:
                return sent | {"low": self.low, "high": self.high}
            case AskedKind.TEXT:
                return sent | {"longest": LONGEST_TEXT}
        return sent

    def accepts(self, value: Any) -> bool:
        """Whether our page can send this. `type`, not `isinstance`: True is an int.

        >>> scale = Asked(AskedKind.SCALE, "How clear?", points=5)
        >>> [scale.accepts(value) for value in (1, 5, 6, True, 2.5, "3", None)]
        [True, True, False, False, False, False, False]
        >>> Asked(AskedKind.TEXT, "A comment", required=False).accepts(None)
        True
        """
        if value is None:
            return not self.required
        match self.kind:
            case AskedKind.CHOICE:
                return type(value) is int and 0 <= value < len(self.options)
            case AskedKind.SCALE:
                return type(value) is int and 1 <= value <= self.points
            case AskedKind.SLIDER:
                return type(value) is int and 0 <= value <= HIGHEST
            case AskedKind.TICK:
                return type(value) is bool
            case AskedKind.TEXT:
                return type(value) is str and len(value) <= LONGEST_TEXT


def accepted(asked: Sequence[Asked], values: Any) -> list[Any] | None:
    """The values of an answer, one for each item; None for an answer that our page cannot have sent.

    >>> accepted([Asked(AskedKind.CHOICE, "Which?", options=("A", "B"))], [1]), accepted([], [1])
    ([1], None)
    """
    if not isinstance(values, list) or len(values) != len(asked):
        return None
    return values if all(one.accepts(value) for one, value in zip(asked, values, strict=True)) else None
