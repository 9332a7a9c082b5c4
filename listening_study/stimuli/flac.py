"""Clips as files that differ in their music and in nothing else: 16-bit FLAC, no tags, equal bytes, equal times.

How small the music is coded still shows to one who takes a file apart; that is the music itself, and no participant's
browser says it. The space left over is in a padding block (RFC 9639, section 8.3).
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
    """Write the clips, `changed` being the time, in seconds since 1970, that every file says to be from.

    clips : (samples, channels) each, all of one shape
    Returns the size in bytes that all have.
    """
    for path in sorted(clips):  # in the order of names, so that not even the place on the disk tells a source
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
    file = FLAC(path)
    file.delete()  # tags
    file.save(deleteid3=True, padding=lambda _: padding)
