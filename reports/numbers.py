"""How numbers, pitches and lists are written in sentences."""

import math
from collections.abc import Sequence

NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def number(value: float, decimals: int = 1) -> str:
    """With a true minus sign; never "−0.0".

    >>> number(-23.04), number(-0.04), number(97.816, 2)
    ('−23.0', '0.0', '97.82')
    """
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def short(value: float | None) -> str:
    """Three significant digits.

    >>> short(1234.5), short(0.01234), short(-23.04), short(None)
    ('1234', '0.0123', '−23.0', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return number(value, max(2 - math.floor(math.log10(abs(value))), 0))


def listed(names: Sequence[str]) -> str:
    """
    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def quoted(name: str) -> str:
    """A name as it stands among others: in quotes where it has a comma itself.

    >>> quoted("lstm"), quoted("human, same grid")
    ('lstm', '“human, same grid”')
    """
    return f"“{name}”" if "," in name else name


def pitch_name(pitch: int) -> str:
    """MIDI 60 is C4.

    >>> pitch_name(60), pitch_name(46)
    ('C4', 'B♭2')
    """
    return f"{NOTES[pitch % 12]}{pitch // 12 - 1}"
