"""Bars and beats: whether music follows those that its file states, where its notes lie in them, and metrics of that.

Every MIDI file has beats, if only the default of 120 a minute, and a performance that was recorded over them does not
follow them. Here music follows its beats where its onsets lie within 0.018 quarters of a sixteenth or a triplet of an
eighth clearly more often than chance would have it (`follows`). Of 26 performances of pianists the excess over chance
is at most 0.02; of 700 scores and sequenced pieces at least 0.15, save nine that lie beside their beats by a constant.
Two more checks are for a file that states nothing but the default: its onsets must prefer the eighths to the sixteenths
between them, and its times may not all be frames of a score matrix, at one velocity and without drums.

Each onset is then moved to the nearest of these places (`Positions`), in twelfths of a quarter.

onsets_on_beat, onsets_per_bar   of different moments: notes struck together are one onset
empty_bars           MuseGAN's EB (Dong et al., AAAI 2018), of all pitched instruments together
syncopation          weighted note-to-beat distance (Gomez, Melvin, Rappaport & Toussaint, "Mathematical measures of
                     syncopation", BRIDGES 2005): the mean over notes of D; T is the distance to the nearest beat, in
                     beats. D = 0 on a beat, 2 / T where the note sounds across the next beat and not across the one
                     behind it, 1 / T else
groove_consistency   MusPy's (Dong et al., ISMIR 2020) after Wu & Yang, "The Jazz Transformer on the front line" (ISMIR
                     2020): 1 - mean over neighbouring bars of the Hamming distance of their onsets, over the number of
                     places; MusPy takes one bar length for all, here only neighbours of one length are compared
repeated_bars        bars with notes whose pitches and places are all those of an earlier bar

Music of one bar has neither groove consistency nor repeated bars; silence has no beats that could be followed.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Metre
from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE
from evaluation.metrics.metric import Metric, MetricValue, Missing, Twin
from evaluation.metrics.symbolic import PITCHES, each_once

PER_QUARTER = 12  # places
_PLACES = np.array([0, 3, 4, 6, 8, 9, 12])  # sixteenths and triplets of eighths, in twelfths of a quarter

NEAR = 0.018  # quarters. Not 0.02: times in steps of 10 ms at 120 quarters a minute would lie on its edge
_BY_CHANCE = 2 * NEAR * (len(_PLACES) - 1)
EXCESS = 0.1  # of the share that follows, over chance: 0 is chance, 1 all onsets
CERTAIN, LIKELY = 4.0, 2.0  # standard errors beyond chance
FASTEST = 0.05  # s of a beat
_ROUNDING = 0.001  # s: MIDI files round their times to about as much

UNKNOWN = Missing("its beats are not known")
TOO_FAST = Missing(f"it states beats of less than {FASTEST:g} s")
TOO_FEW = Missing("too few onsets to tell whether they follow beats")
FREE = Missing("its onsets do not follow the beats that it states")
OF_FRAMES = Missing("its times are frames of a score matrix, not beats")
NO_DRUMS = Missing("no drums")
ONE_BAR = Missing("one bar only")

METRICS = {
    "onsets_on_beat": Metric(
        "Onsets on the beat",
        "share",
        "Share of the onsets that lie on a beat; notes struck together are one onset.",
        "metre",
        since=4,
    ),
    "onsets_per_bar": Metric(
        "Onsets per bar", "onsets", "Mean number of onsets in a bar; notes struck together are one.", "metre", since=4
    ),
    "empty_bars": Metric(
        "Empty bars", "share", "Share of the bars in which no note begins.", "metre", since=4, sources=("dong2018",)
    ),
    "syncopation": Metric(
        "Syncopation",
        "",
        "Weighted note-to-beat distance: 0 if all notes are on beats; it rises with notes close to a beat, and with "
        "those that sound across one.",
        "metre",
        since=4,
        sources=("gomez2005",),
    ),
    "groove_consistency": Metric(
        "Groove consistency",
        "",
        "How alike the onsets of neighbouring bars are, drums included: 1 if all bars have the same rhythm.",
        "metre",
        since=4,
        sources=(
            "dong2020",
            "wu2020",
        ),
    ),
    "repeated_bars": Metric(
        "Repeated bars",
        "share",
        "Share of the bars with notes whose pitches and rhythm are exactly those of an earlier bar; rises with a "
        "piece's length.",
        "metre",
        since=4,
    ),
    "drums_on_beat": Metric(
        "Drums on the beat", "share", "Share of the drum hits that lie on a beat.", "metre", since=4
    ),
    "drums_per_bar": Metric(
        "Drum hits per bar",
        "hits",
        "Mean number of drum hits in a bar, in music with drums.",
        "metre",
        twin=Twin("drum_density", 0.98, "the density exists without a metre too; r in 18 pieces of pop"),
        since=4,
    ),
}


def measure(
    notes: Notes, drums: Notes | None, metre: Metre | None, seconds: float | None = None
) -> dict[str, MetricValue]:
    """Every metric of the metre of notes that last `seconds`, or to the end of the last note.

    drums : their notes; metre : as the file states it; None where nothing is known of it

    Eight quarters at the default of 120 a minute, two bars of one rhythm:

    >>> from clstm.music.events import DEFAULT
    >>> melody = Notes.of([(k / 2, k / 2 + 0.4, 60 + k, 80) for k in range(8)])
    >>> values = measure(melody, None, DEFAULT)
    >>> values["onsets_on_beat"], values["onsets_per_bar"], values["groove_consistency"], values["repeated_bars"]
    (1.0, 4.0, 1.0, 0.0)
    """
    drums = Notes.of() if drums is None else drums
    seconds = max(notes.duration, drums.duration) if seconds is None else seconds
    return measure_told(notes, drums, metre, seconds, beatless(notes, drums, metre, seconds))


def beatless(notes: Notes, drums: Notes, metre: Metre | None, seconds: float) -> Missing | None:
    """Why the beats of a file say nothing of its music; None where its onsets follow them."""
    return UNKNOWN if metre is None else follows(notes, drums, metre, seconds)


def music_bars(metre: Metre, seconds: float) -> NDArray[np.float64]:
    """(bars, 2) quarters at which bars begin and end, from the begin of the file, without those before a cut."""
    bars = metre.bars(seconds)
    return bars[metre.seconds(bars[:, 1]) > _ROUNDING]


def measure_told(
    notes: Notes, drums: Notes, metre: Metre | None, seconds: float, why: Missing | None
) -> dict[str, MetricValue]:
    """`measure`, where it is known already why (`beatless`) the beats say nothing."""
    if metre is None or why is not None:
        return dict.fromkeys(METRICS, why or UNKNOWN)
    bars = music_bars(metre, seconds)
    pitched, struck = Positions.of(notes, metre, bars), Positions.of(drums, metre, bars)
    values: dict[str, MetricValue] = dict.fromkeys(METRICS, Missing("no notes"))
    values |= _of_rhythm(pitched, struck, bars)
    values |= dict.fromkeys(("drums_on_beat", "drums_per_bar"), NO_DRUMS)
    if len(notes):
        values |= _of_notes(notes, pitched, metre, bars, seconds)
    if len(drums):
        on_beat = struck.on_beat(metre.beats(seconds), bars)
        values |= {"drums_on_beat": float(on_beat.mean()), "drums_per_bar": len(drums) / len(bars)}
    return values


def follows(notes: Notes, drums: Notes, metre: Metre, seconds: float) -> Missing | None:
    """None where the onsets follow the beats that the metre states; else why these say nothing of the music."""
    if metre.count(seconds) * FASTEST > seconds:
        return TOO_FAST
    onset = each_once(metre.quarters(np.concatenate([notes.onset, drums.onset])))
    if not len(onset):
        return Missing("no notes")
    bar = metre.bars(seconds + 1.0)[:, 0]
    phase = (onset - bar[np.maximum(np.searchsorted(bar, onset + NEAR, side="right") - 1, 0)]) % 1
    apart = np.abs(phase[:, None] - _PLACES / PER_QUARTER)
    on_grid = apart.min(axis=1) <= NEAR
    excess = (on_grid.mean() - _BY_CHANCE) / (1 - _BY_CHANCE)
    error = np.sqrt(_BY_CHANCE / (1 - _BY_CHANCE) / len(onset))
    if excess < CERTAIN * error:
        return TOO_FEW if CERTAIN * error > 1 else FREE
    if excess < EXCESS:
        return FREE
    if not metre.by_default:
        return None
    if not len(drums) and _of_frames(notes, metre):
        return OF_FRAMES
    place = _PLACES[np.argmin(apart[on_grid], axis=1)]
    eighths, between = int((place % 6 == 0).sum()), int((place % 6 == 3).sum())
    return None if eighths - between > LIKELY * np.sqrt(eighths + between) else FREE


def _of_frames(notes: Notes, metre: Metre) -> bool:
    """Whether notes may have been written from a score matrix: one velocity, and all their times frames of 1/8 s."""
    times = FRAME_RATE * (np.concatenate([notes.onset, notes.offset]) + metre.zero)
    on_frames = (np.abs(times - np.rint(times)) <= _ROUNDING * FRAME_RATE).all()
    return bool(on_frames and len(np.unique(notes.velocity)) <= 1)


@dataclass(frozen=True, eq=False)
class Positions:
    """Where notes begin in their bars. Arrays of (notes,).

    bar : of the bars given, counted from 0
    place : twelfths of a quarter from the begin of the bar, that of a sixteenth or a triplet of an eighth
    """

    bar: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, notes: Notes, metre: Metre, bars: NDArray[np.float64]) -> "Positions":
        """bars : (bars, 2) begin and end in quarters, at least one; what lies outside belongs to the nearest.

        >>> from clstm.music.events import DEFAULT
        >>> found = Positions.of(Notes.of([(0.51, 1.0, 60, 80), (2.25, 3.0, 60, 80)]), DEFAULT, DEFAULT.bars(4.0))
        >>> found.bar.tolist(), found.place.tolist()
        ([0, 1], [12, 6])
        """
        return cls.at(metre.quarters(notes.onset), bars)

    @classmethod
    def at(cls, quarters: NDArray[np.float64], bars: NDArray[np.float64]) -> "Positions":
        """The same of times in quarters."""
        bar = np.clip(np.searchsorted(bars[:, 0], quarters, side="right") - 1, 0, len(bars) - 1)
        place = _nearest(quarters - bars[bar, 0])
        last = np.rint((bars[:, 1] - bars[:, 0]) * PER_QUARTER).astype(np.int64)[bar]
        late = (place >= last) & (bar < len(bars) - 1)  # just before the next bar
        return cls(np.where(late, bar + 1, bar), np.where(late, 0, place))

    def quarters(self, bars: NDArray[np.float64]) -> NDArray[np.float64]:
        """Quarters from the begin of the file."""
        quarters: NDArray[np.float64] = bars[self.bar, 0] + self.place / PER_QUARTER
        return quarters

    def on_beat(self, beats: NDArray[np.float64], bars: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each is on one of the beats, in quarters."""
        quarters = self.quarters(bars)
        nearest = beats[np.clip(np.searchsorted(beats, quarters - NEAR), 0, len(beats) - 1)]
        on_beat: NDArray[np.bool_] = np.abs(nearest - quarters) < NEAR
        return on_beat


def _nearest(quarters: NDArray[np.float64]) -> NDArray[np.int64]:
    """The nearest place of each time, in twelfths of a quarter."""
    whole = np.floor(quarters).astype(np.int64)
    between = (_PLACES[1:] + _PLACES[:-1]) / (2 * PER_QUARTER)
    place: NDArray[np.int64] = PER_QUARTER * whole + _PLACES[np.searchsorted(between, quarters - whole)]
    return place


def _of_notes(
    notes: Notes, found: Positions, metre: Metre, bars: NDArray[np.float64], seconds: float
) -> dict[str, MetricValue]:
    """Of notes with a pitch, at least one."""
    beats = metre.beats(seconds)
    longest = int(found.place.max()) + 1
    _, first = np.unique(found.bar * longest + found.place, return_index=True)  # one of each moment
    end = Positions.at(metre.quarters(notes.offset), bars).quarters(bars)
    # What each bar has, in one order, as bytes: bars of the same content are the same bytes.
    cells = each_once((found.bar * longest + found.place) * PITCHES + notes.pitch)
    bar, content = np.divmod(cells, longest * PITCHES)
    edges = content.itemsize * np.flatnonzero(np.diff(bar, prepend=-1, append=-1))
    written, sounding = content.tobytes(), len(edges) - 1
    kinds = {written[begin:end] for begin, end in pairwise(edges.tolist())}
    return {
        "onsets_on_beat": float(found.on_beat(beats, bars)[first].mean()),
        "onsets_per_bar": len(first) / len(bars),
        "empty_bars": 1 - sounding / len(bars),
        "syncopation": float(note_to_beat(found.quarters(bars), end, beats).mean()),
        "repeated_bars": 1 - len(kinds) / sounding if len(bars) > 1 else ONE_BAR,
    }


def note_to_beat(
    onset: NDArray[np.float64], end: NDArray[np.float64], beats: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weighted distance D of each note from the beats, (notes,), 0 or more; times in quarters.

    A note on a beat; one halfway that ends with it; one halfway that sounds across the next beat; a sixteenth late:

    >>> beats = np.arange(4.0)
    >>> note_to_beat(np.array([1.0, 1.5, 1.5, 2.25]), np.array([1.5, 2.0, 2.5, 3.0]), beats).tolist()
    [0.0, 2.0, 4.0, 4.0]
    """
    length = beats[-1] - beats[-2] if len(beats) > 1 else 1.0
    beats = np.concatenate([beats, beats[-1] + length * np.arange(1, 4)])
    before = np.clip(np.searchsorted(beats, onset + NEAR, side="right") - 1, 0, len(beats) - 3)
    first, second = beats[before + 1], beats[before + 2]
    distance = np.minimum(onset - beats[before], first - onset) / (first - beats[before])
    across = (end > first + NEAR) & (end <= second + NEAR)
    with np.errstate(divide="ignore"):
        weighted: NDArray[np.float64] = np.where(distance * PER_QUARTER < 0.5, 0.0, (1 + across) / distance)
    return weighted


def _of_rhythm(pitched: Positions, struck: Positions, bars: NDArray[np.float64]) -> dict[str, MetricValue]:
    """The groove consistency of all that begins, drums included."""
    length = np.rint((bars[:, 1] - bars[:, 0]) * PER_QUARTER).astype(np.int64)
    onsets = np.zeros((len(bars), int(length.max()) + 1), dtype=np.bool_)
    for part in (pitched, struck):
        onsets[part.bar, np.minimum(part.place, onsets.shape[1] - 1)] = True
    alike = (length[1:] == length[:-1]) & (length[1:] > 0)
    if not alike.any():
        return {"groove_consistency": ONE_BAR if len(bars) == 1 else Missing("no two bars of one length in succession")}
    apart = (onsets[1:] != onsets[:-1]).sum(axis=1)[alike] / length[1:][alike]
    return {"groove_consistency": float(1 - apart.mean())}
