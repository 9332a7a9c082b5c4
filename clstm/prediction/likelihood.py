"""How likely any music is under trained models: the negative log-likelihood of each piece, in nats per frame.

A piece becomes a score matrix (`clstm.music.score`), and a model reads windows of exactly 90 frames from a zero state
and predicts the frame after each: the windows and the nats of `clstm accuracy`, of the next frame. A piece shorter than
99 frames (12.4 s) has no window. Windows of several pieces are predicted at once; that changes no number.

Joint nats are of whole frames as a model draws them (`clstm.prediction.joint`): one scale for models of frames and for
those that draw notes, on the same windows. Of the latter there are also the exact nats of the whole piece, however
short it is, and no nats of cells.

Nats are about a model and music together. A model's own music is likely under itself, and so is music of which little
is written: silence, or one note that is repeated. So a low number does not say good. It says something beside that of
people's music: both fewer nats than theirs and more are a difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from clstm import pretrained
from clstm.models.checkpoint import learnt_pedal, read_config
from clstm.models.networks import KINDS
from clstm.music.generated import fits, read_manifest
from clstm.music.left_out import NOTHING, LeftOut, sentence
from clstm.music.midi import read_midi
from clstm.music.score import (
    FRAME_RATE,
    HIGHEST,
    HORIZON,
    LOWEST,
    STRUCK,
    WINDOW,
    Losses,
    Matrix,
    encode,
    losses,
    moved,
)
from clstm.music.sounding import LENGTHS
from clstm.prediction.baselines import Predictor
from clstm.prediction.joint.readers import Reader, Windows, nats_of_turns, reader
from clstm.prediction.predictors import window_of
from clstm.prediction.resampling import Array
from clstm.prediction.windows import FRAMES_AT_ONCE
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from clstm.runtime.finding import MIDI, find
from clstm.runtime.names import counted, readable
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent

PER = ("nats_per_frame", "nats_per_second", "nats_per_note")
JOINT = ("joint_nats_per_frame", "joint_nats_whole")  # per frame: of the same frames, and of all of the piece
COLUMNS = ("system", "file", "model", "frames", "notes", *PER, "note", *JOINT)
MEANS = {
    "nats_per_frame": "nats per frame",
    "joint_nats_per_frame": "joint nats per frame",
    "joint_nats_whole": "joint nats per frame, whole pieces",
}

SMALLEST_SHIFT = 0.05  # ms: less is shown as 0.0


@dataclass(frozen=True)
class Source:
    """A file to read. lasts, silent_from : what `generated.json` says of its length, s"""

    path: Path
    lasts: float | None = None
    silent_from: float | None = None

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, eq=False)
class ScorePiece:
    """A piece as a score matrix, (rows, frames), and what that lacks. velocities : how many; moved : onsets, ms"""

    matrix: Matrix
    lost: Losses
    velocities: int = 1
    moved: float = 0.0
    left_out: LeftOut = NOTHING

    def has(self, window: int) -> bool:
        """Whether it has a window with what follows it."""
        return len(self.matrix[0]) >= window + HORIZON


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Result.

    table : `COLUMNS`, one row per file and model; a missing value is NaN, and `note` says why
    remarks : files left out, and what score matrices lack, one line each
    """

    table: pd.DataFrame
    remarks: tuple[str, ...] = ()


def score_systems(
    sources: Mapping[str, Path],
    models: Sequence[str | Path] = (),
    *,
    stride: int = HORIZON,
    seconds: float | None = None,
    pedal: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> Likelihood:
    """Nats of every file of every system under every model.

    sources : where each system's music is, by name
    models : runs or names of bundled models; by default all of these that write frames
    stride : frames from one window to the next; seconds : only the beginning of each piece
    pedal : whether notes last as long as a pedal holds them

    Raises `UserError` for what is no music or no run, `MismatchError` for runs of other windows, `NothingUsableError`
    for a system none of whose files can be scored.
    """
    framewise = [kind for kind in KINDS if kind in pretrained.names()]
    found = [pretrained.find(model) for model in models or framewise]
    window = window_of(found, "what is scored here")
    readers = {run.name: reader(run, window) for run in found}
    music = {name: find([path], MIDI) for name, path in sources.items()}  # before the work: what is not there
    remarks = [f"{name}: {remark}" for name, own in music.items() for remark in own.remarks]
    remarks += _other_lengths(found, pedal=pedal)
    rows: list[dict[str, object]] = []
    read = partial(read_score, seconds=seconds, pedal=pedal)
    for name, own in music.items():
        pieces = [one for _, one in in_processes(read, _sources(own.files), workers=workers)]
        remarks += [f"{name}: {remark}" for remark in _remarks(pieces, window)]
        scored = [one if isinstance(one, ScorePiece) else one.reason for one in pieces]
        each = _under_models(name, scored, readers, (window, stride), progress)
        files = [_within(path, sources[name]) for path in own.files]
        about = zip(files, each, strict=True)
        rows += [{"system": name, "file": file, **row} for file, of_models in about for row in of_models]
        if not any("nats_per_frame" in row or "joint_nats_whole" in row for of_models in each for row in of_models):
            reasons = "; ".join(dict.fromkeys(str(row["note"]) for row in rows if row["system"] == name))
            raise NothingUsableError(f"{name}: none of its {counted(len(pieces), 'file')} can be scored: {reasons}")
    return Likelihood(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(remarks))


def read_score(source: Source, seconds: float | None = None, *, pedal: bool = False) -> ScorePiece:
    """A file as a score matrix as long as the piece, silence at its end included. Raises `UnreadableFileError`."""
    notes = read_midi(source.path, pedal=pedal)
    lasts = source.lasts
    if lasts is not None and not fits(lasts, source.silent_from, notes.duration):
        lasts = None
    if seconds is not None:
        lasts = min(seconds, notes.duration if lasts is None else lasts)
        notes = replace(notes.between(0.0, seconds), left_out=notes.left_out)
    frames = None if lasts is None else round(lasts * FRAME_RATE)
    return ScorePiece(
        encode(notes, frames), losses(notes), len(np.unique(notes.velocity)), moved(notes), notes.left_out
    )


def nats_of(piece: Matrix, predict: Predictor, window: int = WINDOW, stride: int = HORIZON) -> Array:
    """Nats of the frame after each window of a piece, (n,), in the order of the windows.

    piece : (rows, frames) of 0 and 1; window : frames read; stride : frames from one window to the next

    >>> certain = lambda frames, ends, horizon: frames[ends][:, None].astype(float)
    >>> float(nats_of(np.zeros((156, 120), dtype=np.uint8), certain).sum())
    0.0
    """
    parts = [nats_of_turns(predict, [turn])[0] for turn in _turns(piece, window, stride)]
    return np.concatenate([np.empty(0), *parts])


def mean_table(table: pd.DataFrame, of: str = "nats_per_frame") -> pd.DataFrame:
    """Mean nats per frame of the pieces of each system, one row per system, one column per model that has them.

    of : nats_per_frame, or one of `JOINT`
    """
    means = table.groupby(["system", "model"], sort=False)[of].mean().unstack()  # noqa: PD010
    return means.reindex(index=table["system"].unique(), columns=table["model"].unique()).dropna(axis=1, how="all")


def mean_tables(table: pd.DataFrame) -> Iterator[Table]:
    """The means for the terminal: a table for each kind of nats that there are."""
    for of, what in MEANS.items():
        means = mean_table(table, of)
        if not means.size:
            continue
        shown = Table(box=SIMPLE_HEAD)
        shown.add_column(f"{what}, mean of the pieces", overflow="fold")
        for model in means.columns:
            shown.add_column(Text(str(model)), justify="right", no_wrap=True)
        for system, row in means.iterrows():
            shown.add_row(Text(str(system)), *(f"{value:.2f}" for value in row))
        yield shown


def in_words(pieces: Sequence[ScorePiece]) -> str:
    """What became no part of the score matrices of so many pieces, with counts; "" where nothing was lost.

    >>> in_words([ScorePiece(np.zeros((156, 8), dtype=np.uint8), Losses(9, 2, 0, 0), 5, 12.5, LeftOut(drums=4))])
    'score matrices lack 2 of 9 notes outside MIDI 24 to 101, velocities in 1 file, and time finer than 1/8 s \
(onsets move by 12.5 ms on average); left out of the notes: 4 drum notes in 1 file'
    """
    notes = sum(one.lost.notes for one in pieces)
    uneven = sum(one.velocities > 1 for one in pieces)
    shift = float(np.mean([one.moved for one in pieces])) if pieces else 0.0
    parts = []
    if outside := sum(one.lost.out_of_range for one in pieces):
        parts.append(f"{outside:,} of {notes:,} notes outside MIDI {LOWEST} to {HIGHEST}")
    if merged := sum(one.lost.merged for one in pieces):
        parts.append(f"{counted(merged, 'second strike')} of a key within 1/8 s")
    if uneven:
        parts.append(f"velocities in {counted(uneven, 'file')}")
    if shift >= SMALLEST_SHIFT:
        parts.append(f"time finer than 1/8 s (onsets move by {shift:.1f} ms on average)")
    *first, last = parts or [""]
    said = f"score matrices lack {', '.join(first)}{', and ' * bool(first)}{last}" if parts else ""
    return "; ".join(filter(None, [said, sentence((one.left_out for one in pieces), one_instrument=True)]))


def _remarks(pieces: Sequence[ScorePiece | UnreadableFileError], window: int) -> list[str]:
    usable = [one for one in pieces if isinstance(one, ScorePiece)]
    said = [f"left out: {one}" for one in pieces if isinstance(one, UnreadableFileError)]
    if short := sum(not one.has(window) for one in usable):
        said.append(f"{short} of {counted(len(pieces), 'file')} too short to be scored: {_too_short(window)}")
    return [*said, *filter(None, [in_words(usable)])]


def _too_short(window: int) -> str:
    return f"shorter than {window + HORIZON} frames ({(window + HORIZON) / FRAME_RATE:.1f} s)"


def _other_lengths(runs: Sequence[Path], *, pedal: bool) -> list[str]:
    others = [pretrained.title(run) for run in runs if learnt_pedal(read_config(run)) is not pedal]
    if not others:
        return []
    return [f"{', '.join(others)} learnt notes {LENGTHS[not pedal]}; here they last {LENGTHS[pedal]}"]


def _sources(files: Sequence[Path]) -> list[Source]:
    """The files with the lengths that `generated.json` in their folders states."""
    known = {folder: read_manifest(folder).items for folder in dict.fromkeys(file.parent for file in files)}
    found = [(file, known[file.parent].get(readable(file.name))) for file in files]
    return [Source(file, one.seconds, one.silence_from_seconds) if one else Source(file) for file, one in found]


def _within(path: Path, source: Path) -> str:
    return readable(path.name if path == source else path.relative_to(source).as_posix())


def _under_models(
    name: str,
    pieces: Sequence[ScorePiece | str],
    readers: Mapping[str, Reader],
    size: tuple[int, int],
    progress: Progress,
) -> list[list[dict[str, object]]]:
    """Of each piece, or why there is none, one row per model. size : window and stride"""
    turns = [_turns(one.matrix, *size) if isinstance(one, ScorePiece) else [] for one in pieces]
    sums = {model: np.zeros((2, len(pieces))) for model in readers}
    done, total = 0, len(readers) * sum(map(bool, turns))
    for batch in _batches(turns):
        owner = np.repeat([place for place, _ in batch], [len(ends) for _, (_, ends) in batch])
        for model, own in readers.items():
            found = own.after([turn for _, turn in batch])
            sums[model] += [np.bincount(owner, each, minlength=len(pieces)) for each in found]
            done += len({place for place, _ in batch})
            progress(f"Scoring {name}", min(done, total), total)
    rows: list[list[dict[str, object]]] = [[] for _ in pieces]
    for place, piece in enumerate(pieces):
        why = piece if isinstance(piece, str) else "" if turns[place] else _too_short(size[0])
        frames = sum(len(ends) for _, ends in turns[place])
        notes = sum(int(part[ends][:, STRUCK].sum()) for part, ends in turns[place])
        for model, both in sums.items():
            row = _row(float(both[0, place]), float(both[1, place]), frames, notes, why)
            rows[place].append({"model": model, **row, **_whole(readers[model], piece)})
    return rows


def _whole(own: Reader, piece: ScorePiece | str) -> dict[str, object]:
    """Exact nats of a whole piece per frame, under a model that has them."""
    if own.whole is None or isinstance(piece, str) or not piece.matrix.shape[1]:
        return {}
    return {"joint_nats_whole": own.whole(piece.matrix) / piece.matrix.shape[1]}


def _row(total: float, joint: float, frames: int, notes: int, why: str) -> dict[str, object]:
    if not frames:
        return {"note": why}
    per_frame = total / frames
    per_note = total / notes if notes else float("nan")
    values = dict(zip(PER, (per_frame, per_frame * FRAME_RATE, per_note), strict=True))
    values["joint_nats_per_frame"] = joint / frames
    return {"frames": frames, "notes": notes, **values, "note": "" if notes else "no note begins in the frames scored"}


def _turns(piece: Matrix, window: int, stride: int) -> list[Windows]:
    """The windows of a piece that have their horizon, as in `clstm accuracy`; those of a long piece in turns."""
    frames = np.ascontiguousarray(piece.T)
    ends = np.arange(window, len(frames) - HORIZON + 1, stride)
    parts = np.array_split(ends, -(-len(frames) // FRAMES_AT_ONCE)) if len(ends) else []
    return [(frames[part[0] - window : part[-1] + 1], part - part[0] + window) for part in parts if len(part)]


def _batches(turns: Sequence[Sequence[Windows]]) -> Iterator[list[tuple[int, Windows]]]:
    """Turns of several pieces, each with the place of its piece, about `FRAMES_AT_ONCE` frames at a time."""
    batch: list[tuple[int, Windows]] = []
    size = 0
    for place, turn in ((place, turn) for place, own in enumerate(turns) for turn in own):
        if batch and size + len(turn[0]) > FRAMES_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append((place, turn))
        size += len(turn[0])
    if batch:
        yield batch
