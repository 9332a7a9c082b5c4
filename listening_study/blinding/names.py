"""Where a source or a piece is named outside the sealed key and the registration, and what an order reveals.

A word that the participants' page itself contains, such as "human" and "computer", reveals nothing. Names of pieces
shorter than four characters, or without a letter, would be found anywhere by chance and are not looked for.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from listening_study.protocol.key import Key
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study
from listening_study.store.schema import Answer

SHORTEST = 4  # characters of a piece's name
PRIVATE = ("registration.json", "sealed", "dashboard.json")  # what the participants' server never reads
_PACKAGE = Path(__file__).parents[1]


def revealing(study: Study, key: Key) -> list[str]:
    """Names of sources and pieces, as they would be recognised."""
    pieces = {Path(origin.piece).stem for origin in key.clips.values()}
    pieces |= {origin.prompt for origin in key.clips.values()}
    telling = {piece for piece in pieces if len(piece) >= SHORTEST and re.search(r"[^\W\d_]", piece)}
    said = " ".join([*Answer, *(path.read_text(encoding="utf-8") for path in _wording(study))])
    return sorted(word for word in {*key.sources, *telling} if not found({"": said}, [word]))


def found(texts: Mapping[str, str], words: Sequence[str]) -> str:
    """Which texts hold which of the words, whole and in any case: "text: word; ..."; "" for none.

    >>> found({"study.json": "LSTM or a human?", "page": "lstms"}, ["lstm", "gru"])
    'study.json: LSTM'
    """
    if not words:
        return ""
    pattern = re.compile(rf"(?<![^\W_])({'|'.join(map(re.escape, words))})(?![^\W_])", re.IGNORECASE)
    hits = {where: sorted({hit.group() for hit in pattern.finditer(text)}) for where, text in texts.items()}
    named = [f"{where}: {', '.join(hit)}" for where, hit in hits.items() if hit]
    return "; ".join(named[:3]) + (f"; and {len(named) - 3} more" if len(named) > 3 else "")


def in_study_file(study: Study, words: Sequence[str]) -> str:
    """Words in what study.json says; not in its keys, which are the same for every study."""
    content = json.loads((study.folder / "study.json").read_text(encoding="utf-8"))
    return found(dict(_texts(content, "")), words)


def in_file_names(study: Study, words: Sequence[str]) -> str:
    paths = (path.relative_to(study.folder) for path in sorted(study.folder.rglob("*")))
    return found({str(path): path.stem for path in paths if path.parts[0] not in PRIVATE}, words)


def order(study: Study, ordered: Order) -> str:
    """Names are random, so an order by name reveals nothing; any other order might."""
    lists = {"main": study.clips, "practice": study.practice, "catch": study.catch, "other": study.others}
    unsorted = [name for name, clips in lists.items() if study.has_secret_order and list(clips) != sorted(clips)]
    if unsorted:
        return f"{' and '.join(unsorted)} clips are not in the order of their names"
    groups = [stratum for stratum in ordered.strata if list(stratum) != sorted(stratum)]
    if groups:
        return f"clips are not in the order of their names in {len(groups)} of {len(ordered.strata)} groups"
    if list(ordered.strata) != sorted(ordered.strata):
        return "the groups are not in the order of their first clips' names"
    return ""


def _texts(content: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _texts(value, f"{where}.{name}".lstrip("."))
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from _texts(value, f"{where}[{place}]")
    elif isinstance(content, str):
        yield where, content


def _wording(study: Study) -> Iterator[Path]:
    """What the page is made of, and what the researcher worded."""
    for folder in (_PACKAGE, study.folder / "words"):
        yield from (path for path in folder.rglob("*") if path.suffix in (".toml", ".js", ".html", ".css"))
