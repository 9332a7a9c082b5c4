"""What a piece loses in the score matrix (78 pitches, 1/8 s, no velocity), and why.

A model that writes score matrices cannot write more than they can hold. So a person's piece is best compared with its
music on the same grid, and this module shows what the grid costs. Notes are read without the sustain pedal, as in
`clstm prepare`, unless `--pedal` obeys it: what only the pedal holds is lost before the grid.

A *chord* is notes whose onsets follow each other within 30 ms, as for the inter-onset interval.

out of range  notes below MIDI 24 or above 101, which are lost. All that follows, but velocities, is of the other notes.
merged        notes of a pitch that was struck in the same frame before: only one strike remains.
doubled       merged notes that begin together (within 1 ms): two voices or tracks on one key, which a piano could not
              play as two notes.
lengthened    notes that end in the frame they begin in, and now last one frame.
onset shift   from a note's onset to its frame's, ms, at most 62.5; likewise length change; of the notes that remain.
run together  remaining notes in the frame of the note before them, but not in its chord: a run becomes a chord.
spread        remaining notes in the chord of the note before them, but not in its frame: a chord becomes two.
in order      share of the notes (without doubled ones) that follow the same note as before, chords read upwards: 1 when
              every line can still be followed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import COLUMNS as LEFT_OUT
from clstm.music.left_out import LeftOut, as_columns
from clstm.music.midi import Notes, read_midi
from clstm.music.score import HIGHEST, LOWEST, decode, encode, losses
from clstm.music.score import nearest as nearest_frame
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from clstm.runtime.names import readable
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent
from evaluation.metrics.symbolic import CHORD

if TYPE_CHECKING:
    import pandas as pd

DOUBLED = 0.001  # s

REASONS = {
    "out_of_range": "lie outside MIDI 24 to 101",
    "struck_again": "merge: their pitch has been struck in the same 1/8 s",
    "doubled": "merge: two voices or tracks strike one key at once",
    "lengthened": "end in the 1/8 s they begin in, and last 1/8 s instead",
    "run_together": "fall into the 1/8 s of the note before them: runs become chords",
    "spread": "fall into another 1/8 s than their chord",
}
NOTHING = "no note is lost or merged, and no chord made or broken"


@dataclass(frozen=True)
class GridLoss:
    """What the grid does to a piece. Counts are in notes. Shifts and changes are absolute, in milliseconds, and None
    without a note in range. `lost` is the largest loss as a share of the notes, 0..1, and `reason` names it."""

    seconds: float
    notes: int
    out_of_range: int
    merged: int
    doubled: int
    lengthened: int
    run_together: int
    spread: int
    in_order: float
    onset_shift_mean: float | None
    onset_shift_p95: float | None
    length_change_mean: float | None
    length_change_p95: float | None
    velocities: int
    velocity_sd: float
    lost: float
    reason: str


def audit(notes: Notes) -> GridLoss:
    """What the score matrix does to one note or more.

    >>> found = audit(Notes.of([(0.0, 1.0, 60, 80), (0.02, 1.0, 60, 80), (1.0, 2.0, 10, 80)]))
    >>> found.out_of_range, found.merged
    (1, 1)
    """
    counts = losses(notes)
    frame = nearest_frame(notes.onset)
    inside = (notes.pitch >= LOWEST) & (notes.pitch <= HIGHEST)
    doubled, again = _merged(notes, frame)
    doubled, again = doubled & inside, again & inside
    remains = inside & ~doubled & ~again
    chord = np.cumsum(np.diff(notes.onset, prepend=0.0) > CHORD, dtype=np.int64)
    same_chord, same_frame = (np.diff(place[remains]) == 0 for place in (chord, frame))
    tally = {
        "out_of_range": counts.out_of_range,
        "struck_again": int(again.sum()),
        "doubled": int(doubled.sum()),
        "lengthened": counts.lengthened,
        "run_together": int((same_frame & ~same_chord).sum()),
        "spread": int((same_chord & ~same_frame).sum()),
    }
    worst = max(tally, key=lambda kind: tally[kind])
    onset_shift, length_change = _moved(notes, frame, remains)
    return GridLoss(
        seconds=notes.duration,
        notes=len(notes),
        out_of_range=counts.out_of_range,
        merged=counts.merged,
        doubled=tally["doubled"],
        lengthened=counts.lengthened,
        run_together=tally["run_together"],
        spread=tally["spread"],
        in_order=_in_order(notes.pitch, chord, frame, ~doubled, remains),
        onset_shift_mean=_mean(onset_shift),
        onset_shift_p95=_p95(onset_shift),
        length_change_mean=_mean(length_change),
        length_change_p95=_p95(length_change),
        velocities=len(np.unique(notes.velocity)),
        velocity_sd=float(notes.velocity.std()),
        lost=tally[worst] / len(notes),
        reason=f"{_percent(tally[worst] / len(notes))} of its notes {REASONS[worst]}" if tally[worst] else NOTHING,
    )


def _merged(notes: Notes, frame: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which notes are struck in a cell of the matrix that is struck already: at the same time, and later."""
    order = np.lexsort((notes.onset, frame, notes.pitch))
    taken = np.zeros(len(order), dtype=bool)
    taken[1:] = (np.diff(notes.pitch[order]) == 0) & (np.diff(frame[order]) == 0)
    together = np.diff(notes.onset[order], prepend=-np.inf) <= DOUBLED
    doubled, again = np.zeros_like(taken), np.zeros_like(taken)
    doubled[order], again[order] = taken & together, taken & ~together
    return doubled, again


def _moved(
    notes: Notes, frame: NDArray[np.int64], remains: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far the onset of each remaining note moves, and how much its length changes, ms."""
    order = np.flatnonzero(remains)
    order = order[np.lexsort((notes.pitch[order], frame[order]))]  # that of the grid's notes
    grid = decode(encode(notes))
    length = notes.offset[order] - notes.onset[order]
    return (
        1000 * np.abs(grid.onset - notes.onset[order]),
        1000 * np.abs(grid.offset - grid.onset - length),
    )


def _in_order(
    pitch: NDArray[np.int64],
    chord: NDArray[np.int64],
    frame: NDArray[np.int64],
    counted: NDArray[np.bool_],
    remains: NDArray[np.bool_],
) -> float:
    """Share of the counted notes that follow the same note as before, 0..1."""
    before, after = (_predecessors(pitch, place, among) for place, among in ((chord, counted), (frame, remains)))
    return float((before == after)[remains].sum() / counted.sum())


def _predecessors(pitch: NDArray[np.int64], place: NDArray[np.int64], among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each note the one before it among these, by place and pitch; -1 for the first one."""
    order = np.flatnonzero(among)
    order = order[np.lexsort((pitch[order], place[order]))]
    predecessor = np.full(len(pitch), -1, dtype=np.int64)
    predecessor[order[1:]] = order[:-1]
    return predecessor


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def _p95(values: NDArray[np.float64]) -> float | None:
    return float(np.percentile(values, 95)) if len(values) else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


COLUMNS = ("file", *(field.name for field in fields(GridLoss)), *LEFT_OUT)


def audit_files(
    paths: Sequence[Path],
    workers: int | None = None,
    progress: Progress = silent,
    *,
    pedal: bool = False,
) -> "tuple[pd.DataFrame, list[UnreadableFileError]]":
    """`COLUMNS`, one row per MIDI file, in their order; and the files that cannot be read.

    progress : called as files are read; pedal : whether it lengthens notes

    Raises `NothingUsableError` when none can be read.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    rejected: list[UnreadableFileError] = []
    work = partial(_audit_file, pedal=pedal)
    for done, (path, found) in enumerate(in_processes(work, paths, workers=workers), start=1):
        progress("Reading", done, len(paths))
        if isinstance(found, UnreadableFileError):
            rejected.append(found)
        else:
            rows.append({"file": readable(path), **asdict(found[0]), **as_columns(found[1])})
    if not rows:
        reasons = "; ".join(map(str, rejected[:3])) + "; ..." * (len(rejected) > 3)
        raise NothingUsableError(f"none of {len(paths)} files can be read: {reasons or 'none given'}")
    return pd.DataFrame(rows, columns=list(COLUMNS)), rejected


def _audit_file(path: Path, *, pedal: bool) -> tuple[GridLoss, LeftOut]:
    notes = read_midi(path, pedal=pedal)
    return audit(notes), notes.left_out


def totals(table: "pd.DataFrame") -> dict[str, float]:
    """Each loss in a table of `audit_files` as a share of all notes, 0..1, and the mean over notes of onset shift, ms,
    length change, ms, and spread of velocities."""
    notes = table["notes"]
    counts = ("out_of_range", "merged", "doubled", "lengthened", "run_together", "spread")
    shares = {name: float(table[name].sum() / notes.sum()) for name in counts}
    remaining = notes - table["out_of_range"] - table["merged"]
    moved = ("onset_shift_mean", "length_change_mean")
    averages = {
        name: float((table[name].astype(float).fillna(0) * remaining).sum() / max(remaining.sum(), 1)) for name in moved
    }
    in_order = {"in_order": float((table["in_order"] * notes).sum() / notes.sum())}
    return shares | in_order | averages | {"velocity_sd": float((table["velocity_sd"] * notes).sum() / notes.sum())}
