"""docs/reference/computation.md: how each metric is computed, from the modules that compute it and the papers that
define it. `.ci/reference.py` writes it.
"""

import ast
import re
from itertools import groupby
from pathlib import Path
from typing import Any
from unicodedata import normalize

ROOT = Path(__file__).resolve().parents[1]
INTRODUCTION = (
    "What each module says of its metrics: equations, windows, limits and where it departs from a source. This page is "
    "written from the code, so it says what this version does. [Metrics](metrics.md) lists the same metrics with what "
    "is tested; [How to read a report](../guide/read-a-report.md) says what becomes of them."
)
FROM_FILE = """## From a file to numbers

1. MIDI and scores become notes and messages; the tempo map is applied, times are in seconds. A control, if there is
   one, puts the limits of a system on them. Metrics of notes are of these notes.
2. They are rendered with FluidSynth and one SoundFont, without reverb, chorus or any normalisation: loudness is a
   result. Audio is decoded as it is.
3. Loudness is of both channels, all else that is heard of their mean; a rendering's tail after the last note counts for
   neither.
4. A value that does not exist is not 0: it is missing, with a reason, and the piece does not count for that metric."""


ACCENTS = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}  # after a letter


def computation_page(written: str) -> str:
    """written : the line that says who wrote the page"""
    from evaluation.metrics.catalogue import CATALOGUE, METRICS
    from evaluation.metrics.metric import COUNTED, VIEWS

    parts = ["# How each metric is computed", written, INTRODUCTION, f"Catalogue of metrics: version {CATALOGUE}."]
    parts.append(FROM_FILE)
    used: dict[str, None] = {}
    for view, group in groupby(METRICS.items(), lambda item: item[1].view):
        metrics = dict(group)
        parts += [f"## {VIEWS[view]}", *filter(None, [COUNTED.get(view)])]
        for module in modules(view):
            place = module.relative_to(ROOT).as_posix()
            said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
            parts += [f"From [{place}](../../{place}):", markdown(said)]
        parts.append(
            "\n".join(["| metric | unit | definition | after |", "|---|---|---|---|", *map(row, metrics.values())])
        )
        used |= dict.fromkeys(key for metric in metrics.values() for key in metric.sources)
    return "\n\n".join([*parts, "## Sources", "\n".join(f"- {source(key)}" for key in used)]) + "\n"


def modules(view: str) -> list[Path]:
    """The modules that compute a view's metrics; a package's modules where it is one, its own first."""
    folder = ROOT / "evaluation" / "metrics" / view
    return sorted(folder.glob("[a-z]*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def row(metric: Any) -> str:
    after = ", ".join(f"[{short(key)}](#sources)" for key in metric.sources) or "–"
    return f"| {metric.label} | {metric.unit or '–'} | {cell(metric.definition)} | {after} |"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def markdown(docstring: str) -> str:
    r"""A docstring whose equations and aligned lists keep their form.

    >>> print(markdown("Of levels:\n\n    flux = a / b\n\nAnd so on, <all> of it."))
    Of levels:
    <BLANKLINE>
    ```text
    flux = a / b
    ```
    <BLANKLINE>
    And so on, &lt;all> of it.
    """
    parts = []
    for paragraph in re.split(r"\n\s*\n", docstring):
        lines = paragraph.splitlines()
        if any(re.match(r" {2,}|\S.*\S {3,}\S", line) for line in lines) and not lines[0].startswith("- "):
            indent = min(len(line) - len(line.lstrip()) for line in lines)
            parts.append("\n".join(["```text", *(line[indent:] for line in lines), "```"]))
        else:
            parts.append(paragraph.replace("<", "&lt;"))
    return "\n\n".join(parts)


def fields(key: str) -> dict[str, str]:
    """The fields of a BibTeX entry, without braces."""
    from reports.paper.references import entries

    found = re.findall(r"^  (\w+) = \{(.*)\},$", entries()[key], re.MULTILINE)
    return {name: plain(value) for name, value in found}


def plain(text: str) -> str:
    r"""BibTeX's accents and signs as letters.

    >>> plain(r'M{\"u}ller, Herv\'e \& Co')
    'Müller, Hervé & Co'
    """
    bare = re.sub(r"[{}]", "", text).replace("--", "–").replace(r"\&", "&")
    return re.sub(r"\\([\"'`^~])(\w)", lambda found: normalize("NFC", found[2] + ACCENTS[found[1]]), bare)


def short(key: str) -> str:
    """Such as "Dong et al. 2020"; of an institution its name's first letters."""
    entry = fields(key)
    authors = entry["author"].split(" and ")
    names = [name.split(",")[0] for name in authors]
    if "," not in authors[0]:
        names[0] = "".join(re.findall(r"\b[A-Z]", names[0])) if " " in names[0] else names[0]
    said = names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
    return f"{said} {entry['year']}"


def source(key: str) -> str:
    """A reference as it is read."""
    entry = fields(key)
    authors = entry["author"].split(" and ")
    listed = authors[0] if len(authors) == 1 else f"{'; '.join(authors[:-1])} & {authors[-1]}"
    place = next((entry[name] for name in ("journal", "booktitle", "institution", "howpublished") if name in entry), "")
    number = f", {entry['number']}" if "institution" in entry and "number" in entry else ""
    link = f" https://doi.org/{entry['doi']}" if "doi" in entry else f" {entry['url']}" if "url" in entry else ""
    at = f" *{place}*{number}." if place else ""
    return f"{listed} ({entry['year']}). {entry['title']}.{at}{link}"
