"""The time domain: how loud the music is from moment to moment (the paper's Figure 3).

Levels are those of `rms_level`, in windows of 50 ms, of the music: without DC, and without the silence before
and after it. *Loud* is the 95th percentile of the level of the windows that are not silent, which one note cannot move.
A window *sounds* where it is not silent and within 40 dB of loud: what is quieter is a note that dies away, or noise,
and its decibels would say more than the music's. With the line drawn at 30 or 50 dB instead, the difference between two
sets of music keeps its sign and size.

The analytic envelope is the outline of the waveform instead, so that a full-scale sine reads 0.

"How fast it fluctuates" is the centroid of the modulation spectrum: the power spectrum of the amplitude envelope over
its mean, between 0.25 and 16 Hz. The envelope is taken as no louder than loud: the square of one loud moment would
decide the rest. Music has its peak near 2 Hz, speech near 5 Hz (Ding et al., "Temporal modulations in
speech and music", Neuroscience & Biobehavioral Reviews 81, 2017).

Waveforms are (samples,), full scale at -1 and 1, of any length: they are read a block at a time.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import blocks
from evaluation.metrics.metric import Metric, MetricValue, Missing, Twin
from evaluation.metrics.rms_level import (
    FLOOR,
    HOP,
    SILENCE,
    SILENT,
    hop_size,
    middles,
    music,
    of_hops,
    rms_envelope,
    whole_hops,
)

NEAR = 6.0  # dB
LOUD = 95  # percentile of the level
DEEPEST = 40.0  # dB below loud; what is quieter does not sound
SLOWEST, FASTEST = 0.25, 16.0  # Hz, modulation
REACH = 0.1  # s; how far the Hilbert transform looks to either side
STEADY = 0.01  # RMS of the envelope over its mean; 1 % is 0.1 dB, below what is heard

METRICS = {
    "mean_level": Metric(
        "Mean level",
        "dBFS",
        "Mean RMS level of the 50 ms windows that sound: those within 40 dB of the level's 95th percentile.",
        "envelope",
        since=2,
    ),
    "level_spread": Metric(
        "Level spread",
        "dB",
        "Standard deviation of the RMS level of the 50 ms windows that sound: those within 40 dB of the level's 95th "
        "percentile.",
        "envelope",
        "the change in amplitude is very obvious",
        since=2,
        sources=("huang2018",),
    ),
    "level_range": Metric(
        "Level range",
        "dB",
        "From the 5th to the 95th percentile of the RMS level of the 50 ms windows that sound.",
        "envelope",
        "the high tide and low tide",
        twin=Twin("level_spread", 0.977, "the spread uses all windows, the range two percentiles"),
        since=2,
        sources=("huang2018",),
    ),
    "fluctuation_rate": Metric(
        "Fluctuation rate",
        "Hz",
        "Centroid of the modulation spectrum, 0.25 to 16 Hz, of the amplitude envelope, which is limited to its 95th "
        "percentile; without the silence before and after the music.",
        "envelope",
        "The faster the music fluctuates, the more expressive it is",
        since=2,
        sources=(
            "huang2018",
            "ding2017",
        ),
    ),
    "time_near_maximum": Metric(
        "Time near the maximum",
        "share",
        "Share of the 50 ms windows whose RMS level is at most 6 dB below the level's 95th percentile; without the "
        "silence before and after the music.",
        "envelope",
        "its volume is always at a large value",
        since=2,
        sources=("huang2018",),
    ),
    "crest_factor": Metric(
        "Crest factor",
        "dB",
        "Highest sample over the RMS of the music, rests included.",
        "envelope",
        twin=Twin("peak_to_loudness", 0.977, "the other one is defined by a standard"),
        since=2,
    ),
    "duration": Metric(
        "Duration",
        "s",
        "Length of the piece, silence included; of notes, to the end of the last one.",
        "envelope",
        compared=False,
        since=2,
    ),
}

Array = NDArray[np.floating]


def analytic_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """The outline of a waveform: the highest magnitude of its analytic signal in the windows of `rms_envelope`.

    waveform : (samples,) -1..1
    returns the middles of the windows, (frames,) s, and their levels, (frames,) dBFS, at least `FLOOR`; a sine of
    amplitude 1 reads 0.

    The analytic signal is x + i H(x) with the Hilbert transform H by a filter of `REACH` to either side: from 20 Hz up
    it is within 0.01 dB of `scipy.signal.hilbert`, except within `REACH` of an end: SciPy's is circular, so that the
    other end counts there.

    >>> times, level = analytic_envelope(np.sin(2 * np.pi * 440 * np.arange(8000) / 8000), 8000)
    >>> len(times), abs(round(float(np.median(level)), 2))
    (39, 0.0)
    """
    hop = hop_size(rate, hop_seconds)
    highest = of_hops(_magnitudes(waveform, rate, whole_hops(hop)), hop, lambda block: block.max(axis=1))
    level = 20 * np.log10(np.maximum(np.maximum(highest[:-1], highest[1:]), 10 ** (FLOOR / 20)))
    return middles(len(highest), hop, rate), level


def crest_factor(waveform: Array) -> MetricValue:
    """The highest sample over the RMS of a waveform, (samples,), dB; 3.01 of a sine.

    >>> round(crest_factor(np.sin(2 * np.pi * np.arange(8000) / 8)), 2)
    3.01
    """
    peak = energy = 0.0
    for _, block in blocks(waveform):
        peak = max(peak, float(block.max()), -float(block.min()))
        energy += float(np.square(block, dtype=np.float64).sum())
    return 10 * float(np.log10(peak**2 * len(waveform) / energy)) if energy else Missing("silent")


def fluctuation_rate(level: Array, hop_seconds: float = HOP) -> MetricValue:
    """Centroid of the modulation spectrum of an envelope, (frames,) dBFS, one frame every `hop_seconds`; Hz.

    >>> times = np.arange(0, 30, 0.025)
    >>> round(fluctuation_rate(20 * np.log10(1 + 0.5 * np.sin(2 * np.pi * 2 * times))), 1)
    2.0
    """
    from scipy.signal import welch

    if len(level) * hop_seconds < 1 / SLOWEST:
        return Missing(f"shorter than {1 / SLOWEST:g} s")
    envelope = 10 ** (level / 20)
    # Segments of two periods of the slowest modulation: it falls into a bin, and most segments are averaged.
    two_periods = round(2 / SLOWEST / hop_seconds)
    # Over the mean, so that it does not matter how loud the music is.
    frequency, power = welch(
        envelope / envelope.mean(), 1 / hop_seconds, nperseg=min(two_periods, len(envelope)), scaling="density"
    )
    band = (frequency >= SLOWEST) & (frequency <= FASTEST)
    frequency, power = frequency[band], power[band]
    if power.sum() * (frequency[1] - frequency[0]) < STEADY**2:
        return Missing("its level does not fluctuate")
    return float((frequency * power).sum() / power.sum())


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every metric of the time domain of a waveform, (samples,) -1..1; `Missing` where it is silent.

    A steady sine of amplitude 0.5, 6.02 + 3.01 dB below an RMS of 1:

    >>> values = measure(0.5 * np.sin(2 * np.pi * 440 * np.arange(40000) / 8000), 8000)
    >>> round(values["mean_level"], 2), round(values["level_spread"], 2), values["time_near_maximum"]
    (-9.03, 0.0, 1.0)
    """
    duration = len(waveform) / rate
    heard = music(waveform, rate)
    if heard is None:
        return {**dict.fromkeys(METRICS, SILENT), "duration": duration}
    _, level = rms_envelope(heard, rate)
    loud = float(np.percentile(level[level >= SILENCE], LOUD))
    sounding = level[level >= max(SILENCE, loud - DEEPEST)]
    low, high = np.percentile(sounding, [5, 95])
    return {
        "mean_level": float(sounding.mean()),
        "level_spread": float(sounding.std()),
        "level_range": float(high - low),
        "fluctuation_rate": fluctuation_rate(np.minimum(level, loud)),
        "time_near_maximum": float((level >= loud - NEAR).mean()),
        "crest_factor": crest_factor(heard),
        "duration": duration,
    }


def _magnitudes(waveform: Array, rate: int, size: int) -> Iterator[tuple[int, Array]]:
    """Magnitudes of the analytic signal, in blocks of `size` samples."""
    from scipy.signal import get_window, oaconvolve

    reach = max(round(REACH * rate), 1)
    lag = np.arange(-reach, reach + 1)
    odd = lag % 2 != 0
    # The ideal Hilbert transform, 2 / (pi n) at odd lags n and 0 at even ones, faded out by a Kaiser window.
    hilbert = np.zeros(len(lag))
    hilbert[odd] = 2 / (np.pi * lag[odd])
    hilbert *= get_window(("kaiser", 8.0), len(lag), fftbins=False)
    for first, block in blocks(waveform, size, context=reach):
        imaginary = oaconvolve(block, hilbert.astype(block.dtype), mode="valid")
        yield first, np.hypot(block[reach:-reach], imaginary)
