"""Waveforms of any length: an hour of music takes as little memory as a minute.

A waveform is (samples, channels) or (samples,) float32, full scale at -1 and 1, and anything that gives arrays for
slices. One that would fill the memory lies in a temporary file that has no name and is gone with the array; it is an
array all the same, mapped into memory a page at a time. Who reads all of it reads `blocks`, and so never holds more
than one.

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
    """Silence to write into, float32; in a file where it is more than `IN_MEMORY`. Raises `UserError` without room."""
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
    on_disk = Path("/var/tmp")
    return str(on_disk) if "TMPDIR" not in os.environ and os.access(on_disk, os.W_OK) else tempfile.gettempdir()


def blocks(
    waveform: NDArray[np.floating], size: int = BLOCK, context: int = 0
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Yield (first sample, samples) for `size` samples after another, fewer in the last.

    context : this many samples more before and after each, silence beyond the ends
    """
    for first in range(0, len(waveform), size):
        last = min(first + size, len(waveform))
        before, after = min(context, first), min(context, len(waveform) - last)
        block = np.asarray(waveform[first - before : last + after])
        if before < context or after < context:
            block = np.pad(block, [(context - before, context - after)] + [(0, 0)] * (block.ndim - 1))
        yield first, block
        release(waveform)


def release(waveform: NDArray[Any]) -> None:
    """Let go of the memory that mirrors a waveform's file; what was written stays. Does nothing to one in memory."""
    owner: Any = waveform
    if isinstance(owner, np.memmap) and owner.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
        while isinstance(owner, np.ndarray):
            owner = owner.base
        if isinstance(owner, mmap.mmap):
            owner.madvise(mmap.MADV_DONTNEED)


def clipped(waveform: NDArray[np.floating]) -> int:
    """How many samples lie beyond full scale, all channels together."""
    return sum(int(np.count_nonzero(np.abs(block) > 1.0)) for _, block in blocks(waveform))
