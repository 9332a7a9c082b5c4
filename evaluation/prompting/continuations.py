"""Generated continuations beside the true ones: note F1, chroma similarity and groove similarity.

note F1   notes that match in onset (within 50 ms) and pitch: `mir_eval.transcription` without offsets
chroma    cosine of the counts of onsets by pitch class, (12,), of each bar, mean over bars (`wu2021musemorphose`)
groove    cosine of the counts of onsets by position, (16,), of each bar, mean over bars (same source)

Music in seconds has no known bars: a bar is 2 s here, a position 1/8 s. A bar in which one of the two is silent has 0;
one in which both are does not count. The true continuation is under the control of its system, so that both have one
grid. The floor is the same of another true continuation, of another group, in the system's place, mean of up to ten.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.generated import read_manifest
from clstm.music.piece import read_piece
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.names import counted, readable
from clstm.runtime.old_names import translated
from evaluation.measurement.batch import over_files
from evaluation.measurement.inputs import MeasurementInput, plain
from evaluation.statistics.inference import holm, means_apart
from evaluation.statistics.resampling import Pair

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Notes = tuple[Array, NDArray[np.int64]]  # onset s, pitch; by onset

TOLERANCE = 0.05 + 5e-5  # s; mir_eval rounds to a tenth of a millisecond
BAR, POSITIONS = 2.0, 16
OTHERS = 10
NAMES = {"note_f1": "note F1", "chroma": "chroma similarity", "groove": "groove similarity"}
MEASURES = tuple(NAMES)
READ = (
    "Note F1: onsets within 50 ms and equal pitches. Chroma and groove: cosines of the pitch classes, and of the "
    "onsets, of bars of 2 s; random notes can have high values of these two. Beside each is the same of another human "
    "continuation in the system's place."
)
CONTINUATIONS, OF_PIECES = "continuations.csv", "continuation_pieces.csv"


@dataclass(frozen=True, eq=False)
class Continuations:
    """pieces : one row per clip; sets : one row per system and measure; remarks : clips without a pair"""

    pieces: "pd.DataFrame"
    sets: "pd.DataFrame"
    remarks: tuple[str, ...] = ()


def note_f1(one: Notes, other: Notes) -> float:
    """F1 of notes that match one to one in pitch and onset; 1 where both are empty.

    >>> note_f1((np.array([0.0, 1.0]), np.array([60, 62])), (np.array([0.04, 1.0]), np.array([60, 64])))
    0.5
    """
    if not len(one[0]) + len(other[0]):
        return 1.0
    hits = 0
    ours, theirs = _by_pitch(one), _by_pitch(other)
    for pitch in ours.keys() & theirs.keys():
        mine, yours = ours[pitch], theirs[pitch]
        here = there = 0
        while here < len(mine) and there < len(yours):  # in one dimension the first that fits is the best
            apart = mine[here] - yours[there]
            hits += abs(apart) <= TOLERANCE
            here, there = here + (apart <= TOLERANCE), there + (apart >= -TOLERANCE)
    return float(2 * hits / (len(one[0]) + len(other[0])))


def _by_pitch(notes: Notes) -> dict[int, list[float]]:
    """The onsets of each pitch, in their order."""
    found: dict[int, list[float]] = {}
    for onset, pitch in sorted(zip(notes[0].tolist(), notes[1].tolist(), strict=True)):
        found.setdefault(pitch, []).append(onset)
    return found


def similarity(one: Notes, other: Notes, seconds: float, *, chroma: bool) -> float:
    """Mean cosine of bars, 0..1; NaN where both are silent. chroma : by pitch class, else by position

    >>> same = (np.array([0.0, 1.0]), np.array([60, 62]))
    >>> round(similarity(same, same, 2.0, chroma=True), 6)
    1.0
    """
    count = max(int(np.ceil(seconds / BAR)), 1)
    size = 12 if chroma else POSITIONS
    vectors = []
    for onset, pitch in (one, other):
        step = np.floor(onset / BAR * POSITIONS + 0.5).astype(np.int64)
        bar, position = np.divmod(step, POSITIONS)
        place = bar * size + (pitch % 12 if chroma else position)
        vectors.append(np.bincount(place[bar < count], minlength=count * size).reshape(count, size))
    lengths = [np.sqrt(np.square(each).sum(axis=1)) for each in vectors]
    there = (lengths[0] > 0) | (lengths[1] > 0)
    if not there.any():
        return float("nan")
    product = (vectors[0] * vectors[1]).sum(axis=1)
    return float((product / np.maximum(lengths[0] * lengths[1], 1e-12))[there].mean())


def compared(one: Notes, other: Notes, seconds: float) -> tuple[float, float, float]:
    """`MEASURES` of two pieces within so many seconds."""
    one, other = ((onset[onset < seconds - 1e-6], pitch[onset < seconds - 1e-6]) for onset, pitch in (one, other))
    of_bars = (similarity(one, other, seconds, chroma=chroma) for chroma in (True, False))
    return (note_f1(one, other), *of_bars)  # type: ignore[return-value]


def pairs(system: Sequence[MeasurementInput], reference: Sequence[MeasurementInput]) -> dict[int, int]:
    """The true continuation of each clip, by their places: of the same prompt by `generated.json`, or of the same name
    where only the reference has one. No clip of a reference without `generated.json` has a pair.
    """
    ours, theirs = (list(prompts(each)) for each in (system, reference))
    by_prompt = {key: place for place, (_, key) in enumerate(theirs) if key}
    by_name = {name: place for place, (name, key) in enumerate(theirs) if key}
    found = {place: (by_prompt if key else by_name).get(key or name) for place, (name, key) in enumerate(ours)}
    return {place: other for place, other in found.items() if other is not None}


def prompts(inputs: Sequence[MeasurementInput]) -> Iterator[tuple[str, str]]:
    """The plain name of each file, and the piece and place of its prompt; "" where that is not recorded."""
    items: dict[str, str] = {}
    for folder in dict.fromkeys(one.path.parent for one in inputs):
        listed = translated(dict(read_manifest(folder).content or {})).get("items")
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and item.get("piece") and item.get("prompt_start_seconds") is not None:
                items[f"{folder}/{item.get('file')}"] = f"{item['piece']} at {item['prompt_start_seconds']}"
    for one in inputs:
        yield plain(one.path.name), items.get(f"{one.path.parent}/{readable(one.path.name)}", "")


def continuations(
    systems: Mapping[str, Sequence[MeasurementInput]],
    against: Mapping[str, str],
    reference: str,
    *,
    seed: int = 0,
    workers: int | None = None,
) -> Continuations | None:
    """Every clip of every system compared with its true continuation; None where no clip has one.

    against : the systems, each with the set of the reference that it is compared with
    """
    import pandas as pd

    found = {
        name: pairs(systems[name], systems[reference])
        for name in against
        if name != reference and all(one.is_midi for one in (*systems[name], *systems[reference]))
    }
    found = {name: own for name, own in found.items() if own}
    if not found:
        return None
    needed = dict.fromkeys((*found, *(against[name] for name in found)))
    sets = _read({name: systems[name] for name in needed}, workers)
    rows, remarks = [], []
    for name, own in found.items():
        missing = len(systems[name]) - len(own)
        if missing:
            first = next(one for place, one in enumerate(systems[name]) if place not in own)
            lost = f"{missing} of {len(systems[name])} files have no true continuation in {reference}"
            remarks.append(f"{name}: {lost}, {readable(first.path.name)} first; the others are compared")
        inputs = (systems[name], systems[against[name]])
        rows += [{"system": name, **row} for row in _rows(inputs, sets[name], sets[against[name]], own, seed)]
    table = pd.DataFrame(rows)
    return Continuations(table, _sets(table, seed), tuple(remarks)) if rows else None


def _notes(given: MeasurementInput) -> tuple[Array, NDArray[np.int64], float]:
    piece = given.transformed(read_piece(given.path, pedal=given.pedal))
    lasts = given.seconds or piece.notes.duration
    return piece.notes.onset, piece.notes.pitch, lasts


def _read(
    sets: Mapping[str, Sequence[MeasurementInput]], workers: int | None
) -> dict[str, list[tuple[Array, NDArray[np.int64], float] | UnreadableFileError]]:
    """The notes of every file of every set, and how long it lasts."""
    every = [one for inputs in sets.values() for one in inputs]
    read = (found for _, found in over_files(_notes, every, workers, renders=False))
    return {name: list(islice(read, len(inputs))) for name, inputs in sets.items()}


def _rows(
    inputs: tuple[Sequence[MeasurementInput], Sequence[MeasurementInput]],
    ours: Sequence[tuple[Array, NDArray[np.int64], float] | UnreadableFileError],
    theirs: Sequence[tuple[Array, NDArray[np.int64], float] | UnreadableFileError],
    found: Mapping[int, int],
    seed: int,
) -> Iterator[dict[str, object]]:
    """One row per clip: its measures, and the floor."""
    groups = np.array([one.group or str(one.path) for one in inputs[1]])
    there = np.array([not isinstance(one, UnreadableFileError) for one in theirs])
    for place, other in found.items():
        own, true = ours[place], theirs[other]
        if isinstance(own, UnreadableFileError) or isinstance(true, UnreadableFileError):
            continue
        seconds = true[2]
        row: dict[str, object] = {"file": readable(inputs[0][place].path.name), "group": groups[other]}
        row["continuation"] = readable(inputs[1][other].path.name)
        row |= dict(zip(MEASURES, compared(own[:2], true[:2], seconds), strict=True))
        possible = np.flatnonzero((groups != groups[other]) & there)
        drawn = np.random.default_rng((seed, other)).permutation(possible)[:OTHERS]
        others = [one for one in (theirs[place] for place in drawn) if not isinstance(one, UnreadableFileError)]
        floors = np.array([compared(one[:2], true[:2], seconds) for one in others]).reshape(-1, len(MEASURES))
        values = floors.mean(axis=0).tolist() if len(floors) else [float("nan")] * len(MEASURES)
        yield row | {f"{measure}_floor": value for measure, value in zip(MEASURES, values, strict=True)}


def _sets(pieces: "pd.DataFrame", seed: int) -> "pd.DataFrame":
    """The mean of each system with its floor, their difference by groups, and its p, corrected over the measures."""
    import pandas as pd

    tables = []
    for system, own in pieces.groupby("system", sort=False):
        rows = []
        for measure in MEASURES:
            both = own[["group", measure, f"{measure}_floor"]].dropna()
            if both.empty:  # of one group, no other human continuation gives a floor
                both = own[["group", measure, f"{measure}_floor"]].dropna(subset=measure)
            row = {"system": system, "measure": measure, "pieces": len(both), "groups": both["group"].nunique()}
            row |= {"value": both[measure].mean(), "floor": both[f"{measure}_floor"].mean()}
            if both["group"].nunique() >= 2 and both[f"{measure}_floor"].notna().all():
                groups = both["group"].to_numpy()
                values = (both[f"{measure}_floor"].to_numpy(float), both[measure].to_numpy(float))
                test = means_apart(*values, Pair(groups, groups), np.random.default_rng(seed))
                row |= {"difference": test.found.value, "low": test.found.low, "high": test.found.high, "p": test.p}
            rows.append(row)
        table = pd.DataFrame(rows).reindex(columns=SETS[:-1])
        tables.append(table.assign(p_holm=holm(table["p"].tolist())))
    return pd.concat(tables, ignore_index=True)


SETS = ("system", "measure", "pieces", "groups", "value", "floor", "difference", "low", "high", "p", "p_holm")


def sentences(found: Continuations) -> list[str]:
    """One line per system."""
    said = []
    for system, own in found.sets.groupby("system", sort=False):
        parts = [_part(row) for row in own.to_dict("records") if np.isfinite(row["value"])]
        if parts:
            clips = counted(int(own["pieces"].max()), "clip")
            said.append(f"{system}, with the true continuation of {clips}: {', '.join(parts)}.")
    return said


def _part(row: Mapping[Any, Any]) -> str:
    floor = "" if np.isnan(row["floor"]) else f" (another human continuation: {row['floor']:.2f})"
    return f"{NAMES[row['measure']]} {row['value']:.2f}{floor}"


def markdown(found: Continuations) -> str:
    """The section of a verdict."""
    lines = ["", "## With the true continuation", ""]
    lines += [f"{READ} Differences have 95 % intervals by groups.", ""]
    lines += ["| | measure | clips | value | floor | difference | p (Holm) |", "|---|---|---:|---:|---:|---:|---:|"]
    for row in found.sets.to_dict("records"):
        ends = f"{row['difference']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
        tested = (ends, f"{row['p_holm']:.3g}") if np.isfinite(row["difference"]) else ("–", "–")
        means = (f"{row[name]:.3f}" if np.isfinite(row[name]) else "–" for name in ("value", "floor"))
        values = " | ".join((str(row["pieces"]), *means, *tested))
        lines.append(f"| {escape(str(row['system']))} | {row['measure']} | {values} |")
    return "\n".join([*lines, ""])
