"""The short-time Fourier transform, a block of windows at a time, so that memory does not grow with the music.

Windows are Hann's (periodic), scaled so that a sine of amplitude 1 in the middle of a bin reads 1. A waveform is
anything that has a length and gives arrays for slices: an array, a memory map. It is read in order, in slices of at
most 2^20 samples.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import excerpt

Array = NDArray[np.floating]

_AT_ONCE = 2**20  # samples in all windows of a block: they and their spectra stay below 20 MB


def window_starts(samples: int, size: int, hop: float) -> NDArray[np.int64]:
    """First samples, (windows,), of the windows of `size` that lie within `samples`, every `hop` samples from 0.

    A hop need not be whole. What is shorter than a window has one.

    >>> window_starts(10, 4, 3), window_starts(2, 4, 3)
    (array([0, 3, 6]), array([0]))
    """
    count = int(max(samples - size, 0) / hop) + 1
    return np.round(np.arange(count) * hop).astype(np.int64)


def magnitude_blocks(waveform: Array, starts: NDArray[np.int64], size: int, padded: int = 0) -> Iterator[Array]:
    """Magnitudes of windows of `size` samples, in blocks, (windows, bins), in order; no block without a window.

    waveform : (samples,) -1..1; float64 is kept, all else becomes float32. A window that ends beyond it is padded with
        silence.
    starts : (windows,) ascending, at most `size` apart
    padded : the length of the Fourier transform, if it is more than `size`

    A sine of amplitude 1 in the middle of bin 4; a Hann window shows half of it in the bins beside that:

    >>> (block,) = magnitude_blocks(np.sin(2 * np.pi * np.arange(64) / 8), np.array([0, 32]), 32)
    >>> block.shape, block[0, 2:7].round(6)
    ((2, 17), array([0. , 0.5, 1. , 0.5, 0. ]))
    """
    from scipy.fft import rfft
    from scipy.signal import get_window

    length = max(size, padded)
    hann = get_window("hann", size)
    hann *= 2 / hann.sum()
    at_once = max(_AT_ONCE // size, 1)
    for first in range(0, len(starts), at_once):
        part = starts[first : first + at_once]
        samples = _floating(excerpt(waveform, part[0], part[-1] + size))
        windows = np.lib.stride_tricks.sliding_window_view(samples, size)[part - part[0]]
        yield np.abs(rfft(windows * hann.astype(samples.dtype), length, axis=1))


def _floating(samples: Array) -> Array:
    return samples if samples.dtype == np.float64 else samples.astype(np.float32, copy=False)
