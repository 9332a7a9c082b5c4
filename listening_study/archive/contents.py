"""What an archive holds, file by file.

    README.md                 what this is, in plain words; the result
    SHA256SUMS                of every other file; `sha256sum --check SHA256SUMS` reads it
    CITATION.cff, .zenodo.json    where creators are named
    study/                    the study as it was served: clips, design, registration, key
    words/                    every text of the page, by language
    data/                     the answers without ids, every table of the results, codebook, trials.json

Platform ids, the dashboard's password and the database stay out, and so does the secret order: with it, the order in
which somebody heard the clips would tell when they came.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from clstm.runtime.spreadsheet import csv
from listening_study.archive.anonymous import JUDGEMENTS, PERSON, anonymous
from listening_study.archive.metadata import Metadata, citation, zenodo
from listening_study.archive.readme import about, readme
from listening_study.exchange.importing import codebook as codebook_of_judgements
from listening_study.exchange.trials import as_json, trials
from listening_study.protocol.languages import bundled
from listening_study.protocol.study import Study
from listening_study.results.export import all_judgements, exports, provenance
from listening_study.results.results import SYNTHETIC, Results

SUMS = "SHA256SUMS"
README = "README.md"
CITATION, ZENODO = "CITATION.cff", ".zenodo.json"
DATA = "data"
CODEBOOK = f"{DATA}/codebook.csv"
OF_STUDY = (
    "study.json",
    "registration.json",
    "sealed/key.json",
    "*.flac",
    "clips/*.flac",
    "words/*.toml",
)

Content = bytes | Path


def contents(results: Results, metadata: Metadata, *, comments: bool = False) -> dict[str, Content]:
    """Every file of the archive by its name in it, sorted: as bytes, or where it is.

    comments : with what participants wrote in their own words
    """
    study = results.study
    described = replace(metadata, description=metadata.description or about(results))
    tables = anonymous({**results.tables, JUDGEMENTS: all_judgements(results)}, comments=comments)
    files: dict[str, Content] = {f"study/{name}": path for name, path in _of_study(study).items()}
    files |= {f"words/{code}.toml": bundled(code).encode() for code in study.words.languages}
    files |= {f"{DATA}/{name}.csv": csv(_marked(table, study)).encode() for name, table in tables.items()}
    files[CODEBOOK] = csv(_marked(_codebook(results, tables), study)).encode()
    note = SYNTHETIC if study.synthetic else ""
    files[f"{DATA}/trials.json"] = as_json(trials(tables[JUDGEMENTS]), note).encode()
    files[f"{DATA}/results.json"] = _json(_dated(provenance(results)))
    files[README] = readme(results, metadata, comments=comments).encode()
    if metadata.creators:
        files |= {CITATION: citation(described).encode(), ZENODO: zenodo(described).encode()}
    files[SUMS] = "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files)).encode()
    return dict(sorted(files.items()))


def digest(content: Content) -> str:
    """SHA-256, hexadecimal."""
    return sha256(content.read_bytes() if isinstance(content, Path) else content).hexdigest()


def _of_study(study: Study) -> dict[str, Path]:
    """The files of the study's folder that are published, by name."""
    found = [path for pattern in OF_STUDY for path in study.folder.glob(pattern)]
    return {path.relative_to(study.folder).as_posix(): path for path in found if path.is_file()}


def _codebook(results: Results, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Of the columns that are there."""
    known = exports(results)["codebook"].drop(columns="note", errors="ignore")
    whole = pd.concat([codebook_of_judgements(), known]).drop_duplicates(["table", "name"])
    pairs = zip(whole["table"].map(str), whole["name"].map(str), strict=True)
    there = [table in tables and name in tables[table] for table, name in pairs]
    book = whole[there].copy()
    book.loc[book["name"] == PERSON, "meaning"] = "number of the participant, in an order that says nothing"
    return book


def _marked(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    return table.assign(note=SYNTHETIC) if study.synthetic else table


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _dated(content: dict[str, Any]) -> dict[str, Any]:
    """With the day of each event: the time of the first admission is somebody's."""
    journal = [{**event, "happened_at": str(event["happened_at"])[:10]} for event in content["journal"]]
    return {**content, "journal": journal}
