"""Originality: does a piece copy a passage from the corpus, and would a person's piece share as much with it?

`matching` finds the longest run of notes that a piece shares with a corpus, exactly and in any key; people's and
models' music pass through the same grid. A quotation at another tempo, or with one note changed, is not found.

Scales, trills and repeated notes are common property, so a run means little by itself. It is compared with the runs
that the corpus's own pieces share: from each piece that is long enough, one excerpt as long as the piece in question is
drawn at random, and its longest run in pieces of other *groups* (works, composers) is found.

as_long    the share of those excerpts whose run is at least as long as the piece's, 0..1.
flagged    as_long is at most 0.01. With fewer than 100 excerpts that means none; with fewer than 20 there is no result.

A new piece of the corpus's own kind is flagged about once in a hundred. A flag names a passage to listen to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clstm.music.left_out import LeftOut, sentence
from clstm.music.midi import read_midi
from clstm.music.piece import read_piece
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from clstm.runtime.names import readable
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent
from evaluation.controls.spans import left_out
from evaluation.metrics.shared_passages import Array, tokens
from evaluation.notes.matching import ComparedPiece, Match, longest_common

if TYPE_CHECKING:
    import pandas as pd

FLAGGED = 0.01  # share of the corpus's excerpts
FEWEST = 20  # excerpts; with fewer no share of them is given

COLUMNS = (
    *("system", "file", "seconds", "notes", "match_notes", "match_seconds", "match_share", "match_at"),
    *("corpus_file", "corpus_at", "semitones", "excerpts", "excerpts_median", "as_long", "flagged", "note"),
)
COUNTS = ("notes", "match_notes", "semitones", "excerpts", "flagged")


@dataclass(frozen=True, eq=False)
class Originality:
    """The result for every piece of every system.

    table : `COLUMNS`, one row per file. Times are seconds; `match_share` is a share of the piece's notes;
        `excerpts_median` is in notes; `flagged` is 1 or 0. A missing value is NaN, and `note` says why
    own : by system, the longest run of each corpus excerpt as long as the system's median piece, in notes
    corpus : its pieces
    twins : pairs of corpus pieces that are equal on the grid, the later one first
    rejected : files of the corpus that cannot be used
    left_out : what all files contain besides the notes, in a sentence
    """

    table: "pd.DataFrame"
    own: dict[str, Array]
    corpus: list[ComparedPiece]
    twins: list[tuple[str, str]]
    rejected: list[UnreadableFileError]
    left_out: str = ""


def measure_originality(
    systems: Mapping[str, Sequence[Path]],
    corpus: Sequence[Path],
    groups: Mapping[str, str] | None = None,
    *,
    seconds: float | None = None,
    seed: int = 0,
    pedal: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> Originality:
    """Compare every piece of every system with a corpus.

    groups : of files by their stems (`measurement.inputs.read_groups`); a file that is not named is a group of its own.
        None: pieces of the corpus that are equal on the grid are one group
    seconds : length measured, from the start of each piece of the systems
    seed : for the places from which the corpus's excerpts are taken
    pedal : whether notes last as long as a pedal holds them, which decides how long pieces are
    progress : called as files are read

    A file of the corpus that is also a system's is compared with other groups than its own. Raises
    `NothingUsableError` when no file of the corpus, or none of a system, can be used.
    """
    import pandas as pd

    pieces, twins, rejected = _read_corpus(corpus, groups, workers, progress, pedal=pedal)
    group_of = {Path(piece.name).resolve(): piece.group for piece in pieces}
    paths = [path for files in systems.values() for path in files]
    read = _read_pieces(paths, groups or {}, seconds, workers, progress, "Reading the music", pedal=pedal)
    queries = [
        replace(one, group=group_of.get(Path(one.name).resolve(), one.group)) if isinstance(one, ComparedPiece) else one
        for one in read
    ]
    usable = [one for one in queries if isinstance(one, ComparedPiece)]
    common = longest_common(usable, pieces, seed)
    own = cache(common.own)  # many pieces of a system are equally long
    matches, read_again = iter(common.matches), iter(queries)
    rows: list[dict[str, object]] = []
    own_of: dict[str, Array] = {}
    for system, files in systems.items():
        mine = list(islice(read_again, len(files)))
        lengths = [one.frames for one in mine if isinstance(one, ComparedPiece)]
        if not lengths:
            reasons = "; ".join(map(str, mine[:3])) or "none given"
            raise NothingUsableError(f"{system}: none of its {len(files)} files can be used: {reasons}")
        own_of[system] = own(int(np.median(lengths)))
        for one in mine:
            if isinstance(one, ComparedPiece):
                rows.append({"system": system, **_row(one, next(matches), pieces, own(one.frames))})
            else:
                rows.append({"system": system, "file": readable(one.path), "flagged": 0, "note": one.reason})
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COUNTS, "Int64"))
    beside = sentence(one.left_out for one in (*usable, *pieces))
    return Originality(table, own_of, pieces, twins, rejected, beside)


def _read_corpus(
    paths: Sequence[Path], groups: Mapping[str, str] | None, workers: int | None, progress: Progress, *, pedal: bool
) -> tuple[list[ComparedPiece], list[tuple[str, str]], list[UnreadableFileError]]:
    """The pieces, the pairs of equal ones, and the files that cannot be used."""
    pieces: list[ComparedPiece] = []
    twins: list[tuple[str, str]] = []
    rejected: list[UnreadableFileError] = []
    first: dict[bytes, ComparedPiece] = {}
    for read in _read_pieces(paths, groups or {}, None, workers, progress, "Reading the corpus", pedal=pedal):
        if isinstance(read, UnreadableFileError):
            rejected.append(read)
            continue
        piece = read
        token = tokens(piece.frame, piece.pitch)
        earlier = first.setdefault(token.tobytes(), piece) if len(token) else piece
        if earlier is not piece:
            twins.append((piece.name, earlier.name))
            piece = piece if groups else replace(piece, group=earlier.group)
        pieces.append(piece)
    if not pieces:
        reasons = "; ".join(map(str, rejected[:3])) + "; ..." * (len(rejected) > 3)
        raise NothingUsableError(f"none of the corpus's {len(paths)} files can be used: {reasons}")
    return pieces, twins, rejected


def _read_pieces(
    paths: Sequence[Path],
    groups: Mapping[str, str],
    seconds: float | None,
    workers: int | None,
    progress: Progress,
    what: str,
    *,
    pedal: bool,
) -> list[ComparedPiece | UnreadableFileError]:
    """Each file as a piece, or why it cannot be used; read in processes that may crash."""
    pieces: list[ComparedPiece | UnreadableFileError] = []
    work = partial(_read, seconds=seconds, pedal=pedal)
    for done, (path, read) in enumerate(in_processes(work, paths, workers=workers), start=1):
        progress(what, done, len(paths))
        if isinstance(read, UnreadableFileError):
            pieces.append(read)
        else:
            pieces.append(ComparedPiece(str(path), groups.get(path.stem) or str(path.resolve()), *read))
    return pieces


def _read(path: Path, seconds: float | None, *, pedal: bool) -> tuple[int, Array, Array, LeftOut]:
    """The frames of a file, the frame and pitch of each strike, and what is left out."""
    notes = read_midi(path, pedal=pedal)
    if seconds is not None:
        part = left_out(read_piece(path), 0.0, seconds, pedal=pedal)
        notes = replace(notes.between(0.0, seconds), left_out=part)
    piece = ComparedPiece.of(notes)
    if not len(piece.frame):
        within = "" if seconds is None else f" in its first {seconds:g} s"
        raise UnreadableFileError(path, f"no notes between MIDI 24 and 101{within}")
    return piece.frames, piece.frame, piece.pitch, piece.left_out


def _row(piece: ComparedPiece, match: Match, corpus: Sequence[ComparedPiece], own: Array) -> dict[str, object]:
    notes = len(piece.frame)
    row: dict[str, object] = {
        "file": readable(piece.name),
        "seconds": piece.frames / FRAME_RATE,
        "notes": notes,
        "match_notes": match.notes,
        "match_share": match.notes / notes,
        "excerpts": len(own),
        "flagged": 0,
        "note": "",
    }
    if match.notes:
        row |= {"match_seconds": match.seconds, "match_at": match.at, "semitones": match.semitones}
        row |= {"corpus_file": readable(corpus[match.piece].name), "corpus_at": match.there}
    if len(own) >= FEWEST:
        as_long = float((own >= match.notes).mean())
        row |= {"excerpts_median": float(np.median(own)), "as_long": as_long, "flagged": int(as_long <= FLAGGED)}
    else:
        row["note"] = f"only {len(own)} corpus pieces are as long; {FEWEST} are needed to compare with"
    if notes == 1:
        row["note"] = "one note"
    return row
