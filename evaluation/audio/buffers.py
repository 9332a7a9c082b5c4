"""Waveforms of any length: an hour of music takes as little memory as a minute.

A waveform is (samples, channels) or (samples,) float32, full scale at -1 and 1, and anything that gives arrays for
slices. A waveform that would fill the memory is kept in a temporary file, which has no name and is deleted with the
array. It is still an array, mapped into memory page by page. Read it with `blocks` or `excerpt` and write it with
`BlockWriter`: these keep one block in memory at a time.

The file lies in TMPDIR or, where that is not set, in /var/tmp: /tmp is often memory itself.
"""

import errno
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import UserError

BLOCK = 2**18  # samples read or written at once: 6 s, 2 MB in stereo
IN_MEMORY = 2**27  # bytes; more lies in a file: 6 minutes of stereo at 44.1 kHz

Waveform = NDArray[np.float32]


def blank(shape: tuple[int, ...]) -> Waveform:
    """Silence to write into, float32; in a file where it is more than `IN_MEMORY`.

    Raises `UserError` when the disk has no room for it.

    >>> blank((2, 2)).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    size = int(np.prod(shape)) * np.dtype(np.float32).itemsize
    if size <= IN_MEMORY:
        return np.zeros(shape, dtype=np.float32)
    folder = _folder()
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # a disk that fills up later would kill the process
            else:
                file.truncate(size)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                raise
            raise UserError(
                f"no room for {size / 1e9:.1f} GB of samples in {folder} ({error.strerror}); free some,"
                " or set TMPDIR to a folder with more"
            ) from error
        return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)


def _folder() -> str:
    on_disk = Path("/var/tmp")  # noqa: S108  the file opened there has no name, so no other process can open it
    return str(on_disk) if "TMPDIR" not in os.environ and os.access(on_disk, os.W_OK) else tempfile.gettempdir()


def blocks(
    waveform: NDArray[np.floating], size: int = BLOCK, context: int = 0
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Yield (number of the first sample, samples) for each block of `size` samples; the last may have fewer.

    context : so many samples more before and after each block, silence beyond the ends

    >>> [(first, block.tolist()) for first, block in blocks(np.arange(5.0), 3, context=1)]
    [(0, [0.0, 0.0, 1.0, 2.0, 3.0]), (3, [2.0, 3.0, 4.0, 0.0])]
    """
    for first in range(0, len(waveform), size):
        last = min(first + size, len(waveform))
        before, after = min(context, first), min(context, len(waveform) - last)
        block = np.asarray(waveform[first - before : last + after])
        if before < context or after < context:
            block = np.pad(block, [(context - before, context - after)] + [(0, 0)] * (block.ndim - 1))
        yield first, block
        release(waveform)


def excerpt(waveform: NDArray[np.floating], first: int, last: int) -> NDArray[np.floating]:
    """A copy of the samples `first` to `last`, silence beyond the end.

    >>> excerpt(np.array([0.1, 0.2, 0.3]), 1, 5)
    array([0.2, 0.3, 0. , 0. ])
    """
    part = np.asarray(waveform[first:last])
    copied = np.pad(part, [(0, last - first - len(part))] + [(0, 0)] * (part.ndim - 1))
    release(waveform)
    return copied


class BlockWriter:
    """A waveform that is written from its beginning to its end, of which memory holds one block at a time.

    >>> writer = BlockWriter((3,))
    >>> writer.write(np.array([0.5, -0.5], dtype=np.float32))
    >>> writer.written, writer.waveform
    (array([ 0.5, -0.5], dtype=float32), array([ 0.5, -0.5,  0. ], dtype=float32))
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """shape : (samples,) or (samples, channels). Raises `UserError` when the disk has no room for it."""
        self.waveform = blank(shape)
        self.samples = 0  # written so far

    @property
    def written(self) -> Waveform:
        """What is written so far; `waveform` has silence behind it."""
        return self.waveform[: self.samples]

    def room(self, samples: int) -> Waveform:
        """Where the next samples are to be written, before `advance`: at most so many, at most to the block's end.

        A waveform that is full is made twice as long: the length that a file states may be too small.
        """
        if self.samples == len(self.waveform):
            longer = BlockWriter((max(2 * self.samples, BLOCK), *self.waveform.shape[1:]))
            for _, block in blocks(self.waveform):
                longer.write(block)
            self.waveform = longer.waveform
        return self.waveform[self.samples : self.samples + min(samples, BLOCK - self.samples % BLOCK)]

    def advance(self, samples: int) -> None:
        """Say that so many samples have been written into `room`."""
        self.samples += samples
        if not self.samples % BLOCK or self.samples == len(self.waveform):
            release(self.waveform)

    def write(self, block: NDArray[np.floating]) -> None:
        """Append samples, (samples,) or (samples, channels), of any number.

        >>> writer = BlockWriter((1,))  # made for one sample, and longer as soon as it must be
        >>> writer.write(np.ones(3, dtype=np.float32))
        >>> writer.written.tolist()
        [1.0, 1.0, 1.0]
        """
        done = 0
        while done < len(block):
            room = self.room(len(block) - done)
            room[:] = block[done : done + len(room)]
            done += len(room)
            self.advance(len(room))


def release(waveform: NDArray[Any]) -> None:
    """Free the memory that mirrors a waveform's file; the samples stay in the file. Does nothing to one in memory."""
    owner: Any = waveform
    if isinstance(owner, np.memmap) and owner.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
        while isinstance(owner, np.ndarray):
            owner = owner.base
        if isinstance(owner, mmap.mmap):
            owner.madvise(mmap.MADV_DONTNEED)


def clipped(waveform: NDArray[np.floating]) -> int:
    """How many samples are beyond full scale, all channels together.

    >>> clipped(np.array([[0.5, 1.0], [-1.1, 2.0]]))
    2
    """
    return sum(int(np.count_nonzero(np.abs(block) > 1.0)) for _, block in blocks(waveform))
