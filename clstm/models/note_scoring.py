"""Exact nats of music under the network of notes: -log P of a whole piece, of its beginning, or of what follows a cut.

The chance of a piece is the product of those of its notes, each given all before it. Longer pieces than the network's
context are read in windows, half a window on each time: every note but the first ones has half a context before it.

A cut at a frame knows of the notes that sound there only for how long they have; so for the music before it they cost
P(d >= k), for the music behind it P(d | d >= k), and the wait for the next onset likewise. What is before a cut and
what is behind it add up to the whole, wherever it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from clstm.models.note_inputs import DURATIONS, GAPS, Classes, Inputs, of_notes
from clstm.models.notes import Batch, Notes
from clstm.models.sequence import sequence
from clstm.music.score import ROWS, Matrix, repair

AT_ONCE = 4096  # positions
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Piece = tuple[Integers, int]  # notes, (n, 3), and the number of frames


@dataclass(frozen=True, eq=False)
class PieceNats:
    """What a network says of a piece, over its n + 1 positions (`clstm.models.note_inputs`).

    notes : (n, 3); frames : of the piece
    pitch : nats of each pitch, (n + 1,), 0 at the beginning; durations, gaps : log chances of classes, (n + 1, classes)
    """

    notes: Integers
    frames: int
    pitch: Numbers
    durations: Numbers
    gaps: Numbers

    def before(self, frame: int) -> float:
        """Nats of the frames before one: of all with `frames`."""
        return self._before(frame, np.ones(len(self.notes) + 1, dtype=bool))

    def of_frame(self, frame: int) -> float:
        """Nats that one frame adds: those before the next less those before it. Only notes that sound or may end there,
        and the wait that goes on there, make a difference."""
        onset, duration, after = self._times()
        near = (onset <= frame) & (onset + np.maximum(duration, after) >= frame)
        return self._before(frame + 1, near) - self._before(frame, near)

    def _times(self) -> tuple[Integers, Integers, Integers]:
        """Onset, duration, and frames to the next onset (to the end, of the last), of each position."""
        onset, duration = np.append(0, self.notes[:, 1]), np.append(0, self.notes[:, 2])
        return onset, duration, np.append(self.notes[:, 1], self.frames) - onset

    def _before(self, frame: int, some: NDArray[np.bool_]) -> float:
        """Of some positions only, (n + 1,)."""
        onset, duration, after = self._times()
        known = some & np.append(frame >= 0, self.notes[:, 1] < frame)
        lasting = known & (duration > 0)
        upto = frame - onset
        total = self.pitch[known].sum()
        total += _nats(DURATIONS, self.durations[lasting], duration[lasting], upto[lasting])
        last = np.arange(len(onset)) == len(onset) - 1  # no onset follows it, only the end
        waited = np.where(last, np.maximum(after, upto), after)
        return float(total + _nats(GAPS, self.gaps[known], waited[known], upto[known]))

    @property
    def total(self) -> float:
        """Nats of the whole piece."""
        return self.before(self.frames)


def _nats(classes: Classes, log_p: Numbers, values: Integers, upto: Integers) -> float:
    """-log P of each value, or of at least `upto` where that is no more than the value; their sum.

    log_p : (n, classes) log chances; values, upto : (n,) frames
    """
    rows = np.where(values < upto, classes.row(values), classes.row(upto, at_least=True))
    both = log_p + classes.table()[rows]
    return float(-np.logaddexp.reduce(both, axis=1).sum())


def notes_of(matrix: Matrix) -> Integers:
    """The notes of a score matrix, or of the keys that sound in a piano roll, in order.

    matrix : (156, frames), repaired first; or (keys, frames)

    >>> notes_of(np.array([[0, 1, 1, 0], [1, 0, 0, 1]], dtype=np.uint8)).tolist()
    [[1, 0, 1], [0, 1, 2], [1, 3, 1]]
    """
    if len(matrix) == ROWS:
        return sequence(repair(matrix))
    edges = np.diff(np.pad(matrix.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    (pitch, onset), (_, end) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    order = np.lexsort((pitch, onset))
    return np.stack([pitch, onset, end - onset], axis=1)[order].astype(np.int64)


def batch_of(parts: Sequence[Inputs], device: torch.device | None = None) -> Batch:
    """Positions of several pieces, or excerpts of them, as a batch: each padded with its last position.

    Times are counted from the note that the first position has heard: only their differences say something, and float32
    keeps those of small numbers.
    """
    longest = max(len(part["p"]) for part in parts)
    batch = {}
    for name, first in parts[0].items():
        kind = np.float32 if first.dtype == np.float32 else np.int64
        rows = [
            np.pad(part[name], [(0, longest - len(part["p"]))] + [(0, 0)] * (first.ndim - 1), "edge") for part in parts
        ]
        batch[name] = torch.from_numpy(np.stack(rows).astype(kind)).to(device)
    origin = batch["heard"][:, :1]
    return batch | {name: batch[name] - origin for name in ("time", "heard")}


@torch.inference_mode()
def read(network: Notes, pieces: Iterable[Piece]) -> Iterator[PieceNats]:
    """What a network says of pieces, in order; short ones are read together."""
    together: list[Piece] = []
    size = 0
    for notes, frames in pieces:
        if together and size + len(notes) + 1 > AT_ONCE:
            yield from _read(network, together)
            together, size = [], 0
        together.append((notes, frames))
        size += len(notes) + 1
    if together:
        yield from _read(network, together)


def _read(network: Notes, pieces: Sequence[Piece]) -> list[PieceNats]:
    c, device = network.c, next(network.parameters()).device
    inputs = [of_notes(notes, frames, c.pitches, c.free) for notes, frames in pieces]
    found = [PieceNats(notes, frames, *_empty(len(notes) + 1)) for notes, frames in pieces]
    windows = [(place, *span) for place, one in enumerate(inputs) for span in _windows(len(one["p"]), c.context)]
    windows.sort(key=lambda window: window[2] - window[1])
    while windows:
        longest = windows[-1][2] - windows[-1][1]
        some, windows = windows[-max(AT_ONCE // longest, 1) :], windows[: -max(AT_ONCE // longest, 1)]
        parts = [{name: own[start:stop] for name, own in inputs[place].items()} for place, start, stop, _ in some]
        pitch, durations, gaps = (own.double().cpu().numpy() for own in network.chances(batch_of(parts, device)))
        for row, (place, start, stop, fresh) in enumerate(some):
            inside, one = slice(fresh - start, stop - start), found[place]
            one.pitch[fresh:stop] = -pitch[row, inside]
            one.durations[fresh:stop], one.gaps[fresh:stop] = durations[row, inside], gaps[row, inside]
    return found


def _empty(positions: int) -> tuple[Numbers, Numbers, Numbers]:
    return np.zeros(positions), np.zeros((positions, len(DURATIONS))), np.zeros((positions, len(GAPS)))


def _windows(positions: int, context: int) -> Iterator[tuple[int, int, int]]:
    """Of every window its first position, the one behind its last, and the first that was not read before.

    >>> list(_windows(10, 4))
    [(0, 4, 0), (2, 6, 4), (4, 8, 6), (6, 10, 8)]
    """
    start = done = 0
    while done < positions:
        stop = min(start + context, positions)
        yield start, stop, done
        start, done = max(stop - context // 2, 0), stop
