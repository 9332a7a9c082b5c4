"""The sonogram: how the frequencies change over time (the paper's Figure 5).

A short-time Fourier transform with Hann windows of about 93 ms (4,096 samples at 44.1 kHz), 25 ms apart, scaled so that
a sine of amplitude 1 in the middle of a bin reads 1, or 0 dB re full scale. Two other axes of frequency are there to be
drawn: mel bands, as wide as hearing has them, and a constant-Q transform, a bin for each key of a piano.

Spectral change is the share of the magnitude X that is another one an eighth of a second (a frame of the score matrix)
later:

    change = sum |X[t+1] - X[t]| / sum (X[t+1] + X[t])        over all t and bins; 0 nothing changes, 1 everything does

the dissimilarity of Bray & Curtis (1957). White noise has 1 - 1/sqrt(2) = 0.29. Taken below and above 1 kHz it says how
much of the paper's "rhythm" and "melody" there is, and the ratio of the two which changes more.

Spectral flux is the half-wave rectified difference of Dixon (2006) of levels L in dB in mel bands, as
`librosa.onset.onset_strength` takes it, averaged over the music:

    flux = mean max(0, L[t+1] - L[t])                         over all t, 25 ms apart, and bands

It counts what begins and not what ends. A level in dB does not know how loud the whole is; what lies more than 80 dB
below the loudest band of the loudest window counts as silent.

Variability is how much the level of a band goes up and down: the standard deviation over time of its level in dB, where
it is not 80 dB below the loudest window. Change does not say this: it is near 1 for a quick melody of even loudness,
whose variability is near 0, and small for a chord that dies away over a minute, whose variability is large. In 29 human
piano pieces the two are opposed (rank correlation -0.4 below and -0.5 above 1 kHz), and their ratios have nothing to do
with each other (0.04).
"""

from typing import TYPE_CHECKING

import numpy as np

from clstm.score import FRAME_RATE
from evaluation.metric import Figure, Metric, Missing
from evaluation.stft import Array, magnitude_blocks, window_starts

if TYPE_CHECKING:
    from scipy import sparse

HOP = 0.025  # s
WINDOW = 0.093  # s; in samples the nearest power of two
FLOOR = -120.0  # dB re full scale
SPLIT = 1000.0  # Hz, between low and high
LEAKAGE = 1e-4  # a band with less than this share of the magnitude holds leakage and rounding only
DEEPEST = 1e-8  # of the loudest power: 80 dB below it
STEADY = 0.1  # dB, a standard deviation; below what is heard
MEL_BANDS = 128
LOWEST_KEY, KEYS = 27.5, 88  # Hz; a piano's

METRICS = {
    "spectral_change": Metric(
        "Spectral change",
        "share",
        "Share of the spectral magnitude that changes from one eighth of a second to the next.",
        "sonogram",
        "hardly changes with time (LSTM)",
    ),
    "change_below_1000_hz": Metric(
        "Change below 1 kHz",
        "share",
        "Spectral change of the frequencies below 1 kHz.",
        "sonogram",
        "the low frequency is responsible for the rhythm",
    ),
    "change_above_1000_hz": Metric(
        "Change above 1 kHz",
        "share",
        "Spectral change of the frequencies from 1 kHz.",
        "sonogram",
        "the high frequency is responsible for the melody",
    ),
    "change_ratio": Metric(
        "Change above over below 1 kHz",
        "",
        "Spectral change of the frequencies from 1 kHz over that of those below.",
        "sonogram",
        "mainly come from the changes in the high-frequency component (sample and C-LSTM)",
    ),
    "spectral_flux": Metric(
        "Spectral flux",
        "dB",
        "Mean rise of the level in 128 mel bands from one 25 ms frame to the next; falls count as 0.",
        "sonogram",
    ),
    "variability_below_1000_hz": Metric(
        "Variability below 1 kHz",
        "dB",
        "Standard deviation over time of the level of the frequencies below 1 kHz, where they sound.",
        "sonogram",
        "the low frequency is responsible for the rhythm",
    ),
    "variability_above_1000_hz": Metric(
        "Variability above 1 kHz",
        "dB",
        "Standard deviation over time of the level of the frequencies from 1 kHz, where they sound.",
        "sonogram",
        "the high frequency is responsible for the melody",
    ),
    "variability_ratio": Metric(
        "Variability above over below 1 kHz",
        "",
        "Variability of the frequencies from 1 kHz over that of those below.",
        "sonogram",
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
    """Frequencies, (bins,) Hz, times, (frames,) s, and levels, (bins, frames) dB re full scale and at least `FLOOR`."""
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
    beyond the ends of the waveform. For songs: the whole waveform is worked on in memory, at some 40 times real time.
    """
    import librosa
    from librosa.filters import wavelet_lengths

    keys = librosa.cqt_frequencies(KEYS, fmin=LOWEST_KEY)
    keys = keys[1.05 * keys < rate / 2]
    lengths, _ = wavelet_lengths(freqs=keys, sr=rate)
    hop = max(round(hop_seconds * rate), 1)
    frames = max(len(waveform) - 1, 0) // hop + 1
    enough = max(int(2 * lengths[0]) + 1 - len(waveform), 0)  # librosa warns when its longest window does not fit
    padded = np.pad(np.asarray(waveform, dtype=np.float32), (0, enough))
    transform = librosa.cqt(padded, sr=rate, hop_length=hop, fmin=LOWEST_KEY, n_bins=len(keys), tuning=0.0)
    magnitude = 2 / np.sqrt(lengths)[:, None] * np.abs(transform[:, :frames])
    return keys, np.arange(frames) * hop / rate, _decibels(magnitude)


def change_sums(magnitude: Array) -> Array:
    """What changes and what there is, (2, bins), summed over neighbours in time; of magnitudes, (frames, bins)."""
    before, after = magnitude[:-1], magnitude[1:]
    pair = np.abs(after - before), after + before
    return np.stack([values.sum(axis=0, dtype=np.float64) for values in pair])


def spectral_change(sums: Array) -> float:
    """The share of the magnitude that changes, 0..1; of `change_sums`, (2, bins), that are not all 0."""
    changed, total = sums.sum(axis=1)
    return float(changed / total)


def spectral_flux(level: Array) -> float:
    """Mean rise from frame to frame of levels, (bands, frames) dB with two frames or more; dB, at least 0."""
    return float(np.mean([np.maximum(np.diff(band), 0).mean() for band in level]))


def variability(power: Array) -> float:
    """Standard deviation over time of the level of powers, (frames,) one or more above 0; dB."""
    return float(10 * np.log10(power).std())


def measure(waveform: Array, rate: int) -> dict[str, Figure]:
    """Every figure of the sonogram of a waveform, (samples,) -1..1.

    An hour needs some 150 MB: spectra are taken in blocks and only their mel bands are kept.
    """
    size = _size(rate)
    split = int(np.searchsorted(_frequencies(rate), SPLIT))
    starts = window_starts(len(waveform), size, HOP * rate)
    bank = _mel_bank(rate)
    mel = np.empty((MEL_BANDS, len(starts)), dtype=np.float32)
    below, above = np.empty(len(starts)), np.empty(len(starts))
    sums = np.zeros((2, size // 2 + 1))
    eighths = np.empty((0, size // 2 + 1), dtype=np.float32)
    first = 0
    for magnitude in magnitude_blocks(waveform, starts, size):
        frames = slice(first, first + len(magnitude))
        power = np.square(magnitude)
        mel[:, frames] = (power @ bank).T
        below[frames], above[frames] = power[:, :split].sum(axis=1), power[:, split:].sum(axis=1)
        eighths = np.concatenate([eighths[-1:], magnitude[-first % _EIGHTH :: _EIGHTH]])
        sums += change_sums(eighths)
        first = frames.stop
    loudest = (below + above).max()
    if not (below + above)[::_EIGHTH].any():
        return dict.fromkeys(METRICS, Missing("silent"))
    if len(starts) <= _EIGHTH:
        return dict.fromkeys(METRICS, Missing("too short for two windows an eighth of a second apart"))
    np.maximum(mel, DEEPEST * mel.max(), out=mel)
    level = np.multiply(np.log10(mel, out=mel), 10, out=mel)
    low, high = (
        _band_figures(sums[:, part], sums, powers[powers > DEEPEST * loudest], where)
        for part, powers, where in ((slice(split), below, "below"), (slice(split, None), above, "above"))
    )
    return {
        "spectral_change": spectral_change(sums),
        "change_below_1000_hz": low[0],
        "change_above_1000_hz": high[0],
        "change_ratio": _ratio(high[0], low[0], 0.0, "nothing changes below 1 kHz"),
        "spectral_flux": spectral_flux(level),
        "variability_below_1000_hz": low[1],
        "variability_above_1000_hz": high[1],
        "variability_ratio": _ratio(high[1], low[1], STEADY, "the level below 1 kHz is steady"),
    }


def _size(rate: int) -> int:
    return int(2 ** round(np.log2(WINDOW * rate)))


def _frequencies(rate: int) -> Array:
    return np.fft.rfftfreq(_size(rate), 1 / rate)


def _decibels(magnitude: Array) -> Array:
    return np.maximum(20 * np.log10(np.maximum(magnitude, np.finfo(np.float32).tiny)), FLOOR)


def _mel_bank(rate: int) -> "sparse.csr_array":
    """From power, (frames, bins), to that in mel bands, (frames, bands): of Slaney's scale, 0 to half the rate."""
    from librosa.filters import mel
    from scipy import sparse

    triangles = mel(sr=rate, n_fft=_size(rate), n_mels=MEL_BANDS, norm=None)
    return sparse.csr_array(triangles.T / np.float32(_HANN))


def _band_figures(band: Array, sums: Array, sounding: Array, where: str) -> tuple[Figure, Figure]:
    """Change and variability of a band, from its part of `change_sums` and its powers in frames where it sounds."""
    if band[1].sum() < LEAKAGE * sums[1].sum() or not len(sounding):
        nothing = Missing(f"nothing sounds {where} {SPLIT / 1000:g} kHz")
        return nothing, nothing
    return spectral_change(band), variability(sounding)


def _ratio(above: Figure, below: Figure, least: float, steady: str) -> Figure:
    if isinstance(above, Missing):
        return above
    if isinstance(below, Missing):
        return below
    return above / below if below > least else Missing(steady)
