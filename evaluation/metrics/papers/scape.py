"""The structure indicators of Wu & Yang, "The Jazz Transformer on the front line" (ISMIR 2020): the largest fitness of
a segment of 3 to 8 s, of 8 to 15 s, and of 15 s and more (`fitness`), 0..1: whether anything of that length returns.

Measured on the sound, as MusDr does without Matlab: energy of 12 pitch classes in Hann windows of 0.2 s every 0.1 s
below 11,025 Hz, each of length 1, averaged over 2.1 s and taken every 0.5 s; their cosine in all keys (12) and at seven
tempi from half to double; the largest mean of 16 moments along a diagonal, forwards or backwards; the largest quarter
scaled to 0..1, the others -2, the diagonal 1. MusDr's other way is a toolbox for Matlab, with CENS features of filter
banks, a smoothing of 20 moments, and numbers of its own.

Where the matrix is cut is a quantile, so what nobody hears moves the numbers: noise 100 dB down takes the tune of
tests/test_rms_level.py from .075 to .066, an offset (DC) of 0.0001 to .069, one of 0.1 to .141. Silence around the
music counts as music. Different from MusDr: the sound is not resampled to 22,050 Hz, silence stands beyond its ends
(where the librosa of that time mirrored it), and a segment longer than the piece has no value, where theirs has 0.
"""

from functools import lru_cache

import numpy as np

from evaluation.audio.stft import Array, magnitude_blocks, window_starts
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.papers.reading import Floats, Integers
from evaluation.metrics.rms_level import SILENT, is_silent

WINDOW = 0.2  # s
HOP = 0.1
HIGHEST = 11025.0  # Hz
AVERAGED = 21  # windows
EVERY = 5
MOMENTS = 2  # a second
ALONG = 16  # moments
TEMPI = tuple(np.exp(np.linspace(np.log(0.5), np.log(2), 7)))
KEPT = 0.25
PENALTY = -2.0
DIGITS = 6  # of a similarity: what is alike but for rounding is the same
LONGEST = 180.0  # s: the work grows with the fourth power
SPANS = {"short": (3, 8), "mid": (8, 15), "long": (15, 128)}  # s; theirs end at 128 s


SOURCES = ("wu2020", "muller2013")


def _metric(span: str, lengths: str) -> Metric:
    label = f"Structure indicator, {span} (MusDr)"
    definition = f"Largest fitness of a segment of {lengths}: whether music of that length returns."
    return Metric(label, "", definition, "papers", compared=False, quoted=True, heard=True, since=6, sources=SOURCES)


METRICS = {
    "musdr_structure_short": _metric("short", "3 to 8 s"),
    "musdr_structure_mid": _metric("mid", "8 to 15 s"),
    "musdr_structure_long": _metric("long", "15 s or more"),
}


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every structure indicator of a waveform, (samples,) -1..1."""
    if is_silent(waveform, rate):
        return dict.fromkeys(METRICS, SILENT)
    if len(waveform) > LONGEST * rate:
        return dict.fromkeys(METRICS, Missing(f"longer than {LONGEST:g} s"))
    return indicators(thresholded(alike(moments(waveform, rate))))


def indicators(matrix: Floats) -> dict[str, MetricValue]:
    """The largest fitness in each span of lengths. matrix : (moments, moments)"""
    from evaluation.metrics.papers.fitness import fittest  # compiled as it is first called

    spans = {name: (begin * MOMENTS, end * MOMENTS) for name, (begin, end) in SPANS.items()}
    last = min(len(matrix), spans["long"][1])
    best = fittest(matrix, spans["short"][0], last)
    return {
        f"musdr_structure_{name}": float(best[begin : end + 1].max())
        if begin <= last
        else Missing(f"shorter than {SPANS[name][0]} s")
        for name, (begin, end) in spans.items()
    }


def moments(waveform: Array, rate: int) -> Floats:
    """Pitch classes of a waveform every half second, (moments, 12), each of length 1."""
    from scipy.ndimage import uniform_filter1d

    size = round(WINDOW * rate)
    padded = np.pad(waveform, size // 2)
    bands = chroma_bands(rate, size).astype(np.float32)
    starts = window_starts(len(padded), size, HOP * rate)
    blocks = magnitude_blocks(padded, starts, size)
    energy = np.concatenate([np.square(block[:, : len(bands)]) @ bands for block in blocks]).astype(np.float64)
    mean = uniform_filter1d(_unit(energy, 1e-30), AVERAGED, axis=0, mode="constant")[::EVERY]
    found = _unit(mean, 1e-3)
    found[~found.any(axis=1)] = 12**-0.5  # silence is like itself
    return found


def _unit(rows: Floats, least: float) -> Floats:
    """Rows of length 1; 0 where one is not longer than the least."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > least, rows / np.maximum(length, least), 0.0)


@lru_cache(maxsize=4)
def chroma_bands(rate: int, size: int) -> Floats:
    """How much of each bin of a window is of each pitch class, (bins below `HIGHEST`, 12), C first.

    A bin is of the classes around it by a Gaussian over semitones, one semitone wide or as wide as the bin, of length
    1; the octave of 440 Hz counts most, by a Gaussian over octaves (Ellis 2007, as `librosa.filters.chroma`).
    """
    bins = np.arange(1, int(min(HIGHEST, rate / 2) * size / rate) + 1)
    semitone = 12 * np.log2(np.concatenate([bins, bins[-1:] + 1]) * rate / size / (440 / 16))  # above A0
    width = np.maximum(np.diff(semitone), 1)
    semitone = np.concatenate([[semitone[0] - 18], semitone[:-1]])  # the bin of 0 Hz is one and a half octaves lower
    width = np.concatenate([[max(semitone[1] - semitone[0], 1)], width])
    apart = (semitone[:, None] - np.arange(12) + 6) % 12 - 6
    weight = np.exp(-0.5 * np.square(2 * apart / width[:, None]))
    weight /= np.linalg.norm(weight, axis=1, keepdims=True)
    weight *= np.exp(-0.5 * np.square((semitone / 12 - 5) / 2))[:, None]
    return np.roll(weight, -3, axis=1)


def alike(found: Floats) -> Floats:
    """How alike the moments are in any key and at any tempo, smoothed along diagonals, 0..1; of (moments, 12).

    The mean of the `ALONG` cells that begin or end in a cell, whichever is larger; cells beyond the matrix count 0.
    """
    count = len(found)
    in_keys = found @ np.stack([np.roll(found, shift, axis=1).T for shift in range(12)])
    best = np.zeros((count, count))
    for tempo in TEMPI:
        size = int(np.ceil(count / tempo))
        total = np.pad(in_keys[:, :, _resampled(size, count)], ((0, 0), (ALONG, ALONG), (ALONG, ALONG)))
        for row in range(1, count + 2 * ALONG):  # along diagonals
            total[:, row, 1:] += total[:, row - 1, :-1]
        ending = (total[:, ALONG:, ALONG:] - total[:, :-ALONG, :-ALONG]) / ALONG
        either = np.maximum(ending[:, :count, :size], ending[:, ALONG - 1 : -1, ALONG - 1 : -1])
        best = np.maximum(best, either.max(axis=0)[:, _resampled(count, size)])
    return best


def _resampled(steps: int, count: int) -> Integers:
    """Which of `count` columns stands at each of so many steps, (steps,)."""
    place = np.rint(np.arange(1, steps + 1) / steps * count).astype(np.int64) - 1
    return np.maximum(place, 0)


def thresholded(smooth: Floats) -> Floats:
    """The matrix of which fitness is measured: of (moments, moments), the largest quarter as 0..1, all else a penalty,
    1 on the diagonal.
    """
    rounded = np.round(smooth, DIGITS)
    below = round(rounded.size * (1 - KEPT))
    least = float(np.sort(rounded, axis=None)[min(below, rounded.size - 1)])
    kept = np.where(rounded >= least, rounded, 0.0)
    most = float(kept.max())
    lowest = kept[kept > 0].min() if most > 0 else 0.0
    if most > lowest:
        kept = np.where(kept == 0, PENALTY, (kept - lowest) / (most - lowest))
    np.fill_diagonal(kept, 1.0)
    return kept
