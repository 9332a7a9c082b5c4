"""Docstrings as Markdown, for the site: examples and equations keep their form. An extension of griffe."""

import re
import sys
from pathlib import Path
from typing import Any

import griffe

sys.path.insert(0, str(Path(__file__).resolve().parent))

from computation import markdown


def readable(docstring: str) -> str:
    r"""
    >>> print(readable("The level.\n\nrate : Hz\nwidth : s\n\n>>> level(2)\n1"))
    The level.
    <BLANKLINE>
    - **rate**: Hz
    - **width**: s
    <BLANKLINE>
    ```pycon
    >>> level(2)
    1
    ```
    """
    parts = re.split(r"\n\s*\n", docstring)
    return "\n\n".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part.lstrip().startswith(">>>"):
        return f"```pycon\n{part}\n```"
    named = re.sub(r"^(\w[\w, *]*) : ", r"- **\1**: ", part, flags=re.MULTILINE)
    return named if named != part else markdown(part)


class Readable(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = readable(obj.docstring.value)
