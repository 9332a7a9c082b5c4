"""BibTeX of metrics and methods. The metrics' sources are entries of `evaluation/metrics/sources.bib`, those of the
statistical methods of `evaluation/statistics/sources.bib`; a key is in one of the two.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

PLACES = ("evaluation.metrics", "evaluation.statistics")
FILE = "sources.bib"
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),\n.*?^\}$", re.MULTILINE | re.DOTALL)


@cache
def entries() -> dict[str, str]:
    """Every entry by its key, as text.

    >>> entries()["gretton2012"].splitlines()[0]
    '@article{gretton2012,'
    """
    texts = [files(place).joinpath(FILE).read_text(encoding="utf-8") for place in PLACES]
    return {found[1]: found[0] for text in texts for found in _ENTRY.finditer(text)}


def bibliography(keys: Iterable[str]) -> str:
    """The entries of these keys, each once, in their order."""
    return "\n\n".join(entries()[key] for key in dict.fromkeys(keys)) + "\n"
