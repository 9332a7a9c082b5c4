"""A measurement input: a file and the transformations applied before measuring. They are the controls of a comparison.

The score matrix keeps no velocity and no timing finer than an eighth of a second. So a person's performance differs
from a model's music before their compositions differ. On the same grid, composition is compared with composition; with
another velocity curve, one sees whether a result depends on how hard the keys were struck.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from clstm.music.generated import GeneratedItem, read_manifest
from clstm.music.piece import Piece
from clstm.music.score import decode, encode
from clstm.runtime.errors import UserError
from clstm.runtime.finding import by_name, is_midi
from clstm.runtime.names import readable


@dataclass(frozen=True)
class MeasurementInput:
    """One file and the transformations applied before measuring.

    same_grid : its notes pass through the score matrix and one velocity first, as a model's notes did
    pedal : whether its notes last as long as a pedal holds them; its sound always obeys the pedal
    velocity_power : velocities become 127 (v / 127) ** power; 1 changes nothing, 2 makes 80 a soft 50
    begin, cut : only `cut` seconds (None: all) from `begin`, s
    lasts : its length in seconds, silence at its end included; None: to its last note
    silent_from : the second from which it is stated to be silent; None where nothing is stated
    group : the work or composer that its piece belongs to; "" for a group of its own
    """

    path: Path
    same_grid: bool = False
    pedal: bool = False
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

    def transformed(self, piece: Piece) -> Piece:
        """The piece to be measured, from that of the file.

        >>> from clstm.music.midi import Notes
        >>> given = MeasurementInput(Path("a.mid"), velocity_power=2, cut=1.0)
        >>> given.transformed(Piece.of(Notes.of([(0.5, 3.0, 60, 80)]))).notes.velocity
        array([50])
        """
        if self.begin or self.cut is not None:
            piece = piece.between(self.begin, np.inf if self.cut is None else self.begin + self.cut)
        if self.same_grid:
            piece = Piece.of(decode(encode(piece.notes)))
        return piece if self.velocity_power == 1.0 else piece.with_velocities(self.velocity_power)

    @property
    def seconds(self) -> float | None:
        """Its length, where that is known without its notes.

        >>> MeasurementInput(Path("a.mid"), lasts=60.0, cut=30.0).seconds
        30.0
        """
        return None if self.lasts is None else self.part_of(self.lasts)

    def part_of(self, seconds: float) -> float:
        """The length of the part that is measured, of a piece of so many seconds.

        >>> MeasurementInput(Path("a.wav"), begin=10.0, cut=30.0).part_of(25.0)
        15.0
        """
        rest = max(seconds - self.begin, 0.0)
        return rest if self.cut is None else min(rest, self.cut)

    def slice(self, rate: int) -> slice:
        """The samples of an audio file that are measured.

        >>> MeasurementInput(Path("a.wav"), begin=1.0, cut=2.0).slice(8000)
        slice(8000, 24000, None)
        """
        first = round(self.begin * rate)
        return slice(first, None if self.cut is None else first + round(self.cut * rate))


def measurement_inputs(
    files: Sequence[Path], groups: Mapping[str, str] | None = None, cut: float | None = None
) -> list[MeasurementInput]:
    """One input per file, with its length and group where these are known, and no transformation but the cut.

    groups : of files by their `plain` names, or of the pieces they continue. A file that is not in it has the group
        that `generated.json` in its folder states, or else the piece that it continues
    cut : s

    >>> (given,) = measurement_inputs([Path("music/human/song.mid")], {"song": "Bach"}, cut=30.0)
    >>> given.group, given.cut, given.lasts
    ('Bach', 30.0, None)
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
    """What cannot be used of the `generated.json` beside the files, one line each."""
    return [remark for folder in _folders(files) for remark in read_manifest(folder).remarks]


def _folders(files: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(file.parent for file in files))


def read_groups(path: Path) -> dict[str, str]:
    r"""Groups by the `plain` names of files, from a CSV with the columns file and group; rows without both are ignored.

    Raises `UserError` for any other file.

    >>> _ = Path("groups.csv").write_text("file,group\nvalid/Op. 10 no. 3.mid,Chopin\n")
    >>> read_groups(Path("groups.csv"))
    {'Op. 10 no. 3': 'Chopin'}
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
            raise UserError(f"{path}: two files named {name} belong to different groups; rename one of them")
    return groups


def plain(name: str) -> str:
    """A file's name without folders and without a suffix of music, each accented letter as one character (NFC).

    >>> plain("valid/Op. 10 no. 3.mid"), plain("Op. 10 no. 3")
    ('Op. 10 no. 3', 'Op. 10 no. 3')
    """
    path = Path(normalize("NFC", name.strip()))
    return path.stem if by_name(path) else path.name
