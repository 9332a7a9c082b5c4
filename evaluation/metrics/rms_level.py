"""The RMS level of a waveform over time, its constant offset (DC), and its silence.

Levels are RMS in dBFS: 0 dBFS is an RMS of 1, so a full-scale sine reads -3.01.

**DC.** A constant offset cannot be heard, but it would count as level, as a low frequency and as similarity of all
moments. It is subtracted before anything is measured: the median of the means over 0.2 s, weighted by a Hann window, so
that no tone of a piano counts as DC. The mean of the whole waveform would not do: that of a burst of noise is not 0,
and would raise the silence beside the burst. An offset that drifts keeps its drift.

**Silence.** One definition for all views: a waveform is silent when none of its windows of 50 ms reaches -70 dBFS in
any channel, without DC. This is the absolute gate of ITU-R BS.1770, below which loudness does not count either. It is
20 dB above the dither and the rounding of 16 bits, and far below music.

**The music** of a waveform is the part between the silence before it and the silence after it, without DC.

Waveforms are (samples,) or (samples, channels), full scale at -1 and 1, of any length: they are read block by block.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evaluation.audio.buffers import BLOCK, blocks
from evaluation.metrics.metric import Missing

HOP = 0.025  # s; the windows are two hops long, which takes 4 dB off a modulation of 10 Hz
SILENCE = -70.0  # dBFS
FLOOR = -100.0  # dBFS; the level that digital silence is given
OFFSET = 0.2  # s; a mean so weighted holds less than a hundredth of a tone of 27.5 Hz, a piano's lowest
SMALLEST_OFFSET = 1e-7  # -140 dBFS: what float32 leaves of an offset that was taken away

AUDIBLE_OFFSET = 0.01  # of the peak: moves it by less than 0.1 dB

SILENT = Missing("silent")

Array = NDArray[np.floating]


def rms_envelope(waveform: Array, rate: int, hop_seconds: float = HOP) -> tuple[Array, Array]:
    """RMS level in windows of two hops, one every hop.

    waveform : (samples,) -1..1
    returns the middles of the windows, (frames,) s, and their levels, (frames,) dBFS, at least `FLOOR`. A waveform
    shorter than a window is one frame.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> times, level = rms_envelope(tone, 8000)
    >>> len(times), round(float(level[0]), 2)
    (39, -3.01)
    """
    hop = hop_size(rate, hop_seconds)
    square = _mean_squares(waveform, hop)
    return middles(len(square) + 1, hop, rate), 10 * np.log10(np.maximum(square, 10 ** (FLOOR / 10)))


def is_silent(waveform: Array, rate: int) -> bool:
    """Whether a waveform, (samples,) or (samples, channels), is silent throughout; DC is no sound.

    >>> is_silent(np.full(8000, 0.5), 8000), is_silent(0.01 * np.sin(np.arange(8000.0)), 8000)
    (True, False)
    """
    offset = offsets(waveform, rate)
    square = _mean_squares(waveform, hop_size(rate, HOP), offset)
    return bool(square.max() < 10 ** (SILENCE / 10))


def music(waveform: Array, rate: int) -> Array | None:
    """A waveform, (samples,), without DC, from the first window that is not silent to the last; None if all are silent.

    The result reads slices of the waveform: no copy is made.

    >>> rests = np.concatenate([np.zeros(8000), np.sin(np.arange(4000.0)), np.zeros(8000)])
    >>> len(music(rests, 8000))
    4400
    """
    offset = offsets(waveform, rate)
    hop = hop_size(rate, HOP)
    heard = np.flatnonzero(_mean_squares(waveform, hop, offset) >= 10 ** (SILENCE / 10))
    if not len(heard):
        return None
    # A window is two hops long.
    return _view(waveform, offset, heard[0] * hop, min((heard[-1] + 2) * hop, len(waveform)))


def without_offset(waveform: Array, rate: int) -> Array:
    """A waveform less its DC where that is more than `AUDIBLE_OFFSET` of its peak; else as it is, sample by sample.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> without_offset(tone, 8000) is tone
    True
    >>> round(abs(float(np.mean(without_offset(tone + 0.25, 8000)))), 3)
    0.0
    """
    offset = offsets(waveform, rate)
    peak = max((float(np.abs(block).max()) for _, block in blocks(waveform)), default=0.0)
    if np.abs(offset).max(initial=0.0) <= AUDIBLE_OFFSET * peak:
        return waveform
    return _view(waveform, offset, 0, len(waveform))


def _view(waveform: Array, offset: Array, first: int, last: int) -> Array:
    if (np.abs(offset) < SMALLEST_OFFSET).all():
        return waveform[first:last] if (first, last) != (0, len(waveform)) else waveform
    return cast(Array, _WithoutDC(waveform, offset, first, last))


@dataclass(frozen=True, eq=False)
class _WithoutDC:
    """Samples `first` to `last` of a waveform less an offset. Only slices are read: it is never whole in memory."""

    waveform: Array
    offset: Array
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, part: slice) -> NDArray[np.float32]:
        start, stop, step = part.indices(len(self))
        return (self.waveform[self.first + start : self.first + stop : step] - self.offset).astype(np.float32)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:], dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.waveform.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return np.dtype(np.float32)


def offsets(waveform: Array, rate: int) -> Array:
    """DC of each channel, (channels,), or of a waveform without channels, (); 0 for one shorter than 0.2 s.

    >>> offsets(0.25 + 0.1 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000), 8000).round(4)
    np.float64(0.25)
    """
    from scipy.signal import get_window

    size = max(round(OFFSET * rate), 1)
    weights = get_window("hann", size) / get_window("hann", size).sum()
    means: list[Array] = [np.zeros((0, *waveform.shape[1:]))]
    for _, block in blocks(waveform, whole_hops(size)):
        full = np.asarray(block[: len(block) // size * size], dtype=np.float64)
        means.append(np.tensordot(full.reshape(-1, size, *full.shape[1:]), weights, axes=(1, 0)))
    found = np.concatenate(means)
    return np.asarray(np.median(found, axis=0)) if len(found) else np.zeros(waveform.shape[1:])


def hop_size(rate: int, seconds: float) -> int:
    return max(round(seconds * rate), 1)


def whole_hops(hop: int) -> int:
    """Samples to read at once: whole hops."""
    return max(BLOCK // hop, 1) * hop


def middles(hops: int, hop: int, rate: int) -> Array:
    """Middles of the windows of two hops each, (hops - 1,) s.

    >>> middles(4, 200, 8000)  # four hops of 25 ms hold three windows of 50 ms
    array([0.025, 0.05 , 0.075])
    """
    return np.arange(1, hops) * hop / rate


def of_hops(parts: Iterator[tuple[int, Array]], hop: int, measure: Callable[[Array], Array]) -> Array:
    """The values of `measure` for every hop, at least two; it gets (hops, hop, ...) float64, the last hop padded with
    silence.

    >>> of_hops(blocks(np.array([1.0, 2, 3, 4, 5])), 2, lambda hops: hops.sum(axis=1))
    array([3., 7., 5.])
    """
    values: list[Array] = []
    for _, part in parts:
        padded = np.zeros((-(-len(part) // hop) * hop, *part.shape[1:]))
        padded[: len(part)] = part
        values.append(measure(padded.reshape(-1, hop, *part.shape[1:])))
    hops = np.concatenate(values) if values else np.zeros(0)
    return np.pad(hops, [(0, max(2 - len(hops), 0))] + [(0, 0)] * (hops.ndim - 1))


def _mean_squares(waveform: Array, hop: int, offset: Array | float = 0.0) -> Array:
    """Mean squares of the windows of two hops, (frames,) or (frames, channels), of a waveform less an offset."""
    parts = ((first, block - offset) for first, block in blocks(waveform, whole_hops(hop)))
    energy = of_hops(parts, hop, lambda block: np.square(block).sum(axis=1))
    # The last hop may be a part: only samples that exist count, or every piece would seem to fade.
    samples = np.clip(len(waveform) - np.arange(len(energy)) * hop, 0, hop)
    together = np.maximum(samples[:-1] + samples[1:], 1).reshape(-1, *[1] * (energy.ndim - 1))
    return np.asarray((energy[:-1] + energy[1:]) / together)
