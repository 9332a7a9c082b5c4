"""What the figures draw of one song: small arrays, made once from its waveform and notes.

A page shows a song some hundred points wide, so the waveform, spectrum and sonogram are reduced here to what print can
resolve: peaks stay peaks (the waveform keeps both extremes, the spectrum the largest value of a bin). What is left is
a few hundred kilobytes, cheap to send back from the process that rendered the song.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE, encode
from evaluation.audio.files import mono
from evaluation.audio.render import RenderSettings
from evaluation.figures.palette import SYSTEMS
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.performance import perform, without_tail
from evaluation.metrics import envelope, rms_level, sonogram, spectrum, structure
from evaluation.metrics.metric import MetricValue

EXCERPT = 15.0  # seconds of the score matrix: beyond, single frames can no longer be seen
COLUMNS = 700  # of a waveform
SONOGRAM_CELLS = (200, 400)  # rows and columns at most: what a panel's pixels can show
HIGHEST_HZ = 5000.0  # of spectrum and sonogram, as in the paper's Figures 4 and 5
SPECTRUM_BIN_HZ = 10.0
MOMENTS = 200  # rows of a self-similarity matrix at most

_MEASURED = (*envelope.METRICS, *spectrum.METRICS, *sonogram.METRICS, *structure.METRICS)

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class DrawnPiece:
    """One song as drawn: its name, its colour and its arrays. Times in seconds from its beginning.

    seconds : how much of it is drawn, at least a frame of the score matrix
    extremes : (columns, 2) lowest and highest sample, -1..1, in equal slices of `seconds`
    level : (frames,) dBFS, the RMS envelope at `level_times`
    spectrum : (bins,) dB at `spectrum_hz`, 0..5 kHz
    sonogram : (rows, columns) dB; rows from 0 to `sonogram_hz`, columns over `seconds`
    similarity : (moments, moments) 0..1, how alike its moments sound; rows and columns over `seconds`
    values : what `evaluation` measures of just what is drawn, a rendering's tail left out, by the names of
        `evaluation.metrics.catalogue.METRICS`
    matrix : (156, frames) its score matrix, the first 15 s; None for a song without notes, one that came as audio
    notes : those within `seconds`; None likewise
    """

    name: str
    title: str
    colour: str
    seconds: float
    extremes: Array
    level_times: Array
    level: Array
    spectrum_hz: Array
    spectrum: Array
    sonogram_hz: float
    sonogram: Array
    similarity: Array
    values: dict[str, MetricValue]
    matrix: NDArray[np.uint8] | None = None
    notes: Notes | None = None


def read_song(
    path: Path | str, name: str = "", colour: str = SYSTEMS[0], settings: RenderSettings = RenderSettings()
) -> DrawnPiece:
    """A MIDI or audio file as it is drawn, whole. Raises `UnreadableFileError` with the reason.

    name : in figures; its file's name by default
    """
    path = Path(path)
    sound = perform(MeasurementInput(path), settings)
    return song(name or path.stem, path.stem, colour, mono(sound.waveform), sound.rate, sound.notes)


def song(
    name: str,
    title: str,
    colour: str,
    waveform: Array,
    rate: int,
    notes: Notes | None,
    values: Mapping[str, MetricValue] | None = None,
) -> DrawnPiece:
    """The drawn arrays of a mono waveform, (samples,) -1..1, and of the notes it was rendered from, if any.

    values : what was measured of all that is drawn; measured here without them
    """
    seconds = max(len(waveform) / rate, 1 / FRAME_RATE)
    level_times, level = rms_level.rms_envelope(waveform, rate)
    spectrum_hz, magnitudes = _binned(*spectrum.magnitude_spectrum(waveform, rate))
    sonogram_hz, _, decibels = sonogram.sonogram(waveform, rate)
    rows = sonogram_hz <= HIGHEST_HZ
    _, similarity = structure.self_similarity_matrix(waveform, rate)
    return DrawnPiece(
        name=name,
        title=title,
        colour=colour,
        seconds=seconds,
        extremes=extremes(waveform),
        level_times=pooled(level_times, COLUMNS),
        level=pooled_level(level, COLUMNS),
        spectrum_hz=spectrum_hz,
        spectrum=magnitudes,
        sonogram_hz=float(sonogram_hz[rows][-1]),
        sonogram=_thinned(decibels[rows]),
        similarity=pooled(pooled(similarity, MOMENTS).T, MOMENTS),
        values=_measured(waveform, rate, notes) if values is None else {name: values[name] for name in _MEASURED},
        matrix=None if notes is None else encode(notes, frames=round(min(seconds, EXCERPT) * FRAME_RATE)),
        notes=None if notes is None else notes.between(0.0, seconds),
    )


def _measured(waveform: Array, rate: int, notes: Notes | None) -> dict[str, MetricValue]:
    piece = waveform if notes is None else without_tail(waveform, rate, min(len(waveform) / rate, notes.duration))
    return {
        **envelope.measure(piece, rate),
        **spectrum.measure(piece, rate),
        **sonogram.measure(piece, rate),
        **structure.measure(piece, rate),
    }


def extremes(waveform: Array, columns: int = COLUMNS) -> Array:
    """Lowest and highest sample in `columns` equal slices of a waveform, (columns, 2); fewer for fewer samples.

    >>> extremes(np.array([0.0, 1.0, -1.0, 0.5]), columns=2).tolist()
    [[0.0, 1.0], [-1.0, 0.5]]
    """
    starts = _slices(len(waveform), columns)
    return np.stack([np.minimum.reduceat(waveform, starts), np.maximum.reduceat(waveform, starts)], axis=1)


def _binned(hz: Array, decibels: Array) -> tuple[Array, Array]:
    """The largest value in each 10 Hz of 0..5 kHz, at the middle of the bin; bins without a value are left out."""
    inside = hz < HIGHEST_HZ
    number = (hz[inside] / SPECTRUM_BIN_HZ).astype(np.int64)
    bins, starts = np.unique(number, return_index=True)
    return (bins + 0.5) * SPECTRUM_BIN_HZ, np.maximum.reduceat(decibels[inside], starts)


def _thinned(sonogram: Array) -> Array:
    """At most `SONOGRAM_CELLS`, each the mean energy of those it replaces."""
    rows, columns = SONOGRAM_CELLS
    return pooled_level(pooled_level(sonogram, columns).T, rows).T


def pooled_level(decibels: Array, cells: int) -> Array:
    """The mean energy, in dB, of `cells` equal slices along the last axis."""
    return 10 * np.log10(pooled(10 ** (decibels / 10), cells))


def pooled(values: Array, cells: int) -> Array:
    """The mean of `cells` equal slices along the last axis."""
    starts = _slices(values.shape[-1], cells)
    return np.add.reduceat(values, starts, axis=-1) / np.diff(np.append(starts, values.shape[-1]))


def _slices(length: int, columns: int) -> NDArray[np.int64]:
    """The first index of each of `columns` equal slices of `length` items; fewer for fewer items."""
    columns = min(columns, length)
    return np.arange(columns) * length // columns
