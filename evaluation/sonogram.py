"""The sonogram: how the frequencies change over time (the paper's Figure 5).

A short-time Fourier transform with Hann windows of about 93 ms (4,096 samples at 44.1 kHz), in dB re full scale: a sine
of amplitude 1 in the middle of a bin reads 0 dB.

Spectral change is the share of the magnitude that is not the same from one eighth of a second (a frame of the score
matrix) to the next:

    change = sum |X[t+1] - X[t]| / sum (X[t+1] + X[t]),    0 nothing changes .. 1 everything does

(the dissimilarity of Bray & Curtis 1957, over all frames and bins). It is taken over all frequencies, below 1 kHz and
above. "The low frequency is responsible for the rhythm while the high frequency is responsible for the melody": in the
paper's words the highs change most; the ratio of the two says by how much.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.score import FRAME_RATE
from evaluation.missing import Figure, Missing

WINDOW = 0.093  # s, then the nearest power of two in samples
FLOOR = -120.0  # dB
SPLIT = 1000.0  # Hz

_NOTHING = 1e-4  # share of the magnitude below which a band holds rounding and leakage only

Array = NDArray[np.floating]


def magnitudes(waveform: Array, rate: int, hop_seconds: float) -> tuple[Array, Array, Array]:
    """Frequencies, (bins,) Hz, times of the windows' middles, (frames,) s, and magnitudes, (bins, frames) float32.

    The first window begins with the waveform, (samples,); the last may reach beyond its end.
    """
    from scipy.fft import rfft, rfftfreq
    from scipy.signal import get_window

    size = 2 ** round(np.log2(WINDOW * rate))
    starts = np.round(np.arange(max(np.ceil(len(waveform) / rate / hop_seconds), 1)) * hop_seconds * rate).astype(int)
    window = get_window("hann", size).astype(np.float32)
    window *= 2 / window.sum()
    padded = np.zeros(starts[-1] + size, dtype=np.float32)
    padded[: len(waveform)] = waveform[: len(padded)]
    views = np.lib.stride_tricks.sliding_window_view(padded, size)
    result = np.empty((size // 2 + 1, len(starts)), dtype=np.float32)
    for first in range(0, len(starts), 256):  # some frames at a time: all of an hour would not fit in memory
        part = views[starts[first : first + 256]] * window
        result[:, first : first + 256] = np.abs(rfft(part, axis=1)).T
    return rfftfreq(size, 1 / rate), (starts + size / 2) / rate, result


def sonogram(waveform: Array, rate: int, hop_seconds: float = 0.025) -> tuple[Array, Array, Array]:
    """Frequencies, (bins,) Hz, times, (frames,) s, and levels, (bins, frames) dB re full scale, at least `FLOOR`."""
    frequency, times, magnitude = magnitudes(waveform, rate, hop_seconds)
    return frequency, times, 20 * np.log10(np.maximum(magnitude, 10 ** (FLOOR / 20)))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """The figures of the sonogram of a waveform, (samples,)."""
    frequency, _, magnitude = magnitudes(waveform, rate, 1 / FRAME_RATE)
    low = frequency < SPLIT
    total = float(magnitude.sum())
    change: dict[str, Figure] = {
        "spectral_change": spectral_change(magnitude, total),
        "change_below_1000_hz": spectral_change(magnitude[low], total),
        "change_above_1000_hz": spectral_change(magnitude[~low], total),
    }
    change["change_ratio"] = _ratio(change["change_above_1000_hz"], change["change_below_1000_hz"])
    return change


def spectral_change(magnitude: Array, total: float) -> Figure:
    """The share of the magnitude, (bins, frames), that changes from frame to frame; `total` is that of all bins."""
    if not total:
        return Missing("silent")
    if magnitude.shape[1] < 2:
        return Missing("one frame only")
    if magnitude.sum() < _NOTHING * total:
        return Missing("nothing sounds in this band")
    before, after = magnitude[:, :-1], magnitude[:, 1:]
    return float(np.abs(after - before).sum(dtype=np.float64) / (after + before).sum(dtype=np.float64))


def _ratio(high: Figure, low: Figure) -> Figure:
    for part in (high, low):
        if isinstance(part, Missing):
            return part
    if not low:
        return Missing("nothing changes below 1 kHz")
    return float(high / low)  # type: ignore[operator]
