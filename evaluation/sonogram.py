"""The sonogram: how the frequencies change over time (the paper's Figure 5).

A short-time Fourier transform with Hann windows of about 93 ms (4,096 samples at 44.1 kHz), scaled so that a sine of
amplitude 1 in the middle of a bin reads 1, or 0 dB re full scale.

Spectral change is the share of the magnitude X that is another one an eighth of a second (a frame of the score matrix)
later:

    change = sum |X[t+1] - X[t]| / sum (X[t+1] + X[t])        over all t and bins; 0 nothing changes, 1 everything does

the dissimilarity of Bray & Curtis (1957). White noise has 1 - 1/sqrt(2) = 0.29. Taken below and above 1 kHz it says how
much of the paper's "rhythm" and "melody" there is, and the ratio of the two which changes more.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.score import FRAME_RATE
from evaluation.metric import Figure, Metric, Missing

HOP = 0.025  # s
WINDOW = 0.093  # s; in samples the nearest power of two
FLOOR = -120.0  # dB re full scale
SPLIT = 1000.0  # Hz, between low and high
LEAKAGE = 1e-4  # a band with less than this share of the magnitude holds leakage and rounding only

METRICS = {
    "spectral_change": Metric(
        "Spectral change",
        "share",
        "Share of the spectral magnitude that changes from one eighth of a second to the next.",
        "sonogram",
        "hardly changes with time (LSTM)",
    ),
    "change_below_1000_hz": Metric(
        "Change below 1 kHz",
        "share",
        "Spectral change of the frequencies below 1 kHz.",
        "sonogram",
        "the low frequency is responsible for the rhythm",
    ),
    "change_above_1000_hz": Metric(
        "Change above 1 kHz",
        "share",
        "Spectral change of the frequencies from 1 kHz.",
        "sonogram",
        "the high frequency is responsible for the melody",
    ),
    "change_ratio": Metric(
        "Change above over below 1 kHz",
        "",
        "Spectral change of the frequencies from 1 kHz over that of those below.",
        "sonogram",
        "mainly come from the changes in the high-frequency component (sample and C-LSTM)",
    ),
}

Array = NDArray[np.floating]

_AT_ONCE = 256  # frames; the windows of an hour would not fit in memory


def magnitudes(waveform: Array, rate: int, hop_seconds: float) -> tuple[Array, Array, Array]:
    """The short-time spectrum of a waveform, (samples,) -1..1.

    returns frequencies, (bins,) Hz, the middles of the windows, (frames,) s, and magnitudes, (bins, frames). The first
    window begins at 0 and all lie within the waveform; one shorter than a window is one frame, padded with silence.
    """
    from scipy.fft import rfft, rfftfreq
    from scipy.signal import get_window

    size = 2 ** round(np.log2(WINDOW * rate))
    window = get_window("hann", size).astype(np.float32)
    window *= 2 / window.sum()
    padded = np.pad(np.asarray(waveform, dtype=np.float32), (0, max(size - len(waveform), 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)
    frames = int((len(padded) - size) / (hop_seconds * rate)) + 1
    starts = np.round(np.arange(frames) * hop_seconds * rate).astype(np.int64)
    magnitude = np.empty((size // 2 + 1, frames), dtype=np.float32)
    for first in range(0, frames, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        magnitude[:, part] = np.abs(rfft(windows[starts[part]] * window, axis=1)).T
    return rfftfreq(size, 1 / rate), (starts + size / 2) / rate, magnitude


def sonogram(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array, Array]:
    """Frequencies, (bins,) Hz, times, (frames,) s, and levels, (bins, frames) dB re full scale and at least `FLOOR`."""
    frequency, times, magnitude = magnitudes(waveform, rate, hop_seconds)
    level = 20 * np.log10(np.maximum(magnitude, np.finfo(np.float32).tiny))
    return frequency, times, np.maximum(level, FLOOR)


def spectral_change(magnitude: Array) -> float:
    """The share of the magnitude, (bins, frames) with two frames or more and not all 0, that changes; 0..1."""
    before, after = magnitude[:, :-1], magnitude[:, 1:]
    return float(np.abs(after - before).sum(dtype=np.float64) / (after + before).sum(dtype=np.float64))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Every figure of the sonogram of a waveform, (samples,) -1..1."""
    frequency, _, magnitude = magnitudes(waveform, rate, 1 / FRAME_RATE)
    if not magnitude.any():
        return dict.fromkeys(METRICS, Missing("silent"))
    if magnitude.shape[1] < 2:
        return dict.fromkeys(METRICS, Missing("too short for two windows an eighth of a second apart"))
    low, high = magnitude[frequency < SPLIT], magnitude[frequency >= SPLIT]
    below, above = _band_change(low, magnitude, "below"), _band_change(high, magnitude, "above")
    return {
        "spectral_change": spectral_change(magnitude),
        "change_below_1000_hz": below,
        "change_above_1000_hz": above,
        "change_ratio": _ratio(above, below),
    }


def _band_change(band: Array, magnitude: Array, where: str) -> Figure:
    if band.sum() < LEAKAGE * magnitude.sum():
        return Missing(f"nothing sounds {where} {SPLIT / 1000:g} kHz")
    return spectral_change(band)


def _ratio(above: Figure, below: Figure) -> Figure:
    if isinstance(above, Missing):
        return above
    if isinstance(below, Missing):
        return below
    return above / below if below else Missing("nothing changes below 1 kHz")
