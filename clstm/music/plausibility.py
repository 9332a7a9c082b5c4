"""Densities that no music has: what a damaged tick count, tempo or division makes of a file, in place of music.

The bounds are far from music. In 676 pieces for piano, of five centuries, no two onsets are more than 12 s apart, no
piece has fewer than 108 notes per minute, at most 70 notes begin within a second, and at most 13 pitches within 1/8 s.
A corpus is held to the bounds; what a model or a user made is measured as it is: there an absurd density is a finding.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes

LONGEST_WAIT = 300.0  # seconds without a new note
LONGEST_MAIN_WAIT = 120.0  # the same, where it is more than half of the piece
FEWEST = ((600.0, 20.0), (3600.0, 40.0), (7200.0, 90.0))  # seconds, and notes per minute that a longer piece has
MOST = ((1.0, 500), (10.0, 2000))  # seconds, and the notes that begin within them at most
MOST_AT_ONCE = 64  # pitches struck within 1/8 s


def implausible(notes: Notes) -> str | None:
    """Why these notes, at least one, cannot be music; None where they may be.

    >>> implausible(Notes.of([(0.0, 0.5, 60, 80), (400.0, 401.0, 60, 80)]))
    'no music: no note begins for 6.7 minutes of its 6.7 minutes'
    """
    duration, onsets = notes.duration, notes.onset
    waits = np.diff(onsets, prepend=0.0, append=duration)
    wait = float(waits.max())
    if wait > LONGEST_WAIT or (wait > LONGEST_MAIN_WAIT and wait > duration / 2):
        return f"no music: no note begins for {_span(wait)} of its {_span(duration)}"
    for seconds, fewest in FEWEST:
        if duration > seconds and (rate := len(notes) / duration * 60) < fewest:
            return f"no music: {rate:.1f} notes per minute for {_span(duration)}"
    for seconds, most in MOST:
        if _begin_within(onsets, most, seconds):
            return f"no music: more than {most:,} notes begin within {seconds:g} s"
    if _begin_within(onsets, MOST_AT_ONCE, 1 / 8):  # so many notes may be few pitches
        struck = np.unique((onsets * 8).astype(np.int64) << 7 | notes.pitch) >> 7
        if np.bincount(struck - struck[0]).max() > MOST_AT_ONCE:
            return f"no music: more than {MOST_AT_ONCE} pitches are struck within 1/8 s"
    return None


def _begin_within(onsets: NDArray[np.float64], notes: int, seconds: float) -> bool:
    """Whether more than so many notes begin within so long."""
    return bool((onsets[notes:] - onsets[:-notes] < seconds).any())


def _span(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds / 3600:.1f} hours"
