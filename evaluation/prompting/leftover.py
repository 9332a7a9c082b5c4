"""Prompts left in generated files, which would be scored on human notes.

`generated.json` may say so. Else the beginning of a file is looked for in every piece of the reference, at any place of
it and in the same key: its first strike is laid on each strike of that pitch, and strikes match within 130 ms (both may
be quantised). The run is the longest beginning of which nine tenths match, and which has at least eight tenths of the
strikes that the reference has meanwhile. A run of 16 strikes in at least 2 s is a prompt: of 60 human pieces of
different works none begins with more than 5 strikes of another. A file that matches to its end is a copy, which
`comparison.copies` counts. Another tempo is not found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.options.prompts import SAID, recorded, without_prompts, words

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

TOLERANCE = 0.13  # s: twice half of 1/8 s, for the first strike and for each other
LEAST, SHORTEST = 16, 2.0  # strikes and seconds of a prompt
ANCHORS, ANCHORED = 6, 5  # strikes tried first, and how many of them must match
MOST = 400  # strikes of a beginning
MATCH, BACK = 0.9, 0.8
WHOLE = 0.9  # of a file's strikes: a copy
_PIECE = 1e5  # s: longer than any piece


@dataclass(frozen=True)
class Beginning:
    """What a file begins with: strikes and seconds of the run, and the number of the piece; -1 where none."""

    strikes: int = 0
    seconds: float = 0.0
    piece: int = -1

    @property
    def is_prompt(self) -> bool:
        return self.strikes >= LEAST and self.seconds >= SHORTEST


def strikes(text: str) -> tuple[Array, Array]:
    """Times (s, from the first) and pitches, by time, then pitch, of `metrics.symbolic.struck`.

    >>> [each.tolist() for each in strikes("60:0,500 64:250")]
    [[0.0, 0.25, 0.5], [60.0, 64.0, 60.0]]
    """
    parts = [one.split(":") for one in text.split()]
    rows = [(int(time) / 1000, float(pitch)) for pitch, times in parts for time in times.split(",")]
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


class Searched:
    """The strikes of all pieces in which beginnings are looked for."""

    def __init__(self, pieces: Sequence[str]) -> None:
        own = [strikes(text) for text in pieces]
        self.times = np.concatenate([np.empty(0), *(time for time, _ in own)])
        self.pitch = np.concatenate([np.empty(0), *(pitch for _, pitch in own)])
        self.piece = np.repeat(np.arange(len(own)), [len(time) for time, _ in own])
        self.keys = np.sort((self.piece * 128 + self.pitch) * _PIECE + self.times)
        self.clock = self.piece * _PIECE + self.times

    def beginning(self, text: str) -> Beginning:
        """The longest run with which a file begins."""
        time, pitch = (part[:MOST] for part in strikes(text))
        if len(time) < LEAST or not len(self.times):
            return Beginning()
        places = np.flatnonzero(self.pitch == pitch[0])
        anchors = self._matched(places, time[:ANCHORS], pitch[:ANCHORS]).sum(axis=1)
        places = places[anchors >= ANCHORED]
        best = Beginning()
        for place, matched in zip(places, self._matched(places, time, pitch), strict=True):
            found = self._run(int(place), time, matched)
            best = max(best, found, key=lambda one: one.strikes)
        whole = best.strikes >= WHOLE * len(strikes(text)[0])
        return Beginning() if whole else best

    def _matched(self, places: NDArray[np.int64], time: Array, pitch: Array) -> NDArray[np.bool_]:
        """Whether each strike has its match when the first is laid on a place, (places, strikes)."""
        wanted = (self.piece[places, None] * 128 + pitch) * _PIECE + self.times[places, None] + time
        after = np.searchsorted(self.keys, wanted)
        near = [np.abs(self.keys[np.clip(after + step, 0, len(self.keys) - 1)] - wanted) for step in (-1, 0)]
        return np.asarray(np.minimum(*near) <= TOLERANCE)

    def _run(self, place: int, time: Array, matched: NDArray[np.bool_]) -> Beginning:
        count = np.arange(1, len(time) + 1)
        ends = np.searchsorted(self.clock, self.clock[place] + time + TOLERANCE)
        begin = np.searchsorted(self.clock, self.clock[place] - TOLERANCE)
        hits = np.cumsum(matched)
        good = matched & (hits >= MATCH * count) & (hits >= BACK * (ends - begin))
        if not good.any():
            return Beginning()
        last = int(np.flatnonzero(good)[-1])
        return Beginning(int(hits[last]), float(time[last]), int(self.piece[place]))


def remarks(
    pieces: "pd.DataFrame",
    systems: Mapping[str, Sequence[MeasurementInput]],
    reference: str | None,
    names: Sequence[str],
) -> list[str]:
    """One line per system whose files seem to hold their prompts.

    pieces : of `evaluation.measurement.systems.Measurements`; systems : the inputs; names : of the systems looked at
    reference : whose pieces are searched; None: only what `generated.json` says counts
    """
    said = []
    own = pieces[pieces["system"] == reference] if reference else pieces.iloc[:0]
    searched = Searched(own["strikes"].astype(str).tolist())
    for name in names:
        known = recorded(systems[name])
        if known:
            said.append(words(name, len(known), len(systems[name]), *known[0], SAID))
            continue
        rows = pieces[pieces["system"] == name]
        found = [searched.beginning(text) for text in rows["strikes"].astype(str)]
        prompts = [(piece, one) for piece, one in zip(rows["piece"], found, strict=True) if one.is_prompt]
        if prompts:
            seconds = float(np.median([one.seconds for _, one in prompts]))
            what = f"the notes of a piece of {reference} ({own['piece'].iloc[prompts[0][1].piece]})"
            kept = not without_prompts(systems[name])
            said.append(words(name, len(prompts), len(rows), prompts[0][0], seconds, what, kept=kept))
    return said
