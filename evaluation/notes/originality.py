"""Originality: is a passage taken from the corpus, and would a person's piece share as much with it?

The longest run of notes that a piece has in common with a corpus, in any key, found exactly: the same intervals, chords
and rhythm on the 1/8 s grid (`metrics.shared_runs`), through which people's and models' music passes alike. A run ends
at a rest, where nothing is struck for more than 4 s. What is quoted at another tempo, or with a note changed, is not
found.

Scales, trills and repeated notes are common property, so a run says nothing by itself. Beside it stands what the
corpus's own pieces share with each other: of each piece that is long enough, one excerpt as long as the piece in
question, drawn by a seed, has its longest run in common with pieces of other *groups* (works, composers) than its own.

as_long    the share of those excerpts whose run is at least as long as the piece's, 0..1.
flagged    as_long is at most 0.01: of fewer than 100 excerpts none is as long, of fewer than 20 nothing is said.

A new piece of a corpus's own kind is flagged about once in a hundred: a flag names a passage to listen to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import NOTHING, LeftOut, sentence
from clstm.music.midi import Notes, read_midi
from clstm.music.score import FRAME_RATE, encode
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from clstm.runtime.names import readable
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent
from evaluation.metrics.shared_runs import Array, gaps, longest_elsewhere, strikes, tokens

if TYPE_CHECKING:
    import pandas as pd

REST = 4.0  # seconds without a strike that end a run
FLAGGED = 0.01  # share of the corpus's excerpts
FEWEST = 20  # excerpts; with fewer no share of them is given

COLUMNS = (
    *("system", "file", "seconds", "notes", "match_notes", "match_seconds", "match_share", "match_at"),
    *("corpus_file", "corpus_at", "semitones", "excerpts", "excerpts_median", "as_long", "flagged", "note"),
)
COUNTS = ("notes", "match_notes", "semitones", "excerpts", "flagged")


@dataclass(frozen=True, eq=False)
class ComparedPiece:
    """The strikes of a piece: frames (1/8 s) and MIDI pitches, (strikes,) each, of a matrix of `frames`."""

    name: str
    group: str
    frames: int
    frame: Array
    pitch: Array
    left_out: LeftOut = NOTHING

    @classmethod
    def of(cls, notes: Notes, name: str = "", group: str = "") -> "ComparedPiece":
        """A piece of notes, in a group of its own unless one is given."""
        matrix = encode(notes)
        return cls(name, group or name, matrix.shape[1], *strikes(matrix), notes.left_out)


@dataclass(frozen=True)
class Match:
    """The longest run a piece has in common with the corpus: of `notes`, none of fewer than 2.

    seconds : from its first strike to its last; at, there : when it begins here and in the corpus's `piece`
    semitones : how much higher it is here
    """

    notes: int
    seconds: float = 0.0
    at: float = 0.0
    piece: int = -1
    there: float = 0.0
    semitones: int = 0


@dataclass(frozen=True, eq=False)
class Common:
    """What queries and a corpus have in common.

    matches : one for each query
    corpus : the pieces, and for each token of each, how many tokens of a run that begins there occur in another group
    chances : where in each piece its excerpt begins, 0..1 of what there is to choose
    """

    matches: list[Match]
    corpus: Sequence[ComparedPiece]
    runs: list[Array]
    chances: NDArray[np.float64]

    def own(self, frames: int) -> Array:
        """Notes of the longest run in common with other groups, of one excerpt of so many frames of each corpus piece
        that has as many, (excerpts,)."""
        return np.array(
            [
                _longest_within(piece.frame, run, int(chance * (piece.frames - frames + 1)), frames)
                for piece, run, chance in zip(self.corpus, self.runs, self.chances, strict=True)
                if piece.frames >= frames
            ],
            dtype=np.int64,
        )


def longest_common(queries: Sequence[ComparedPiece], corpus: Sequence[ComparedPiece], seed: int = 0) -> Common:
    """The longest run of each query in pieces of the corpus that are not of its group, and those of the corpus itself.

    seed : of the places the corpus's excerpts are taken from
    """
    pieces = [*corpus, *queries]
    number = {group: value for value, group in enumerate(dict.fromkeys(piece.group for piece in pieces))}
    sizes = np.array([max(len(piece.frame), 1) for piece in pieces])  # its tokens, and an end like no other
    starts = np.concatenate([[0], np.cumsum(sizes)])
    text = _text(pieces, sizes)
    of_piece = np.repeat(np.arange(len(pieces)), sizes)
    group = np.array([number[piece.group] for piece in pieces], dtype=np.int64)[of_piece]
    length, found = longest_elsewhere(text, group, of_piece < len(corpus))
    matches = []
    for index in range(len(corpus), len(pieces)):
        begin = starts[index]
        here = int(np.argmax(length[begin : starts[index + 1]]))
        place = found[begin + here]
        other = int(of_piece[place])
        match = (pieces[index], here, other, pieces[other], int(place - starts[other]))
        matches.append(_match(*match, int(length[begin + here])) if place >= 0 else Match(0))
    runs = [length[starts[index] : starts[index + 1] - 1] for index in range(len(corpus))]
    return Common(matches, corpus, runs, np.random.default_rng(seed).random(len(corpus)))


def _text(pieces: Sequence[ComparedPiece], sizes: Array) -> Array:
    """The tokens of all pieces, each closed by one that is like no other, as is each that stands for a long rest."""
    ends = np.cumsum(sizes) - 1
    text = np.zeros(int(sizes.sum()), dtype=np.int64)
    inside = np.ones(len(text), dtype=bool)
    inside[ends] = False
    text[inside] = np.concatenate([tokens(piece.frame, piece.pitch) for piece in pieces] or [text[:0]])
    unique = ~inside | (gaps(text) > REST * FRAME_RATE)
    text[unique] = -1 - np.arange(np.count_nonzero(unique))
    return text


def _match(piece: ComparedPiece, here: int, number: int, other: ComparedPiece, there: int, length: int) -> Match:
    if not length:
        return Match(0)
    return Match(
        notes=length + 1,
        seconds=float(piece.frame[here + length] - piece.frame[here]) / FRAME_RATE,
        at=float(piece.frame[here]) / FRAME_RATE,
        piece=number,
        there=float(other.frame[there]) / FRAME_RATE,
        semitones=int(piece.pitch[here] - other.pitch[there]),
    )


def _longest_within(frame: Array, run: Array, begin: int, frames: int) -> int:
    """Notes of the longest run that lies in the frames begin .. begin + frames."""
    first, end = np.searchsorted(frame, [begin, begin + frames])
    if end - first < 2:
        return 0
    inside = np.minimum(run[first : end - 1], np.arange(end - first - 1, 0, -1)).max()
    return int(inside) + 1 if inside else 0


@dataclass(frozen=True, eq=False)
class Originality:
    """What is known of each piece of each system.

    table : `COLUMNS`, a row a file. Times are seconds; `match_share` is of the piece's notes; `excerpts_median` in
        notes; `flagged` 1 or 0. What does not exist is NaN, and `note` says why
    own : by system, the longest run of each of the corpus's excerpts as long as the system's median piece, in notes
    corpus : the pieces held against
    twins : pieces of the corpus that are the same on the grid as an earlier one, and that one
    rejected : files of the corpus that cannot be used
    left_out : what the notes leave out of what all files say, in a sentence
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
    workers: int | None = None,
    progress: Progress = silent,
) -> Originality:
    """Hold every piece of every system against a corpus.

    groups : of files by their stems (`measurement.inputs.read_groups`); one that is not named stands for itself.
        Without any, pieces of the corpus that are the same on the grid are one group
    seconds : only so much of the beginning of each piece of the systems
    progress : told (what, done, total) as files are read

    A file of the corpus that is also a system's is held against other groups than its own. Raises `NothingUsableError`
    when no file of the corpus, or none of a system, can be used.
    """
    import pandas as pd

    pieces, twins, rejected = _read_corpus(corpus, groups, workers, progress)
    group_of = {Path(piece.name).resolve(): piece.group for piece in pieces}
    paths = [path for files in systems.values() for path in files]
    read = _read_pieces(paths, groups or {}, seconds, workers, partial(progress, "Reading the music"))
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
    paths: Sequence[Path], groups: Mapping[str, str] | None, workers: int | None, progress: Progress
) -> tuple[list[ComparedPiece], list[tuple[str, str]], list[UnreadableFileError]]:
    """The pieces, those that are the same as an earlier one with that, and the files that cannot be used."""
    pieces: list[ComparedPiece] = []
    twins: list[tuple[str, str]] = []
    rejected: list[UnreadableFileError] = []
    first: dict[bytes, ComparedPiece] = {}
    for read in _read_pieces(paths, groups or {}, None, workers, partial(progress, "Reading the corpus")):
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
    progress: Callable[[int, int], object],
) -> list[ComparedPiece | UnreadableFileError]:
    """Each file as a piece, or why it is none; in processes one can lose."""
    pieces: list[ComparedPiece | UnreadableFileError] = []
    for done, (path, read) in enumerate(in_processes(partial(_read, seconds=seconds), paths, workers=workers), start=1):
        progress(done, len(paths))
        if isinstance(read, UnreadableFileError):
            pieces.append(read)
        else:
            pieces.append(ComparedPiece(str(path), groups.get(path.stem) or str(path.resolve()), *read))
    return pieces


def _read(path: Path, seconds: float | None) -> tuple[int, Array, Array, LeftOut]:
    """Frames, the frame and pitch of each strike, and what is left out, of a file."""
    notes = read_midi(path)
    piece = ComparedPiece.of(
        notes if seconds is None else replace(notes.between(0.0, seconds), left_out=notes.left_out)
    )
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
