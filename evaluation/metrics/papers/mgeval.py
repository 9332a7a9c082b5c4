"""The features of Yang & Lerch, "On the evaluation of generative models in music" (Neural Computing and Applications,
2020), as their toolbox mgeval has them; here of all notes with a pitch, there of one track.

Numbers of a piece are metrics; four features are arrays, of which only distances between pieces are printed
(`evaluation.comparison.papers`). Their number of pitches and pitch range are MusPy's.

pitch_class_histogram      (12,) frames of 1/100 s times velocity, as the piano roll of pretty_midi counts them
pitch_class_transitions    (12, 12) pairs of notes of which one begins within 50 ms of the other's end
note_length_histogram      (12,) notes of each length class, nearest in 96ths of a bar
note_length_transitions    (12, 12) pairs of successive notes of these classes

The first is normalised to a sum of 1; the others are counts, as theirs are by default, but for the third.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.papers.reading import NO_NOTES, Floats, Integers, Reading

SOURCE = ("yang2020",)
LENGTHS = (96, 48, 24, 12, 6, 72, 36, 18, 9, 32, 16, 8)  # 96ths of a bar: whole to 16th, dotted, triplets
FRAMES = 100  # a second
NEAR = 0.05  # s

VECTORS = {  # by name: label, and the shape
    "mgeval_pitch_class_histogram": ("Pitch-class histogram", (12,)),
    "mgeval_pitch_class_transitions": ("Pitch-class transition matrix", (12, 12)),
    "mgeval_note_length_histogram": ("Note-length histogram", (12,)),
    "mgeval_note_length_transitions": ("Note-length transition matrix", (12, 12)),
}
Vectors = dict[str, list[float]]


def _metric(label: str, unit: str, definition: str) -> Metric:
    return Metric(label, unit, definition, "papers", compared=False, quoted=True, since=5, sources=SOURCE)


METRICS = {
    "mgeval_note_count": _metric("Note count (mgeval)", "notes", "Number of notes with a pitch."),
    "mgeval_pitch_shift": _metric(
        "Average pitch interval (mgeval)",
        "semitones",
        "Mean interval between successive notes, up or down; notes of a chord follow each other upwards.",
    ),
    "mgeval_ioi": _metric(
        "Average inter-onset interval (mgeval)",
        "s",
        "Mean time from one onset to the next, drums included; notes struck together are 0 s apart.",
    ),
}


def measure(read: Reading) -> dict[str, MetricValue]:
    """Every metric of mgeval that is not in another view."""
    pitch = read.notes.pitch
    onset = np.concatenate([read.notes.onset, read.drums.onset])
    few = Missing("one note") if len(pitch) else NO_NOTES
    return {
        "mgeval_note_count": float(len(pitch)),
        "mgeval_pitch_shift": float(np.abs(np.diff(pitch)).mean()) if len(pitch) > 1 else few,
        "mgeval_ioi": float(onset.max() - onset.min()) / (len(onset) - 1) if len(onset) > 1 else few,
    }


def vectors(read: Reading) -> Vectors:
    """The features that are arrays, each as one row of numbers; those that do not exist are left out."""
    if not len(read.notes):
        return {}
    found: dict[str, NDArray[Any]] = {}
    histogram = pitch_class_histogram(read)
    if histogram.any():
        found["mgeval_pitch_class_histogram"] = histogram / histogram.sum()
    found["mgeval_pitch_class_transitions"] = pitch_class_transitions(read)
    if read.beatless is None:
        kind = length_classes(read)
        count = np.bincount(kind, minlength=12)
        found["mgeval_note_length_histogram"] = count / count.sum()
        found["mgeval_note_length_transitions"] = np.bincount(12 * kind[:-1] + kind[1:], minlength=144)
    return {name: row.tolist() for name, row in found.items()}


def pitch_class_histogram(read: Reading) -> Floats:
    """Frames times velocity of each pitch class, (12,)."""
    notes = read.notes
    frames = (FRAMES * notes.offset).astype(np.int64) - (FRAMES * notes.onset).astype(np.int64)
    return np.asarray(np.bincount(read.pitch_class, frames * notes.velocity, minlength=12), dtype=np.float64)


def pitch_class_transitions(read: Reading) -> Integers:
    """Pairs of pitch classes, (144,): from one that ends to one that begins within `NEAR` of that."""
    onset, offset, kind = read.notes.onset, read.notes.offset, read.pitch_class
    first = np.searchsorted(onset, offset - NEAR, side="right")
    behind = np.searchsorted(onset, offset + NEAR, side="left")
    count = np.maximum(behind - first, 0)
    source = np.repeat(kind, count)
    target = kind[np.arange(len(source)) - np.repeat(np.cumsum(count) - count - first, count)]
    return np.bincount(12 * source + target, minlength=144)


def length_classes(read: Reading) -> Integers:
    """The place in `LENGTHS` of the class nearest to each note's length; of two that are as near, the first."""
    signatures = np.array([(at, 4 * beats / value) for at, beats, value in read.metre.signatures])
    place = np.searchsorted(signatures[:, 0], read.begin + read.zero, side="right") - 1
    length = np.round(96 * (read.end - read.begin) / signatures[np.maximum(place, 0), 1], 3)
    return np.asarray(np.abs(length[:, None] - np.array(LENGTHS)).argmin(axis=1))
