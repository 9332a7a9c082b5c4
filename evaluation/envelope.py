"""The time domain: how loud the music is from moment to moment (the paper's Figure 3).

Levels are RMS in dBFS: 0 dBFS is an RMS of 1, so a full-scale sine reads -3.01. Windows quieter than -70 dBFS (the
absolute gate of ITU-R BS.1770) are silence; they count as time, not as level. The analytic envelope is the outline of
the waveform instead, so that a full-scale sine reads 0.

"How fast it fluctuates" is the centroid of the modulation spectrum: the power spectrum of the amplitude envelope over
its mean, between 0.25 and 16 Hz. Music has its peak near 2 Hz, speech near 5 Hz (Ding et al., "Temporal modulations in
speech and music", Neuroscience & Biobehavioral Reviews 81, 2017).

Waveforms are (samples,), full scale at -1 and 1, of any length: they are read a block at a time.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from evaluation.metric import Figure, Metric, Missing
from evaluation.waveform import BLOCK, blocks

HOP = 0.025  # s; the windows are two hops long, which takes 4 dB off a modulation of 10 Hz
SILENCE = -70.0  # dBFS
FLOOR = -100.0  # dBFS; what digital silence is drawn as
NEAR = 6.0  # dB
SLOWEST, FASTEST = 0.25, 16.0  # Hz, modulation
REACH = 0.1  # s; how far the Hilbert transform looks to either side
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
    "crest_factor": Metric("Crest factor", "dB", "Highest sample over the RMS of the whole, silence too.", "envelope"),
    "duration": Metric("Duration", "s", "Length of the sound, silence and tail too.", "envelope", compared=False),
}

Array = NDArray[np.floating]


def rms_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """RMS level in windows of two hops, one every hop.

    waveform : (samples,) -1..1
    returns the middles of the windows, (frames,) s, and their levels, (frames,) dBFS, at least `FLOOR`. What is shorter
    than a window is one frame.
    """
    hop = _hop(rate, hop_seconds)
    energy = _of_hops(blocks(waveform, _whole(hop)), hop, lambda block: np.square(block).sum(axis=1))
    # The last hop may be a part: only samples that exist count, or every piece would seem to fade.
    samples = np.clip(len(waveform) - np.arange(len(energy)) * hop, 0, hop)
    square = (energy[:-1] + energy[1:]) / np.maximum(samples[:-1] + samples[1:], 1)
    return _middles(energy, hop, rate), 10 * np.log10(np.maximum(square, 10 ** (FLOOR / 10)))


def analytic_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """The outline of a waveform: the highest magnitude of its analytic signal in the windows of `rms_envelope`.

    waveform : (samples,) -1..1
    returns the middles of the windows, (frames,) s, and their levels, (frames,) dBFS, at least `FLOOR`; a sine of
    amplitude 1 reads 0.

    The analytic signal is x + i H(x) with the Hilbert transform H by a filter of `REACH` to either side: from 20 Hz up
    it is within 0.01 dB of `scipy.signal.hilbert`, except within `REACH` of an end, where that hears the other end.
    """
    hop = _hop(rate, hop_seconds)
    highest = _of_hops(_magnitudes(waveform, rate, _whole(hop)), hop, lambda block: block.max(axis=1))
    level = 20 * np.log10(np.maximum(np.maximum(highest[:-1], highest[1:]), 10 ** (FLOOR / 20)))
    return _middles(highest, hop, rate), level


def crest_factor(waveform: Array) -> Figure:
    """The highest sample over the RMS, dB."""
    peak = energy = 0.0
    for _, block in blocks(waveform):
        peak = max(peak, float(block.max()), -float(block.min()))
        energy += float(np.square(block, dtype=np.float64).sum())
    return 10 * float(np.log10(peak**2 * len(waveform) / energy)) if energy else Missing("silent")


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
    duration = len(waveform) / rate
    if not len(sounding):
        return {**dict.fromkeys(METRICS, Missing("silent")), "duration": duration}
    low, high = np.percentile(sounding, [5, 95])
    return {
        "mean_level": float(sounding.mean()),
        "level_spread": float(sounding.std()),
        "level_range": float(high - low),
        "fluctuation_rate": fluctuation_rate(level),
        "time_near_maximum": float((level >= level.max() - NEAR).mean()),
        "crest_factor": crest_factor(waveform),
        "duration": duration,
    }


def _hop(rate: int, seconds: float) -> int:
    return max(round(seconds * rate), 1)


def _whole(hop: int) -> int:
    """Samples to read at once: whole hops."""
    return max(BLOCK // hop, 1) * hop


def _middles(hops: Array, hop: int, rate: int) -> Array:
    return np.arange(1, len(hops)) * hop / rate


def _of_hops(parts: Iterator[tuple[int, Array]], hop: int, figure: Callable[[Array], Array]) -> Array:
    """A figure of every hop, at least two: of (hops, hop) float64, the last filled up with silence."""
    figures: list[Array] = [np.zeros(0)]
    for _, part in parts:
        padded = np.zeros((-(-len(part) // hop), hop))
        padded.reshape(-1)[: len(part)] = part
        figures.append(figure(padded))
    hops = np.concatenate(figures)
    return np.pad(hops, (0, max(2 - len(hops), 0)))


def _magnitudes(waveform: Array, rate: int, size: int) -> Iterator[tuple[int, Array]]:
    """Magnitudes of the analytic signal, in blocks of `size` samples."""
    from scipy.signal import get_window, oaconvolve

    reach = max(round(REACH * rate), 1)
    lag = np.arange(-reach, reach + 1)
    odd = lag % 2 != 0
    hilbert = np.zeros(len(lag))
    hilbert[odd] = 2 / (np.pi * lag[odd])
    hilbert *= get_window(("kaiser", 8.0), len(lag), fftbins=False)
    for first, block in blocks(waveform, size, context=reach):
        imaginary = oaconvolve(block, hilbert.astype(block.dtype), mode="valid")
        yield first, np.hypot(block[reach:-reach], imaginary)
