"""Structure: how much the music stays the same, and where something new begins.

The sound of each half second is the mean energy of three Hann windows of a quarter, half overlapping, pooled to
semitones (the nearest pitch of the equal temperament at A4 = 440 Hz, from A0 up) and the square root taken, as a vector
of length 1: which notes and partials sound, not how loud. Below 140 Hz the windows blur neighbouring semitones. Silence
(`rms_level`: quieter than -70 dBFS) is a sound of its own, like itself and like no other; the silence before
and after the music, and DC, are left out of the metrics.

    S[i, j] = f[i] . f[j]          cosine similarity of the half seconds i and j, 0..1

is the self-similarity matrix of Foote (1999). His novelty (2000) moves a checkerboard along its diagonal: how much more
alike the four seconds before a moment are among themselves, and those after it, than the ones are to the others,

    novelty = mean of S[i, j] over (i, j) on the same side - mean over (i, j) on two sides, i not j

weighted by a Gaussian, exp(-(u^2 + v^2) / (2 (2 s)^2)) at u and v seconds from the moment. What stays the same and what
never repeats a half second both have a novelty of 0; one steady sound that gives way to one unlike it has 1 there. The
similarity of a half second to itself is left out, and each mean has weights that add up to 1.

J. Foote, "Visualizing music and audio using self-similarity", ACM Multimedia 1999. J. Foote, "Automatic audio
segmentation using a measure of audio novelty", IEEE ICME 2000.
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.stft import Array, magnitude_blocks
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.rms_level import SILENCE, SILENT, music

MOMENT = 0.5  # s
WINDOW = 0.25  # s; all three lie within the half second, so that two sounds never meet in one
SIDE = 4.0  # s, before a moment and after it
APART = 4.0  # s
LOWEST = 21  # MIDI pitch A0; what is lower counts as A0
LARGEST = 2400  # rows of a matrix to draw
PROMINENCE = 0.1  # novelty; how far a peak stands above the higher of the valleys beside it
SHORTEST_RATE = 30.0  # s; a single peak in ten seconds gives no rate

METRICS = {
    "self_similarity": Metric(
        "Self-similarity",
        "",
        "Mean cosine similarity of the sound of half seconds 4 s or more apart: 1 is a sound that never changes.",
        "structure",
        "hardly changes with time",
        since=2,
        sources=(
            "huang2018",
            "foote1999",
        ),
    ),
    "novelty": Metric(
        "Novelty",
        "",
        "How much less similar four seconds are to the next four than to themselves, on average (Foote 2000).",
        "structure",
        since=2,
        sources=("foote2000",),
    ),
    "novelty_rate": Metric(
        "Novelty rate",
        "/min",
        "Peaks of novelty per minute, 0.1 or more above the valleys beside them: moments where something new begins.",
        "structure",
        since=2,
        sources=("foote2000",),
    ),
}

_SIDE = round(SIDE / MOMENT)  # half seconds
_HANN = 1.5  # bins; the power of a sine in all bins of a Hann window over that in the middle one


def moments(waveform: Array, rate: int) -> Array:
    """The sound of every whole half second of a waveform, (samples,) -1..1; one shorter is padded with silence.

    returns (half seconds, semitones + 1), rows of length 1; the last column is silence.

    >>> moments(np.zeros(8000), 8000)[:, -1]  # two half seconds of silence
    array([1., 1.])
    """
    half, size = round(MOMENT * rate), round(WINDOW * rate)
    count = max(len(waveform) // half, 1)
    starts = (np.arange(count)[:, None] * half + np.array([0, size // 2, half - size])).ravel()
    frequency = np.fft.rfftfreq(size, 1 / rate)
    pitch = np.round(69 + 12 * np.log2(np.maximum(frequency, 1.0) / 440)).astype(int)
    # A semitone that is narrower than a bin may have none, and then no column.
    edges = np.flatnonzero(np.diff(np.maximum(pitch, LOWEST), prepend=0))
    blocks = magnitude_blocks(waveform, starts, size)
    windows = np.concatenate([np.add.reduceat(np.square(block), edges, axis=1) for block in blocks])
    energy = windows.reshape(count, 3, len(edges)).mean(axis=1, dtype=np.float64)
    total = energy.sum(axis=1, keepdims=True)
    # A sine with an RMS of R has 2 R^2 in its bin, and `_HANN` times that in all bins.
    silent = total < 2 * _HANN * 10 ** (SILENCE / 10)
    shares = np.where(silent, 0, energy) / np.where(silent, 1, total)
    # The square roots of shares, which add up to 1, are a vector of length 1.
    return np.asarray(np.sqrt(np.hstack([shares, silent])))


def self_similarity_matrix(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Middles of the moments, (moments,) s, and their similarity, (moments, moments) 0..1, of a waveform, (samples,).

    A moment is half a second; from twenty minutes on it is the mean of two or more, so that there are at most
    `LARGEST`.

    Half a second of A4, then half a second of A6:

    >>> sines = [np.sin(2 * np.pi * pitch * np.arange(4000) / 8000) for pitch in (440, 1760)]
    >>> times, alike = self_similarity_matrix(np.concatenate(sines), 8000)
    >>> times.tolist(), alike.round(2).tolist()
    ([0.25, 0.75], [[1.0, 0.0], [0.0, 1.0]])
    """
    sound = moments(waveform, rate)
    together = -(-len(sound) // LARGEST)
    starts = np.arange(0, len(sound), together)
    pooled = np.add.reduceat(sound, starts, axis=0)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    ends = np.minimum(starts + together, len(sound))
    return MOMENT * (starts + ends) / 2, np.clip(pooled @ pooled.T, 0, 1)


def novelty_curve(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Moments between half seconds, (moments,) s, and novelty there, (moments,), of a waveform, (samples,) -1..1.

    Only where four seconds lie on both sides; none for what is shorter than eight.

    Eight seconds of A4, then eight of A6: novelty is largest where the sound changes.

    >>> sines = [np.sin(2 * np.pi * pitch * np.arange(64000) / 8000) for pitch in (440, 1760)]
    >>> times, curve = novelty_curve(np.concatenate(sines), 8000)
    >>> float(times[curve.argmax()]), float(curve.max().round(2))
    (8.0, 1.0)
    """
    curve = novelty(moments(waveform, rate))
    return SIDE + MOMENT * np.arange(len(curve)), curve


def novelty(sound: Array) -> Array:
    """Foote's novelty of `moments`, (n, features), at the n - 15 boundaries with 8 on both sides; none where n < 16.

    >>> one_sound_then_another = np.repeat([[1.0, 0.0], [0.0, 1.0]], 8, axis=0)
    >>> novelty(one_sound_then_another).round(6)
    array([1.])
    """
    if len(sound) < 2 * _SIDE:
        return np.empty(0)
    weight = np.exp(-np.square((np.arange(_SIDE) + 0.5) * MOMENT) / (2 * (SIDE / 2) ** 2))  # going away from the moment
    # The kernel is the outer product of a vector with itself, so no matrix is needed: sums over S are squares of sums.
    windows = np.lib.stride_tricks.sliding_window_view(sound, _SIDE, axis=0)
    before, after = windows[:-_SIDE] @ weight[::-1], windows[_SIDE:] @ weight
    itself, whole = np.square(weight).sum(), weight.sum() ** 2
    same = (np.square(before) + np.square(after)).sum(axis=1) - 2 * itself
    other = 2 * (before * after).sum(axis=1)
    return np.asarray(same / (2 * (whole - itself)) - other / (2 * whole))


def self_similarity(sound: Array) -> float:
    """Mean similarity of `moments`, (n, features), 4 s or more apart, 0..1; n is 9 or more.

    >>> self_similarity(np.repeat([[1.0, 0.0]], 20, axis=0))
    1.0
    """
    apart, n = round(APART / MOMENT), len(sound)
    near = sum(float((sound[lag:] * sound[: n - lag]).sum()) for lag in range(1, apart))
    all_pairs = (np.square(sound.sum(axis=0)).sum() - n) / 2  # each row is of length 1
    return float((all_pairs - near) / ((n - apart) * (n - apart + 1) / 2))


def peaks(curve: Array) -> NDArray[np.int64]:
    """Indices of the peaks of a novelty curve, (frames,): at least `PROMINENCE` above the higher valley beside them.

    >>> peaks(np.array([0.0, 0.5, 0.0, 0.05, 0.0]))
    array([1])
    """
    from scipy.signal import find_peaks

    return np.asarray(find_peaks(curve, prominence=PROMINENCE)[0])


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every metric of the structure of a waveform, (samples,) -1..1; `Missing` where it is silent or too short."""
    heard = music(waveform, rate)
    if heard is None:
        return dict.fromkeys(METRICS, SILENT)
    sound = moments(heard, rate)
    curve = novelty(sound)
    seconds = MOMENT * len(sound)
    return {
        "self_similarity": self_similarity(sound) if seconds > APART else Missing(f"shorter than {APART + MOMENT:g} s"),
        "novelty": float(curve.mean()) if len(curve) else Missing(f"shorter than {2 * SIDE:g} s"),
        "novelty_rate": len(peaks(curve)) / (len(curve) * MOMENT / 60)
        if seconds >= SHORTEST_RATE
        else Missing(f"shorter than {SHORTEST_RATE:g} s"),
    }
