"""The catalogue of figures, and the tables of them.

A figure that does not exist for an input is missing and says why (`Missing`); in a table its value is NaN and the column
`note` holds the reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.errors import NothingUsableError, UnreadableFileError
from clstm.midi import SUFFIXES as MIDI_SUFFIXES
from clstm.midi import Notes, read_midi
from evaluation import envelope, loudness, sonogram, spectrum, symbolic
from evaluation.audio import load, mono
from evaluation.missing import Figure, Missing
from evaluation.render import RenderSettings, render


@dataclass(frozen=True)
class Metric:
    """What a figure is called, its unit ("" for none, "share" 0..1), what it means, and the view it belongs to."""

    label: str
    unit: str
    definition: str
    view: str
    paper: str = ""  # the paper's words that it puts a number to


METRICS: dict[str, Metric] = {
    "integrated_loudness": Metric("Loudness", "LUFS", "Integrated loudness after ITU-R BS.1770.", "loudness"),
    "true_peak": Metric("True peak", "dBTP", "Highest peak between the samples, oversampled four times.", "loudness"),
    "mean_level": Metric("Mean level", "dBFS", "Mean RMS level of the 50 ms windows that sound.", "envelope"),
    "level_spread": Metric(
        "Level spread",
        "dB",
        "Standard deviation of the RMS level of the 50 ms windows that sound.",
        "envelope",
        "very obvious ups and downs",
    ),
    "level_range": Metric(
        "Level range",
        "dB",
        "From the 5th to the 95th percentile of the RMS level.",
        "envelope",
        "high tide and low tide",
    ),
    "fluctuation_rate": Metric(
        "Fluctuation rate",
        "Hz",
        "Centroid of the envelope's modulation spectrum, 0.25 to 16 Hz.",
        "envelope",
        "the faster the music fluctuates, the more expressive it is",
    ),
    "time_near_maximum": Metric(
        "Time near the maximum",
        "share",
        "Share of the time whose RMS level is within 6 dB of the loudest window.",
        "envelope",
        "always at a large value, which may lead to hearing fatigue",
    ),
    "energy_below_1000_hz": Metric(
        "Energy below 1 kHz",
        "share",
        "Share of the energy below 1 kHz.",
        "spectrum",
        "mainly concentrated below 1 kHz (sample)",
    ),
    "energy_below_1200_hz": Metric(
        "Energy below 1.2 kHz",
        "share",
        "Share of the energy below 1.2 kHz.",
        "spectrum",
        "mostly concentrated below 1.2 kHz (C-LSTM)",
    ),
    "energy_below_1300_hz": Metric(
        "Energy below 1.3 kHz",
        "share",
        "Share of the energy below 1.3 kHz.",
        "spectrum",
        "most of them concentrated below 1.3 kHz (LSTM)",
    ),
    "rolloff_85": Metric("Rolloff 85 %", "Hz", "Frequency below which 85 % of the energy lies.", "spectrum"),
    "rolloff_95": Metric(
        "Rolloff 95 %",
        "Hz",
        "Frequency below which 95 % of the energy lies.",
        "spectrum",
        "high frequencies also have large amplitudes",
    ),
    "centroid": Metric("Centroid", "Hz", "Mean frequency, weighted by energy.", "spectrum"),
    "evenness": Metric(
        "Evenness below 1 kHz",
        "",
        "Entropy of the energy in twenty bands of 50 Hz, over its largest value.",
        "spectrum",
        "uniformly distributed in 0-1 kHz",
    ),
    "spectral_change": Metric(
        "Spectral change",
        "share",
        "Share of the spectral magnitude that changes from one eighth of a second to the next.",
        "sonogram",
        "hardly changes with time (LSTM)",
    ),
    "change_below_1000_hz": Metric(
        "Change below 1 kHz", "share", "Spectral change of the frequencies below 1 kHz.", "sonogram", "the rhythm"
    ),
    "change_above_1000_hz": Metric(
        "Change above 1 kHz", "share", "Spectral change of the frequencies above 1 kHz.", "sonogram", "the melody"
    ),
    "change_ratio": Metric(
        "Change above to below 1 kHz",
        "",
        "Spectral change above 1 kHz over that below.",
        "sonogram",
        "changes mainly come from the high-frequency component",
    ),
    "note_density": Metric("Note density", "notes/s", "Notes a second.", "notes"),
    "polyphony": Metric("Polyphony", "notes", "Mean number of notes sounding while any sounds.", "notes"),
    "pitch_range": Metric("Pitch range", "semitones", "From the lowest to the highest pitch.", "notes"),
    "pitch_class_entropy": Metric("Pitch-class entropy", "bits", "Entropy of the twelve pitch classes.", "notes"),
    "empty_frames": Metric("Empty frames", "share", "Share of eighths of a second in which nothing sounds.", "notes"),
    "note_length": Metric("Note length", "s", "Median length of the notes.", "notes"),
    "inter_onset_interval": Metric("Inter-onset interval", "s", "Median time from one onset to the next.", "notes"),
}


def measure_sound(waveform: NDArray[np.float32], rate: int) -> dict[str, Figure]:
    """Every figure of a waveform, (samples, channels)."""
    single = mono(waveform)
    return {
        **loudness.measure(waveform, rate),
        **envelope.measure(single, rate),
        **spectrum.measure(single, rate),
        **sonogram.measure(single, rate),
    }


def measure_notes(notes: Notes, seconds: float | None = None) -> dict[str, Figure]:
    """Every figure of notes that last `seconds`, or to the end of the last note."""
    return symbolic.measure(notes, seconds)


def measure_file(path: Path, settings: RenderSettings = RenderSettings()) -> dict[str, float | None]:
    """Every figure of a MIDI or audio file; None where it does not exist (audio has no notes).

    Raises `UnreadableFileError` with the reason.
    """
    figures = _figures(Path(path), settings)
    return {name: None if isinstance(figure, Missing) else figure for name, figure in figures.items()}


def measure_systems(
    systems: Mapping[str, Sequence[Path]],
    settings: RenderSettings = RenderSettings(),
    progress: Callable[[Path], object] | None = None,
) -> pd.DataFrame:
    """Every figure of every file: columns system, piece, metric, value, unit, note.

    `progress` is called with each file when it is done. A file that cannot be read has a row a metric, all missing with
    that reason. Raises `NothingUsableError` for a system none of whose files can be read.
    """
    rows = []
    for system, paths in systems.items():
        usable = 0
        for path in map(Path, paths):
            try:
                figures = _figures(path, settings)
                usable += 1
            except UnreadableFileError as error:
                figures = dict.fromkeys(METRICS, Missing(error.reason))
            for name, figure in figures.items():
                missing = isinstance(figure, Missing)
                value, note = (np.nan, figure.reason) if missing else (figure, "")
                rows.append((system, path.stem, name, value, METRICS[name].unit, note))
            if progress:
                progress(path)
        if not usable:
            raise NothingUsableError(f"{system}: none of its {len(paths)} files can be read")
    return pd.DataFrame(rows, columns=["system", "piece", "metric", "value", "unit", "note"])


def _figures(path: Path, settings: RenderSettings) -> dict[str, Figure]:
    if path.suffix.lower() in MIDI_SUFFIXES:
        notes = read_midi(path)
        figures = measure_sound(render(notes, settings), settings.sample_rate) | measure_notes(notes)
    else:
        waveform, rate = load(path, settings)
        figures = measure_sound(waveform, rate)
    return {name: figures.get(name, Missing("audio has no notes")) for name in METRICS}
