"""Loudness as listeners hear it (ITU-R BS.1770, EBU R 128) and the peak between the samples.

Both take (samples,) or (samples, channels), one or two channels.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from evaluation.missing import Figure, Missing

BLOCK = 0.4  # s: BS.1770's gating block; what is shorter has no integrated loudness
OVERSAMPLING = 4  # BS.1770 annex 2

Array = NDArray[np.floating]


def integrated_loudness(waveform: Array, rate: int) -> float | None:
    """Loudness of the whole, LUFS. None when shorter than 0.4 s, or silent (no block above the gate at -70 LUFS)."""
    import pyloudnorm

    if len(waveform) < BLOCK * rate:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = float(pyloudnorm.Meter(rate).integrated_loudness(waveform))
    return value if np.isfinite(value) else None


def true_peak(waveform: Array, rate: int) -> float | None:
    """The highest peak of the signal between its samples, dBTP, by four-fold oversampling. None when silent."""
    from scipy.signal import resample_poly

    peak = float(np.abs(waveform).max(initial=0.0))
    if not peak:
        return None
    between = float(np.abs(resample_poly(waveform, OVERSAMPLING, 1, axis=0)).max())
    return 20 * np.log10(max(peak, between))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Loudness and true peak of a waveform, (samples, channels)."""
    loudness, peak = integrated_loudness(waveform, rate), true_peak(waveform, rate)
    short = len(waveform) < BLOCK * rate
    silent = Missing(f"shorter than {BLOCK:g} s") if short else Missing("silent")
    return {
        "integrated_loudness": silent if loudness is None else loudness,
        "true_peak": Missing("silent") if peak is None else peak,
    }
