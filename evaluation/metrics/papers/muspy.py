"""MusPy's metrics (Dong et al., "MusPy: a toolkit for symbolic music generation", ISMIR 2020), as its code has them.

It counts steps of the file's ticks, so a slow bar weighs as much as a fast one, and a piece lasts to the end of its
last note. Its pitch range, scale consistency and pitch-class entropy are those of `evaluation.metrics.symbolic`.

polyphony rate    steps with *more* than two pitches: its code asks for that, its documentation for two or more
empty beats       a beat is a quarter; a note touches the beat in which it ends, also where it ends on its begin
groove, drums     at 24 steps a quarter, its default; in the file's own ticks nearly all steps are empty, and the groove
                  consistency of any music is near 1
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.papers.reading import NO_NOTES, ROUNDING, Floats, Integers, Reading, entropy, touched, whole
from evaluation.metrics.symbolic import DIATONIC, spans

STEPS = 24  # a quarter
THRESHOLD = 2  # pitches; the polyphony rate counts where more sound
NO_DRUMS = Missing("no drums")
SOURCE = ("dong2020",)


def _metric(label: str, unit: str, definition: str) -> Metric:
    return Metric(label, unit, definition, "papers", compared=False, quoted=True, since=5, sources=SOURCE)


METRICS = {
    "muspy_pitches_used": _metric("Pitches used (MusPy)", "pitches", "Number of different pitches."),
    "muspy_pitch_classes_used": _metric("Pitch classes used (MusPy)", "", "Number of different pitch classes."),
    "muspy_polyphony": _metric(
        "Polyphony (MusPy)", "pitches", "Mean number of pitches sounding, while any sounds, by quarters of the file."
    ),
    "muspy_polyphony_rate": _metric(
        "Polyphony rate (MusPy)",
        "share",
        "Share of the quarters of the file in which more than two pitches sound, as the code of MusPy has it.",
    ),
    "muspy_pitch_in_scale_rate": _metric(
        "Pitch-in-scale rate (MusPy)",
        "share",
        "Share of the notes in C major: of use only for music that was transposed to one key.",
    ),
    "muspy_pitch_entropy": _metric(
        "Pitch entropy (MusPy)", "bits", "Entropy of the notes' pitches; at most log2 128 = 7."
    ),
    "muspy_empty_beat_rate": _metric(
        "Empty-beat rate (MusPy)", "share", "Share of the quarters in which no note sounds, drums included."
    ),
    "muspy_empty_measure_rate": _metric(
        "Empty-measure rate (MusPy)", "share", "Share of the bars in which no note sounds, drums included."
    ),
    "muspy_groove_consistency": _metric(
        "Groove consistency (MusPy)",
        "",
        "How alike the onsets of neighbouring bars are, at 24 steps a quarter; near 1 for any music with few onsets.",
    ),
    "muspy_drum_in_duple_rate": _metric(
        "Drum-in-pattern rate, duple (MusPy)", "share", "Share of the drum hits on sixteenths."
    ),
    "muspy_drum_in_triple_rate": _metric(
        "Drum-in-pattern rate, triple (MusPy)", "share", "Share of the drum hits on triplets of eighths."
    ),
    "muspy_drum_pattern_consistency": _metric(
        "Drum-pattern consistency (MusPy)", "share", "The larger of the two drum-in-pattern rates."
    ),
}


def measure(read: Reading) -> dict[str, MetricValue]:
    """Every metric of MusPy that is not in another view."""
    notes = read.notes
    values: dict[str, MetricValue] = dict.fromkeys(METRICS, NO_NOTES)
    if len(notes):
        count = np.bincount(notes.pitch, minlength=128)
        classes = np.bincount(read.pitch_class, minlength=12)
        values |= {
            "muspy_pitches_used": float(np.count_nonzero(count)),
            "muspy_pitch_classes_used": float(np.count_nonzero(classes)),
            "muspy_pitch_in_scale_rate": float(classes @ DIATONIC) / len(notes),
            "muspy_pitch_entropy": float(entropy(count[None])[0]),
            **_polyphony(read),
        }
    return values | _of_beats(read)


def _polyphony(read: Reading) -> dict[str, MetricValue]:
    begin, end, _ = spans(read.notes)
    time = read.quarters(np.concatenate([begin, end]))
    order = np.argsort(time, kind="stable")
    stretch, pitches = np.diff(time[order]), np.cumsum(np.repeat([1, -1], len(begin))[order])[:-1]
    sounding = float(stretch[pitches > 0].sum())
    if not sounding:
        return dict.fromkeys(("muspy_polyphony", "muspy_polyphony_rate"), Missing("all notes have length 0"))
    return {
        "muspy_polyphony": float((stretch * pitches).sum()) / sounding,
        "muspy_polyphony_rate": float(stretch[pitches > THRESHOLD].sum()) / read.last,
    }


def _of_beats(read: Reading) -> dict[str, MetricValue]:
    names = [name for name in METRICS if "beat" in name or "measure" in name or "groove" in name or "drum" in name]
    if read.beatless is not None:
        return dict.fromkeys(names, read.beatless)
    hit = read.quarters(read.drums.onset)
    begin = np.concatenate([read.begin, hit])
    end = np.concatenate([read.end, read.quarters(read.drums.offset)])
    bar = read.one_bar
    return {
        "muspy_empty_beat_rate": _empty(begin, end, read.last, 1.0),
        "muspy_empty_measure_rate": bar if isinstance(bar, Missing) else _empty(begin, end, read.last, bar),
        "muspy_groove_consistency": bar if isinstance(bar, Missing) else groove(begin, read.last, bar),
        **_of_drums(hit),
    }


def _empty(begin: Floats, end: Floats, last: float, length: float) -> float:
    """Share of the boxes of a length, quarters, that no note touches."""
    count = int((last + ROUNDING) // length) + 1
    return 1 - float(np.count_nonzero(touched(whole(begin, length), whole(end, length), count))) / count


def groove(begin: Floats, last: float, bar: float) -> MetricValue:
    """1 - the mean Hamming distance of neighbouring bars, over their steps. begin, last, bar : quarters

    >>> same, other = np.array([0.0, 1.0, 4.0, 5.0]), np.array([0.0, 1.0, 4.5, 5.5])
    >>> bool(groove(same, 8.0, 4.0) > groove(other, 8.0, 4.0))
    True
    """
    steps = round(STEPS * bar)
    bars = int(_steps(np.array(last))) // steps + 1
    if bars < 2:
        return Missing("one bar only")
    struck = np.zeros(bars * steps, dtype=np.bool_)
    struck[np.minimum(_steps(begin), len(struck) - 1)] = True
    apart = np.count_nonzero(struck[steps:] != struck[:-steps])
    return 1 - apart / (steps * (bars - 1))


def _of_drums(hit: Floats) -> dict[str, MetricValue]:
    names = ("muspy_drum_in_duple_rate", "muspy_drum_in_triple_rate", "muspy_drum_pattern_consistency")
    if not len(hit):
        return dict.fromkeys(names, NO_DRUMS)
    place = _steps(hit) % STEPS
    duple, triple = (float(on.mean()) for on in (_on(place, 4), _on(place, 3)))
    return dict(zip(names, (duple, triple, max(duple, triple)), strict=True))


def _on(place: Integers, parts: int) -> NDArray[np.bool_]:
    """Which places of a quarter are on one of so many equal parts of it."""
    on: NDArray[np.bool_] = place % (STEPS // parts) == 0
    return on


def _steps(quarters: Floats) -> Integers:
    return np.rint(np.round(STEPS * quarters, 6)).astype(np.int64)  # half to the even one, as Python rounds
