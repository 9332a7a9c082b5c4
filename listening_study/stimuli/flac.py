"""Clips as files that differ in nothing but their music: 16-bit FLAC, no tags, equal sizes, equal times.

The size of the coded music can still be read from the file's structure; it is a property of the music itself, and a
browser does not show it. A padding block fills the rest (RFC 9639, section 8.3).
"""

import os
from collections.abc import Mapping
from pathlib import Path

from mutagen.flac import FLAC

from evaluation.audio.buffers import Waveform
from evaluation.audio.files import write_audio

STEP = 1024  # bytes: sizes are multiples of it
BLOCK_HEADER = 4  # bytes of a padding block before its content
SPARE = 64  # bytes of padding in the largest file, so that every file has the block


def write_alike(clips: Mapping[Path, Waveform], rate: int, *, changed: float) -> int:
    """Write the clips, all with the modification time `changed`, in seconds since 1970.

    clips : (samples, channels) each, all of one shape
    Returns the size in bytes that all have.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).uniform(-0.5, 0.5, (8000, 1)).astype(np.float32)
    >>> _ = write_alike({Path("1.flac"): noise, Path("2.flac"): 0 * noise}, 8000, changed=0.0)
    >>> Path("1.flac").stat().st_size == Path("2.flac").stat().st_size
    True
    """
    for path in sorted(clips):  # in the order of names, so that not even the position on the disk reveals a source
        write_audio(path, clips[path], rate)
        _save(path, 0)
    bare = {path: path.stat().st_size for path in clips}
    size = -(-(max(bare.values()) + BLOCK_HEADER + SPARE) // STEP) * STEP
    for path in sorted(clips):
        _save(path, size - bare[path] - BLOCK_HEADER)
        path.chmod(0o644)
        os.utime(path, (changed, changed))
    return size


def _save(path: Path, padding: int) -> None:
    file = FLAC(path)  # type: ignore[no-untyped-call]  # mutagen has no types for it
    file.delete()  # tags
    file.save(deleteid3=True, padding=lambda _: padding)
