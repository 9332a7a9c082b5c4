"""Loudness as listeners hear it (ITU-R BS.1770-4, EBU R 128), and the peak between the samples.

Waveforms are (samples,) or (samples, channels), one or two channels, full scale at -1 and 1.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from evaluation.metric import Figure, Metric, Missing

BLOCK = 0.4  # s: BS.1770 gates blocks of this length
OVERSAMPLING = 4  # BS.1770-4 annex 2, at 44.1 and 48 kHz

METRICS = {
    "integrated_loudness": Metric(
        "Loudness",
        "LUFS",
        "Integrated loudness (ITU-R BS.1770-4).",
        "loudness",
        "its volume is always at a large value",
    ),
    "true_peak": Metric("True peak", "dBTP", "Highest peak, between the samples too (ITU-R BS.1770-4).", "loudness"),
}

Array = NDArray[np.floating]

_BLOCK = 1024  # samples interpolated together
_CONTEXT = 32  # samples on either side: more than half of SciPy's interpolation filter
_REACH = 2.25  # the filter's largest sum of magnitudes: no peak between samples is higher than this over them
_AT_ONCE = 256  # blocks; all of an hour, four times over, would not fit in memory


def integrated_loudness(waveform: Array, rate: int) -> float | None:
    """Loudness of the whole, LUFS. None where there is none: shorter than 0.4 s, or nothing above the gate at -70."""
    import pyloudnorm

    if len(waveform) < BLOCK * rate:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pyloudnorm takes the logarithm of silent blocks
        loudness = float(pyloudnorm.Meter(rate).integrated_loudness(waveform))
    return loudness if np.isfinite(loudness) else None


def true_peak(waveform: Array, rate: int) -> float | None:
    """The highest peak, between the samples too, dBTP; None in silence. Four times as many samples are interpolated."""
    from scipy.signal import resample_poly

    peak = float(np.abs(waveform).max(initial=0.0))
    if not peak:
        return None
    for channel in np.atleast_2d(np.asarray(waveform, dtype=np.float32).T):
        padded = np.pad(channel, (_CONTEXT, _CONTEXT + _BLOCK))
        blocks = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + 2 * _CONTEXT)[::_BLOCK]
        loud = np.flatnonzero(np.maximum(blocks.max(axis=1), -blocks.min(axis=1)) * _REACH > peak)
        for first in range(0, len(loud), _AT_ONCE):
            between = resample_poly(blocks[loud[first : first + _AT_ONCE]], OVERSAMPLING, 1, axis=1)
            inside = between[:, _CONTEXT * OVERSAMPLING : -_CONTEXT * OVERSAMPLING]
            peak = max(peak, float(np.abs(inside).max()))
    return float(20 * np.log10(peak))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Every figure of loudness of a waveform, (samples, channels) -1..1."""
    loudness, peak = integrated_loudness(waveform, rate), true_peak(waveform, rate)
    none = Missing(f"shorter than {BLOCK:g} s" if len(waveform) < BLOCK * rate else "silent")
    return {
        "integrated_loudness": none if loudness is None else loudness,
        "true_peak": Missing("silent") if peak is None else peak,
    }
