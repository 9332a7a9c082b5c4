"""Every metric of every file of several systems, as one tidy table."""

import re
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import as_columns, from_columns, of_metrics, on_one_program
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings, describe
from evaluation.measurement import cache
from evaluation.measurement.batch import over_files, unique_names
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import Measured, measure_input, measured_of
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import MetricValue, Missing

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("system", "piece", "metric", "value", "unit", "note")
PIECES = (
    *("system", "piece", "file", "group", "replicate", "seconds", "remarks", "rejected"),
    *("drums", "pedals", "programs"),  # of `clstm.music.left_out`
    "vectors",
    "strikes",
)
UNWRITTEN = ["vectors", "strikes"]  # too long for a table

DRUMS = "drum_density"  # the metric that exists wherever drums are counted
NAMED = 6  # numbers that a remark on many files lists
TRIMMED = 100  # files: the cache is trimmed after each so many
TRIMMING = 20  # and for one twentieth of the time at most

_NUMBER = re.compile(r"\b(\d+(?:,\d{3})*)\b")


@dataclass(frozen=True, eq=False)
class Measurements:
    """values : `COLUMNS`, one row per value; NaN where a metric does not exist, with the reason in `note`
    pieces : `PIECES`, one row per file, in the same order; its last columns, features that are arrays (for
        `comparison.papers`) and the notes (for `comparison.copies`), are too long to be written
    """

    values: "pd.DataFrame"
    pieces: "pd.DataFrame"

    @property
    def figures(self) -> "pd.DataFrame":
        """The name of `values` up to version 0.1."""
        warnings.warn("Measurements.figures is now called values", DeprecationWarning, stacklevel=2)
        return self.values


def measure_systems(
    systems: Mapping[str, Sequence[Path | MeasurementInput]],
    settings: RenderSettings = RenderSettings(),
    progress: Progress = silent,
    workers: int | None = None,
    cluster: str | None = None,
) -> Measurements:
    """Every metric of every file of every system, measured in `workers` processes (all cores) or on a Dask `cluster`.

    progress : called as each file is done, in the order of the systems and their files

    A piece is named as its file without the suffix, made unique within the system. The metrics of a file that cannot
    be read are missing, with that reason. What was measured before is not measured again (`cache`).

    Raises `NothingUsableError` for a system of which no file can be read. A script calls this under
    `if __name__ == "__main__":`, as it must for anything that starts processes.
    """
    import pandas as pd  # not needed, and slow to load, in the processes that measure

    pieces = [
        (system, given, name)
        for system, named in systems.items()
        for given, name in zip(map(_input, named), unique_names([_input(one).path for one in named]), strict=True)
    ]
    renders = not all(given.notes_only for _, given, _ in pieces)
    if renders and any(is_midi(given.path) for _, given, _ in pieces):
        describe(settings)  # a missing library or SoundFont is known before the first process starts
    rows: list[tuple[str, str, str, float, str, str]] = []
    about: list[tuple[object, ...]] = []
    unreadable: dict[str, list[str]] = {system: [] for system in systems}
    trim_from = 0.0
    work = partial(measure_input, settings=settings)
    results = over_files(work, [given for _, given, _ in pieces], workers, cluster, renders=renders)
    for done, ((system, given, name), (_, result)) in enumerate(zip(pieces, results, strict=True), start=1):
        if isinstance(result, UnreadableFileError):
            unreadable[system].append(str(result))
        rejected = result.reason if isinstance(result, UnreadableFileError) else ""
        measured = _without_values(given, rejected) if isinstance(result, UnreadableFileError) else result
        rows.extend((system, name, *row) for row in _rows(measured.values))
        about.append((system, name, *_about(given, measured, rejected)))
        progress("Measuring", done, len(pieces))
        if done % TRIMMED == 0 and time.monotonic() > trim_from:
            trim_from = _trimmed()
    cache.trim()
    for system, reasons in unreadable.items():
        if len(reasons) == len(systems[system]):
            raise NothingUsableError(f"{system} has no file that can be measured: {'; '.join(reasons) or 'none given'}")
    return Measurements(pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame(about, columns=list(PIECES)))


def _trimmed() -> float:
    """Trim the cache. Returns from when it may be trimmed again: looking through a large one takes time."""
    begun = time.monotonic()
    cache.trim()
    return begun + TRIMMING * (time.monotonic() - begun)


def left_out(measured: Measurements, systems: Iterable[str] | None = None) -> list[str]:
    """What metrics of notes leave out of each system, or of these: one line per system of which they leave out any."""
    pieces, values = measured.pieces, measured.values
    counted = set(values.loc[(values["metric"] == DRUMS) & values["value"].notna(), "system"])
    said = {
        str(system): of_metrics(from_columns(own), drums_counted=system in counted)
        for system, own in pieces.groupby("system", sort=False)
        if systems is None or system in set(systems)
    }
    return [f"{system}: {words}" for system, words in said.items() if words]


def on_one_instrument(
    measured: Measurements, settings: RenderSettings, systems: Iterable[str] | None = None
) -> list[str]:
    """What one program that plays everything changes, one line per system, of all or these, where it changes any."""
    if settings.instrument is None:
        return []
    said = {
        str(system): on_one_program(from_columns(own), settings.instrument)
        for system, own in measured.pieces.groupby("system", sort=False)
        if systems is None or system in set(systems)
    }
    notes = "the metrics of notes are those of the notes as written"
    return [f"{system}: {words}; {notes}" for system, words in said.items() if words]


def alike(remarks: Iterable[str]) -> list[tuple[str, int]]:
    """Remarks that differ only in their numbers as one, with these numbers, and of how many files; the most first.

    >>> alike(["2 samples beyond full scale", "mono, duplicated to stereo", "9 samples beyond full scale"])
    [('2 or 9 samples beyond full scale', 2), ('mono, duplicated to stereo', 1)]
    """
    kinds: dict[tuple[str, ...], list[list[str]]] = {}
    for remark in remarks:
        parts = _NUMBER.split(remark)  # words and numbers in turn
        kinds.setdefault(tuple(parts[::2]), []).append(parts[1::2])
    said = []
    for words, numbers in kinds.items():
        all_of = [*map(_either, zip(*numbers, strict=True)), ""]
        text = "".join(word + number for word, number in zip(words, all_of, strict=True))
        said.append((text, len(numbers)))
    return sorted(said, key=lambda one: one[1], reverse=True)


def _either(numbers: Iterable[str]) -> str:
    """Numbers in words: each of a few, the smallest and the largest of many."""
    *others, last = each = sorted(set(numbers), key=lambda number: (int(number.replace(",", "")), number))
    if len(each) > NAMED:
        return f"{each[0]} to {last}"
    return f"{', '.join(others)} or {last}" if others else last


def _input(path: Path | MeasurementInput) -> MeasurementInput:
    return path if isinstance(path, MeasurementInput) else MeasurementInput(Path(path))


def _without_values(given: MeasurementInput, reason: str) -> Measured:
    return Measured(dict.fromkeys(measured_of(given), Missing(reason)), np.nan)


def _about(given: MeasurementInput, measured: Measured, rejected: str) -> tuple[object, ...]:
    """The columns of `PIECES` from the third on."""
    file = readable(given.path)
    counts = as_columns(measured.left_out).values()
    remarks = "; ".join(measured.remarks)
    file, kept = readable(given.path), (_arrays(measured), measured.strikes)
    return file, given.group or file, given.replicate, measured.seconds, remarks, rejected, *counts, *kept


def _arrays(measured: Measured) -> dict[str, NDArray[np.float32]]:
    return {name: np.array(row, dtype=np.float32) for name, row in measured.vectors.items()}


def _rows(values: Mapping[str, MetricValue]) -> Iterator[tuple[str, float, str, str]]:
    for name, value in values.items():
        number, note = (np.nan, value.reason) if isinstance(value, Missing) else (value, "")
        yield name, number, METRICS[name].unit, note
