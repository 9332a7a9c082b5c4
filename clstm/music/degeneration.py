"""How generated music fails: it falls silent, it saturates, or it loops; and when the failure begins.

Networks that write by drawing from their own output are known for it ("degeneration": Holtzman et al., The Curious Case
of Neural Text Degeneration, ICLR 2020); the paper's listeners heard loops. Functions take a score matrix and return
frames: the first frame of the passage that fails, or None where nothing does.

silence      nothing sounds for at least 4 s.
saturation   over 4 s, on average, at least 13 notes sound, or at least 44 are struck per second. It begins with
             the first frame of those 4 s that is as dense by itself.
loop         one pattern of strikes comes at least three times in succession, for at least 10 s together, its period
             being at most 16 s; "one pattern" when 90 % of the strikes recur (Dice coefficient of each strike with the
             one a period before), and when no strike is further than a period from the next. It begins with its
             first period. A chord that lasts 10 s, nothing struck meanwhile, is the loop of one frame.

The limits were chosen on human music: 500 piano pieces, 4,568 excerpts of 30 s, one every 15 s. None of them is
saturated, 0.4 % fall silent, 0.9 % loop. Of 1,911 excerpts of 172 other pieces 0.2 % are saturated, 0.4 % fall silent
and 1.2 % loop. Human music does repeat, and the longer it is the more: loops are a failure as far as they are more
frequent than in human excerpts of the same length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import FRAME_RATE, HELD, STRUCK, Matrix

SILENT = 4.0  # seconds in which nothing sounds
DENSE_OVER = 4.0  # seconds that saturation is averaged over
NOTES = 13.0  # sounding at once
STRIKES = 44.0  # per second
PERIODS = 3
LOOPED = 10.0  # seconds
LONGEST_PERIOD = 16.0  # seconds
ALIKE = 0.9  # share of the strikes that recur
_TOGETHER = 1 << 16  # cells that are looked up at once

Array = NDArray[np.int64]

KINDS = ("silence", "saturation", "loop")

LIMITS = {
    "silent_seconds": SILENT,
    "dense_over_seconds": DENSE_OVER,
    "notes_sounding": NOTES,
    "strikes_per_second": STRIKES,
    "loop_periods": PERIODS,
    "looped_seconds": LOOPED,
    "longest_period_seconds": LONGEST_PERIOD,
    "share_that_recurs": ALIKE,
}


@dataclass(frozen=True)
class Degeneration:
    """When each failure begins, seconds from the beginning, or None; `period` is the loop's, in seconds."""

    silence: float | None = None
    saturation: float | None = None
    loop: float | None = None
    period: float | None = None

    @property
    def first(self) -> tuple[str, float] | None:
        """The earliest failure, and when it begins.

        >>> Degeneration(silence=20.0, loop=3.5, period=2.0).first
        ('loop', 3.5)
        """
        onsets = [(onset, kind) for kind in KINDS if (onset := getattr(self, kind)) is not None]
        return (min(onsets)[1], min(onsets)[0]) if onsets else None


def silence(matrix: Matrix) -> int | None:
    """First frame of the first `SILENT` seconds in which nothing sounds; None without any.

    matrix : (156, frames), as everywhere here

    >>> silence(np.zeros((156, 40), dtype=np.uint8)), silence(np.ones((156, 40), dtype=np.uint8))
    (0, None)
    """
    return _first_run(matrix[HELD].sum(axis=0) == 0, _frames(SILENT))


def saturation(matrix: Matrix) -> int | None:
    """First frame of the first passage with more notes sounding, or struck, than music has; None without any.

    >>> saturation(np.ones((156, 40), dtype=np.uint8))
    0
    """
    width = _frames(DENSE_OVER)
    onsets = []
    for counts, most in ((matrix[HELD], NOTES), (matrix[STRUCK], STRIKES / FRAME_RATE)):
        count = counts.sum(axis=0, dtype=np.int64)
        full = np.flatnonzero(_sums(count, width) >= most * width)
        if len(full):
            onsets.append(full[0] + int(np.argmax(count[full[0] :] >= most)))
    return int(min(onsets)) if onsets else None


def loop(matrix: Matrix) -> tuple[int, int] | None:
    """First frame and period, in frames, of the loop that can be recognised first; None without a loop. A loop's
    multiples are recognised at about the same time: the shortest counts.

    >>> beat = np.zeros((156, 160), dtype=np.uint8)
    >>> beat[[36, 36 + 78], ::4] = 1  # middle C every half second, for 20 s
    >>> loop(beat)
    (0, 4)
    """
    struck = matrix[STRUCK]
    frames = matrix.shape[1]
    count = struck.sum(axis=0, dtype=np.int64)
    found = []  # (frame after the stretch by which it is recognised, period, first frame)
    standing = _first_run((count == 0) & (matrix[HELD].sum(axis=0) > 0), _frames(LOOPED))
    if standing is not None:
        found.append((standing + _frames(LOOPED), 1, standing))
    total = _totals(count)
    for period, recurring, surplus in _recurring(struck, total, _periods(frames)):
        width = _repeats(period)
        alike = surplus[width:] >= surplus[:-width]
        if not alike.any():
            continue
        resting = _over(total, period)[1:] == 0  # nothing struck in the period that ends here
        stretches = np.flatnonzero(alike & (_sums(resting, width) == 0))
        if len(stretches):
            first = int(stretches[0])
            found.append((first + period + width, period, first + int(np.argmax(recurring[first + 1 :] > 0))))
    if not found:
        return None
    # Twice the period of a loop is a period too: of those that begin before one is recognised, the shortest counts.
    shown = min(found)[0]
    return min(((first, period) for _, period, first in found if first < shown), key=lambda one: one[1])


def measure(matrix: Matrix) -> Degeneration:
    """All three of a score matrix, (156, frames), in seconds. Music shorter than a failure takes has none.

    >>> measure(np.zeros((156, 40), dtype=np.uint8)).first
    ('silence', 0.0)
    """
    looped = loop(matrix)
    return Degeneration(
        _seconds(silence(matrix)),
        _seconds(saturation(matrix)),
        _seconds(looped[0] if looped else None),
        _seconds(looped[1] if looped else None),
    )


def rates(measured: Sequence[Degeneration]) -> dict[str, float]:
    """The share of pieces that fail, of each kind and of any, 0..1. Raises `ValueError` without a piece.

    >>> rates([Degeneration(silence=3.0), Degeneration()])
    {'silence': 0.5, 'saturation': 0.0, 'loop': 0.0, 'any': 0.5}
    """
    if not measured:
        raise ValueError("rates of no piece at all")
    shares = {kind: sum(getattr(one, kind) is not None for one in measured) / len(measured) for kind in KINDS}
    return shares | {"any": sum(one.first is not None for one in measured) / len(measured)}


def _first_run(true: NDArray[np.bool_], length: int) -> int | None:
    """Where `length` frames that are all true begin, for the first time."""
    runs = np.flatnonzero(_sums(true, length) == length)
    return int(runs[0]) if len(runs) else None


def _periods(frames: int) -> list[int]:
    """The periods, in frames, that a loop in music of so many frames may have."""
    longest = min(_frames(LONGEST_PERIOD), frames // PERIODS)
    return [period for period in range(1, longest + 1) if period + _repeats(period) <= frames]


def _repeats(period: int) -> int:
    """Frames of a loop that repeat what was a period before."""
    return max((PERIODS - 1) * period, _frames(LOOPED) - period)


def _recurring(struck: Matrix, total: Array, periods: Sequence[int]) -> Iterator[tuple[int, Array, NDArray[np.int32]]]:
    """Each period; how many of each frame's strikes come again that much later, (frames - period + 1,), behind a 0; and
    a sum that does not fall over frames of which `ALIKE` recur, by the Dice coefficient: twice what both have, over
    what either has.

    struck : (pitches, frames); total : strikes before each frame. Many periods are looked up together, as a call costs
        as much as what it does for a short piece
    """
    frames = struck.shape[1]
    # With silence behind each row, so that what lies a period later is never in the next one.
    width = frames + _frames(LONGEST_PERIOD)
    padded = np.zeros((len(struck), width), dtype=np.bool_)
    padded[:, :frames] = struck
    cells, strikes = padded.reshape(-1), np.flatnonzero(padded)
    behind, own = strikes % width + 1, (round(10 * ALIKE) * total).astype(np.int32)
    together = max(_TOGETHER // max(len(strikes), frames, 1), 1)
    for begin in range(0, len(periods), together):
        some = np.array(periods[begin : begin + together])
        again = np.flatnonzero(cells[strikes + some[:, None]])
        row, strike = np.divmod(again, len(strikes))
        count = np.bincount(row * (frames + 1) + behind[strike], minlength=len(some) * (frames + 1))
        count = count.reshape(len(some), -1)
        both = np.cumsum(count, axis=1, dtype=np.int32)
        both *= 2 * 10
        both -= own
        for period, recurring, surplus in zip(some.tolist(), count, both, strict=True):
            yield period, recurring[: frames - period + 1], surplus[: frames - period + 1] - own[period:]


def _sums(values: Array | NDArray[np.bool_], width: int) -> Array:
    """Sums over every `width` successive values; none when there are fewer values."""
    return _over(_totals(values), width)


def _totals(values: Array | NDArray[np.bool_]) -> Array:
    """The sum of all values before each, and of all of them."""
    totals = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=totals[1:])
    return totals


def _over(totals: Array, width: int) -> Array:
    """Sums over every `width` successive values, of their `_totals`; none when there are fewer values."""
    return totals[width:] - totals[: max(len(totals) - width, 0)]


def _frames(seconds: float) -> int:
    return round(seconds * FRAME_RATE)


def _seconds(frames: int | None) -> float | None:
    return None if frames is None else frames / FRAME_RATE
