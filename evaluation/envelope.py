"""The time domain: how loud the music is from moment to moment (the paper's Figure 3).

Levels are RMS in dBFS: 0 dBFS is an RMS of 1, so a full-scale sine reads -3.01. Frames quieter than -70 dBFS (the
absolute gate of ITU-R BS.1770) are silence: they have no level in dB, and take part only in the share of time near the
maximum.

The fluctuation rate is the centroid of the modulation spectrum, the power spectrum of the amplitude envelope between
0.25 and 16 Hz; music peaks at about 2 Hz, speech at about 5 Hz (Ding et al., "Temporal modulations in speech and music",
Neuroscience & Biobehavioral Reviews 81, 2017). The 50 ms window of the envelope attenuates 10 Hz by 4 dB.
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.missing import Figure, Missing

SILENCE = -70.0  # dBFS
FLOOR = -100.0  # dBFS: what digital silence is drawn as
NEAR = 6.0  # dB below the maximum
MODULATION = (0.25, 16.0)  # Hz
HOP = 0.025  # s

_STEADY = 1e-3  # depth of modulation below which the level does not fluctuate

Array = NDArray[np.floating]


def rms_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """RMS level in windows of two hops, one every hop.

    waveform : (samples,) -1..1
    returns times of the windows' middles, (frames,) s, and levels, (frames,) dBFS, at least `FLOOR`. What is shorter
    than a window is one frame.
    """
    hop = max(round(hop_seconds * rate), 1)
    blocks = max(-(-len(waveform) // hop), 2)
    padded = np.zeros(blocks * hop, dtype=np.float64)
    padded[: len(waveform)] = waveform
    energy = np.square(padded).reshape(blocks, hop).sum(axis=1)
    # Only the samples that exist count: zeros padded at the end would read as a fade.
    samples = np.clip(len(waveform) - np.arange(blocks) * hop, 0, hop)
    square = (energy[:-1] + energy[1:]) / np.maximum(samples[:-1] + samples[1:], 1)
    times = (np.arange(blocks - 1) + 1) * hop / rate
    return times, 10 * np.log10(np.maximum(square, 10 ** (FLOOR / 10)))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """The figures of the time domain of a waveform, (samples,)."""
    _, level = rms_envelope(waveform, rate)
    sounding = level[level > SILENCE]
    if not len(sounding):
        silent = Missing("silent")
        names = ("mean_level", "level_spread", "level_range", "fluctuation_rate", "time_near_maximum")
        return dict.fromkeys(names, silent)
    low, high = np.percentile(sounding, [5, 95])
    return {
        "mean_level": float(sounding.mean()),
        "level_spread": float(sounding.std()),
        "level_range": float(high - low),
        "fluctuation_rate": fluctuation_rate(level),
        "time_near_maximum": float((level >= level.max() - NEAR).mean()),
    }


def fluctuation_rate(level: Array, hop_seconds: float = HOP) -> Figure:
    """Centroid of the modulation spectrum of levels, (frames,) dBFS; Hz."""
    from scipy.signal import welch

    low, high = MODULATION
    shortest = 2.0
    if len(level) * hop_seconds < shortest:
        return Missing(f"shorter than {shortest:g} s")
    envelope = 10 ** (level / 20)
    envelope = envelope / envelope.mean() - 1
    longest = round(8 / hop_seconds)  # 8 s: two periods of the slowest modulation
    frequency, power = welch(envelope, 1 / hop_seconds, nperseg=min(longest, len(envelope)), detrend="constant")
    band = (frequency >= low) & (frequency <= high)
    if power[band].sum() * (frequency[1] - frequency[0]) < _STEADY**2:
        return Missing("the level does not fluctuate")
    return float((frequency[band] * power[band]).sum() / power[band].sum())
