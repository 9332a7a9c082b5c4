"""A piece of music as it is measured: the file, and what is done to it first. The controls of a comparison are here.

The score matrix keeps no velocity and no timing finer than an eighth of a second, so a person's piece beside a model's
differs in performance before it differs in composition. Taken on the same grid, composition is compared with
composition; with velocities bent by another curve, it shows whether a finding hangs on how hard the keys were struck.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from clstm.music.midi import Notes
from clstm.music.score import decode, encode
from clstm.runtime.errors import UserError
from clstm.runtime.finding import by_name, is_midi
from clstm.runtime.names import readable
from evaluation.measurement.generated import GeneratedItem, read_manifest

LOUDEST = 127  # velocity


@dataclass(frozen=True)
class MeasurementInput:
    """One file and how it is taken.

    same_grid : notes pass through the score matrix and one velocity first, as a model's have
    velocity_power : velocities become 127 (v / 127) ** power; 1 leaves them, 2 makes 80 a soft 50
    begin, cut : only so many seconds (`cut`) from there on (`begin`, s)
    lasts : seconds it lasts even if nothing sounds at its end; None: to its last note
    silent_from : seconds after which it is stated to fall silent, where that is stated
    group : what its piece belongs to (a work, a composer); "" stands for itself
    """

    path: Path
    same_grid: bool = False
    velocity_power: float = 1.0
    begin: float = 0.0
    cut: float | None = None
    lasts: float | None = None
    silent_from: float | None = None
    group: str = ""

    def __str__(self) -> str:
        return str(self.path)

    @property
    def is_midi(self) -> bool:
        return is_midi(self.path)

    def of(self, notes: Notes) -> Notes:
        """The notes as they are taken."""
        if self.begin or self.cut is not None:
            notes = notes.between(self.begin, np.inf if self.cut is None else self.begin + self.cut)
        if self.same_grid:
            notes = decode(encode(notes))
        if self.velocity_power != 1.0:
            bent = LOUDEST * (notes.velocity / LOUDEST) ** self.velocity_power
            notes = Notes(notes.onset, notes.offset, notes.pitch, np.maximum(np.rint(bent), 1).astype(np.int64))
        return notes

    @property
    def seconds(self) -> float | None:
        """How long it lasts, where that is known without its notes."""
        return None if self.lasts is None else self.part_of(self.lasts)

    def part_of(self, seconds: float) -> float:
        """How long the part taken of a piece lasts."""
        rest = max(seconds - self.begin, 0.0)
        return rest if self.cut is None else min(rest, self.cut)

    def slice(self, rate: int) -> slice:
        """The samples of an audio file that are taken."""
        first = round(self.begin * rate)
        return slice(first, None if self.cut is None else first + round(self.cut * rate))


def takes(
    files: Sequence[Path], groups: Mapping[str, str] | None = None, cut: float | None = None
) -> list[MeasurementInput]:
    """The files as they are, each with its length and group as far as these are known.

    groups : of files by their `plain` names, or of the pieces they continue; where it says nothing, `generated.json`
        in the file's folder may, or the name of the piece continued stands for the group
    """
    manifests = {folder: read_manifest(folder).items for folder in _folders(files)}
    given = groups or {}
    found = []
    for file in files:
        about = manifests[file.parent].get(readable(file.name)) or GeneratedItem(file=readable(file.name))
        piece = str(about.piece)
        known = given.get(plain(file.name)) or given.get(plain(piece)) or str(about.group or piece)
        silent = about.silence_from_seconds if about.seconds else None
        found.append(MeasurementInput(file, cut=cut, lasts=about.seconds, silent_from=silent, group=known))
    return found


def not_used(files: Sequence[Path]) -> list[str]:
    """What the `generated.json` beside the files say that cannot be used, a line each."""
    return [remark for folder in _folders(files) for remark in read_manifest(folder).remarks]


def _folders(files: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(file.parent for file in files))


def read_groups(path: Path) -> dict[str, str]:
    """Groups by the `plain` names of files, of a CSV with the columns file and group; rows without either say nothing.

    Raises `UserError` for any other file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}); give one with the columns file, group") from error
    if not rows or not {"file", "group"} <= set(rows[0]):
        columns = ", ".join(filter(None, rows[0])) if rows else "nothing"
        raise UserError(f"{path} has the columns {columns}; it needs file and group")
    groups: dict[str, str] = {}
    for row in rows:
        name, group = plain(row["file"] or ""), (row["group"] or "").strip()
        if name and group and groups.setdefault(name, group) != group:
            raise UserError(f"{path}: two files are named {name} and belong to other groups; give them other names")
    return groups


def plain(name: str) -> str:
    """A file's name without folders or a suffix of music, its accents as one character each.

    >>> plain("valid/Op. 10 no. 3.mid"), plain("Op. 10 no. 3")
    ('Op. 10 no. 3', 'Op. 10 no. 3')
    """
    path = Path(normalize("NFC", name.strip()))
    return path.stem if by_name(path) else path.name
