"""In what way a system differs, in a few plain words such as "repeats far less" or "brighter".

A phrase rests on one significant difference of a metric's mean or spread, after correction over the metrics of the
system: it says in everyday words what `verdict.Direction` says in the metric's. Metrics that speak of the same thing
have one subject; where they point in different directions, nothing is said of it. What is inconclusive has no phrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.comparison.verdict import HIGHER, LESS, LOWER, MORE, Direction, Magnitude, VerdictRow
from evaluation.metrics.catalogue import METRICS

PHRASES = 2  # of a system, on its card
DEGREES: dict[Magnitude, str] = {"large": "far ", "medium": "", "small": "slightly ", "negligible": "slightly "}


@dataclass(frozen=True)
class Words:
    """subject : what the metric speaks of; higher, lower : what music is like; `{}` is where the degree belongs

    rises : whether more of the subject makes the metric higher: it decides whether two metrics agree
    """

    subject: str
    higher: str
    lower: str
    rises: bool = True


@dataclass(frozen=True)
class Phrase:
    """What is said, and the metric whose test it rests on."""

    text: str
    metric: str


BRIGHTER, DARKER = "{}brighter", "{}darker"
WORDS: dict[str, Words] = {
    "integrated_loudness": Words("loudness", "{}louder", "{}quieter"),
    "mean_level": Words("loudness", "{}louder", "{}quieter"),
    "true_peak": Words("peaks", "{}higher peaks", "{}lower peaks"),
    "peak_to_loudness": Words("peaks", "{}higher peaks", "{}lower peaks"),
    "loudness_range": Words("dynamics", "loudness changes {}more", "loudness changes {}less"),
    "level_spread": Words("dynamics", "loudness changes {}more", "loudness changes {}less"),
    "fluctuation_rate": Words("pulse", "level fluctuates {}faster", "level fluctuates {}slower"),
    "time_near_maximum": Words("near the maximum", "{}longer near its maximum", "{}less time near its maximum"),
    "energy_below_1000_hz": Words("brightness", DARKER, BRIGHTER, rises=False),
    "energy_below_1200_hz": Words("brightness", DARKER, BRIGHTER, rises=False),
    "energy_below_1300_hz": Words("brightness", DARKER, BRIGHTER, rises=False),
    "rolloff_85": Words("brightness", BRIGHTER, DARKER),
    "rolloff_95": Words("brightness", BRIGHTER, DARKER),
    "rolloff_99": Words("brightness", BRIGHTER, DARKER),
    "centroid": Words("brightness", BRIGHTER, DARKER),
    "spread": Words("spectrum", "{}wider spectrum", "{}narrower spectrum"),
    "flatness": Words("noise", "{}noisier spectrum", "{}clearer tones"),
    "spectral_entropy": Words("noise", "{}noisier spectrum", "{}clearer tones"),
    "evenness": Words("evenness", "energy below 1 kHz {}more even", "energy below 1 kHz {}less even"),
    "spectral_change": Words("change", "sound changes {}more", "sound changes {}less"),
    "spectral_flux": Words("new sound", "{}more new sound at each moment", "{}less new sound at each moment"),
    "self_similarity": Words("sameness", "sound {}less varied", "sound {}more varied"),
    "novelty": Words("contrast", "{}more contrast between passages", "{}less contrast between passages"),
    "novelty_rate": Words("new passages", "{}more new passages", "{}fewer new passages"),
    "note_density": Words("density", "{}more notes per second", "{}fewer notes per second"),
    "polyphony": Words("polyphony", "{}more notes at once", "{}fewer notes at once"),
    "polyphony_rate": Words("polyphony rate", "{}more often several notes", "{}less often several notes"),
    "pitch_range": Words("range", "{}wider pitch range", "{}narrower pitch range"),
    "pitch_class_entropy": Words(
        "pitch classes", "pitch classes used {}more evenly", "pitch classes used {}less evenly"
    ),
    "scale_consistency": Words("scale", "keeps {}more to one scale", "keeps {}less to one scale"),
    "empty_frames": Words("silence", "{}more silence", "{}less silence"),
    "note_length": Words("note length", "{}longer notes", "{}shorter notes"),
    "inter_onset_interval": Words("onsets", "{}more time between onsets", "{}less time between onsets"),
    "changes_in_highs": Words("hands", "{}more change in the highs", "{}less change in the highs"),
    "distinct_4_grams": Words("repetition", "repeats {}less", "repeats {}more", rises=False),
    "compression_ratio": Words("repetition", "repeats {}more", "repeats {}less"),
    "longest_repeat_share": Words("repetition", "repeats {}more", "repeats {}less"),
    "looped": Words("loops", "loops {}more often", "loops {}less often"),
    "families": Words("instruments", "{}more kinds of instruments", "{}fewer kinds of instruments"),
    "families_at_once": Words("instruments at once", "{}more instruments at once", "{}fewer instruments at once"),
    "drum_density": Words("drums", "{}more drum hits per second", "{}fewer drum hits per second"),
    "drum_time": Words("drums", "drums {}more of the time", "drums {}less of the time"),
    "drum_kinds": Words("kit", "{}more different drums", "{}fewer different drums"),
    "onsets_on_beat": Words("beat", "{}more onsets on the beat", "{}fewer onsets on the beat"),
    "drums_on_beat": Words("drums on the beat", "{}more drums on the beat", "{}fewer drums on the beat"),
    "onsets_per_bar": Words("onsets per bar", "{}more onsets per bar", "{}fewer onsets per bar"),
    "drums_per_bar": Words("drums per bar", "{}more drum hits per bar", "{}fewer drum hits per bar"),
    "empty_bars": Words("empty bars", "{}more empty bars", "{}fewer empty bars"),
    "syncopation": Words("syncopation", "{}more syncopated", "{}less syncopated"),
    "groove_consistency": Words("groove", "rhythm of bars {}more alike", "rhythm of bars {}less alike"),
    "repeated_bars": Words("repeated bars", "{}more repeated bars", "{}fewer repeated bars"),
}
OTHERWISE: dict[Direction, str] = {
    HIGHER: "{}higher",
    LOWER: "{}lower",
    MORE: "varies more",
    LESS: "varies less",
}


def phrases(rows: Sequence[VerdictRow], most: int = PHRASES) -> list[Phrase]:
    """What distinguishes a system, the largest effects first, at most one phrase per subject.

    rows : those of one system. Differences of the mean come before those of the spread; ranked by Cliff's delta.

    >>> far = {"system": "a", "verdict": "differs", "magnitude": "large"}
    >>> rows = [VerdictRow(metric="compression_ratio", direction="lower", delta=-0.9, **far),
    ...         VerdictRow(metric="distinct_4_grams", direction="higher", delta=0.8, **far),
    ...         VerdictRow(metric="centroid", direction="higher", delta=0.7, **far)]
    >>> [one.text for one in phrases(rows)]
    ['repeats far less', 'far brighter']
    >>> phrases([VerdictRow(system="a", metric="centroid", verdict="inconclusive", delta=0.9)])
    []
    """
    known = [row for row in rows if row.differs and row.direction in OTHERWISE]
    known.sort(key=lambda row: (row.direction not in (HIGHER, LOWER), -abs(row.delta or 0)))
    contradicted = _contradicted(known)
    found: dict[str, Phrase] = {}
    for row in known:
        subject = _subject(row)
        if subject not in contradicted and subject not in found:
            found[subject] = Phrase(_text(row), row.metric)
    return list(found.values())[:most]


def _subject(row: VerdictRow) -> str:
    """What a row speaks of; a spread is a subject of its own."""
    words = WORDS.get(row.metric)
    return words.subject if words and row.direction in (HIGHER, LOWER) else row.metric


def _contradicted(rows: Sequence[VerdictRow]) -> set[str]:
    """The subjects of which metrics say both that there is more and that there is less."""
    ways: dict[str, set[bool]] = {}
    for row in rows:
        if row.metric in WORDS and row.direction in (HIGHER, LOWER):
            more = (row.direction == HIGHER) == WORDS[row.metric].rises
            ways.setdefault(_subject(row), set()).add(more)
    return {subject for subject, found in ways.items() if len(found) > 1}


def _text(row: VerdictRow) -> str:
    degree = DEGREES.get(row.magnitude, "")
    if row.metric in WORDS and row.direction in (HIGHER, LOWER):
        words = WORDS[row.metric]
        return (words.higher if row.direction == HIGHER else words.lower).format(degree)
    return f"{METRICS[row.metric].phrase} {OTHERWISE[row.direction].format(degree)}"
