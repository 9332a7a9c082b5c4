"""Names that files and commands had up to version 0.1, and what they are called since 0.2.

The one table for all four packages. Whatever reads a file that an earlier version may have written passes what it read
through `translated` (JSON) or `table` (CSV), and then knows the new names only. Nothing writes an old name. Only a
whole key, column or verdict is translated, never a word in a sentence. CHANGELOG.md prints every pair.
This module goes in version 0.3, and with it the old names.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

# Options of commands. The old ones are hidden, and warn.
OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "--seed-midi": "--prompt",
        "--seed-start": "--prompt-start",
        "--with-seed": "--with-prompt",
    }
)

# Columns of tables and keys of JSON.
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "with_seed": "with_prompt",  # generated.json
        "seed_start_seconds": "prompt_start_seconds",
        "seed_padding_seconds": "prompt_padding_seconds",
        "figure": "metric",  # tables of metrics
        "figures": "values",  # baselines of `clstm spectra check`
        "told_apart": "significant_difference",  # `clstm study power`
        "told_apart_error": "significant_difference_error",
    }
)

# Verdicts, in the columns and under the keys that hold them: elsewhere such a text is a name that a user gave.
VERDICTS: Final = frozenset({"verdict", "equivalence"})
VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "told apart": "significant difference",
        "not told apart": "inconclusive",
        "cannot be told": "inconclusive",
    }
)

# Objects whose keys are names that a user gave, of files and systems: of these only what they hold is translated.
BY_NAME: Final = frozenset({"colours", "files", "left_out", "outputs", "replaced", "systems"})

# One column that is two now: "higher (large)" was the direction and the magnitude of a difference.
SPLIT: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({"how": ("direction", "magnitude")})
_HOW: Final = re.compile(
    r"(higher|lower) \((negligible|small|medium|large)\)|(varies more|varies less|in distribution|)"
)


def column(name: str) -> str:
    """What a column or key is called now.

    >>> column("with_seed"), column("seed")
    ('with_prompt', 'seed')
    """
    return COLUMNS.get(name, name)


def value(text: str) -> str:
    """What a cell says now.

    >>> value("told apart"), value("rnn was told apart from human")
    ('significant difference', 'rnn was told apart from human')
    """
    return VALUES.get(text, text)


def split(text: str) -> tuple[str, str] | None:
    """What the two new columns hold of the text of an old one; None for text that no version wrote there.

    >>> split("higher (large)"), split("varies more"), split(""), split("by hand")
    (('higher', 'large'), ('varies more', ''), ('', ''), None)
    """
    found = _HOW.fullmatch(text)
    return None if found is None else (found[1] or found[3], found[2] or "")


def translated(content: Any) -> Any:
    """What a file of JSON holds, in today's names: keys and verdicts, at any depth.

    Where an object has a key by both names, the new one counts. Names that a user gave stay, as keys too.

    >>> translated({"with_seed": True, "items": [{"verdict": "cannot be told"}]})
    {'with_prompt': True, 'items': [{'verdict': 'inconclusive'}]}
    >>> translated({"verdict": "differs", "how": "lower (small)"})
    {'verdict': 'differs', 'direction': 'lower', 'magnitude': 'small'}
    >>> translated({"colours": {"figure": "#0072b2"}})
    {'colours': {'figure': '#0072b2'}}
    """
    match content:
        case dict():
            content = _with_columns_split(content)
            known = {key for key in content if key not in COLUMNS}
            return {
                column(key): _inside(key, inside)
                for key, inside in content.items()
                if key in known or column(key) not in known
            }
        case list():
            return [translated(inside) for inside in content]
    return content


def _inside(key: str, inside: Any) -> Any:
    if key in VERDICTS and isinstance(inside, str):
        return value(inside)
    if key in BY_NAME and isinstance(inside, dict):
        return {name: translated(one) for name, one in inside.items()}
    return translated(inside)


def _with_columns_split(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inside in content.items():
        parts = split(inside) if key in SPLIT and isinstance(inside, str) else None
        found |= {key: inside} if parts is None else dict(zip(SPLIT[key], parts, strict=True))
    return found


def table(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A table in today's names, its columns and its verdicts; the table given stays as it is. Numbers are untouched.

    >>> import pandas as pd
    >>> table(pd.DataFrame({"figure": ["rms"], "verdict": ["told apart"]})).to_dict("records")
    [{'metric': 'rms', 'verdict': 'significant difference'}]
    """
    kept = [name for name in frame.columns if column(str(name)) == name or column(str(name)) not in frame.columns]
    now = frame[kept].rename(columns=lambda name: column(str(name)))
    for name in VERDICTS.intersection(now.columns):
        now[name] = now[name].map(lambda cell: value(cell) if isinstance(cell, str) else cell)
    for old, new in SPLIT.items():
        parts = [split(cell if isinstance(cell, str) else "") for cell in now[old]] if old in now else [None]
        if None not in parts and not set(new) & set(now.columns):
            place = list(now.columns).index(old)
            for one, name in enumerate(new):
                now.insert(place + one, name, [part[one] for part in parts if part])
            now = now.drop(columns=old)
    return now
