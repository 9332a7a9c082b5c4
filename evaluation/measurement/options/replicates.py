"""Which training (or draw) of its system made a file: by the sub-folders of the system's folder, or by a table.

A system whose trainings are in sub-folders looks like this; a set without sub-folders is one training:

    lstm/1/*.mid   lstm/2/*.mid   lstm/3/*.mid
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from clstm.runtime.errors import UserError
from clstm.runtime.finding import by_name
from clstm.runtime.names import counted, readable
from evaluation.measurement.inputs import MeasurementInput

FOLDERS = "--replicates"
Key = tuple[str, ...]  # the last parts of a path, without a suffix of music

# What a folder of one training is called: a small number, alone or behind a word.
_TRAINING = re.compile(
    r"(?:(?:run|seed|training|train|replicate|rep|repeat|draw|sample|fold|model|trial|r|s|v)[ ._-]*)?\d{1,2}",
    re.IGNORECASE,
)


def by_folder(name: str, source: Path, inputs: Sequence[MeasurementInput]) -> tuple[list[MeasurementInput], list[str]]:
    """The inputs of a system with the sub-folder of each as its replicate, and what to say, one line each.

    Files beside the sub-folders are left out: nobody knows which training made them.
    """
    parts = {one: _folder(one.path, source) for one in inputs}
    own = [replace(one, replicate=part) for one, part in parts.items() if part]
    if not own:
        return list(inputs), []
    said = []
    if beside := len(inputs) - len(own):
        said.append(f"{name}: {counted(beside, 'file')} beside the folders of trainings left out; {FOLDERS}")
    empty = sorted(
        readable(one.name)
        for one in source.iterdir()
        if one.is_dir() and not one.name.startswith(".") and readable(one.name) not in set(parts.values())
    )
    if empty:
        has = "have" if len(empty) > 1 else "has"
        left = counted(len({one.replicate for one in own}), "training")
        said.append(f"{name}: {', '.join(empty)} {has} no music; {left} left")
    return own, said


def by_table(given: Mapping[Key, str], inputs: Sequence[MeasurementInput]) -> list[MeasurementInput]:
    """The inputs with the replicates that a table (`read_replicates`) gives; "" for files that are not in it."""
    return [replace(one, replicate=_listed(given, one.path)) for one in inputs]


def read_replicates(path: Path) -> dict[Key, str]:
    r"""Replicates by file, from a CSV with the columns file and replicate; empty without the second.

    Files of several trainings that have one name need the folders too. Raises `UserError` for a file that is listed in
    two trainings, or a table that cannot be read.

    >>> _ = Path("index.csv").write_text("file,replicate\nrun-1/a.mid,1\nrun-2/a.mid,2\n")
    >>> read_replicates(Path("index.csv"))
    {('run-1', 'a'): '1', ('run-2', 'a'): '2'}
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}); give one with the columns file, replicate") from error
    found: dict[Key, str] = {}
    for row in rows:
        name, replicate = (row.get("file") or "").strip(), " ".join((row.get("replicate") or "").split())
        if name and replicate and found.setdefault(_key(PurePosixPath(name)), replicate) != replicate:
            raise UserError(f"{path}: {name} is listed in two trainings; name the files with their folders")
    return found


def look_like_trainings(source: Path, inputs: Sequence[MeasurementInput]) -> list[str]:
    """The sub-folders of a system that look like its trainings: all its music is in them, and they are numbered; none
    where they do not.

    >>> look_like_trainings(Path("lstm"), [MeasurementInput(Path(f"lstm/seed-{run}/a.mid")) for run in (1, 2)])
    ['seed-1', 'seed-2']
    >>> look_like_trainings(Path("maestro"), [MeasurementInput(Path(f"maestro/{year}/a.mid")) for year in (2004, 2006)])
    []
    """
    folders = list(dict.fromkeys(_folder(one.path, source) for one in inputs))
    alike = {re.sub(r"\d+$", "", one).casefold() for one in folders}
    numbered = all(_TRAINING.fullmatch(one) for one in folders)
    return folders if len(folders) > 1 and len(alike) == 1 and numbered else []


def hints(sources: Mapping[str, Path], systems: Mapping[str, Sequence[MeasurementInput]]) -> list[str]:
    """A line for each system whose sub-folders look like trainings, where no option says so."""
    said = []
    for name, own in systems.items():
        if folders := look_like_trainings(sources[name], own):
            shown = ", ".join(folders[:3]) + (", ..." if len(folders) > 3 else "")
            said.append(
                f"{name}: its sub-folders ({shown}) look like trainings of one system; {FOLDERS} counts them as such"
            )
    return said


def _folder(path: Path, source: Path) -> str:
    """The sub-folder of a source that a file is in; "" of a file beside them, or a source that is a file."""
    parts = path.relative_to(source).parts if path != source and path.is_relative_to(source) else ()
    return readable(parts[0]) if len(parts) > 1 else ""


def _listed(given: Mapping[Key, str], path: Path) -> str:
    key = _key(path)
    return next((given[key[start:]] for start in range(len(key)) if key[start:] in given), "")


def _key(path: Path | PurePosixPath) -> Key:
    *folders, name = (normalize("NFC", part) for part in path.parts)
    return (*folders, Path(name).stem if by_name(Path(name)) else name)
