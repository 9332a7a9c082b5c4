"""Whether an archive is whole and unchanged: every file as `SHA256SUMS` says, and what was published as it was."""

import csv
import io
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from clstm.runtime.errors import UnreadableFileError
from listening_study.archive.contents import CODEBOOK, DATA, SUMS

LARGEST = 1 << 28  # bytes of a text that is read; an archive has none so large
NOTE = "note"  # a column that only synthetic tables have
SEALED = {"key_sha256": "sealed/key.json", "registration_sha256": "registration.json"}


@dataclass(frozen=True)
class Verified:
    """sha256 : of the file itself; files : how many it holds; faults : one line each, none where all is as it was"""

    sha256: str
    files: int
    faults: tuple[str, ...]


def is_archive(path: Path) -> bool:
    """Whether a file is an archive of a study, whole or not."""
    try:
        with ZipFile(path) as opened:
            return {SUMS, "study/study.json"} <= set(opened.namelist())
    except (OSError, BadZipFile, ValueError, NotImplementedError):
        return False


def verify(path: Path) -> Verified:
    """Check an archive. Nothing is unpacked. Raises `UnreadableFileError` for a file that is none."""
    if path.exists() and not path.is_file():
        raise UnreadableFileError(path, "is no plain file")
    try:
        with path.open("rb") as file:
            whole = sha256()
            while part := file.read(1 << 20):
                whole.update(part)
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    if not is_archive(path):
        raise UnreadableFileError(path, f"is no archive of a study: a ZIP file with {SUMS} and study/study.json")
    with ZipFile(path) as opened:
        names = opened.namelist()
        faults = [f"{name} is there twice" for name in sorted({name for name in names if names.count(name) > 1})]
        found = {name: _digest(opened, name) for name in names}
        listed = _listed(_text(opened, SUMS))
        faults += _differences(found, listed)
        if not faults:
            faults += _unpublished(opened, found)
            faults += _unexplained(opened, names)
    return Verified(whole.hexdigest(), len(names), tuple(faults))


def _digest(opened: ZipFile, name: str) -> str:
    """SHA-256 of a file in the archive; "" for one that is damaged."""
    whole = sha256()
    try:
        with opened.open(name) as file:
            while part := file.read(1 << 20):
                whole.update(part)
    except (BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return ""
    return whole.hexdigest()


def _text(opened: ZipFile, name: str) -> str:
    """A text in the archive; "" for one that is damaged, too large or no text."""
    if opened.getinfo(name).file_size > LARGEST:
        return ""
    try:
        return opened.read(name).decode()
    except (BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return ""


def _listed(text: str) -> dict[str, str]:
    """Hashes by name."""
    rows = [line.split("  ", 1) for line in text.splitlines()]
    return {row[1]: row[0] for row in rows if len(row) == 2}


def _differences(found: dict[str, str], listed: dict[str, str]) -> list[str]:
    faults = [f"{name} is damaged" for name, digest in found.items() if not digest]
    faults += [f"{name} is missing" for name in listed if name not in found]
    faults += [f"{name} is not in {SUMS}" for name in found if name not in listed and name != SUMS]
    faults += [
        f"{name} was changed: its SHA-256 is not the one in {SUMS}"
        for name, digest in found.items()
        if digest and name in listed and digest != listed[name]
    ]
    return faults


def _unpublished(opened: ZipFile, found: dict[str, str]) -> list[str]:
    """What is not as study.json, which was public while the study ran, said that it is."""
    try:
        study: dict[str, Any] = json.loads(_text(opened, "study/study.json"))
        clips = [*study.get("clips", []), *study.get("catch", [])]  # of an old study, `clips` is not there
        hashes = {name: str(study[name]) for name in SEALED}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ["study/study.json is damaged"]
    faults = [f"study/clips/{clip}.flac is missing" for clip in clips if f"study/clips/{clip}.flac" not in found]
    return faults + [
        f"study/{SEALED[name]} is not the file whose hash study.json published"
        for name, digest in hashes.items()
        if found.get(f"study/{SEALED[name]}") != digest
    ]


def _unexplained(opened: ZipFile, names: list[str]) -> list[str]:
    """Columns of tables that the codebook does not have."""
    rows = list(csv.DictReader(io.StringIO(_text(opened, CODEBOOK)))) if CODEBOOK in names else []
    known = {(row.get("table"), row.get("name")) for row in rows}
    faults = []
    for name in names:
        if not name.startswith(f"{DATA}/") or not name.endswith(".csv") or name == CODEBOOK:
            continue
        heading = next(csv.reader(io.StringIO(_text(opened, name))), [])
        table = Path(name).stem
        faults += [
            f"{name}: the codebook does not explain {column}"
            for column in heading
            if column != NOTE and (table, column) not in known
        ]
    return faults
