"""The frequency domain: which frequencies the music is made of (the paper's Figure 4).

One spectrum for a whole piece: the power spectra of Hann windows of about 0.37 s (16,384 samples at 44.1 kHz), half
overlapping, averaged (Welch 1967). It is scaled so that a sine of amplitude 1 in the middle of a bin reads 1, or 0 dB
re full scale. Shares, rolloff and centroid are of energy: of this power spectrum.

Evenness takes "uniformly distributed in 0-1 kHz" at its word: the entropy of the energy in twenty bands of 50 Hz over
its largest value, log 20. 1: all bands hold the same; 0: one band holds all.
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.metric import Figure, Metric, Missing

WINDOW = 0.37  # s; in samples the nearest power of two
FLOOR = -160.0  # dB re full scale
EVEN_BELOW = 1000.0  # Hz
EVEN_BANDS = 20

METRICS = {
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
        "most of them are concentrated below 1.3 kHz (LSTM)",
    ),
    "rolloff_85": Metric("Rolloff 85 %", "Hz", "Frequency below which 85 % of the energy lies.", "spectrum"),
    "rolloff_95": Metric(
        "Rolloff 95 %",
        "Hz",
        "Frequency below which 95 % of the energy lies.",
        "spectrum",
        "some high frequencies also have large amplitudes",
    ),
    "centroid": Metric("Centroid", "Hz", "Mean frequency, weighted by energy.", "spectrum"),
    "evenness": Metric(
        "Evenness below 1 kHz",
        "",
        "Entropy of the energy in twenty bands of 50 Hz over its largest value: 1 is uniform.",
        "spectrum",
        "uniformly distributed in 0-1 kHz",
    ),
}

Array = NDArray[np.floating]


def power_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Frequencies, (bins,) Hz, and mean power, (bins,), of a waveform, (samples,) -1..1."""
    from scipy.signal import welch

    size = 2 ** round(np.log2(WINDOW * rate))
    frequency, mean_square = welch(
        waveform, rate, nperseg=min(size, len(waveform)), nfft=size, detrend=False, scaling="spectrum"
    )
    return frequency, 2 * mean_square.astype(np.float64)  # a sine's mean square is half its squared amplitude


def magnitude_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Frequencies, (bins,) Hz, and magnitudes, (bins,) dB re full scale, at least `FLOOR`; of (samples,) -1..1."""
    frequency, power = power_spectrum(waveform, rate)
    return frequency, 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))


def energy_below(limit: float, frequency: Array, power: Array) -> float:
    """Share of the energy below `limit` Hz, 0..1."""
    return float(power[frequency < limit].sum() / power.sum())


def rolloff(share: float, frequency: Array, power: Array) -> float:
    """The lowest frequency at or below which `share` of the energy lies, Hz."""
    cumulative = np.cumsum(power)
    return float(frequency[np.searchsorted(cumulative, share * cumulative[-1])])


def centroid(frequency: Array, power: Array) -> float:
    """Mean frequency weighted by energy, Hz."""
    return float((frequency * power).sum() / power.sum())


def evenness(frequency: Array, power: Array) -> Figure:
    """How evenly the energy below 1 kHz is spread over twenty bands of 50 Hz, 0..1."""
    energy, _ = np.histogram(frequency, EVEN_BANDS, (0, EVEN_BELOW), weights=power)
    if not energy.any():
        return Missing("nothing sounds below 1 kHz")
    share = energy[energy > 0] / energy.sum()
    return float(abs((share * np.log(share)).sum()) / np.log(EVEN_BANDS))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Every figure of the frequency domain of a waveform, (samples,) -1..1."""
    frequency, power = power_spectrum(waveform, rate)
    if not power.any():
        return dict.fromkeys(METRICS, Missing("silent"))
    return {
        "energy_below_1000_hz": energy_below(1000, frequency, power),
        "energy_below_1200_hz": energy_below(1200, frequency, power),
        "energy_below_1300_hz": energy_below(1300, frequency, power),
        "rolloff_85": rolloff(0.85, frequency, power),
        "rolloff_95": rolloff(0.95, frequency, power),
        "centroid": centroid(frequency, power),
        "evenness": evenness(frequency, power),
    }
