"""Every metric of a waveform, of notes and of a file.

A metric that does not exist for an input is `Missing` and says why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from clstm.music.events import Metre
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.midi import Notes
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.finding import is_midi
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import mono
from evaluation.audio.render import RenderSettings, describe
from evaluation.measurement import cache
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.performance import perform, without_tail
from evaluation.metrics import (
    envelope,
    instruments,
    loudness,
    metre,
    repetition,
    sonogram,
    spectrum,
    structure,
    symbolic,
)
from evaluation.metrics.catalogue import CATALOGUE, METRICS, of_notes
from evaluation.metrics.metric import MetricValue, Missing
from evaluation.metrics.papers import all_papers, mgeval, scape
from evaluation.metrics.papers.reading import Reading
from evaluation.metrics.rms_level import SILENT

CANCELLED = Missing("its channels cancel each other out")


def measure_sound(waveform: Waveform, rate: int) -> dict[str, MetricValue]:
    """Every metric of a waveform, (samples, channels) -1..1: loudness of its channels, the rest of their mean.

    >>> rate = 8000
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * rate) / rate)
    >>> values = measure_sound(np.stack([tone, tone], axis=1).astype(np.float32), rate)
    >>> round(values["centroid"]), round(values["mean_level"], 1), values["fluctuation_rate"]
    (440, -9.0, Missing(reason='its level does not fluctuate'))
    """
    single = mono(waveform)
    of_mean = {
        **envelope.measure(single, rate),
        **spectrum.measure(single, rate),
        **sonogram.measure(single, rate),
        **structure.measure(single, rate),
        **scape.measure(single, rate),
    }
    of_channels = loudness.measure(waveform, rate)
    if of_channels["true_peak"] != SILENT:  # the channels sound, and yet their mean does not
        of_mean = {name: CANCELLED if value == SILENT else value for name, value in of_mean.items()}
    return of_channels | of_mean


def measure_notes(
    notes: Notes, seconds: float | None = None, drums: Notes | None = None, beats: Metre | None = None
) -> dict[str, MetricValue]:
    """Every metric of notes that last `seconds`, or to the end of the last note.

    drums, beats : the drums beside them, and the metre that their file states, where these are known

    >>> values = measure_notes(Notes.of([(0.0, 1.0, 60, 80), (0.0, 1.0, 64, 80), (1.0, 2.0, 67, 80)]))
    >>> values["polyphony"], values["pitch_range"], values["note_density"]
    (1.5, 7.0, 1.5)
    """
    return _measure_notes(notes, seconds, drums, beats)[0]


def _measure_notes(
    notes: Notes, seconds: float | None, drums: Notes | None, beats: Metre | None
) -> tuple[dict[str, MetricValue], mgeval.Vectors]:
    """Every metric of notes, and the features of them that are arrays."""
    struck = Notes.of() if drums is None else drums
    whole = max(notes.duration, struck.duration) if seconds is None else seconds
    beatless = metre.beatless(notes, struck, beats, whole)
    read = Reading.of(notes, drums, beats, whole, beatless)
    values = {
        **symbolic.measure(notes, seconds),
        **repetition.measure(notes, seconds),
        **instruments.measure(notes, drums, seconds),
        **metre.measure_told(notes, struck, beats, whole, beatless),
        **all_papers.measure(read),
    }
    return values, mgeval.vectors(read)


def measure_file(path: Path | MeasurementInput, settings: RenderSettings = RenderSettings()) -> dict[str, float | None]:
    """Every metric of a MIDI or audio file, in the order of `METRICS`; None where it does not exist.

    Raises `UnreadableFileError` with the reason.
    """
    given = path if isinstance(path, MeasurementInput) else MeasurementInput(Path(path))
    values = measure_input(given, settings).values
    return {name: None if isinstance(value, Missing) else value for name, value in values.items()}


@dataclass(frozen=True)
class Measured:
    """What is measured of one file.

    values : by the names of `METRICS`
    seconds : its length
    remarks : what was done to its sound
    vectors : features of its notes that are arrays, by the names of `evaluation.metrics.papers.mgeval.VECTORS`
    strikes : its notes, as `evaluation.metrics.symbolic.struck` writes them
    left_out : what the part of the file that is measured contains besides the notes measured
    """

    values: dict[str, MetricValue]
    seconds: float
    remarks: tuple[str, ...] = ()
    strikes: str = ""
    left_out: LeftOut = NOTHING
    vectors: mgeval.Vectors = field(default_factory=dict)


def measure_input(given: MeasurementInput, settings: RenderSettings = RenderSettings()) -> Measured:
    """Measure a file, or read what was measured before from the cache. Raises `UnreadableFileError` with the reason."""
    if given.unfit:
        raise UnreadableFileError(given.path, given.unfit)
    key = {"catalogue": CATALOGUE, **identity(given, settings)}
    # Plain values, as in JSON: what the cache holds does not depend on these classes.
    values, seconds, remarks, strikes, (drums, programs, pedals), vectors = cache.remembered(
        "values", key, lambda: _measure(given, settings), _is_measured
    )
    return Measured(
        {name: value if isinstance(value, float) else Missing(value) for name, value in values.items()},
        seconds,
        tuple(remarks),
        strikes,
        LeftOut(drums, tuple(programs), pedals),
        vectors,
    )


def identity(given: MeasurementInput, settings: RenderSettings) -> dict[str, Any]:
    """What the sound and notes of an input depend on, for a key of the cache: the content of its file, not its name.

    Raises `UnreadableFileError` for a file that cannot be opened.
    """
    try:
        content = cache.sha256(given.path)
    except OSError as error:
        raise UnreadableFileError(given.path, f"cannot be opened ({error.strerror or error})") from error
    about = {**asdict(given), "path": given.path.suffix, "group": ""}
    del about["unfit"], about["replicate"]  # the one says why there is nothing to remember, the other changes no value
    key: dict[str, Any] = {"content": content, "input": about}
    if given.notes_only:
        pass  # no setting of the sound plays a part
    elif is_midi(given.path):
        key["settings"] = describe(settings)
    else:  # audio is not rendered
        key["sample_rate"] = settings.sample_rate
    return key


def _is_measured(found: Any) -> bool:
    """Whether it is what `_measure` returns, as JSON keeps it."""
    match found:
        case [dict(values), float() | int(), list(remarks), str(), [int(), list(programs), int()], dict(vectors)]:
            if not all(isinstance(one, int) for one in programs) or not set(vectors) <= set(mgeval.VECTORS):
                return False
            known = set(values) <= set(METRICS) and all(isinstance(one, float | str) for one in values.values())
            return known and all(isinstance(one, str) for one in remarks)
    return False


def _measure(given: MeasurementInput, settings: RenderSettings) -> tuple[Any, ...]:
    """Values, seconds, remarks, strikes, what is left out, and vectors, as plain values that JSON can hold."""
    sound = perform(given, settings)
    values: dict[str, MetricValue] = {}
    if not given.notes_only:
        values |= measure_sound(without_tail(sound.waveform, sound.rate, sound.seconds), sound.rate)
    vectors: mgeval.Vectors = {}
    if sound.notes is not None:
        of_notes, vectors = _measure_notes(sound.notes, sound.seconds, sound.drums, sound.metre)
        values |= of_notes
    wanted, found = measured_of(given), complete(values)
    every = {name: _plain(found[name]) for name in wanted}
    left_out = sound.left_out.drums, sound.left_out.programs, sound.left_out.pedals
    return every, sound.seconds, sound.remarks, symbolic.struck(sound.notes), left_out, vectors


def measured_of(given: MeasurementInput) -> list[str]:
    """The metrics that are measured of an input: all, or those of notes alone, in the order of `METRICS`.

    >>> len(measured_of(MeasurementInput(Path("a.mid")))) == len(METRICS)
    True
    >>> "centroid" in measured_of(MeasurementInput(Path("a.mid"), notes_only=True))
    False
    """
    return [name for name in METRICS if not given.notes_only or of_notes(name)]


def complete(values: Mapping[str, MetricValue]) -> dict[str, MetricValue]:
    """The values in the order of `METRICS`; those of notes are missing where only sound was measured."""
    return {name: values.get(name, Missing("audio has no notes")) for name in METRICS}


def _plain(value: MetricValue) -> float | str:
    if isinstance(value, Missing):
        return value.reason
    return float(value) if np.isfinite(value) else "no finite number"
