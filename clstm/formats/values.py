"""Numbers in files of notes, checked where they are read: a refusal names the note, the field and the value."""

from math import inf, isfinite
from typing import Any

from clstm.formats.building import FormatError

_SHOWN = 40  # characters of a value


def whole(found: Any, key: str, where: str, low: float = -inf, high: float = inf) -> int:
    """A whole number within low..high. Raises `FormatError` for anything else.

    >>> whole({"pitch": 60.5}, "pitch", "note 3", 0, 127)
    Traceback (most recent call last):
    clstm.formats.building.FormatError: note 3: pitch 60.5; a whole number from 0 to 127 is needed
    """
    value = _number(found, key, where, _accepted("a whole number", low, high))
    if value != int(value) or not low <= value <= high:
        raise FormatError(f"{where}: {key} {value!r}; {_accepted('a whole number', low, high)} is needed")
    return int(value)


def real(found: Any, key: str, where: str, low: float = 0.0, *, above: bool = False) -> float:
    """A number of at least `low`, or above it. Raises `FormatError` for anything else."""
    accepted = f"a number above {low:g}" if above else f"a number of at least {low:g}"
    value = _number(found, key, where, accepted)
    if value < low or (above and value == low):
        raise FormatError(f"{where}: {key} {value!r}; {accepted} is needed")
    return value


def _number(found: Any, key: str, where: str, accepted: str) -> float:
    if not isinstance(found, dict):
        raise FormatError(f"{where} is {_shown(found)}; an object is needed")
    if key not in found:
        raise FormatError(f"{where} has no {key}; {accepted} is needed")
    value = found[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise FormatError(f"{where}: {key} {_shown(value)}; {accepted} is needed")
    return value


def _accepted(what: str, low: float, high: float) -> str:
    if high < inf:
        return f"{what} from {low:g} to {high:g}"
    return f"{what} of at least {low:g}" if low > -inf else what


def _shown(value: object) -> str:
    said = repr(value)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."
