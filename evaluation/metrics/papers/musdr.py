"""Metrics of Wu & Yang, "The Jazz Transformer on the front line" (ISMIR 2020), as their code MusDr has them for events.

entropy           H, of the pitch classes in every window of one or four bars; empty windows are left out
groove similarity GS, 1 - the mean Hamming distance of the onsets of *all* pairs of bars, over 64 places; MusPy takes
                  neighbours alone, and MusDr draws 1,000 pairs where there are more, at random
irregularity      CPI, the share of different trigrams among the chords; the chords are ours (`harmony`), a chord that
                  stays counts once

Their structure indicators need a scape plot of the sound (`evaluation.metrics.papers.scape`).
"""

import numpy as np

from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.papers import harmony
from evaluation.metrics.papers.reading import NO_NOTES, Floats, Integers, Reading, entropy
from evaluation.metrics.symbolic import each_once

PLACES = 64  # of a bar
NGRAM = 3
SOURCE = ("wu2020",)


def _metric(label: str, unit: str, definition: str) -> Metric:
    return Metric(label, unit, definition, "papers", compared=False, quoted=True, since=5, sources=SOURCE)


METRICS = {
    "musdr_entropy_1_bar": _metric(
        "Pitch-class entropy of a bar (MusDr)", "bits", "Mean entropy of the pitch classes of one bar, H1."
    ),
    "musdr_entropy_4_bars": _metric(
        "Pitch-class entropy of four bars (MusDr)", "bits", "Mean entropy of the pitch classes of four bars, H4."
    ),
    "musdr_groove_similarity": _metric(
        "Grooving pattern similarity (MusDr)",
        "",
        "How alike the onsets of any two bars are, in 64 places of a bar, GS.",
    ),
    "musdr_chord_irregularity": _metric(
        "Chord progression irregularity (MusDr)", "share", "Share of different trigrams among the chords of bars, CPI."
    ),
}


def measure(read: Reading) -> dict[str, MetricValue]:
    """Every metric of MusDr that is of notes."""
    if read.beatless is not None or not len(read.notes):
        return dict.fromkeys(METRICS, read.beatless or NO_NOTES)
    return {
        "musdr_entropy_1_bar": windowed_entropy(read.by_bar, 1),
        "musdr_entropy_4_bars": windowed_entropy(read.by_bar, 4),
        "musdr_groove_similarity": groove_similarity(read.begin, read.bar, read.bars),
        "musdr_chord_irregularity": irregularity(harmony.chords_of(read)),
    }


def windowed_entropy(by_bar: Integers, width: int) -> float:
    """Mean entropy of the windows of so many bars, or of all bars where there are fewer; bits. by_bar : (bars, 12)

    >>> windowed_entropy(np.eye(12, dtype=np.int64)[[0, 7, 0, 7]], 1)
    0.0
    >>> windowed_entropy(np.eye(12, dtype=np.int64)[[0, 7, 0, 7]], 4)
    1.0
    """
    total = np.concatenate([np.zeros((1, 12), dtype=np.int64), np.cumsum(by_bar, axis=0)])
    width = min(width, len(by_bar))
    windows = total[width:] - total[:-width]
    return float(entropy(windows[windows.any(axis=1)]).mean())


def groove_similarity(begin: Floats, bar: Integers, bars: Floats) -> MetricValue:
    """Of notes that begin at these quarters, in these of the bars, (bars, 2)."""
    if len(bars) < 2:
        return Missing("one bar only")
    place = np.rint(PLACES * (begin - bars[bar, 0]) / (bars[bar, 1] - bars[bar, 0])).astype(np.int64)
    cell = np.clip(PLACES * bar + place, 0, PLACES * len(bars) - 1)  # just before a bar is on its first place
    struck = np.zeros(PLACES * len(bars), dtype=np.int64)
    struck[cell] = 1
    # Of all pairs of n bars, c (n - c) differ in a place that c of them have.
    count = struck.reshape(-1, PLACES).sum(axis=0)
    pairs = len(bars) * (len(bars) - 1) / 2
    return 1 - float((count * (len(bars) - count)).sum()) / (pairs * PLACES)


def irregularity(chords: Integers) -> MetricValue:
    """Of chords, one number per bar, -1 for none. Of a progression of three or fewer it is 1, as theirs.

    >>> irregularity(np.array([0, 5, 7, 0, 5, 7, 0, 5, 7]))
    0.5
    """
    known = chords[chords >= 0]
    if not len(known):
        return Missing("no chord is recognised")
    chord = known[np.append(True, known[1:] != known[:-1])]
    count = len(chord) - NGRAM  # theirs leaves out the last trigram
    if count <= 0:
        return 1.0
    trigram = np.lib.stride_tricks.sliding_window_view(chord, NGRAM)[:count] @ harmony.COUNT ** np.arange(NGRAM)
    return len(each_once(trigram)) / count
