"""Folders of MIDI -> one corpus: score matrices in one memory-mapped file, split by piece; what was rejected, and why.

A corpus is a folder:

    corpus.json     format, representation, sources, options, totals
    frames.bin      every piece's frames one after another, the rows of a frame as bits in as few bytes as hold them
    pieces.csv      a row a piece: file, split, group, first frame, number of frames, notes and what the grid lost
    rejected.csv    a row a file that is not in it, with the reason

There are two representations. Music has the paper's 156 rows at 8 frames a second, held first (`clstm.score`). A
published benchmark has 88 rows, the keys of a piano and whether each sounds, in steps of its own (`clstm.pianoroll`).

It is built under another name and renamed when whole. Only the frames asked for are read, so a corpus may be larger
than memory.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm import chorales, splits
from clstm.console import Advance
from clstm.errors import MismatchError, NothingUsableError, UnreadableFileError, UserError
from clstm.files import replacing, write_json
from clstm.isolation import in_processes
from clstm.midi import find_files
from clstm.pianoroll import KEYS
from clstm.pieces import read_piece
from clstm.score import FRAME_RATE, HIGHEST, LOWEST, ROWS, Matrix

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
SCORE = {"rows": ROWS, "frame_rate": FRAME_RATE}
PIANO_ROLL = {"rows": KEYS, "frame_rate": None}

Rejection = tuple[str, str]  # file, reason


@dataclass(frozen=True)
class Corpus:
    """A corpus opened for reading.

    pieces : one row a piece, see the module; the index is 0..n-1
    packed : (frames of all pieces, bytes a frame) uint8, memory-mapped
    rows : states of a frame: 156 of music, 88 of a published piano roll
    """

    path: Path
    pieces: "pd.DataFrame"
    packed: NDArray[np.uint8]
    rows: int = ROWS

    @classmethod
    def open(cls, path: Path) -> "Corpus":
        """Raises `UserError` when there is none, `MismatchError` when it has another format or representation."""
        import pandas as pd

        path = Path(path)
        try:
            about = json.loads((path / "corpus.json").read_text(encoding="utf-8"))
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
        names = dict.fromkeys(("file", "split", "group"), str)
        try:
            pieces = pd.read_csv(path / "pieces.csv", dtype=names, keep_default_na=False)
            frames, size = int(pieces["frames"].sum()), (path / "frames.bin").stat().st_size
        except (OSError, KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
            reason = " ".join(str(error).split())
            raise MismatchError(f"{path} is damaged ({reason}); prepare it again") from error
        bytes_a_frame = -(-rows // 8)
        if size != frames * bytes_a_frame:
            raise MismatchError(f"{path}: frames.bin has {size} bytes, not what pieces.csv says; prepare it again")
        packed = np.memmap(path / "frames.bin", np.uint8, "r").reshape(-1, bytes_a_frame)
        return cls(path, pieces, packed, rows)

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
        """Frames start..stop of one piece, (rows, stop - start) uint8, as they are: not repaired at the cut."""
        first = self.pieces["start"].to_numpy()[piece]
        return np.unpackbits(self.packed[first + start : first + stop], axis=1, count=self.rows).T

    def of_split(self, split: str) -> NDArray[np.int64]:
        """The pieces of a split. Raises `UserError` naming the splits there are when it is empty."""
        found = np.flatnonzero((self.pieces["split"] == split).to_numpy())
        if not len(found):
            there = ", ".join(f"{name} ({count})" for name, count in self.pieces["split"].value_counts().items())
            raise UserError(f"{self.path} has no piece in the split {split!r}; its splits are: {there}")
        return found

    def must_be_music(self) -> None:
        """Raise `MismatchError` when this is a published piano roll: nobody knows how long its frames last."""
        if self.rows != ROWS:
            raise MismatchError(
                f"{self.path} is a benchmark of {_described(PIANO_ROLL)}: it can be trained on and scored, but is no"
                f" music to listen to; take a corpus of MIDI files ({_described(SCORE)})"
            )

    @property
    def held_out(self) -> str:
        """The split no model learns or chooses from: `test` where there is one, else `valid`."""
        return "test" if (self.pieces["split"] == "test").any() else "valid"


def _described(representation: object) -> str:
    """A representation in a sentence."""
    if not isinstance(representation, dict):
        return "an unknown representation"
    rate = representation.get("frame_rate")
    pace = "in steps of its own" if rate is None else f"at {rate} frames a second"
    return f"{representation.get('rows')} rows {pace}"


@dataclass(frozen=True)
class Candidate:
    """A file that may become a piece, under the name it will have."""

    path: Path
    name: str
    group: str
    split: str = ""  # given by an index


def prepare(
    sources: Iterable[str],
    out: Path,
    *,
    index: Path | None = None,
    pedal: bool = False,
    seed: int = 0,
    workers: int | None = None,
    advance: Advance = lambda what, done, total: None,
) -> Corpus:
    """Make a corpus of MIDI files, folders of them, or `music21:bach`.

    index : a CSV of columns file, split, group (see `clstm.splits.read_index`); without one, whole groups of identical
        pieces are split by `seed`, a tenth each to valid and test
    pedal : whether the sustain pedal lengthens notes
    advance : told (what, done, total) as work goes on

    Raises `NothingUsableError` when no file is usable, `UserError` when `out` exists and is not a corpus.
    """
    sources, out = [str(source) for source in sources], Path(out)
    if out.exists() and not (out / "corpus.json").exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists and is not a corpus; name another folder, or remove it")
    rejected: list[Rejection] = []
    candidates = list(_candidates(sources, rejected, workers, advance))
    assigned = splits.read_index(index) if index else {}
    if index:
        candidates = _indexed(candidates, assigned, rejected)
    with replacing(out) as building:
        building.mkdir()
        pieces = _write_frames(building / "frames.bin", candidates, rejected, pedal, workers, advance)
        if not len(pieces):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in rejected[:3]) + "; ..." * (len(rejected) > 3)
            raise NothingUsableError(f"none of {len(rejected)} files is usable ({reasons})")
        fingerprints = pieces.pop("fingerprint").tolist()
        if not index:
            pieces["group"] = splits.merge_duplicates(pieces["group"].tolist(), fingerprints)
            pieces["split"] = splits.split_by_group(pieces["group"].tolist(), seed)
        pieces.to_csv(building / "pieces.csv", index=False)
        with (building / "rejected.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("file", "reason"), *rejected])
        options = {"pedal": pedal, "seed": seed, "index": index.name if index else None}
        about = {"format": FORMAT, "version": version("clstm"), "representation": SCORE}
        write_json(building / "corpus.json", about | {"sources": sources, "options": options})
    return Corpus.open(out)


def summary(corpus: Corpus) -> str:
    """What is in a corpus and what was left out, in a few lines."""
    import pandas as pd

    pieces = corpus.pieces
    lines = [
        f"{split}: {len(own)} pieces, {own['group'].nunique()} groups, {own['frames'].sum() / FRAME_RATE / 60:.0f} min"
        for split, own in pieces.groupby("split", sort=False)
    ]
    lost = pieces[["out_of_range", "merged", "lengthened"]].sum()
    lines.append(
        f"{pieces['notes'].sum():,} notes: {lost['out_of_range']:,} outside MIDI {LOWEST} to {HIGHEST} left out,"
        f" {lost['merged']:,} merged with another of the same pitch and frame,"
        f" {lost['lengthened']:,} lengthened to a frame"
    )
    rejected = pd.read_csv(corpus.path / "rejected.csv", keep_default_na=False)
    if len(rejected):
        first = "; ".join(f"{row.file}: {row.reason}" for row in rejected.head(3).itertuples())
        lines.append(f"{len(rejected)} files rejected, see rejected.csv: {first}{'; ...' * (len(rejected) > 3)}")
    return "\n".join(lines)


def _write_frames(
    path: Path,
    candidates: list[Candidate],
    rejected: list[Rejection],
    pedal: bool,
    workers: int | None,
    advance: Advance,
) -> "pd.DataFrame":
    """Append the frames of every usable candidate to the file; a row each, still without its split."""
    rows: list[dict[str, object]] = []
    start = 0
    encoded = in_processes(partial(read_piece, pedal=pedal), [c.path for c in candidates], workers=workers)
    import pandas as pd  # a quarter of a second, in which the processes start

    with path.open("wb") as file:
        for done, (candidate, (_, result)) in enumerate(zip(candidates, encoded, strict=True), start=1):
            advance("Reading", done, len(candidates))
            if isinstance(result, UnreadableFileError):
                rejected.append((candidate.name, result.reason))
                continue
            file.write(result.packed.tobytes())
            place = {"file": candidate.name, "split": candidate.split, "group": candidate.group, "start": start}
            size = {"frames": len(result.packed), **asdict(result.losses)}
            rows.append(place | size | {"fingerprint": result.fingerprint})
            start += len(result.packed)
    return pd.DataFrame(rows)


def _candidates(
    sources: list[str],
    rejected: list[Rejection],
    workers: int | None,
    advance: Advance,
) -> Iterator[Candidate]:
    """Every file of every source, named relative to the folder it was found in; equal names get more of their path."""
    seen: set[Path] = set()
    taken: set[str] = set()
    for source in sources:
        if source == chorales.SOURCE:
            scores = chorales.scores()
            for done, (score, converted) in enumerate(chorales.convert_all(scores, workers), start=1):
                advance("Converting", done, len(scores))
                if isinstance(converted, UnreadableFileError):
                    rejected.append((score.name, converted.reason))
                else:
                    yield Candidate(converted, converted.name, chorales.group(converted))
            continue
        root = Path(source)
        try:
            found = find_files([root])
        except NothingUsableError:
            rejected.append((source, "no MIDI file in this folder"))
            continue
        for path in found:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                inside = path.relative_to(root) if root.is_dir() else Path(path.name)
                name = _name(path, len(inside.parts), taken)
                taken.add(name)
                yield Candidate(path, name, name)


def _name(path: Path, parts: int, taken: set[str]) -> str:
    """The last `parts` of a path, or as many more as it takes to be new; bytes that are no text are escaped."""
    whole = path.resolve().parts
    names = (Path(*whole[-count:]).as_posix() for count in range(parts, len(whole) + 1))
    readable = (os.fsencode(name).decode("utf-8", "backslashreplace") for name in names)
    return next(name for name in readable if name not in taken)


def _indexed(
    candidates: list[Candidate], assigned: dict[Path, splits.Assignment], rejected: list[Rejection]
) -> list[Candidate]:
    """The candidates the index names. Others, and files it names that are not there, are rejected."""
    found = {candidate.path.resolve() for candidate in candidates}
    rejected += [(c.name, "not in the index") for c in candidates if c.path.resolve() not in assigned]
    rejected += [(path.name, "in the index, but not among the sources") for path in assigned if path not in found]
    kept = [
        replace(candidate, split=assigned[path].split, group=assigned[path].group)
        for candidate in candidates
        if (path := candidate.path.resolve()) in assigned
    ]
    if not kept:
        raise NothingUsableError("the index names none of the files found; its paths are relative to its own folder")
    return kept
