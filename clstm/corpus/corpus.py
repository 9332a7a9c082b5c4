"""A corpus: score matrices in one memory-mapped file, split by piece; and what was rejected, with the reason.

A corpus is a folder:

    corpus.json     format, representation, sources, licence, options: whether the pedal lengthens notes, among others
    frames.bin      every piece's frames one after another, the rows of a frame as bits in as few bytes as hold them
    notes.bin       every piece's notes within the range, as they are in the file: onset, offset, pitch (`PLAYED`). Of
                    music only; a corpus that an earlier version made has none
    pieces.csv      one row per piece: file, split, group, first frame, number of frames, notes, what the grid lost, and
                    what the reading left out (drum notes, presses of a pedal not obeyed, programs that are no piano)
    rejected.csv    one row per file that is not in it, with the reason
    left_out.csv    one row per file: what of it is in the corpus and what is not (`corpus.rows`); of music only

There are two representations. Music has the paper's 156 rows at 8 frames per second, held first
(`clstm.music.score`). A published benchmark has 88 rows, the keys of a piano and whether each sounds, in steps of its
own (`music.pianoroll`); its pieces.csv counts the keys sounding, added up over frames, in place of notes.

Only the frames asked for are read, so a corpus may be larger than memory. `clstm.corpus.preparation` makes one.
"""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import from_columns, sentence
from clstm.music.pianoroll import KEYS
from clstm.music.score import FRAME_RATE, HIGHEST, LOWEST, ROWS, Matrix
from clstm.music.sounding import LENGTHS
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import read_json, write_json
from clstm.runtime.names import readable

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
Representation = dict[str, int | None]
SCORE: Representation = {"rows": ROWS, "frame_rate": FRAME_RATE}
PIANO_ROLL: Representation = {"rows": KEYS, "frame_rate": None}

PLAYED = np.dtype([("onset", "<f8"), ("offset", "<f8"), ("pitch", "u1")])  # seconds, MIDI

Rejection = tuple[str, str]  # file, reason


@dataclass(frozen=True)
class Corpus:
    """A corpus opened for reading.

    pieces : one row per piece, see the module; the index is 0..n-1
    packed : (frames of all pieces, bytes per frame) uint8, memory-mapped
    notes : (notes of all pieces,) of `PLAYED`, memory-mapped; None where the corpus has none
    rows : states of a frame: 156 of music, 88 of a published piano roll
    pedal : whether notes last as long as a pedal holds them; where a corpus does not say, they are as pressed
    """

    path: Path
    pieces: "pd.DataFrame"
    packed: NDArray[np.uint8]
    rows: int = ROWS
    pedal: bool = False
    notes: NDArray[np.void] | None = None

    def __fspath__(self) -> str:
        return str(self.path)

    @classmethod
    def open(cls, path: Path) -> "Corpus":
        """Raises `UserError` when there is none, `MismatchError` when it has another format or representation."""
        import pandas as pd

        path = Path(path)
        try:
            about = read_json(path / "corpus.json")
        except (OSError, ValueError) as error:
            raise UserError(f"{path} is not a corpus; make one with: clstm prepare SOURCE --out {path}") from error
        if not isinstance(about, dict):
            raise MismatchError(f"{path} is damaged (corpus.json says nothing); prepare it again")
        representation = about.get("representation")
        if about.get("format") != FORMAT or representation not in (SCORE, PIANO_ROLL):
            raise MismatchError(
                f"{path} was prepared by clstm {about.get('version')} with {_described(representation)} in format"
                f" {about.get('format')}; this version reads format {FORMAT} with {_described(SCORE)} or"
                f" {_described(PIANO_ROLL)}; prepare it again"
            )
        rows = int(representation["rows"])
        names = dict.fromkeys(("file", "split", "group", "programs"), str)
        try:
            pieces = pd.read_csv(path / "pieces.csv", dtype=names, keep_default_na=False)
            frames, size = _frames(pieces), (path / "frames.bin").stat().st_size
            notes = _notes(path, pieces)
        except (OSError, KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
            reason = " ".join(str(error).split())
            raise MismatchError(f"{path} is damaged ({reason}); prepare it again") from error
        bytes_a_frame = -(-rows // 8)
        if size != frames * bytes_a_frame:
            raise MismatchError(f"{path}: frames.bin has {size} bytes, not what pieces.csv says; prepare it again")
        packed = np.memmap(path / "frames.bin", np.uint8, "r").reshape(-1, bytes_a_frame)
        options = about.get("options")
        pedal = isinstance(options, dict) and options.get("pedal") is True
        return cls(path, pieces, packed, rows, pedal, notes)

    def played(self, piece: int) -> NDArray[np.void]:
        """The notes of one piece within the range as they are in its file, (notes,) of `PLAYED`.

        Raises `MismatchError` where the corpus has none.

        >>> import pandas as pd
        >>> notes = np.array([(0.0, 0.55, 60), (0.0, 0.5, 64)], PLAYED)
        >>> table = pd.DataFrame({"notes": [1, 3], "out_of_range": [0, 2]})
        >>> Corpus(Path("toy"), table, np.empty((0, 20), dtype=np.uint8), notes=notes).played(1).tolist()
        [(0.0, 0.5, 64)]
        """
        if self.notes is None:
            raise MismatchError(f"{self.path} was prepared by an earlier version, without notes.bin; prepare it again")
        last = int(_in_range(self.pieces)[: piece + 1].sum())
        return self.notes[last - int(_in_range(self.pieces)[piece]) : last]

    @property
    def sha256(self) -> str:
        """Of `pieces.csv`: which pieces there are, and their splits."""
        return hashlib.sha256((self.path / "pieces.csv").read_bytes()).hexdigest()

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each piece, (pieces,)."""
        return self.pieces["frames"].to_numpy()

    def matrix(self, piece: int) -> Matrix:
        """One piece, (rows, frames) uint8."""
        return self.excerpt(piece, 0, self.lengths[piece])

    def excerpt(self, piece: int, start: int, stop: int) -> Matrix:
        """Frames start..stop of one piece, (rows, stop - start) uint8, as they are: not repaired at the cut.

        >>> import pandas as pd
        >>> matrix = np.eye(156, 6, dtype=np.uint8)  # row k is 1 in frame k
        >>> corpus = Corpus(Path("toy"), pd.DataFrame({"start": [0], "frames": [6]}), pack(matrix))
        >>> np.argwhere(corpus.excerpt(0, 2, 5)).tolist()
        [[2, 0], [3, 1], [4, 2]]
        """
        first = self.pieces["start"].to_numpy()[piece]
        return np.unpackbits(self.packed[first + start : first + stop], axis=1, count=self.rows).T

    def of_split(self, split: str) -> NDArray[np.int64]:
        """The pieces of a split. Raises `UserError` naming the splits there are when it is empty.

        >>> import pandas as pd
        >>> table = pd.DataFrame({"split": ["train", "valid", "train"]})
        >>> Corpus(Path("toy"), table, np.empty((0, 20), dtype=np.uint8)).of_split("train")
        array([0, 2])
        """
        found = np.flatnonzero((self.pieces["split"] == split).to_numpy())
        if not len(found):
            there = ", ".join(f"{name} ({count})" for name, count in self.pieces["split"].value_counts().items())
            raise UserError(f"{self.path} has no piece in the split {split!r}; its splits are: {there}")
        return found

    def must_be_music(self) -> None:
        """Raise `MismatchError` when this is a published piano roll: the length of its frames in seconds is unknown."""
        if self.rows != ROWS:
            raise MismatchError(
                f"{self.path} is a benchmark of {_described(PIANO_ROLL)}; score it with: clstm benchmark; music comes"
                f" from a corpus of MIDI files, of {_described(SCORE)}"
            )

    def other_lengths(self, pedal: bool | None) -> list[str]:
        """What to say where an option asks for other lengths of notes than the corpus has; None is no option.

        >>> import pandas as pd
        >>> Corpus(Path("toy"), pd.DataFrame(), np.empty((0, 20), dtype=np.uint8)).other_lengths(pedal=True)
        ['--pedal, but the notes of toy last as long as keys are down; clstm prepare --pedal makes such a corpus']
        """
        if pedal is None or pedal is self.pedal:
            return []
        asked, maker = ("--pedal", "clstm prepare --pedal") if pedal else ("--no-pedal", "clstm prepare")
        return [f"{asked}, but the notes of {self.path} last {LENGTHS[self.pedal]}; {maker} makes such a corpus"]

    @property
    def held_out(self) -> str:
        """The split that is used in no training: `test` where there is one, else `valid`.

        >>> import pandas as pd
        >>> table = pd.DataFrame({"split": ["train", "valid", "train"]})
        >>> Corpus(Path("toy"), table, np.empty((0, 20), dtype=np.uint8)).held_out
        'valid'
        """
        return "test" if (self.pieces["split"] == "test").any() else "valid"


def pack(matrix: Matrix) -> NDArray[np.uint8]:
    """A matrix (rows, frames) of 0 and 1 as frames.bin has it: (frames, bytes per frame) uint8.

    >>> pack(np.zeros((156, 3), dtype=np.uint8)).shape, pack(np.zeros((88, 3), dtype=np.uint8)).shape
    ((3, 20), (3, 11))
    """
    return np.packbits(np.ascontiguousarray(matrix.T), axis=1)


def write_about(
    folder: Path, representation: Representation, about: dict[str, object], rejected: Iterable[Rejection]
) -> None:
    """Write the description of a corpus, and the list of rejected files."""
    with (folder / "rejected.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([readable(cell) for cell in row] for row in [("file", "reason"), *rejected])
    header = {"format": FORMAT, "version": version("clstm"), "representation": representation}
    write_json(folder / "corpus.json", header | about)


def _described(representation: object) -> str:
    """A representation in words."""
    if not isinstance(representation, dict):
        return "an unknown representation"
    rate = representation.get("frame_rate")
    pace = "in steps of its own" if rate is None else f"at {rate} frames per second"
    return f"{representation.get('rows')} rows {pace}"


def _in_range(pieces: "pd.DataFrame") -> NDArray[np.int64]:
    """How many notes of each piece lie within the range, (pieces,). Raises `ValueError` where these are no numbers."""
    count, outside = (pieces[name].to_numpy() for name in ("notes", "out_of_range"))
    if not all(np.issubdtype(column.dtype, np.integer) for column in (count, outside)) or (outside > count).any():
        raise ValueError("notes and out_of_range of pieces.csv are not whole numbers, the second within the first")
    return np.asarray(count - outside)


def _notes(path: Path, pieces: "pd.DataFrame") -> NDArray[np.void] | None:
    """The notes of a corpus that has them. Raises `MismatchError` where they are not what pieces.csv says."""
    file = path / "notes.bin"
    if not file.is_file():
        return None
    if file.stat().st_size != int(_in_range(pieces).sum()) * PLAYED.itemsize:
        raise MismatchError(
            f"{path}: notes.bin has {file.stat().st_size} bytes, not what pieces.csv says; prepare it again"
        )
    return np.memmap(file, PLAYED, "r")


def _frames(pieces: "pd.DataFrame") -> int:
    """Of all pieces together. Raises `ValueError` unless one follows the other."""
    length, start = (pieces[name].to_numpy() for name in ("frames", "start"))
    whole = all(np.issubdtype(column.dtype, np.integer) for column in (length, start))
    if not whole or (length < 0).any() or (start != np.cumsum(length) - length).any():
        raise ValueError("frames and start of pieces.csv do not follow each other")
    return int(length.sum())


def summary(corpus: Corpus) -> str:
    """What is in a corpus and what was left out, in a few lines."""
    import pandas as pd

    pieces = corpus.pieces
    lines = [
        f"{split}: {len(own)} pieces, {own['group'].nunique()} groups, {_length(int(own['frames'].sum()), corpus.rows)}"
        for split, own in pieces.groupby("split", sort=False)
    ]
    if corpus.rows != ROWS:
        lines.append(f"{corpus.rows} keys, {pieces['sounding'].sum() / pieces['frames'].sum():.1f} sounding in a frame")
        return "\n".join(lines)
    lines.append(f"notes last {LENGTHS[corpus.pedal]}")
    lost = pieces[["out_of_range", "merged", "lengthened"]].sum()
    lines.append(
        f"{pieces['notes'].sum():,} notes: {lost['out_of_range']:,} outside MIDI {LOWEST} to {HIGHEST} left out,"
        f" {lost['merged']:,} merged with another of the same pitch and frame,"
        f" {lost['lengthened']:,} lengthened to a frame"
    )
    longest = int(corpus.lengths.argmax())
    frames, name = int(corpus.lengths[longest]), pieces["file"].iloc[longest]
    share = frames / int(corpus.lengths.sum())
    lines.append(f"longest: {name}, {_length(frames, corpus.rows)}, {share:.0%} of the corpus")
    if unsaid := sentence(from_columns(pieces), remedy="--pedal obeys it", one_instrument=True):
        lines.append(unsaid)
    lines += _file_by_file(corpus.path / "left_out.csv")
    rejected = pd.read_csv(corpus.path / "rejected.csv", keep_default_na=False)
    if len(rejected):
        first = "; ".join(f"{row.file}: {row.reason}" for row in rejected.head(3).itertuples())
        lines.append(f"{len(rejected)} files rejected, see rejected.csv: {first}{'; ...' * (len(rejected) > 3)}")
    return "\n".join(lines)


def _file_by_file(path: Path) -> list[str]:
    """What the table of all files adds; a corpus made before there was one has none."""
    import pandas as pd

    if not path.is_file():
        return []
    table = pd.read_csv(path)
    moved = (table["moved"] * table["kept"]).sum() / max(table["kept"].sum(), 1)
    remarks = table["remarks"].dropna().value_counts()
    said = [f"{count} file{'s' * (count != 1)}: {what}" for what, count in remarks.items()]
    return [*said, f"onsets moved to the grid by {moved:.0f} ms on average; file by file in left_out.csv"]


def _length(frames: int, rows: int) -> str:
    return f"{frames / FRAME_RATE / 60:.0f} min" if rows == ROWS else f"{frames:,} frames"
