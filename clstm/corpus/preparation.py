"""Make a corpus: of MIDI files and folders, of a known collection, or of a benchmark of piano rolls.

The corpus is built under another name, and renamed when it is complete; if stopped, the same command continues
(`corpus.unfinished`). A file that cannot be used is listed with the reason; the others are used.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clstm.corpus import chorales, maestro, splits
from clstm.corpus.corpus import PIANO_ROLL, PLAYED, SCORE, Corpus, Rejection, pack, write_about
from clstm.corpus.pieces import encode_file
from clstm.corpus.rows import Row, in_range, row_of, what_was_left_out
from clstm.corpus.rows import pieces as pieces_of
from clstm.corpus.unfinished import Key, Unfinished, key
from clstm.music import pianoroll
from clstm.music.score import ROWS
from clstm.runtime.errors import LostProcessError, NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import replacing
from clstm.runtime.finding import MIDI, find
from clstm.runtime.names import location, readable
from clstm.runtime.ownership import may_replace
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd


FILES = ("frames.bin", "notes.bin", "pieces.csv", "rejected.csv", "left_out.csv")  # of a corpus, with corpus.json
ROLLS_LIMIT = 120.0  # seconds for a benchmark's file; scipy's reader dies on some damaged ones


@dataclass(frozen=True)
class Candidate:
    """A file that may become a piece, under the name it will have."""

    path: Path
    name: str
    group: str
    split: str = ""  # where an index or the source says it


def prepare(
    sources: Iterable[str],
    out: Path,
    *,
    index: Path | None = None,
    pedal: bool = False,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> Corpus:
    """Make a corpus of MIDI files, folders of them and `music21:bach`; of `maestro-v3`; or of a benchmark's `.mat`.

    index : a CSV of columns file, split, group (see `splits.read_index`); without one, whole groups of identical
        pieces are split by `seed`, a tenth each to valid and test
    pedal : whether notes last as long as a pedal holds them; the corpus remembers it

    MAESTRO and a benchmark have their own splits, so they cannot be combined with other sources.

    Raises `NothingUsableError` when no file is usable, `UserError` when `out` exists and is not a corpus, when
    sources cannot be combined, or when MAESTRO cannot be downloaded.
    """
    sources, out = [str(source) for source in sources], Path(out)
    may_replace(
        out, "corpus.json", _written, "a corpus", inputs=[Path(source) for source in (*sources, index) if source]
    )
    if rolls := _alone(sources, index, pedal):
        return _of_rolls(rolls, out)
    rejected: list[Rejection] = []
    options = {"pedal": pedal, "seed": seed, "index": index.name if index else None}
    about: dict[str, object] = {"sources": sources, "options": options}
    with ExitStack() as open_sources:
        if maestro.SOURCE in sources:
            found = open_sources.enter_context(maestro.performances(progress))
            candidates = [Candidate(one.path, one.name, one.group, one.split) for one in found]
            about["licence"] = maestro.LICENCE
        else:
            candidates = list(_candidates(sources, rejected, workers, progress))
        if index:
            candidates = _indexed(candidates, splits.read_index(index), rejected)
        building = open_sources.enter_context(replacing(out))
        building.mkdir()
        made_of = {"sources": [str(location(Path(source))) for source in sources], "pedal": pedal}
        files = [key(one.name, one.path) for one in candidates]
        with Unfinished(out, made_of, files, _bytes) as unfinished:
            rows = list(_read(candidates, files, unfinished, pedal, workers, progress))
            unfinished.move_arrays(building)
        _write_tables(building, candidates, rows, rejected, seed)
        write_about(building, SCORE, about, rejected)
    return Corpus.open(out)


def _bytes(row: Row) -> tuple[int, int]:
    """Of a file's row, how many its frames and its notes take; of a rejected one none."""
    if "rejected" in row:
        return 0, 0
    return row["frames"] * -(-ROWS // 8), in_range(row) * PLAYED.itemsize


def _write_tables(
    building: Path, candidates: list[Candidate], rows: list[Row], rejected: list[Rejection], seed: int
) -> None:
    """Write pieces.csv and left_out.csv; add to the rejected files those that could not be read.

    rows : of each candidate. Raises `NothingUsableError` when all are rejected.
    """
    rejected += [(one.name, row["rejected"]) for one, row in zip(candidates, rows, strict=True) if "rejected" in row]
    places: list[Row] = [{"file": one.name, "split": one.split, "group": one.group} for one in candidates]
    pieces = pieces_of(places, rows)
    if not len(pieces):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in rejected[:3]) + "; ..." * (len(rejected) > 3)
        raise NothingUsableError(f"none of {len(rejected)} files is usable ({reasons})")
    _assign_splits(pieces, pieces.pop("fingerprint").tolist(), seed)
    pieces.to_csv(building / "pieces.csv", index=False)
    what_was_left_out(places, rows, rejected).to_csv(building / "left_out.csv", index=False)


def _alone(sources: list[str], index: Path | None, pedal: bool) -> Path | None:
    """The benchmark among the sources, if any. Raises `UserError` when what has its own splits is not given alone."""
    rolls = [source for source in sources if Path(source).suffix.lower() == pianoroll.SUFFIX]
    if rolls and (len(sources) > 1 or index or pedal):
        raise UserError(f"{rolls[0]} is a benchmark as published; give it alone, without --index and --pedal")
    if maestro.SOURCE in sources and (len(sources) > 1 or index):
        raise UserError(f"{maestro.SOURCE} has splits of its own; give it alone, without --index")
    return Path(rolls[0]) if rolls else None


def _assign_splits(pieces: "pd.DataFrame", fingerprints: list[str], seed: int) -> None:
    """Give pieces their split, where neither an index nor the source does."""
    if not pieces["split"].all():
        pieces["group"] = splits.merge_duplicates(pieces["group"].tolist(), fingerprints)
        pieces["split"] = splits.split_by_group(pieces["group"].tolist(), seed)


def _written(about: dict[str, object]) -> tuple[str, ...]:
    """The files that a corpus may have, besides corpus.json."""
    _ = about["representation"]  # something else has none
    return FILES


def _of_rolls(source: Path, out: Path) -> Corpus:
    """The corpus of a benchmark: each piece is a group."""
    import pandas as pd

    [(_, read)] = in_processes(pianoroll.read_mat, [source], workers=1, seconds=ROLLS_LIMIT)
    if isinstance(read, UnreadableFileError):
        raise read
    pieces = [
        (split, f"{split}-{number:04}", roll)
        for split, rolls in read.items()
        for number, roll in enumerate(rolls, start=1)
    ]
    frames = np.array([roll.shape[1] for _, _, roll in pieces])
    table = {
        "file": [name for _, name, _ in pieces],
        "split": [split for split, _, _ in pieces],
        "group": [name for _, name, _ in pieces],
        "start": np.cumsum(frames) - frames,
        "frames": frames,
        "sounding": [int(roll.sum()) for _, _, roll in pieces],
    }
    with replacing(out) as building:
        building.mkdir()
        pd.DataFrame(table).to_csv(building / "pieces.csv", index=False)
        (building / "frames.bin").write_bytes(b"".join(pack(roll).tobytes() for _, _, roll in pieces))
        write_about(building, PIANO_ROLL, {"sources": [str(source)]}, [])
    return Corpus.open(out)


def _read(
    candidates: list[Candidate],
    files: list[Key],
    unfinished: Unfinished,
    pedal: bool,
    workers: int | None,
    progress: Progress,
) -> Iterator[Row]:
    """The row of every candidate, in order: those read before a run was stopped, then the others."""
    yield from unfinished.done
    before = len(unfinished.done)
    rest = [one.path for one in candidates[before:]]
    results = in_processes(partial(encode_file, pedal=pedal), rest, workers=workers)
    import pandas as pd  # noqa: F401 - a quarter of a second, in which the processes start

    for done, (file, (_, result)) in enumerate(zip(files[before:], results, strict=True), start=before + 1):
        progress("Reading", done, len(candidates))
        row = row_of(result)
        if not isinstance(result, LostProcessError):  # another time it may be read
            unfinished.add(file, row, () if isinstance(result, UnreadableFileError) else (result.packed, result.played))
        yield row


def _candidates(
    sources: list[str],
    rejected: list[Rejection],
    workers: int | None,
    progress: Progress,
) -> Iterator[Candidate]:
    """Every file of every source, named relative to the folder it was found in; equal names get more of their path."""
    seen: set[Path] = set()
    taken: set[str] = set()
    for source in sources:
        if source == chorales.SOURCE:
            scores = chorales.scores()
            for done, (score, converted) in enumerate(chorales.convert_all(scores, workers), start=1):
                progress("Converting", done, len(scores))
                if isinstance(converted, UnreadableFileError):
                    rejected.append((score.name, converted.reason))
                else:
                    yield Candidate(converted, converted.name, chorales.group(converted))
            continue
        root = Path(source)
        try:
            found = find([root], MIDI)
        except NothingUsableError as error:
            rejected.append((source, str(error).replace(f"in {readable(root)}", "in this folder", 1)))
            continue
        rejected += [(readable(path.relative_to(root)), reason) for path, reason in found.left_out]
        for path in found.files:
            if (place := location(path)) not in seen:
                seen.add(place)
                inside = path.relative_to(root) if root.is_dir() else Path(path.name)
                name = _name(path, len(inside.parts), taken)
                taken.add(name)
                yield Candidate(path, name, name)


def _name(path: Path, parts: int, taken: set[str]) -> str:
    """The last `parts` of a path, or as many more as are needed for a new name."""
    whole = Path(os.path.abspath(path)).parts  # noqa: PTH100 - links keep their names, "." and ".." do not
    names = (readable(Path(*whole[-count:]).as_posix()) for count in range(parts, len(whole) + 1))
    return next(name for name in names if name not in taken)


def _indexed(
    candidates: list[Candidate], assigned: dict[Path, splits.Assignment], rejected: list[Rejection]
) -> list[Candidate]:
    """The candidates the index names. Others, and files it names that are not there, are rejected."""
    found = {location(candidate.path) for candidate in candidates}
    rejected += [(c.name, "not in the index") for c in candidates if location(c.path) not in assigned]
    rejected += [(path.name, "in the index, but not among the sources") for path in assigned if path not in found]
    kept = [
        replace(candidate, split=assigned[path].split, group=assigned[path].group)
        for candidate in candidates
        if (path := location(candidate.path)) in assigned
    ]
    if not kept:
        raise NothingUsableError("the index names none of the files found; its paths are relative to its own folder")
    return kept
