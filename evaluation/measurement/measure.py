"""Every figure of a waveform, of notes, of a file, and the tidy table of whole systems.

A figure that does not exist for an input is `Missing` and says why; in the table its value is NaN and the column `note`
holds the reason.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clstm.music.left_out import NOTHING, LeftOut, as_columns, from_columns, sentence
from clstm.music.midi import Notes
from clstm.runtime.errors import NoNotesError, NothingUsableError, UnreadableFileError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from evaluation.audio.buffers import Waveform, blank, blocks, clipped, release
from evaluation.audio.files import heard, mono, read_notes
from evaluation.audio.render import RenderSettings, describe, render
from evaluation.measurement import cache
from evaluation.measurement.batch import over_files, unique_names
from evaluation.measurement.generated import UNFIT, fits
from evaluation.measurement.inputs import MeasurementInput
from evaluation.metrics import envelope, loudness, repetition, sonogram, spectrum, structure, symbolic
from evaluation.metrics.levels import SILENT
from evaluation.metrics.metric import Metric, MetricValue, Missing

if TYPE_CHECKING:
    import pandas as pd

METRICS: dict[str, Metric] = {
    **loudness.METRICS,
    **envelope.METRICS,
    **spectrum.METRICS,
    **sonogram.METRICS,
    **structure.METRICS,
    **symbolic.METRICS,
    **repetition.METRICS,
}

# The version of the catalogue: what is measured, and how. A metric that is new or defined anew has it as its `since`.
#   1  the first
#   2  without DC, and without silence and a rendering's tail around the music; flatness and entropy in a band; time
#      near the maximum beside a percentile; levels within 40 dB of loud; change as cosine, flux as a share; compression
#      before over after; changes in the highs counted in notes; the ratios of the highs to the lows are gone
CATALOGUE = 2

_WITHOUT_TAIL = 2  # the version since which a rendering is measured to the end of its last note
_WITHOUT_TIME = {"true_peak", "clipped_samples"}  # of sound, and the same with a tail or without

OF_NOTES = ("symbolic", "repetition")  # views that do not depend on how the music sounds


def redefined(version: int, *, rendered: bool) -> frozenset[str]:
    """The metrics that another version of the catalogue did not have, or not with today's definition.

    rendered : of a file of notes; what it sounded like ended with the synthesizer's tail before version 2
    """
    changed = {name for name, metric in METRICS.items() if metric.since > version}
    if rendered and version < _WITHOUT_TAIL:
        changed |= {name for name, metric in METRICS.items() if metric.view not in OF_NOTES} - _WITHOUT_TIME
    return frozenset(changed)


COLUMNS = ("system", "piece", "metric", "value", "unit", "note")
PIECES = (
    *("system", "piece", "file", "group", "seconds", "remarks", "rejected"),
    *("drums", "pedals", "programs"),  # of `clstm.music.left_out`
    "strikes",
)

CANCELLED = Missing("its channels cancel each other out")

REMEMBERED = 60.0  # seconds: a longer render is not kept
TRIMMED = 100  # files: so often the cache is


def measure_sound(waveform: Waveform, rate: int) -> dict[str, MetricValue]:
    """Every figure of a waveform, (samples, channels) -1..1: loudness of its channels, the rest of their mean."""
    single = mono(waveform)
    of_mean = {
        **envelope.measure(single, rate),
        **spectrum.measure(single, rate),
        **sonogram.measure(single, rate),
        **structure.measure(single, rate),
    }
    of_channels = loudness.measure(waveform, rate)
    if of_channels["true_peak"] != SILENT:  # what sounds, and yet its mean does not
        of_mean = {name: CANCELLED if figure == SILENT else figure for name, figure in of_mean.items()}
    return of_channels | of_mean


def without_tail(waveform: Waveform, rate: int, seconds: float) -> Waveform:
    """What of a waveform is measured: the piece, of so many seconds. What a rendering adds for the release of its last
    notes is the synthesizer's, and as long for a bar as for a sonata."""
    return waveform[: max(round(seconds * rate), 1)]


def measure_notes(notes: Notes, seconds: float | None = None) -> dict[str, MetricValue]:
    """Every figure of notes that last `seconds`, or to the end of the last note."""
    return symbolic.measure(notes, seconds) | repetition.measure(notes, seconds)


def measure_file(path: Path | MeasurementInput, settings: RenderSettings = RenderSettings()) -> dict[str, float | None]:
    """Every figure of a MIDI or audio file, in the order of `METRICS`; None where it does not exist.

    Raises `UnreadableFileError` with the reason.
    """
    figures = measure_take(_take(path), settings).values
    return {name: None if isinstance(figure, Missing) else figure for name, figure in figures.items()}


@dataclass(frozen=True)
class Measured:
    """Every figure of a file, by the names of `METRICS`, its length in seconds, what was done to its sound, its notes
    as `evaluation.metrics.symbolic.struck` writes them, and what the file says besides."""

    values: dict[str, MetricValue]
    seconds: float
    remarks: tuple[str, ...] = ()
    strikes: str = ""
    left_out: LeftOut = NOTHING


def measure_take(take: MeasurementInput, settings: RenderSettings = RenderSettings()) -> Measured:
    """Measure a file, or remember what was measured. Raises `UnreadableFileError` with the reason."""
    try:
        content = cache.sha256(take.path)
    except OSError as error:
        raise UnreadableFileError(take.path, f"cannot be opened ({error.strerror or error})") from error
    key: dict[str, Any] = {
        "catalogue": CATALOGUE,
        "content": content,
        "take": {**asdict(take), "path": take.path.suffix, "group": ""},
    }
    key |= _sounding(settings) if is_midi(take.path) else {"sample_rate": settings.sample_rate}  # audio is not rendered
    # Plain values, as in JSON: what is remembered does not depend on these classes.
    figures, seconds, remarks, strikes, (drums, programs, pedals) = cache.remembered(
        "figures", key, lambda: _measure(take, settings), _is_measured
    )
    return Measured(
        {name: figure if isinstance(figure, float) else Missing(figure) for name, figure in figures.items()},
        seconds,
        tuple(remarks),
        strikes,
        LeftOut(drums, tuple(programs), pedals),
    )


def _is_measured(found: Any) -> bool:
    """Whether it is what `_measure` gives, as JSON keeps it."""
    match found:
        case [dict(figures), float() | int(), list(remarks), str(), [int(), list(programs), int()]]:
            if not all(isinstance(one, int) for one in programs):
                return False
            known = set(figures) <= set(METRICS) and all(isinstance(one, float | str) for one in figures.values())
            return known and all(isinstance(one, str) for one in remarks)
    return False


@dataclass(frozen=True, eq=False)
class Measurements:
    """values : `COLUMNS`, one row per value
    pieces : `PIECES`, a row a file, in the same order; its last column, the notes, is for `comparison.copies` and too
        long to be written
    """

    values: "pd.DataFrame"
    pieces: "pd.DataFrame"


def measure_systems(
    systems: Mapping[str, Sequence[Path | MeasurementInput]],
    settings: RenderSettings = RenderSettings(),
    progress: Callable[[Path], object] | None = None,
    workers: int | None = None,
    cluster: str | None = None,
) -> Measurements:
    """Every figure of every file of every system, measured in `workers` processes (all cores) or on a Dask `cluster`.

    progress : called with each file when it is done, in the order of the systems and their files

    A piece is called as its file without the suffix, made unique within the system. The figures of a file that cannot
    be read are missing, with that reason. What was measured before is not measured again (`cache`).

    Raises `NothingUsableError` for a system of which no file can be read. A script calls this under
    `if __name__ == "__main__":`, as it must for anything that starts processes.
    """
    import pandas as pd  # not needed, and slow to load, in the processes that measure

    pieces = [
        (system, take, name)
        for system, named in systems.items()
        for take, name in zip(map(_take, named), unique_names([_take(one).path for one in named]), strict=True)
    ]
    if any(is_midi(take.path) for _, take, _ in pieces):
        describe(settings)  # a missing library or SoundFont is known before the first process starts
    rows: list[tuple[str, str, str, float, str, str]] = []
    about: list[tuple[object, ...]] = []
    strikes: list[str] = []
    unreadable: dict[str, list[str]] = {system: [] for system in systems}
    work = partial(measure_take, settings=settings)
    results = over_files(work, [take for _, take, _ in pieces], workers, cluster)
    for done, ((system, take, name), (_, measured)) in enumerate(zip(pieces, results, strict=True), start=1):
        rejected = ""
        if isinstance(measured, UnreadableFileError):
            unreadable[system].append(str(measured))
            rejected = measured.reason
            measured = Measured(dict.fromkeys(METRICS, Missing(rejected)), np.nan)
        rows.extend((system, name, *row) for row in _rows(measured.values))
        group = take.group or readable(take.path)
        remarks = "; ".join(measured.remarks)
        beside = as_columns(measured.left_out).values()
        about.append((system, name, readable(take.path), group, measured.seconds, remarks, rejected, *beside))
        strikes.append(measured.strikes)
        if progress:
            progress(take.path)
        if done % TRIMMED == 0:
            cache.trim()
    cache.trim()
    for system, reasons in unreadable.items():
        if len(reasons) == len(systems[system]):
            raise NothingUsableError(f"{system} has no file that can be measured: {'; '.join(reasons) or 'none given'}")
    table = pd.DataFrame(about, columns=list(PIECES[:-1])).assign(strikes=strikes)
    return Measurements(pd.DataFrame(rows, columns=list(COLUMNS)), table)


def left_out(measured: Measurements, systems: Iterable[str] | None = None) -> list[str]:
    """What the notes of each system, or of these, leave out of its files: a line each, where it is anything."""
    pieces = measured.pieces
    said = {
        str(system): sentence(from_columns(own))
        for system, own in pieces.groupby("system", sort=False)
        if systems is None or system in set(systems)
    }
    return [f"{system}: {words}" for system, words in said.items() if words]


def _take(path: Path | MeasurementInput) -> MeasurementInput:
    return path if isinstance(path, MeasurementInput) else MeasurementInput(Path(path))


def _rows(figures: Mapping[str, MetricValue]) -> Iterator[tuple[str, float, str, str]]:
    for name, figure in figures.items():
        value, note = (np.nan, figure.reason) if isinstance(figure, Missing) else (figure, "")
        yield name, value, METRICS[name].unit, note


def _sounding(settings: RenderSettings) -> dict[str, Any]:
    return {"settings": describe(settings)}


@dataclass(frozen=True, eq=False)
class Performed:
    """How a file sounds as it is taken: (samples, 2) at `rate` Hz, its notes (None: it came as audio), its length in
    seconds without the tail a rendering adds, what was done to the sound, and what the notes leave out of the file."""

    waveform: Waveform
    rate: int
    notes: Notes | None
    seconds: float
    remarks: tuple[str, ...]
    left_out: LeftOut = NOTHING


def perform(take: MeasurementInput, settings: RenderSettings = RenderSettings()) -> Performed:
    """What is measured of a file, and what figures show of it. Raises `UnreadableFileError` with the reason."""
    if not is_midi(take.path):
        sound = heard(take.path, settings)
        waveform = sound.waveform[take.slice(sound.rate)]
        return Performed(waveform, sound.rate, None, len(waveform) / sound.rate, sound.remarks)
    whole = _notes(take)
    notes = take.of(whole)
    stated = take.lasts is not None and fits(take.lasts, take.silent_from, whole.duration)
    remarks: tuple[str, ...] = (UNFIT,) if take.lasts is not None and not stated else ()
    if not stated:
        take = replace(take, lasts=None)
    lasts = whole.duration if take.lasts is None else take.lasts
    # On the grid a piece may end a frame later; one that is cut ends there, whether something sounds or not.
    seconds = notes.duration if take.lasts is None and take.cut is None else take.part_of(lasts)
    waveform = _padded(rendered(notes, settings), round((seconds + settings.tail) * settings.sample_rate))
    beyond = clipped(waveform)
    if beyond:
        remarks += (f"{beyond} samples beyond full scale",)
    return Performed(waveform, settings.sample_rate, notes, seconds, remarks, whole.left_out)


def _measure(take: MeasurementInput, settings: RenderSettings) -> tuple[Any, ...]:
    """Plain values: figures, seconds, remarks, strikes, and what is left out, as JSON keeps them."""
    sound = perform(take, settings)
    figures = measure_sound(without_tail(sound.waveform, sound.rate, sound.seconds), sound.rate)
    if sound.notes is not None:
        figures |= measure_notes(sound.notes, sound.seconds)
    every = {name: figures.get(name, Missing("audio has no notes")) for name in METRICS}
    plain = {name: one.reason if isinstance(one, Missing) else _finite(one) for name, one in every.items()}
    beside = sound.left_out.drums, sound.left_out.programs, sound.left_out.pedals
    return plain, sound.seconds, sound.remarks, symbolic.struck(sound.notes), beside


def _finite(figure: float) -> float | str:
    return float(figure) if np.isfinite(figure) else "no finite number"


def _notes(take: MeasurementInput) -> Notes:
    """The notes of its file; none where it is known to last without any, for silence is a composition that counts."""
    try:
        return read_notes(take.path)
    except NoNotesError:
        if take.lasts is None:
            raise
        return Notes.of()


def rendered(notes: Notes, settings: RenderSettings) -> Waveform:
    """`render`, or what was rendered of these notes with these settings before. Long music is always rendered."""
    if notes.duration > REMEMBERED:
        return render(notes, settings)
    digest = hashlib.sha256()
    for column in (notes.onset, notes.offset, notes.pitch, notes.velocity):
        digest.update(np.ascontiguousarray(column).tobytes())
    key = {"notes": digest.hexdigest()} | _sounding(settings)
    return cache.remembered("render", key, lambda: render(notes, settings), _is_waveform)


def _is_waveform(found: Any) -> bool:
    return isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2 and found.shape[1] == 2


def _padded(waveform: Waveform, samples: int) -> Waveform:
    """With silence behind it up to so many samples; music that fell silent lasts as long as was asked of it."""
    if len(waveform) >= samples:
        return waveform
    padded = blank((samples, waveform.shape[1]))
    for first, block in blocks(waveform):
        padded[first : first + len(block)] = block
        release(padded)
    return padded
