"""Which instruments play: families of General MIDI programs, and drums. Times are seconds, pitches MIDI numbers.

A family joins groups of General MIDI level 1 (programs counted from 1): keyboards 1-24 (piano, chromatic percussion,
organ), guitar 25-32, bass 33-40, strings 41-56 (strings, ensembles and voices), winds 57-80 (brass, reed, pipe), synth
81-104 (lead, pad, effects); the other programs are one family more, without metrics of its own. Drums have no pitch,
and count as a family only in the number of families.

note density, polyphony and pitch range are those of `symbolic`, after MusPy (Dong et al., ISMIR 2020), by family as
MuseGAN counts them by track (Dong et al., AAAI 2018).

A family that does not play has a share of 0 of the notes, and no share of the time and no range. Nor does one that
plays alone: these would be 1, and the pitch range of the whole. Music whose instruments are not known, as after the
score matrix, has none of these metrics.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.symbolic import each_once, pitches_sounding, spans

FAMILIES = {  # by name: the words for it, and its programs, counted from 0
    "keyboards": ("Keyboards", range(24)),
    "guitar": ("Guitar", range(24, 32)),
    "bass": ("Bass", range(32, 40)),
    "strings": ("Strings", range(40, 56)),
    "winds": ("Winds", range(56, 80)),
    "synth": ("Synth", range(80, 104)),
}
_OTHERS = len(FAMILIES)  # the number of the family of all other programs
_FAMILY_OF = np.full(128, _OTHERS, dtype=np.int64)
for _number, (_, _programs) in enumerate(FAMILIES.values()):
    _FAMILY_OF[_programs] = _number

UNKNOWN = Missing("its instruments are not known")
ALONE = Missing("no other instruments")
NO_DRUMS = Missing("no drums")

DRUM_WINDOW = 1.0  # s


def _of_family(name: str, words: str) -> dict[str, Metric]:
    own = words.lower()
    return {
        f"{name}_notes": Metric(
            f"{words}: notes",
            "share",
            f"Share of the notes with a pitch that {own} play.",
            "instruments",
            since=4,
            plain=((0.0, f"no {own}"), (1.0, ALONE.reason)),
        ),
        f"{name}_time": Metric(
            f"{words}: time",
            "share",
            f"Share of the time in which any pitch sounds that {own} sound, in music with {own} and other instruments.",
            "instruments",
            since=4,
        ),
        f"{name}_range": Metric(
            f"{words}: pitch range",
            "semitones",
            f"From the lowest pitch of {own} to the highest, in music with {own} and other instruments.",
            "instruments",
            since=4,
        ),
    }


METRICS = {
    "families": Metric(
        "Instrument families",
        "",
        "Number of families that play: keyboards, guitar, bass, strings, winds, synth, others, and drums.",
        "instruments",
        since=4,
        plain=((1.0, ALONE.reason),),
    ),
    "families_at_once": Metric(
        "Families at once",
        "",
        "Mean number of instrument families sounding, while any pitch sounds; drums do not count.",
        "instruments",
        since=4,
        plain=((1.0, ALONE.reason),),
    ),
    **{key: metric for name, (words, _) in FAMILIES.items() for key, metric in _of_family(name, words).items()},
    "drum_density": Metric(
        "Drum density",
        "hits/s",
        "Drum hits per second.",
        "instruments",
        since=4,
        plain=((0.0, NO_DRUMS.reason),),
    ),
    "drum_time": Metric(
        "Time with drums",
        "share",
        "Share of the seconds in which a drum is hit, in music with drums.",
        "instruments",
        since=4,
    ),
    "drum_kinds": Metric(
        "Different drums",
        "",
        "Number of drums of the kit that are hit, in music with drums.",
        "instruments",
        since=4,
    ),
}


def measure(notes: Notes, drums: Notes | None, seconds: float | None = None) -> dict[str, MetricValue]:
    """Every metric of the instruments of notes that last `seconds`, or to the end of the last note.

    drums : their notes; None where nothing is known of drums

    Two seconds of a piano, with a bass in the second:

    >>> rows = [(0.0, 2.0, 60, 80), (0.0, 2.0, 64, 80), (1.0, 2.0, 36, 80)]
    >>> played = Notes(*(np.array(column) for column in zip(*rows)), program=np.array([0, 0, 32]))
    >>> values = measure(played, Notes.of())
    >>> values["families"], values["families_at_once"], values["bass_time"], values["keyboards_range"]
    (2.0, 1.5, 0.5, 4.0)
    """
    if notes.program is None or drums is None:
        return dict.fromkeys(METRICS, UNKNOWN)
    seconds = max(notes.duration, drums.duration) if seconds is None else seconds
    family = _FAMILY_OF[notes.program]
    plays = np.flatnonzero(np.bincount(family))
    values: dict[str, MetricValue] = dict.fromkeys(METRICS, Missing("no notes"))
    values |= _of_drums(drums, seconds)
    if len(plays) or len(drums):
        values["families"] = float(len(plays) + bool(len(drums)))
    if len(plays):
        values |= _of_families(notes, family, plays, seconds)
    return {name: values[name] for name in METRICS}


def _of_drums(drums: Notes, seconds: float) -> dict[str, MetricValue]:
    values: dict[str, MetricValue] = {"drum_density": len(drums) / seconds if seconds > 0 else Missing("no notes")}
    if not len(drums) or seconds <= 0:
        return values | dict.fromkeys(("drum_time", "drum_kinds"), NO_DRUMS)
    windows = int(np.ceil(seconds / DRUM_WINDOW))
    struck = each_once(np.minimum(drums.onset // DRUM_WINDOW, windows - 1))
    return values | {
        "drum_time": len(struck) / windows,
        "drum_kinds": float(np.count_nonzero(np.bincount(drums.pitch))),
    }


def _of_families(
    notes: Notes, family: NDArray[np.int64], plays: NDArray[np.int64], seconds: float
) -> dict[str, MetricValue]:
    """plays : the families that play a note, at least one"""
    by_family = Notes(notes.onset, notes.offset, family, notes.velocity)
    stretch, sounding = pitches_sounding(by_family, seconds)
    together = float(stretch[sounding > 0].sum())
    begin, end, of = spans(by_family)
    time = np.bincount(of, np.maximum(np.minimum(end, seconds) - begin, 0.0), minlength=_OTHERS + 1)
    count = np.bincount(family, minlength=_OTHERS + 1)
    silent = Missing("all notes have length 0")
    # Of one family it is 1 exactly, whatever the rounding: `plain` says what follows.
    at_once = 1.0 if len(plays) == 1 else float((stretch * sounding).sum()) / (together or 1.0)
    values: dict[str, MetricValue] = {"families_at_once": at_once if together else silent}
    for number, (name, (words, _)) in enumerate(FAMILIES.items()):
        values[f"{name}_notes"] = float(count[number] / len(notes))
        if not count[number] or len(plays) == 1:
            why = ALONE if count[number] else Missing(f"no {words.lower()}")
            values |= {f"{name}_time": why, f"{name}_range": why}
            continue
        pitch = notes.pitch[family == number]
        values[f"{name}_time"] = float(time[number] / together) if together else silent
        values[f"{name}_range"] = float(pitch.max() - pitch.min())
    return values
