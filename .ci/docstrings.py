"""Docstrings as Markdown, for the site: examples and equations keep their form. An extension of griffe."""

import re
import sys
from pathlib import Path
from typing import Any

import griffe

sys.path.insert(0, str(Path(__file__).resolve().parent))

from computation import markdown

NAMES = r"\*{0,2}\w+(?:, \*{0,2}\w+)*"
NAMED = re.compile(rf"({NAMES}) : ")


def readable(docstring: str) -> str:
    """A docstring by its paragraphs: examples, lists of names, prose with equations."""
    return "\n\n".join(map(_part, re.split(r"\n\s*\n", docstring)))


def _part(part: str) -> str:
    if part.lstrip().startswith(">>>"):
        return f"```pycon\n{part}\n```"
    named = any(NAMED.match(line) for line in part.splitlines())
    return listed(part) if named else markdown(part)


def listed(part: str) -> str:
    r"""Names with what they are, as a list. A line with a capital letter begins a sentence of its own.

    >>> print(listed("rate : Hz; low, high : in\n    Hz\nreturns\ndB\nIt is 0 at most."))
    - **rate**: Hz
    - **low, high**: in
        Hz
    - **returns**
    dB
    <BLANKLINE>
    It is 0 at most.
    """
    blocks: list[str] = []
    for item in re.split(rf"\n(?=[A-Z]|{NAMES} : |returns\b)|; (?={NAMES} : )", part):
        made = NAMED.sub(r"- **\1**: ", item, count=1) if NAMED.match(item) else item
        made = re.sub(r"^returns\b", "- **returns**", made)
        goes_on = blocks and blocks[-1].startswith("- ") == made.startswith("- ")
        blocks = [*blocks[:-1], f"{blocks[-1]}\n{made}"] if goes_on else [*blocks, made]
    return "\n\n".join(blocks)


class Readable(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = readable(obj.docstring.value)
