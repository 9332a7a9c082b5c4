"""Harmony: how clear the key is, how many notes are outside of it, and the chords of bars.

The key is that of Krumhansl & Schmuckler: of 24, the one whose profile (Krumhansl & Kessler 1982) has the largest
correlation with the pitch classes, weighted by the notes' lengths. Steps outside of the key are those of Zhu et al.,
"Efficient fine-grained guidance for diffusion model based symbolic music generation" (ICML 2025); the entropy of chords
is that of Yeh et al., "Automatic melody harmonization with triad chords" (JNMR 2021). Both are defined here as the
package smg-metrics has them: a bar's chord is the template (ten kinds on twelve roots) with the largest cosine with the
counts of its pitch classes, none below one half. That package's bars are four quarters; these are those of the file.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.papers.reading import NO_NOTES, Integers, Reading, entropy, touched, whole
from evaluation.metrics.symbolic import DIATONIC

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SCALES = (DIATONIC, np.roll(DIATONIC, 3))  # major and natural minor, from C
KEYS = [(tonic, scale) for tonic in range(12) for scale in range(2)]


def _standardized(profile: tuple[float, ...]) -> NDArray[np.float64]:
    centred = np.array(profile) - np.mean(profile)
    return np.asarray(centred / np.linalg.norm(centred))


_PROFILES = np.array([np.roll(_standardized((_MAJOR, _MINOR)[scale]), tonic) for tonic, scale in KEYS])
_OUTSIDE = np.array([1 - np.roll(_SCALES[scale], tonic) for tonic, scale in KEYS])

_KINDS: tuple[tuple[int, ...], ...] = (
    *((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8)),
    *((0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 9)),
    *((0, 5, 7), (0, 2, 7)),
)
_TEMPLATES = np.zeros((12 * len(_KINDS), 12))
for _root in range(12):
    for _kind, _intervals in enumerate(_KINDS):
        _TEMPLATES[len(_KINDS) * _root + _kind, [(_root + one) % 12 for one in _intervals]] = len(_intervals) ** -0.5
COUNT = len(_TEMPLATES)
LIKE = 0.5  # cosine from which a bar has a chord
STEP = 0.25  # quarters


def _metric(label: str, unit: str, definition: str, *sources: str) -> Metric:
    return Metric(label, unit, definition, "papers", compared=False, quoted=True, since=5, sources=sources)


METRICS = {
    "key_clarity": _metric(
        "Key clarity",
        "",
        "Largest correlation of the pitch classes, weighted by length, with the profile of a key.",
        "krumhansl1982",
    ),
    "notes_out_of_key": _metric(
        "Notes out of key", "share", "Share of the notes outside of the scale of that key.", "krumhansl1982"
    ),
    "steps_out_of_key": _metric(
        "Steps out of key", "share", "Share of the sixteenths in which a note outside of the key sounds.", "zhu2025"
    ),
    "chord_vocabulary": _metric("Chord vocabulary", "chords", "Number of different chords of bars.", "yeh2021"),
    "chord_entropy": _metric("Chord histogram entropy", "bits", "Entropy of the chords of bars.", "yeh2021"),
}


def measure(read: Reading) -> dict[str, MetricValue]:
    """Every metric of harmony."""
    values: dict[str, MetricValue] = dict.fromkeys(METRICS, NO_NOTES)
    if not len(read.notes):
        return values
    found = key(read)
    if isinstance(found, Missing):
        values |= dict.fromkeys(("key_clarity", "notes_out_of_key", "steps_out_of_key"), found)
    else:
        outside = _OUTSIDE[found[0]][read.pitch_class] > 0
        values |= {"key_clarity": found[1], "notes_out_of_key": float(outside.mean())}
        values |= {"steps_out_of_key": read.beatless or steps_outside(read, outside)}
    return values | _of_chords(read)


def key(read: Reading) -> tuple[int, float] | Missing:
    """The place of the key in `KEYS`, and its correlation."""
    weight = np.bincount(read.pitch_class, read.end - read.begin, minlength=12)
    centred = weight - weight.mean()
    norm = float(np.linalg.norm(centred))
    if norm <= 1e-9 * weight.sum():
        return Missing("all pitch classes are alike")
    likeness = _PROFILES @ centred / norm
    best = int(np.argmax(likeness))
    return best, float(likeness[best])


def steps_outside(read: Reading, outside: NDArray[np.bool_]) -> float:
    """Share of the sixteenths, from the first onset to the last end, that a note outside of the key touches."""
    first, last = float(read.begin.min()), float(read.end.max())
    count = max(int(np.ceil((last - first) / STEP - 1e-3)), 1)
    begin, end = (whole(times[outside] - first, STEP) for times in (read.begin, read.end))
    return float(touched(begin, np.minimum(end, count - 1), count).mean())


@lru_cache(maxsize=1)
def chords_of(read: Reading) -> Integers:
    """`chords` of its bars."""
    return chords(read.by_bar)


def chords(by_bar: Integers) -> Integers:
    """The chord of each bar, 0..119 (root, then kind), -1 for none. by_bar : (bars, 12) notes of each pitch class

    >>> chords(np.array([[2, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0], [0] * 12])).tolist()
    [0, -1]
    """
    length = np.linalg.norm(by_bar, axis=1)
    # Rounded, so that of templates that are as like the first is taken whatever the order of the sum.
    likeness = np.round(by_bar @ _TEMPLATES.T / np.maximum(length, 1)[:, None], 9)
    best = likeness.argmax(axis=1)
    found: Integers = np.where(likeness[np.arange(len(best)), best] >= LIKE, best, -1)
    return found


def _of_chords(read: Reading) -> dict[str, MetricValue]:
    names = ("chord_vocabulary", "chord_entropy")
    if read.beatless is not None:
        return dict.fromkeys(names, read.beatless)
    found = chords_of(read)
    count = np.bincount(found[found >= 0], minlength=1)
    if not count.any():
        return dict.fromkeys(names, Missing("no chord is recognised"))
    return dict(zip(names, (float(np.count_nonzero(count)), float(entropy(count[None])[0])), strict=True))
