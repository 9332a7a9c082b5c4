"""The notes themselves, without their sound. Times are seconds, pitches MIDI numbers.

Definitions: polyphony, pitch range and pitch-class entropy as in MusPy (Dong et al., ISMIR 2020; the entropy after Wu
& Yang, ISMIR 2020), in real time instead of steps; note count, lengths and inter-onset intervals as in Yang & Lerch,
"On the evaluation of generative models in music" (2020), with medians, which one long rest does not move; empty frames
after MuseGAN's empty bars (Dong et al., AAAI 2018), by frame of the score matrix.
"""

import numpy as np

from clstm.midi import Notes
from clstm.score import FRAME_RATE
from evaluation.metric import Figure, Metric, Missing

CHORD = 0.03  # s: hands strike a chord's notes within about this; onsets closer together are one

METRICS = {
    "note_density": Metric("Note density", "notes/s", "Notes a second.", "symbolic"),
    "polyphony": Metric("Polyphony", "notes", "Mean number of notes sounding, while any sounds.", "symbolic"),
    "pitch_range": Metric("Pitch range", "semitones", "From the lowest pitch to the highest.", "symbolic"),
    "pitch_class_entropy": Metric(
        "Pitch-class entropy", "bits", "Entropy of the notes' pitch classes; at most log2 12 = 3.58.", "symbolic"
    ),
    "empty_frames": Metric(
        "Empty frames", "share", "Share of the eighths of a second in which nothing sounds.", "symbolic"
    ),
    "note_length": Metric("Note length", "s", "Median length of a note.", "symbolic"),
    "inter_onset_interval": Metric(
        "Inter-onset interval",
        "s",
        "Median time from one onset to the next; notes within 30 ms are one chord.",
        "symbolic",
    ),
}

_ON_GRID = 1e-6  # frames: float error of a time on the grid


def measure(notes: Notes, seconds: float | None = None) -> dict[str, Figure]:
    """Every figure of notes that last `seconds`, or to the end of the last note."""
    seconds = notes.duration if seconds is None else seconds
    figures: dict[str, Figure] = dict.fromkeys(METRICS, Missing("no notes"))
    if seconds > 0:
        figures |= {"note_density": len(notes) / seconds, "empty_frames": empty_frames(notes, seconds)}
    if not len(notes):
        return figures
    length = notes.offset - notes.onset
    sounding = sounding_seconds(notes)
    intervals = inter_onset_intervals(notes)
    return figures | {
        "polyphony": float(length.sum() / sounding) if sounding else Missing("all notes have length 0"),
        "pitch_range": float(notes.pitch.max() - notes.pitch.min()),
        "pitch_class_entropy": pitch_class_entropy(notes),
        "note_length": float(np.median(length)),
        "inter_onset_interval": float(np.median(intervals)) if len(intervals) else Missing("one onset only"),
    }


def empty_frames(notes: Notes, seconds: float) -> float:
    """Share of the frames, 8 a second, in no part of which a note sounds, 0..1."""
    frames = max(int(np.ceil(seconds * FRAME_RATE - _ON_GRID)), 1)
    begin = np.floor(notes.onset * FRAME_RATE + _ON_GRID).astype(np.int64)
    end = np.maximum(np.ceil(notes.offset * FRAME_RATE - _ON_GRID).astype(np.int64), begin + 1)
    # +1 where a note begins, -1 where it ends: the running sum counts the notes sounding.
    edges = np.zeros(frames + 1, dtype=np.int64)
    np.add.at(edges, np.minimum(begin, frames), 1)
    np.add.at(edges, np.minimum(end, frames), -1)
    return float((np.cumsum(edges)[:frames] == 0).mean())


def sounding_seconds(notes: Notes) -> float:
    """Seconds in which at least one note sounds."""
    latest = np.maximum.accumulate(notes.offset)
    before = np.concatenate([[0.0], latest[:-1]])
    return float(np.maximum(latest - np.maximum(before, notes.onset), 0).sum())


def pitch_class_entropy(notes: Notes) -> float:
    """Entropy of the twelve pitch classes, each note counting once, bits."""
    count = np.bincount(notes.pitch % 12)
    share = count[count > 0] / count.sum()
    return float(abs((share * np.log2(share)).sum()))


def inter_onset_intervals(notes: Notes) -> np.ndarray:
    """Seconds between successive onsets; one closer than `CHORD` to the onset before it belongs to that chord."""
    onset = np.unique(notes.onset)
    chords = onset[np.diff(onset, prepend=-np.inf) > CHORD]
    return np.diff(chords)
