"""The notes themselves, without their sound."""

import numpy as np

from clstm.midi import Notes
from clstm.score import FRAME_RATE
from evaluation.missing import Figure, Missing

CHORD = 0.03  # s: onsets closer than this are one chord


def measure(notes: Notes, seconds: float | None = None) -> dict[str, Figure]:
    """The figures of notes that last `seconds`, or to the end of the last note."""
    seconds = notes.duration if seconds is None else seconds
    if not len(notes) or seconds <= 0:
        names = ("polyphony", "pitch_range", "pitch_class_entropy", "note_length", "inter_onset_interval")
        none: dict[str, Figure] = dict.fromkeys(names, Missing("no notes"))
        exist = seconds > 0
        return {
            "note_density": 0.0 if exist else Missing("no notes"),
            "empty_frames": 1.0 if exist else Missing("no notes"),
            **none,
        }
    length = notes.offset - notes.onset
    begin, end = _frames(notes)
    frames = max(round(np.ceil(seconds * FRAME_RATE - 1e-6)), 1)
    edges = np.zeros(max(frames, end.max()) + 1, dtype=np.int64)
    np.add.at(edges, begin, 1)
    np.add.at(edges, end, -1)
    empty = np.cumsum(edges)[:frames] == 0
    count = np.bincount(notes.pitch % 12, minlength=12)
    share = count[count > 0] / count.sum()
    gaps = np.diff(np.unique(notes.onset))
    gaps = gaps[gaps > CHORD]
    return {
        "note_density": len(notes) / seconds,
        "polyphony": float(length.sum() / _sounding(notes)) if length.sum() else Missing("notes without length"),
        "pitch_range": float(notes.pitch.max() - notes.pitch.min()),
        "pitch_class_entropy": float(abs((share * np.log2(share)).sum())),
        "empty_frames": float(empty.mean()),
        "note_length": float(np.median(length)),
        "inter_onset_interval": float(np.median(gaps)) if len(gaps) else Missing("one onset only"),
    }


def _frames(notes: Notes) -> tuple[np.ndarray, np.ndarray]:
    begin = np.floor(notes.onset * FRAME_RATE + 1e-6).astype(np.int64)
    end = np.ceil(notes.offset * FRAME_RATE - 1e-6).astype(np.int64)
    return begin, np.maximum(end, begin + 1)


def _sounding(notes: Notes) -> float:
    """Seconds in which at least one note sounds."""
    latest = np.maximum.accumulate(notes.offset)
    before = np.concatenate([[0.0], latest[:-1]])
    return float(np.maximum(latest - np.maximum(before, notes.onset), 0).sum())
