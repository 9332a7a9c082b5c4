"""JSON that somebody else may have written, or damaged."""

import json
from pathlib import Path
from typing import Any

DIGITS = 300  # of a whole number; one of more is no number of ours, and no float


def read_json(path: Path, *, finite: bool = False) -> Any:
    """What a file of JSON holds. Raises `OSError` where it cannot be opened, `ValueError` for whatever is wrong in it:
    no UTF-8, no JSON, nested beyond what can be read, numbers of hundreds of digits.

    finite : refuse NaN and Infinity, which JSON does not have and Python writes
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return json.loads(text, parse_int=_whole, parse_constant=_refused if finite else float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _refused(text: str) -> None:
    raise ValueError(f"{text} is no number")
