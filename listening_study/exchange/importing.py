"""Results of other programs as one table of judgements, in a folder with its codebook and where it comes from.

    judgements.csv    `listening_study.exchange.judgements`
    codebook.csv      every column: unit, meaning
    import.json       the files read, with their SHA-256; how they were read; what was left out

Participants are numbered in the order in which the files have them, blocks in the order of the files. What participants
said of themselves, their names or addresses, and comments are not imported.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import read_json, replacing, write_json, write_text
from clstm.runtime.ownership import may_replace
from clstm.runtime.spreadsheet import csv as as_csv
from listening_study.exchange import jspsych, trials
from listening_study.exchange.judgements import COLUMNS, NAMES, REFERENCE, judgements, read_judgements
from listening_study.exchange.mapping import Mapping, Stimuli
from listening_study.exchange.webmushra import is_webmushra, read_webmushra
from listening_study.protocol.private_files import write_private

MANIFEST = "import.json"
TABLE, CODEBOOK = "judgements.csv", "codebook.csv"
SUFFIXES = (".csv", ".json", ".jsonl", ".txt")
WEBMUSHRA, JSPSYCH, OURS = "webMUSHRA", "jsPsych", "clstm study"


@dataclass(frozen=True, eq=False)
class Imported:
    """Judgements of other programs. human : the source made by humans, None where it is not said

    origins : of each file its name, program and SHA-256; remarks : what was left out, one line each
    """

    table: pd.DataFrame
    human: str | None
    origins: tuple[dict[str, str], ...]
    mapping: Mapping
    remarks: tuple[str, ...] = ()

    @property
    def participants(self) -> int:
        return int(self.table["participant"].nunique())


def import_results(paths: Sequence[Path], mapping: Mapping = Mapping(), stimuli: Stimuli = Stimuli()) -> Imported:  # noqa: B008 frozen
    """Read result files; a folder stands for all of its files that may be results.

    Raises `UnreadableFileError` for a file that is none, `NothingUsableError` where there is no judgement, `UserError`
    for a human source that no clip is of.
    """
    rows: list[dict[str, Any]] = []
    own: list[pd.DataFrame] = []
    origins, remarks = [], []
    seen: dict[str, Path] = {}
    for path in _files(paths):
        program = _program(path)
        if program == OURS:
            own.append(_own(path))
        else:
            found, said = (read_webmushra if program == WEBMUSHRA else jspsych.read_jspsych)(path, mapping, stimuli)
            rows += found
            remarks += said
        digest = sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            raise UserError(f"{seen[digest]} and {path} are the same results; give them once")
        seen[digest] = path
        origins.append({"file": path.name, "program": program, "sha256": digest})
    if own and (rows or len(own) > 1):
        raise UserError("a table or trials that this kit wrote are of a whole study; import one of them alone")
    table = own[0] if own else _numbered(rows, mapping.human)
    if table.empty:
        raise NothingUsableError(f"there is no judgement in {', '.join(one['file'] for one in origins)}")
    return Imported(table, _human(table, mapping.human), tuple(origins), mapping, tuple(remarks))


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in SUFFIXES and one.is_file()]
            if not inside:
                raise NothingUsableError(f"{path} holds no results: no file ends with {', '.join(SUFFIXES)}")
            found += inside
        elif not path.is_file():
            raise UserError(f"{path} {'is no plain file' if path.exists() else 'does not exist'}")
        else:
            found.append(path)
    return found


def _program(path: Path) -> str:
    """Which program wrote a file, by its beginning."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = next(csv.reader(file), [])
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except (ValueError, csv.Error) as error:
        raise UnreadableFileError(path, f"is no text in UTF-8 ({error})") from error
    if is_webmushra(heading):
        return WEBMUSHRA
    if set(NAMES) <= set(heading):
        return OURS
    parts = jspsych.trials_in(path)
    return OURS if len(parts) == 1 and trials.is_ours(parts[0]) else JSPSYCH


def _own(path: Path) -> pd.DataFrame:
    """What this kit wrote: a table of judgements, or trials."""
    if path.suffix == ".csv":
        return read_judgements(path)
    try:
        return trials.table_of(jspsych.trials_in(path)[0])
    except ValueError as error:
        raise UnreadableFileError(path, f"is damaged ({error})") from error


def _numbered(rows: list[dict[str, Any]], human: str | None) -> pd.DataFrame:
    """With numbers for participants and blocks, and which source is human. Raises `UserError` for a screen told twice:
    the same file given again."""
    who: dict[object, int] = {}
    parts: dict[object, int] = {}
    whole = [
        {
            **row,
            "participant": who.setdefault(row["participant"], len(who) + 1),
            "block": parts.setdefault(row["part"], len(parts) + 1),
            "is_human": None if human is None else row["source"] in (human, REFERENCE),
        }
        for row in rows
    ]
    try:
        return judgements(whole)
    except ValueError as error:
        raise UserError(f"the results contradict themselves ({error}); is a session in two of the files?") from error


def _human(table: pd.DataFrame, named: str | None) -> str | None:
    sources = sorted(table["source"].unique())
    if named is not None and named not in sources:
        raise UserError(f"--human {named} is not one of the sources ({', '.join(sources)})")
    known = [name for name in table.loc[table["is_human"].fillna(value=False), "source"].unique() if name != REFERENCE]
    return named or (str(known[0]) if known else None)


def write_import(imported: Imported, out: Path) -> list[Path]:
    """Write the folder, whole or not at all; returns its files. Raises `UserError` for a folder of something else."""
    may_write(out)
    with replacing(out) as folder:
        folder.mkdir()
        write_private(folder / TABLE, as_csv(imported.table))
        write_text(folder / CODEBOOK, as_csv(codebook()))
        write_json(folder / MANIFEST, _manifest(imported))
    return sorted(out.iterdir())


def may_write(out: Path) -> None:
    """Raise `UserError` where `out` is a folder that holds something else."""

    def written(record: dict[str, Any]) -> set[str]:
        _ = record["imported_from"]  # something else has none
        return {TABLE, CODEBOOK}

    may_replace(out, MANIFEST, written, "imported results")


def _manifest(imported: Imported) -> dict[str, Any]:
    table = imported.table
    return {
        "imported_from": list(imported.origins),
        "participants": imported.participants,
        "trials": len(table.drop_duplicates(["participant", "block", "trial"])),
        "judgements": len(table),
        "tasks": sorted(table["task"].unique()),
        "sources": sorted(table["source"].unique()),
        "human": imported.human,
        "mapping": imported.mapping.model_dump(mode="json"),
        "remarks": list(imported.remarks),
        "versions": {"clstm": version("clstm")},
    }


def codebook() -> pd.DataFrame:
    """One row per column of the table."""
    return pd.DataFrame([{"table": "judgements", **vars(column)} for column in COLUMNS])


def is_import(folder: Path) -> bool:
    """Whether `write_import` wrote this folder."""
    return (Path(folder) / MANIFEST).is_file()


def read_import(folder: Path) -> Imported:
    """What `write_import` wrote. Raises `UserError` for another folder, or a damaged one."""
    try:
        found = read_json(Path(folder) / MANIFEST)
        human, origins, remarks = found["human"], found["imported_from"], found["remarks"]
        mapping = Mapping.model_validate(found["mapping"])
    except OSError as error:
        raise UserError(f"{folder} holds no imported results (no readable {MANIFEST})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{Path(folder) / MANIFEST} is damaged; import the results again") from error
    return Imported(read_judgements(Path(folder) / TABLE), human, tuple(origins), mapping, tuple(remarks))


def overview(table: pd.DataFrame) -> pd.DataFrame:
    """One row per task, source and attribute: participants, clips, judgements and their mean.

    The mean describes what was said: judgements of one listener, or of one clip, are not independent.
    """
    return (
        table[table["kind"] == "main"]
        .groupby(["task", "attribute", "source"], sort=True)
        .agg(
            participants=("participant", "nunique"),
            clips=("clip", "nunique"),
            judgements=("value", "size"),
            mean=("value", "mean"),
        )
        .reset_index()
    )
