"""The match model: what followed the last time this run of notes came.

Notes are ordered by onset, then pitch. There are three readings of the past, each a sequence of tokens, one per note:

    INTERVAL   (semitones from the note before, frames from the note before): in any key
    PITCH      (pitch, frames from the note before): in this key
    RHYTHM     (duration, frames from the note before): whatever the pitches

Before note i is drawn, its onset is known. Of every earlier note j with the same gap before it, its length is how many
tokens up to note j - 1 equal those up to note i - 1. What note j did is a guess for note i. Guesses of one pitch are
taken together: the longest match is their source, the most recent among equals. The best pitches by longest match are
kept.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.compiling import compiled

INTERVAL, PITCH, RHYTHM = 0, 1, 2
COUNTS = (4, 4, 1)  # guesses kept of each reading
LONGEST = 32  # tokens: longer matches count as this long
WIDEST = 16  # tokens: for its share, a match counts as at most this long
NEVER = 32767  # the age of a pitch that was never struck
CUT = 32000  # frames: more are given as these

Integers = NDArray[np.int64]


def states(notes: Integers, pitches: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Of every note, before it is struck: frames since each pitch was struck, and until it ends, at most 0: over.

    notes : (notes, 3), as `clstm.models.sequence` has them. Returns two (notes, pitches).
    """
    age = np.full((len(notes), pitches), NEVER, np.int16)
    left = np.full((len(notes), pitches), -1, np.int16)
    _states(*np.ascontiguousarray(notes.T), age, left)
    return age, left


def guesses(notes: Integers, left: NDArray[np.int16], free: int = 1) -> NDArray[np.int32]:
    """Guesses for every note, (notes, 9, 4): pitch or -1, length, 255 x share of the squared lengths, source.

    notes : as in `states`, which gives `left`; free : a pitch may be struck when it sounds for fewer frames than this
    """
    out = np.zeros((len(notes), sum(COUNTS), 4), np.int32)
    _of_piece(*np.ascontiguousarray(notes.T), left, free, np.array(COUNTS), out)
    return out


@compiled
def _states(pitch, onset, duration, age, left):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    last = np.full(age.shape[1], -1, np.int64)
    end = np.full(age.shape[1], -1, np.int64)
    for i in range(len(pitch)):
        for p in range(age.shape[1]):
            if last[p] >= 0:
                age[i, p] = min(onset[i] - last[p], CUT)
                left[i, p] = max(min(end[p] - onset[i], CUT), -1)
        last[pitch[i]] = onset[i]
        end[pitch[i]] = onset[i] + duration[i]


@compiled
def _tokens(mode, pitch, onset, duration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A number for the token of each note; equal tokens, equal numbers. Note 0 has none: -1."""
    out = np.full(len(pitch), -1, np.int64)
    for i in range(1, len(pitch)):
        what = pitch[i] - pitch[i - 1] + 1000 if mode == 0 else pitch[i] if mode == 1 else duration[i]
        out[i] = what * (1 << 30) + onset[i] - onset[i - 1]
    return out


@compiled
def _of_piece(pitch, onset, duration, left, free, counts, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Only the earlier notes with the same token are visited, by a chain through them."""
    n = len(pitch)
    first = 0
    where = np.empty(n, np.int64)
    how = np.empty(n, np.int32)
    for mode in range(len(counts)):
        token = _tokens(mode, pitch, onset, duration)
        order = np.argsort(token, kind="mergesort")
        before = np.full(n, -1, np.int64)  # the last note with the same token
        for x in range(1, n):
            if token[order[x]] == token[order[x - 1]] and token[order[x]] >= 0:
                before[order[x]] = order[x - 1]
        length = np.zeros(n + 1, np.int32)  # of j, as of note stamp[j]
        stamp = np.full(n + 1, -1, np.int64)
        for i in range(n):
            gap = onset[i] - onset[i - 1] if i else 0
            lowest = pitch[i - 1] if i and gap == 0 else -1
            found = 0
            if i > 1:
                a = before[i - 1]
                while a >= 0:
                    j = a + 1
                    size = 1 + (length[a] if stamp[a] == i - 1 else 0)
                    length[j], stamp[j] = size, i
                    if onset[j] - onset[a] == gap:
                        where[found], how[found] = j, size
                        found += 1
                    a = before[a]
            _best(mode, pitch, i, left[i], free, lowest, where, how, found, out[i, first : first + counts[mode]])
        first += counts[mode]


@compiled
def _best(mode, pitch, i, left, free, lowest, where, how, found, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The best of the candidates that fit, the most recent first: notes `where`, lengths `how`.

    left : frames that each pitch still sounds; lowest : pitches up to this are below the note before, in its chord
    """
    out[:, :] = 0
    out[:, 0] = -1
    out[:, 3] = -1
    best = np.zeros(len(left), np.int32)
    source = np.full(len(left), -1, np.int32)
    weight = np.zeros(len(left), np.float32)
    total = 0.0
    for c in range(found):
        j, size = where[c], how[c]
        q = pitch[i - 1] + pitch[j] - pitch[j - 1] if mode == 0 else pitch[j] if mode == 1 else 0
        if mode != 2 and (q < 0 or q >= len(left) or q <= lowest or left[q] >= free):
            continue
        share = min(size, WIDEST)
        weight[q] += share * share
        total += share * share
        if size > best[q]:
            best[q] = size
            source[q] = j
    if total == 0:
        return
    for k in range(len(out)):
        top = -1
        for q in range(len(left)):
            longer = top < 0 or best[q] > best[top] or (best[q] == best[top] and source[q] > source[top])
            if source[q] >= 0 and longer:
                top = q
        if top < 0:
            return
        out[k, 0] = top
        out[k, 1] = min(best[top], LONGEST)
        out[k, 2] = int(255 * weight[top] / total)
        out[k, 3] = source[top]
        source[top] = -1
