"""The frequency domain: which frequencies the music is made of (the paper's Figure 4).

One spectrum for the whole piece: the power spectra of Hann windows of about 0.37 s (16,384 samples at 44.1 kHz), half
overlapping, averaged (Welch 1967). Its magnitude is in dB re full scale: a sine of amplitude 1 in the middle of a bin
reads 0 dB. Shares, rolloff and centroid are of energy, that is of the power spectrum.

Evenness takes the paper's "uniformly distributed in 0-1 kHz" at its word: the entropy of the energy in twenty bands of
50 Hz, over its largest value log 20; 1 when all hold the same, 0 when one holds all.
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.missing import Figure, Missing

WINDOW = 0.37  # s, then the nearest power of two in samples
FLOOR = -160.0  # dB
SHARES = (1000, 1200, 1300)  # Hz: where the paper says sample, C-LSTM and LSTM are concentrated
ROLLOFFS = (0.85, 0.95)
EVEN_BELOW = 1000.0  # Hz
EVEN_BANDS = 20

Array = NDArray[np.floating]


def power_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Frequencies, (bins,) Hz, and mean power per bin, (bins,), scaled so that a sine of amplitude 1 has power 1."""
    from scipy.signal import welch

    size = 2 ** round(np.log2(WINDOW * rate))
    segment = min(size, len(waveform))
    frequency, power = welch(
        waveform, rate, window="hann", nperseg=segment, nfft=size, detrend=False, scaling="spectrum"
    )
    return frequency, 2 * power  # `spectrum` gives the mean square: half the squared amplitude


def magnitude_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """The long-term spectrum of a waveform, (samples,): frequencies, (bins,) Hz, and magnitudes, (bins,) dB re full
    scale, at least `FLOOR`."""
    frequency, power = power_spectrum(waveform, rate)
    return frequency, 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """The figures of the frequency domain of a waveform, (samples,)."""
    frequency, power = power_spectrum(waveform, rate)
    total = power.sum()
    if total == 0:
        names = [f"energy_below_{limit}_hz" for limit in SHARES] + [f"rolloff_{share:.0%}"[:-1] for share in ROLLOFFS]
        return dict.fromkeys([*names, "centroid", "evenness"], Missing("silent"))
    cumulative = np.cumsum(power) / total
    figures: dict[str, Figure] = {}
    for limit in SHARES:
        figures[f"energy_below_{limit}_hz"] = float(power[frequency < limit].sum() / total)
    for share in ROLLOFFS:
        figures[f"rolloff_{round(100 * share)}"] = float(frequency[np.searchsorted(cumulative, share)])
    figures["centroid"] = float((frequency * power).sum() / total)
    figures["evenness"] = evenness(frequency, power)
    return figures


def evenness(frequency: Array, power: Array) -> Figure:
    """How evenly the energy below 1 kHz is spread over twenty bands of 50 Hz, 0..1."""
    energy, _ = np.histogram(frequency, bins=EVEN_BANDS, range=(0, EVEN_BELOW), weights=power)
    if not energy.sum():
        return Missing("nothing sounds below 1 kHz")
    share = energy[energy > 0] / energy.sum()
    return float(-(share * np.log(share)).sum() / np.log(EVEN_BANDS))
