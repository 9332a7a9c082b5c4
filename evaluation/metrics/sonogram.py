"""The sonogram: how the frequencies change over time (the paper's Figure 5).

A short-time Fourier transform with Hann windows of about 93 ms (4,096 samples at 44.1 kHz), 25 ms apart, scaled so that
a sine of amplitude 1 in the middle of a bin reads 1, or 0 dB re full scale. Two other axes of frequency are there to be
drawn: mel bands, as wide as hearing has them, and a constant-Q transform, a bin for each key of a piano.

Spectral change is how unlike two spectra X an eighth of a second (a frame of the score matrix) apart are, whatever
their levels:

    change = mean (1 - X[t] . X[t + 1/8 s] / (|X[t]| |X[t + 1/8 s]|))        0 the same spectrum, 1 nothing in common

over all t, 25 ms apart, at which both *sound*: their energies are within 40 dB of its 95th percentile. A chord that is
struck again and again has some .03, one that dies away .02, a melody of four notes per second .4, white noise
1 - pi / 4 = .21. A measure that knows levels, such as the dissimilarity of Bray & Curtis (1957), gives a chord in
staccato (.51) more than a melody of two notes per second (.48).

Spectral flux is the half-wave rectified difference of Dixon (2006) of the magnitudes X, over all there is:

    flux = sum max(0, X[t+1] - X[t]) / sum X[t+1]             over all t, 25 ms apart, and bins

It counts what begins and not what ends. Of levels in dB, as in `librosa.onset.onset_strength`, it would depend on
what counts as silent: with a floor of 50 dB below the loudest an LSTM's is less than people's, with 80 dB more.

Variability is how much the level of a band goes up and down: the standard deviation over time of its level in dB, where
it is within 40 dB of the band's 95th percentile. With 80 dB, the rounding to 16 bits moved it by a third. Change does
not say this: it is large for a quick melody of even loudness, whose variability is near 0, and small for a chord that
dies away over a minute, whose variability is large.

All are of the music (`evaluation.metrics.rms_level`): without DC, and without the silence before and after it.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import FRAME_RATE
from evaluation.audio.stft import Array, magnitude_blocks, window_starts
from evaluation.metrics.metric import Metric, MetricValue, Missing, Twin
from evaluation.metrics.rms_level import SILENT, music

if TYPE_CHECKING:
    from scipy import sparse

HOP = 0.025  # s
WINDOW = 4096 / 44100  # s, at every rate: what changes in a window depends on how long it is
FLOOR = -120.0  # dB re full scale
SPLIT = 1000.0  # Hz, between low and high
LEAKAGE = 1e-7  # a band with less than this share of the energy holds leakage and rounding only
LOUD = 95  # percentile of a power
DEEPEST = 1e-4  # of that power: 40 dB below it
MEL_BANDS = 128
LOWEST_KEY, KEYS = 27.5, 88  # Hz; a piano's

METRICS = {
    "spectral_change": Metric(
        "Spectral change",
        "",
        "How different the spectra of two moments an eighth of a second apart are, whatever their levels: 0 the same, "
        "1 nothing in common.",
        "sonogram",
        "hardly changes with time",
        since=2,
        sources=("huang2018",),
    ),
    "change_below_1000_hz": Metric(
        "Change below 1 kHz",
        "",
        "Spectral change of the frequencies below 1 kHz.",
        "sonogram",
        "the low frequency is responsible for the rhythm",
        twin=Twin("spectral_change", 0.985, "the paper speaks of the whole spectrum"),
        since=2,
        sources=("huang2018",),
    ),
    "change_above_1000_hz": Metric(
        "Change above 1 kHz",
        "",
        "Spectral change of the frequencies from 1 kHz up.",
        "sonogram",
        "the high frequency is responsible for the melody",
        twin=Twin("spectral_change", 0.98, "the paper speaks of the whole spectrum"),
        since=2,
        sources=("huang2018",),
    ),
    "spectral_flux": Metric(
        "Spectral flux",
        "share",
        "Share of the spectral magnitude that was not there 25 ms before; what ends counts as 0.",
        "sonogram",
        since=2,
        sources=("dixon2006",),
    ),
    "variability_below_1000_hz": Metric(
        "Variability below 1 kHz",
        "dB",
        "Standard deviation over time of the level of the frequencies below 1 kHz, where it is within 40 dB of its "
        "95th percentile.",
        "sonogram",
        "the low frequency is responsible for the rhythm",
        twin=Twin("level_spread", 0.965, "listeners hear the level of the whole"),
        since=2,
        sources=("huang2018",),
    ),
    "variability_above_1000_hz": Metric(
        "Variability above 1 kHz",
        "dB",
        "Standard deviation over time of the level of the frequencies from 1 kHz up, where it is within 40 dB of "
        "its 95th percentile.",
        "sonogram",
        "the high frequency is responsible for the melody",
        twin=Twin("level_spread", 0.951, "listeners hear the level of the whole"),
        since=2,
        sources=("huang2018",),
    ),
}

_EIGHTH = round(1 / FRAME_RATE / HOP)  # hops
_HANN = 1.5  # bins; the power of a sine in all bins of a Hann window over that in the middle one


def magnitudes(waveform: Array, rate: int, hop_seconds: float) -> tuple[Array, Array, Array]:
    """The short-time spectrum of a waveform, (samples,) -1..1.

    returns frequencies, (bins,) Hz, the middles of the windows, (frames,) s, and magnitudes, (bins, frames). The first
    window begins at 0 and all lie within the waveform; one shorter than a window is one frame, padded with silence.
    """
    size = _size(rate)
    starts = window_starts(len(waveform), size, hop_seconds * rate)
    magnitude = np.empty((size // 2 + 1, len(starts)), dtype=np.float32)
    first = 0
    for block in magnitude_blocks(waveform, starts, size):
        magnitude[:, first : first + len(block)] = block.T
        first += len(block)
    return _frequencies(rate), (starts + size / 2) / rate, magnitude


def sonogram(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array, Array]:
    """Frequencies, (bins,) Hz, times, (frames,) s, and levels, (bins, frames) dB re full scale and at least `FLOOR`.

    A sine of amplitude 1: its bin, which is 10.8 Hz wide, reads 0 dB.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    >>> frequency, times, level = sonogram(tone, 44100)
    >>> level.shape, round(frequency[level[:, 0].argmax()]), round(level.max())
    ((2049, 37), 441, 0)
    """
    frequency, times, magnitude = magnitudes(waveform, rate, hop_seconds)
    return frequency, times, _decibels(magnitude)


def mel_sonogram(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array, Array]:
    """The sonogram in 128 mel bands from 0 to half the rate.

    returns the middles of the bands, (128,) Hz, times, (frames,) s, and levels, (128, frames) dB re full scale and at
    least `FLOOR`. A full-scale sine in the middle of a band reads 0 dB within 1 dB (the low bands are little wider than
    a bin), half-way between two -3 dB in each: with triangles that overlap by half, the powers of the bands add up to
    that of the sine.
    """
    import librosa

    size = _size(rate)
    starts = window_starts(len(waveform), size, hop_seconds * rate)
    bank = _mel_bank(rate)
    powers = [np.square(block) @ bank for block in magnitude_blocks(waveform, starts, size)]
    middles = librosa.mel_frequencies(n_mels=MEL_BANDS + 2, fmin=0.0, fmax=rate / 2)[1:-1]
    return middles, (starts + size / 2) / rate, _decibels(np.sqrt(np.concatenate(powers).T))


def cqt_sonogram(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array, Array]:
    """The sonogram with a bin for each key of a piano: a constant-Q transform (Schoerkhuber & Klapuri 2010).

    returns the pitches from A0 to C8, (88,) Hz, fewer where half the rate is lower; times, (frames,) s; and levels,
    (88, frames) dB re full scale and at least `FLOOR`. A full-scale sine at a key's pitch reads 0 dB in the middle
    of its sound. Windows last 17 periods, 0.6 s at the lowest key, have their middles at the times, and see silence
    beyond the ends of the waveform. For songs: the whole waveform is held in memory, at some 40 times real time.
    """
    import librosa
    from librosa.filters import wavelet_lengths

    keys = librosa.cqt_frequencies(KEYS, fmin=LOWEST_KEY)
    keys = keys[1.05 * keys < rate / 2]  # librosa refuses filters that reach beyond
    lengths, _ = wavelet_lengths(freqs=keys, sr=rate)
    hop = max(round(hop_seconds * rate), 1)
    frames = max(len(waveform) - 1, 0) // hop + 1
    enough = max(int(2 * lengths[0]) + 1 - len(waveform), 0)  # librosa warns when its longest window does not fit
    padded = np.pad(np.asarray(waveform, dtype=np.float32), (0, enough))
    transform = librosa.cqt(padded, sr=rate, hop_length=hop, fmin=LOWEST_KEY, n_bins=len(keys), tuning=0.0)
    # librosa gives a sine of amplitude 1 the magnitude sqrt(length) / 2.
    magnitude = 2 / np.sqrt(lengths)[:, None] * np.abs(transform[:, :frames])
    return keys, np.arange(frames) * hop / rate, _decibels(magnitude)


def unlikeness(before: Array, after: Array) -> Array:
    """1 - cosine similarity of magnitudes, (frames, bins) both; (frames,) 0..1, 0 where one of them is all 0.

    >>> unlikeness(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[2.0, 2.0], [0.0, 3.0]])).round(6)
    array([0., 1.])
    """
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    products = np.einsum("ij,ij->i", before, after)
    return np.where(sizes > 0, 1 - np.minimum(products / np.maximum(sizes, np.finfo(np.float32).tiny), 1), 0.0)


def sounds(power: Array) -> NDArray[np.bool_]:
    """At which times a power, (frames,), is more than 0 and within 40 dB of its 95th percentile.

    >>> sounds(np.array([1.0, 1e-3, 1e-5, 0.0]))
    array([ True,  True, False, False])
    """
    return np.asarray(power > 0) & (power >= DEEPEST * np.percentile(power, LOUD))


def spectral_change(change: Array, power: Array) -> MetricValue:
    """Mean of `unlikeness`, (frames - 5,), over the moments at which both spectra sound; of powers, (frames,).

    >>> spectral_change(np.array([0.0, 1.0, 0.5]), np.ones(8))
    0.5
    >>> spectral_change(np.array([0.0, 1.0, 0.5]), np.zeros(8))
    Missing(reason='no two moments an eighth of a second apart sound')
    """
    heard = sounds(power)
    both = heard[_EIGHTH:] & heard[:-_EIGHTH]
    return float(change[both].mean()) if both.any() else Missing("no two moments an eighth of a second apart sound")


def variability(power: Array) -> float:
    """Standard deviation over time of the level of a power, (frames,), where it sounds, dB; one or more are above 0.

    >>> round(variability(np.array([1.0, 0.1, 1.0, 0.1])), 6)
    5.0
    """
    return float(10 * np.log10(power[sounds(power)]).std())


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every metric of the sonogram of a waveform, (samples,) -1..1; `Missing` where it is silent or too short.

    A steady tone does not change, and has nothing above 1 kHz:

    >>> values = measure(np.sin(2 * np.pi * 440 * np.arange(44100) / 44100), 44100)
    >>> round(values["spectral_change"], 3), values["change_above_1000_hz"]
    (0.0, Missing(reason='nothing sounds above 1 kHz'))
    """
    heard = music(waveform, rate)
    if heard is None:
        return dict.fromkeys(METRICS, SILENT)
    starts = window_starts(len(heard), _size(rate), HOP * rate)
    if len(starts) <= _EIGHTH:
        return dict.fromkeys(METRICS, Missing("too short for two windows an eighth of a second apart"))
    power, change, flux = _in_one_pass(heard, rate, starts)
    values: dict[str, MetricValue] = {"spectral_change": spectral_change(change[0], power[0]), "spectral_flux": flux}
    for where, own, changes in zip(("below", "above"), power[1:], change[1:], strict=True):
        there = own.sum() >= LEAKAGE * power[0].sum()
        nothing = Missing(f"nothing sounds {where} {SPLIT / 1000:g} kHz")
        values[f"change_{where}_1000_hz"] = spectral_change(changes, own) if there else nothing
        values[f"variability_{where}_1000_hz"] = variability(own) if there else nothing
    return {name: values[name] for name in METRICS}


def _in_one_pass(heard: Array, rate: int, starts: NDArray[np.int64]) -> tuple[Array, Array, float]:
    """Of windows that begin at `starts`: power, (3, frames), and `unlikeness` an eighth of a second apart,
    (3, frames - 5), of all frequencies, of those below and of those above 1 kHz; and spectral flux."""
    size = _size(rate)
    split = int(np.searchsorted(_frequencies(rate), SPLIT))
    bands = (slice(None), slice(split), slice(split, None))
    power, change = np.empty((3, len(starts))), np.empty((3, len(starts) - _EIGHTH))
    rises = total = 0.0
    first, recent = 0, np.empty((0, size // 2 + 1), dtype=np.float32)
    for magnitude in magnitude_blocks(heard, starts, size):
        frames, earlier = slice(first, first + len(magnitude)), first - len(recent)
        new = np.diff(np.concatenate([recent[-1:], magnitude]), axis=0)
        rises += float(np.maximum(new, 0).sum(dtype=np.float64))
        total += float(magnitude[-len(new) :].sum(dtype=np.float64))
        recent = np.concatenate([recent, magnitude])
        for place, band in enumerate(bands):
            power[place, frames] = np.square(magnitude[:, band]).sum(axis=1)
            apart = unlikeness(recent[:-_EIGHTH, band], recent[_EIGHTH:, band])
            change[place, earlier : earlier + len(apart)] = apart
        first, recent = frames.stop, recent[-_EIGHTH:]
    return power, change, rises / total


def _size(rate: int) -> int:
    return max(2 * round(WINDOW * rate / 2), 2)  # even: the last bin is half the rate


def _frequencies(rate: int) -> Array:
    return np.fft.rfftfreq(_size(rate), 1 / rate)


def _decibels(magnitude: Array) -> Array:
    return np.asarray(np.maximum(20 * np.log10(np.maximum(magnitude, np.finfo(np.float32).tiny)), FLOOR))


def _mel_bank(rate: int) -> "sparse.csr_array":
    """From power, (frames, bins), to that in mel bands, (frames, bands): of Slaney's scale, 0 to half the rate."""
    from librosa.filters import mel
    from scipy import sparse

    # Triangles of height 1: of two that overlap, the powers add up to that of the sound.
    triangles = mel(sr=rate, n_fft=_size(rate), n_mels=MEL_BANDS, norm=None)
    return sparse.csr_array(triangles.T / np.float32(_HANN))
