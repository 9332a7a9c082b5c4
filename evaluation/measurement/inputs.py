"""A measurement input: a file and the transformations applied before measuring. They are the controls of a comparison.

Under the limits of a system's music (`evaluation.controls`) composition is compared with composition; with another
velocity curve, one sees whether a result depends on how hard the keys were struck.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from clstm.music.generated import GENERATED, GeneratedItem, read_manifest
from clstm.music.piece import Piece
from clstm.music.sounding import LENGTHS
from clstm.runtime.errors import UserError
from clstm.runtime.finding import by_name, is_midi
from clstm.runtime.names import readable
from evaluation.controls.applying import applied
from evaluation.controls.control import NO_CONTROL, Control


@dataclass(frozen=True)
class MeasurementInput:
    """One file and the transformations applied before measuring.

    control : the limits that are put on it first
    pedal : whether its notes last as long as a pedal holds them; its sound always obeys the pedal
    velocity_power : velocities become 127 (v / 127) ** power; 1 changes nothing, 2 makes 80 a soft 50
    begin, cut : only `cut` seconds (None: all) from `begin`, s
    lasts : its length in seconds, silence at its end included; None: to its last note
    silent_from : the second from which it is stated to be silent; None where nothing is stated
    group : the work or composer that its piece belongs to; "" for a group of its own
    replicate : the training (or draw) of its system that made it; "" where there is one (`measurement.replicates`)
    notes_only : whether only its notes are measured, and nothing is rendered
    unfit : why it is not measured, where that is known before; "" where it is
    """

    path: Path
    control: Control = NO_CONTROL
    pedal: bool = False
    velocity_power: float = 1.0
    begin: float = 0.0
    cut: float | None = None
    lasts: float | None = None
    silent_from: float | None = None
    group: str = ""
    replicate: str = ""
    notes_only: bool = False
    unfit: str = ""

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
            piece = piece.between(self.begin, self.end)
        piece = applied(self.control, piece, pedal=self.pedal)
        return piece if self.velocity_power == 1.0 else piece.with_velocities(self.velocity_power)

    @property
    def end(self) -> float:
        """Where the part that is measured ends, s; infinite where it is not cut.

        >>> MeasurementInput(Path("a.mid"), begin=2.0, cut=1.0).end
        3.0
        """
        return np.inf if self.cut is None else self.begin + self.cut

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


def other_lengths(systems: Mapping[str, Sequence[Path]], *, pedal: bool) -> list[str]:
    """What to say of systems whose notes were made with other lengths, by `generated.json`, than are counted: one line.

    >>> other_lengths({"human": [Path("music/human/song.mid")]}, pedal=True)
    []
    """
    other = {
        name: {folder for folder in _folders(files) if read_manifest(folder).pedal is (not pedal)}
        for name, files in systems.items()
    }
    names = [
        name for name, files in systems.items() if any(one.parent in other[name] and is_midi(one) for one in files)
    ]
    if not names:
        return []
    made = f"{', '.join(names)}: made with notes that last {LENGTHS[not pedal]} ({GENERATED})"
    remedy = "leave --pedal out" if pedal else "give --pedal"
    return [f"{made}; here all notes count {LENGTHS[pedal]}: {remedy} to count them so"]


def for_midi(options: Mapping[str, bool], files: Sequence[Path]) -> list[str]:
    """What to say of audio, on which options for MIDI do nothing: one line, where some files are audio.

    options : whether each was given, by its name. Raises `UserError` where all files are audio.

    >>> for_midi({"--control": True, "--pedal": False}, [Path("a.wav"), Path("a.mid")])
    ['1 audio file: --control does nothing on it']
    """
    given = " and ".join(option for option, wanted in options.items() if wanted)
    audio = sum(not is_midi(file) for file in files) if given else 0
    if not audio:
        return []
    if audio == len(files):
        raise UserError(f"{given}: this is for MIDI, and every file is audio; leave it out, or give MIDI")
    return [f"{audio:,} audio file{'s' * (audio > 1)}: {given} does nothing on {'them' if audio > 1 else 'it'}"]


def _folders(files: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(file.parent for file in files))


def read_groups(path: Path) -> dict[str, str]:
    r"""Groups by the `plain` names of files, from a CSV with the columns file and group; rows without both are ignored.
    A table with the columns file and replicate alone has none.

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
    if rows and "group" not in rows[0] and {"file", "replicate"} <= set(rows[0]):
        return {}
    if not rows or not {"file", "group"} <= set(rows[0]):
        columns = ", ".join(filter(None, rows[0])) if rows else "nothing"
        raise UserError(f"{path} has the columns {columns}; it needs file and group, or file and replicate")
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
