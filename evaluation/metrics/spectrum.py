"""The frequency domain: which frequencies the music is made of (the paper's Figure 4).

One spectrum for a whole piece: the power spectra of Hann windows of about 0.37 s (16,384 samples at 44.1 kHz), half
overlapping, averaged (Welch 1967). It is scaled so that a sine of amplitude 1 in the middle of a bin reads 1, or 0 dB
re full scale. Every metric is computed from this one power spectrum p(f) of the music (`rms_level`: without DC, and
without the silence before and after it), from all its bins between 0 and half the rate unless stated:

    share, rolloff     of the energy, the sum of p
    centroid, spread   mean and standard deviation of f, weighted by p (Peeters 2004)
    flatness           geometric over arithmetic mean of p (Johnston 1988; Dubnov 2004): 1 noise, near 0 a tone
    entropy            -sum q log q / log(bins), q = p / sum p (Misra et al. 2004): 1 noise, near 0 a tone; up to 5 kHz,
                       so that it does not depend on the rate: a piano has next to nothing above

The average of K independent spectra of white noise has the flatness exp(psi(K) - log K) and the entropy
1 - (psi(K + 1) - log K) / log(bins), with the digamma function psi: 0.56 and 0.95 for K = 1, both 1 for long pieces.
The weakest bins decide flatness. Of a piano, two thirds of the bins up to half the rate are more than 80 dB below the
strongest, and the floor set for them decides between two sets of music (at -80 dB an LSTM's is less flat than people's,
at -100 dB flatter). So flatness uses 50 Hz to 2 kHz, where no bin of 100 pieces was even 60 dB below the strongest; the
floor of 80 dB matters for pure tones only.

Evenness takes "uniformly distributed in 0-1 kHz" at its word: the entropy of the energy in twenty bands of 50 Hz over
its largest value, log 20. 1: all bands hold the same; 0: one band holds all.
"""

import numpy as np

from evaluation.audio.stft import Array, magnitude_blocks, window_starts
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.rms_level import SILENT, music

WINDOW = 16384 / 44100  # s, at every rate
FLOOR = -160.0  # dB re full scale
EVEN_BELOW = 1000.0  # Hz
EVEN_BANDS = 20
FLAT_FROM, FLAT_TO = 50.0, 2000.0  # Hz; where a piano has energy throughout
ENTROPY_TO = 5000.0  # Hz
DEEPEST = 1e-8  # of the strongest bin's power: 80 dB below it

METRICS = {
    "energy_below_1000_hz": Metric(
        "Energy below 1 kHz",
        "share",
        "Share of the long-term power spectrum's energy below 1 kHz.",
        "spectrum",
        "mainly concentrated below 1 kHz",
        since=2,
        sources=(
            "huang2018",
            "welch1967",
        ),
    ),
    "energy_below_1200_hz": Metric(
        "Energy below 1.2 kHz",
        "share",
        "Share of the long-term power spectrum's energy below 1.2 kHz.",
        "spectrum",
        "mostly concentrated below 1.2 kHz",
        since=2,
        sources=(
            "huang2018",
            "welch1967",
        ),
    ),
    "energy_below_1300_hz": Metric(
        "Energy below 1.3 kHz",
        "share",
        "Share of the long-term power spectrum's energy below 1.3 kHz.",
        "spectrum",
        "most of them are concentrated below 1.3 kHz",
        since=2,
        sources=(
            "huang2018",
            "welch1967",
        ),
    ),
    "rolloff_85": Metric(
        "Rolloff 85 % of the long-term power spectrum",
        "Hz",
        "Frequency below which 85 % of the energy lies.",
        "spectrum",
        since=2,
        sources=(
            "peeters2004",
            "welch1967",
        ),
    ),
    "rolloff_95": Metric(
        "Rolloff 95 % of the long-term power spectrum",
        "Hz",
        "Frequency below which 95 % of the energy lies.",
        "spectrum",
        "some high frequencies also have large amplitudes",
        since=2,
        sources=(
            "huang2018",
            "peeters2004",
            "welch1967",
        ),
    ),
    "rolloff_99": Metric(
        "Rolloff 99 % of the long-term power spectrum",
        "Hz",
        "Frequency below which 99 % of the energy lies.",
        "spectrum",
        since=2,
        sources=(
            "peeters2004",
            "welch1967",
        ),
    ),
    "centroid": Metric(
        "Centroid of the long-term power spectrum",
        "Hz",
        "Mean frequency, weighted by energy.",
        "spectrum",
        since=2,
        sources=(
            "peeters2004",
            "welch1967",
        ),
    ),
    "spread": Metric(
        "Spread of the long-term power spectrum",
        "Hz",
        "Standard deviation of frequency, weighted by energy.",
        "spectrum",
        since=2,
        sources=(
            "peeters2004",
            "welch1967",
        ),
    ),
    "flatness": Metric(
        "Flatness of the long-term power spectrum",
        "",
        "Geometric over arithmetic mean of the power from 50 Hz to 2 kHz, no bin less than 80 dB below the strongest: "
        "1 is noise, near 0 a tone.",
        "spectrum",
        since=2,
        sources=(
            "johnston1988",
            "dubnov2004",
            "welch1967",
        ),
    ),
    "spectral_entropy": Metric(
        "Entropy of the long-term power spectrum",
        "",
        "Shannon entropy of the power up to 5 kHz, in bins of about 2.7 Hz, over its largest value: 1 is noise, near 0 "
        "a tone.",
        "spectrum",
        since=2,
        sources=(
            "misra2004",
            "welch1967",
        ),
    ),
    "evenness": Metric(
        "Evenness below 1 kHz",
        "",
        "Entropy of the energy in twenty bands of 50 Hz over its largest value: 1 is uniform.",
        "spectrum",
        "uniformly distributed in 0-1 kHz",
        since=2,
        sources=(
            "huang2018",
            "welch1967",
        ),
    ),
}


def power_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Frequencies, (bins,) Hz, and mean power, (bins,), of a waveform, (samples,) -1..1.

    Scaled so that a sine of amplitude 1 has 1 in its bin: twice what `scipy.signal.welch` gives, and computed in memory
    that does not grow with the waveform. A waveform shorter than a window is one shorter window, padded with silence.

    >>> rate = 44100
    >>> frequency, power = power_spectrum(0.5 * np.sin(2 * np.pi * 100 * rate / 16384 * np.arange(rate) / rate), rate)
    >>> round(float(frequency[power.argmax()]), 1), round(float(power.max()), 3)
    (269.2, 0.25)
    """
    from scipy.fft import rfftfreq

    size = max(2 * round(WINDOW * rate / 2), 2)
    window = min(max(len(waveform), 1), size)
    starts = window_starts(len(waveform), window, window - window // 2)
    power = np.zeros(size // 2 + 1)
    for magnitude in magnitude_blocks(waveform, starts, window, size):
        power += np.square(magnitude).sum(axis=0, dtype=np.float64)
    power /= len(starts)
    power[[0, -1]] /= 2  # these two have no negative frequency that would hold the other half
    return rfftfreq(size, 1 / rate), power


def magnitude_spectrum(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Frequencies, (bins,) Hz, and magnitudes, (bins,) dB re full scale, at least `FLOOR`; of (samples,) -1..1.

    >>> frequency, level = magnitude_spectrum(0.1 * np.sin(2 * np.pi * 269 * np.arange(44100) / 44100), 44100)
    >>> round(frequency[level.argmax()]), round(level.max())
    (269, -20)
    """
    frequency, power = power_spectrum(waveform, rate)
    return frequency, 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))


def energy_below(limit: float, frequency: Array, power: Array) -> float:
    """Share of the energy below `limit` Hz, 0..1.

    frequency, power : (bins,), as `power_spectrum` gives them, with some energy; also in the functions below

    >>> energy_below(1000, np.array([500.0, 1000.0, 1500.0]), np.array([3.0, 1.0, 0.0]))
    0.75
    """
    return float(power[frequency < limit].sum() / power.sum())


def rolloff(share: float, frequency: Array, power: Array) -> float:
    """The lowest frequency at or below which `share` (0..1) of the energy lies, Hz.

    >>> rolloff(0.85, np.array([0.0, 100.0, 200.0, 300.0]), np.array([0.0, 8.0, 1.0, 1.0]))
    200.0
    """
    cumulative = np.cumsum(power)
    return float(frequency[np.searchsorted(cumulative, share * cumulative[-1])])


def centroid(frequency: Array, power: Array) -> float:
    """Mean frequency weighted by energy, Hz (Peeters 2004). That of a sine is its frequency.

    >>> rate = 44100
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    >>> round(centroid(*power_spectrum(tone, rate)), 1)
    440.0
    """
    return float((frequency * power).sum() / power.sum())


def spread(frequency: Array, power: Array) -> float:
    """Standard deviation of frequency around the centroid, weighted by energy, Hz (Peeters 2004).

    >>> spread(np.array([300.0, 500.0]), np.array([1.0, 1.0]))
    100.0
    """
    return float(np.sqrt((np.square(frequency - centroid(frequency, power)) * power).sum() / power.sum()))


def flatness(frequency: Array, power: Array) -> MetricValue:
    """Geometric over arithmetic mean of a power spectrum from 50 Hz to 2 kHz, above 0 and at most 1 (Johnston 1988).

    >>> frequency = np.arange(0.0, 4000.0, 10.0)
    >>> flatness(frequency, np.ones(400)), flatness(frequency, (frequency == 440) + 0.0) < 1e-5
    (1.0, True)
    """
    band = power[(frequency >= FLAT_FROM) & (frequency < FLAT_TO)]
    if not band.any():
        return Missing("nothing sounds from 50 Hz to 2 kHz")
    floored = np.maximum(band, DEEPEST * power.max())
    return float(np.exp(np.log(floored).mean()) / floored.mean())


def entropy(power: Array) -> float:
    """Shannon entropy of a power spectrum that is not all 0, over its largest value: 0..1 (Misra et al. 2004).

    >>> entropy(np.ones(8)), entropy(np.array([0.0, 1.0, 0.0, 0.0]))
    (1.0, 0.0)
    """
    share = power[power > 0] / power.sum()
    return float(abs((share * np.log(share)).sum()) / np.log(len(power)))


def spectral_entropy(frequency: Array, power: Array) -> MetricValue:
    """`entropy` of a power spectrum up to 5 kHz, 0..1.

    >>> frequency = np.arange(0.0, 8000.0, 10.0)
    >>> round(spectral_entropy(frequency, np.ones(800)), 6), spectral_entropy(frequency, (frequency == 440) + 0.0)
    (1.0, 0.0)
    """
    band = power[frequency <= ENTROPY_TO]
    return entropy(band) if band.any() else Missing("nothing sounds below 5 kHz")


def evenness(frequency: Array, power: Array) -> MetricValue:
    """How evenly the energy below 1 kHz is spread over twenty bands of 50 Hz, 0..1.

    >>> frequency = np.arange(0.0, 1000.0, 10.0)
    >>> round(evenness(frequency, np.ones(100)), 6), evenness(frequency, (frequency == 440) + 0.0)
    (1.0, 0.0)
    """
    energy, _ = np.histogram(frequency, EVEN_BANDS, (0, EVEN_BELOW), weights=power)
    if not energy.any():
        return Missing("nothing sounds below 1 kHz")
    return entropy(energy)


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every metric of the frequency domain of a waveform, (samples,) -1..1; `Missing` where it is silent.

    >>> values = measure(np.sin(2 * np.pi * 440 * np.arange(44100) / 44100), 44100)
    >>> round(values["centroid"]), round(values["energy_below_1000_hz"], 3), round(values["evenness"], 1)
    (440, 1.0, 0.0)
    """
    heard = music(waveform, rate)
    if heard is None:
        return dict.fromkeys(METRICS, SILENT)
    frequency, power = power_spectrum(heard, rate)
    return {
        "energy_below_1000_hz": energy_below(1000, frequency, power),
        "energy_below_1200_hz": energy_below(1200, frequency, power),
        "energy_below_1300_hz": energy_below(1300, frequency, power),
        "rolloff_85": rolloff(0.85, frequency, power),
        "rolloff_95": rolloff(0.95, frequency, power),
        "rolloff_99": rolloff(0.99, frequency, power),
        "centroid": centroid(frequency, power),
        "spread": spread(frequency, power),
        "flatness": flatness(frequency, power),
        "spectral_entropy": spectral_entropy(frequency, power),
        "evenness": evenness(frequency, power),
    }
