"""The time domain: how loud the music is from moment to moment (the paper's Figure 3).

Levels are RMS in dBFS: 0 dBFS is an RMS of 1, so a full-scale sine reads -3.01. Windows quieter than -70 dBFS (the
absolute gate of ITU-R BS.1770) are silence; they count as time, not as level.

"How fast it fluctuates" is the centroid of the modulation spectrum: the power spectrum of the amplitude envelope over
its mean, between 0.25 and 16 Hz. Music has its peak near 2 Hz, speech near 5 Hz (Ding et al., "Temporal modulations in
speech and music", Neuroscience & Biobehavioral Reviews 81, 2017).
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.metric import Figure, Metric, Missing

HOP = 0.025  # s; the windows are two hops long, which takes 4 dB off a modulation of 10 Hz
SILENCE = -70.0  # dBFS
FLOOR = -100.0  # dBFS; what digital silence is drawn as
NEAR = 6.0  # dB
SLOWEST, FASTEST = 0.25, 16.0  # Hz, modulation
STEADY = 0.01  # RMS of the envelope over its mean; 1 % is 0.1 dB, below what is heard

METRICS = {
    "mean_level": Metric("Mean level", "dBFS", "Mean RMS level of the 50 ms windows that are not silent.", "envelope"),
    "level_spread": Metric(
        "Level spread",
        "dB",
        "Standard deviation of the RMS level of the 50 ms windows that are not silent.",
        "envelope",
        "the change in amplitude is very obvious",
    ),
    "level_range": Metric(
        "Level range",
        "dB",
        "From the 5th to the 95th percentile of the RMS level of the 50 ms windows that are not silent.",
        "envelope",
        "the high tide and low tide",
    ),
    "fluctuation_rate": Metric(
        "Fluctuation rate",
        "Hz",
        "Centroid of the modulation spectrum of the amplitude envelope, 0.25 to 16 Hz.",
        "envelope",
        "the faster the music fluctuates, the more expressive it is",
    ),
    "time_near_maximum": Metric(
        "Time near the maximum",
        "share",
        "Share of all 50 ms windows whose RMS level is within 6 dB of the loudest.",
        "envelope",
        "its volume is always at a large value, which may ... lead to hearing fatigue",
    ),
}

Array = NDArray[np.floating]


def rms_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """RMS level in windows of two hops, one every hop.

    waveform : (samples,) -1..1
    returns the middles of the windows, (frames,) s, and their levels, (frames,) dBFS, at least `FLOOR`. What is shorter
    than a window is one frame.
    """
    hop = max(round(hop_seconds * rate), 1)
    hops = max(-(-len(waveform) // hop), 2)
    padded = np.zeros(hops * hop)
    padded[: len(waveform)] = waveform
    energy = np.square(padded).reshape(hops, hop).sum(axis=1)
    # The last hop may be a part: only samples that exist count, or every piece would seem to fade.
    samples = np.clip(len(waveform) - np.arange(hops) * hop, 0, hop)
    square = (energy[:-1] + energy[1:]) / np.maximum(samples[:-1] + samples[1:], 1)
    times = np.arange(1, hops) * hop / rate
    return times, 10 * np.log10(np.maximum(square, 10 ** (FLOOR / 10)))


def fluctuation_rate(level: Array, hop_seconds: float = HOP) -> Figure:
    """Centroid of the modulation spectrum of an envelope, (frames,) dBFS, one frame every `hop_seconds`; Hz."""
    from scipy.signal import welch

    if len(level) * hop_seconds < 1 / SLOWEST:
        return Missing(f"shorter than {1 / SLOWEST:g} s")
    envelope = 10 ** (level / 20)
    two_periods = round(2 / SLOWEST / hop_seconds)
    frequency, power = welch(
        envelope / envelope.mean(), 1 / hop_seconds, nperseg=min(two_periods, len(envelope)), scaling="density"
    )
    band = (frequency >= SLOWEST) & (frequency <= FASTEST)
    frequency, power = frequency[band], power[band]
    if power.sum() * (frequency[1] - frequency[0]) < STEADY**2:
        return Missing("its level does not fluctuate")
    return float((frequency * power).sum() / power.sum())


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Every figure of the time domain of a waveform, (samples,) -1..1."""
    _, level = rms_envelope(waveform, rate)
    sounding = level[level > SILENCE]
    if not len(sounding):
        return dict.fromkeys(METRICS, Missing("silent"))
    low, high = np.percentile(sounding, [5, 95])
    return {
        "mean_level": float(sounding.mean()),
        "level_spread": float(sounding.std()),
        "level_range": float(high - low),
        "fluctuation_rate": fluctuation_rate(level),
        "time_near_maximum": float((level >= level.max() - NEAR).mean()),
    }
