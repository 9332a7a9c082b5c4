"""The notes themselves, without their sound. Times are seconds, pitches MIDI numbers.

Definitions: polyphony, polyphony rate, pitch range and pitch-class entropy as in MusPy (Dong et al., ISMIR 2020; the
entropy after Wu & Yang, ISMIR 2020), in real time instead of steps; scale consistency as in MusPy after Mogren,
"C-RNN-GAN" (2016); note count, lengths and inter-onset intervals as in Yang & Lerch, "On the evaluation of generative
models in music" (2020), with medians, which one long rest does not move; empty frames after MuseGAN's empty bars (Dong
et al., AAAI 2018), by frame of the score matrix.

A pitch that two notes sound at once (two voices, two tracks) sounds once, as in a piano roll. MusPy's code for the
polyphony rate asks for more than two pitches where its definition says two or more; here it is two or more.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE
from evaluation.metrics.metric import Metric, MetricValue, Missing

CHORD = 0.03  # s: hands strike a chord's notes within about this; onsets closer together are one

METRICS = {
    "note_density": Metric("Note density", "notes/s", "Notes per second.", "symbolic", sources=("yang2020",)),
    "polyphony": Metric(
        "Polyphony",
        "notes",
        "Mean number of pitches sounding, while any sounds. Notes are as long as in note length.",
        "symbolic",
        sources=("dong2020",),
    ),
    "polyphony_rate": Metric(
        "Polyphony rate",
        "share",
        "Share of the whole time in which two pitches or more sound. Notes are as long as in note length.",
        "symbolic",
        sources=("dong2020",),
    ),
    "pitch_range": Metric(
        "Pitch range", "semitones", "From the lowest pitch to the highest.", "symbolic", sources=("dong2020",)
    ),
    "pitch_class_entropy": Metric(
        "Pitch-class entropy",
        "bits",
        "Entropy of the notes' pitch classes; at most log2 12 = 3.58.",
        "symbolic",
        sources=(
            "wu2020",
            "dong2020",
        ),
    ),
    "scale_consistency": Metric(
        "Scale consistency",
        "share",
        "Share of the notes in the major or natural minor scale that holds most of them; at least 7/12 = 0.58.",
        "symbolic",
        sources=(
            "mogren2016",
            "dong2020",
        ),
    ),
    "empty_frames": Metric(
        "Empty frames",
        "share",
        "Share of the eighths of a second in which no note with a pitch sounds. Notes are as long as in note length.",
        "symbolic",
        sources=("dong2018",),
    ),
    "note_length": Metric(
        "Note length",
        "s",
        "Median length of a note: as long as its key is down or, with --pedal, as long as the pedal holds it.",
        "symbolic",
        sources=("yang2020",),
    ),
    "inter_onset_interval": Metric(
        "Inter-onset interval",
        "s",
        "Median time from one onset to the next; notes within 30 ms are one chord.",
        "symbolic",
        sources=("yang2020",),
    ),
    "changes_in_highs": Metric(
        "Changes in the highs",
        "share",
        "Share of the changes of pitch that lie at middle C or above. A change is a note that was not in the last "
        "chord of its half of the keyboard. Above one half, the music changes mainly in the highs.",
        "symbolic",
        "changes in the number and distribution of high-frequency notes",
        since=2,
        sources=("huang2018",),
    ),
}

MIDDLE_C = 60
PITCHES = 128  # of MIDI
DIATONIC = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])  # a major scale from its root; its 6th degree's natural minor

_ON_GRID = 1e-6  # frames: float error of a time on the grid


def measure(notes: Notes, seconds: float | None = None) -> dict[str, MetricValue]:
    """Every metric of notes that last `seconds`, or to the end of the last note.

    A C major scale, two notes per second:

    >>> pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    >>> values = measure(Notes.of([(k / 2, k / 2 + 0.5, pitch, 80) for k, pitch in enumerate(pitches)]))
    >>> values["scale_consistency"], values["note_density"], values["pitch_range"], values["polyphony"]
    (1.0, 2.0, 12.0, 1.0)
    """
    seconds = notes.duration if seconds is None else seconds
    values: dict[str, MetricValue] = dict.fromkeys(METRICS, Missing("no notes"))
    if seconds > 0:
        values |= {"note_density": len(notes) / seconds, "empty_frames": empty_frames(notes, seconds)}
    if not len(notes):
        return values
    intervals = inter_onset_intervals(notes)
    return values | {
        **_polyphony(notes, seconds),
        "pitch_range": float(notes.pitch.max() - notes.pitch.min()),
        "pitch_class_entropy": pitch_class_entropy(notes),
        "scale_consistency": scale_consistency(notes),
        "note_length": float(np.median(notes.offset - notes.onset)),
        "inter_onset_interval": float(np.median(intervals)) if len(intervals) else Missing("one onset only"),
        "changes_in_highs": changes_in_highs(notes),
    }


def _polyphony(notes: Notes, seconds: float) -> dict[str, MetricValue]:
    stretch, pitches = pitches_sounding(notes, seconds)
    sounding = stretch[pitches > 0].sum()
    if not sounding:
        return dict.fromkeys(("polyphony", "polyphony_rate"), Missing("all notes have length 0"))
    return {
        "polyphony": float((stretch * pitches).sum() / sounding),
        "polyphony_rate": float(stretch[pitches >= 2].sum() / seconds),
    }


def empty_frames(notes: Notes, seconds: float) -> float:
    """Share of the frames of 1/8 s in which no note sounds at any moment, 0..1.

    >>> empty_frames(Notes.of([(0.0, 1.0, 60, 80)]), 4.0)
    0.75
    """
    frames = max(int(np.ceil(seconds * FRAME_RATE - _ON_GRID)), 1)
    begin = np.floor(notes.onset * FRAME_RATE + _ON_GRID).astype(np.int64)
    end = np.maximum(np.ceil(notes.offset * FRAME_RATE - _ON_GRID).astype(np.int64), begin + 1)
    # +1 where a note begins, -1 where it ends: the running sum counts the notes sounding.
    edges = np.zeros(frames + 1, dtype=np.int64)
    np.add.at(edges, np.minimum(begin, frames), 1)
    np.add.at(edges, np.minimum(end, frames), -1)
    return float((np.cumsum(edges)[:frames] == 0).mean())


def pitches_sounding(notes: Notes, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How many pitches sound at which time, up to `seconds`: the length of each section in seconds, and its pitches.

    The sections follow each other from the first onset, silent ones included.

    >>> stretch, pitches = pitches_sounding(Notes.of([(0.0, 2.0, 60, 80), (1.0, 3.0, 64, 80)]), 3.0)
    >>> stretch.tolist(), pitches.tolist()
    ([1.0, 1.0, 1.0], [1, 2, 1])
    """
    begin, end, _ = spans(notes)
    time = np.minimum(np.concatenate([begin, end]), seconds)
    change = np.repeat([1, -1], len(begin))
    order = np.argsort(time, kind="stable")
    return np.diff(time[order]), np.cumsum(change[order])[:-1]


@lru_cache(maxsize=2)
def spans(notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """From when to when each pitch sounds, and which it is: its notes (at least one), those that overlap or touch made
    one. Several metrics ask for those of the same notes: nobody may change them.
    """
    order = np.lexsort((notes.onset, notes.pitch))
    pitch, onset, offset = notes.pitch[order], notes.onset[order], notes.offset[order]
    # Each pitch has a stretch of time of its own, so that one running maximum serves all.
    apart = pitch * (notes.duration + 1.0)
    latest = np.maximum.accumulate(offset + apart)
    first = np.append(True, (onset + apart)[1:] > latest[:-1])
    return onset[first], np.maximum.reduceat(offset, np.flatnonzero(first)), pitch[first]


def pitch_class_entropy(notes: Notes) -> float:
    """Entropy of the twelve pitch classes, each note counted once, bits.

    >>> pitch_class_entropy(Notes.of([(0.0, 1.0, 60, 80), (1.0, 2.0, 72, 80), (2.0, 3.0, 67, 80), (3.0, 4.0, 67, 80)]))
    1.0
    """
    count = np.bincount(notes.pitch % 12)
    share = count[count > 0] / count.sum()
    return float(abs((share * np.log2(share)).sum()))  # a minus sign would make -0.0 of a single class


def scale_consistency(notes: Notes) -> float:
    """Largest share of the notes in one of the 12 major and 12 natural minor scales, 7/12..1.

    A natural minor scale has the pitch classes of its relative major, so there are twelve sets to try.

    >>> scale_consistency(Notes.of([(0.0, 1.0, 60, 80), (0.0, 1.0, 61, 80), (0.0, 1.0, 62, 80), (0.0, 1.0, 64, 80)]))
    0.75
    """
    count = np.bincount(notes.pitch % 12, minlength=12)
    return float(max(count @ np.roll(DIATONIC, root) for root in range(12)) / len(notes))


def inter_onset_intervals(notes: Notes) -> np.ndarray:
    """Seconds between successive onsets; one closer than `CHORD` to the onset before it belongs to that chord.

    >>> inter_onset_intervals(Notes.of([(0.0, 1.0, 60, 80), (0.02, 1.0, 64, 80), (0.5, 1.0, 67, 80)]))
    array([0.5])
    """
    onset = each_once(notes.onset)
    chords = onset[np.diff(onset, prepend=-np.inf) > CHORD]
    return np.diff(chords)


def changes_in_highs(notes: Notes) -> MetricValue:
    """Share of the changes of pitch that lie from middle C up, 0..1.

    The paper sees its Figure 5 change "mainly" in the highs, "that is, changes in the number and distribution of
    high-frequency notes". Notes are counted, because sound cannot show it: higher partials of a piano decay faster, and
    those of a moving bass are above 1 kHz too.

    >>> changes_in_highs(Notes.of([(k, k + 1.0, pitch, 80) for k, pitch in enumerate((72, 74, 76, 48, 50))]))
    0.6666666666666666
    """
    highs = notes.pitch >= MIDDLE_C
    above, below = (_changes(notes.onset[half], notes.pitch[half]) for half in (highs, ~highs))
    return above / (above + below) if above + below else Missing("its pitches never change")


def _changes(onset: NDArray[np.float64], pitch: NDArray[np.int64]) -> int:
    """How many notes have a pitch that the chord before did not have; the first chord is no change."""
    order = np.argsort(onset, kind="stable")
    chord = np.cumsum(np.diff(onset[order], prepend=-np.inf) > CHORD) - 1
    there = each_once(chord * PITCHES + pitch[order])  # each pitch of each chord once
    later = there[there >= PITCHES]
    return int(np.count_nonzero(there[np.searchsorted(there, later - PITCHES)] != later - PITCHES))


def each_once(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, sorted; `numpy.unique`, but several times as fast where they are nearly in order already,
    as what is made of notes is.

    >>> each_once(np.array([1, 1, 3, 2])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(values, kind="stable")
    new = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def struck(notes: Notes | None) -> str:
    """The times at which each pitch is struck, in ms from the first strike, as text for a table; "" without notes.

    >>> struck(Notes.of([(1.0, 2.0, 60, 80), (1.25, 2.0, 64, 80), (1.5, 2.0, 60, 80)]))
    '60:0,500 64:250'
    """
    if notes is None or not len(notes):
        return ""
    times = np.rint(1000 * (notes.onset - notes.onset.min())).astype(np.int64)
    pitch, place = np.divmod(each_once(notes.pitch * (times.max() + 1) + times), times.max() + 1)
    begins = np.flatnonzero(np.diff(pitch, prepend=-1))
    written, ends = list(map(str, place.tolist())), [*begins[1:].tolist(), len(place)]
    each = zip(pitch[begins].tolist(), begins.tolist(), ends, strict=True)
    return " ".join(f"{pitch}:{','.join(written[begin:end])}" for pitch, begin, end in each)
