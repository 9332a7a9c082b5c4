"""Audio in containers that libsndfile does not read: AAC, ALAC, WMA, WebM and others, decoded by the program ffmpeg.

ffmpeg writes 32-bit samples into a pipe, as AU (a header of 24 bytes, then the samples, big-endian), which is read
block by block. It opens the one file and nothing that this names. What ffmpeg reports as damaged is refused.
"""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from clstm.music.midi import LONGEST_RENDERED as LONGEST
from clstm.runtime.errors import UnreadableFileError
from evaluation import doctor
from evaluation.audio.buffers import BLOCK, BlockWriter, Waveform

FOREIGN = {  # the place of the mark, and the mark
    "AAC or ALAC in an MP4 file": (4, b"ftyp"),
    "WMA": (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    "Matroska or WebM": (0, b"\x1a\x45\xdf\xa3"),
    "APE": (0, b"MAC "),
    "WavPack": (0, b"wvpk"),
    "DSD": (0, b"DSD "),
    "AAC without a container": (0, b"\xff\xf1"),
    "AAC without a container, MPEG-2": (0, b"\xff\xf9"),
    "AC-3": (0, b"\x0b\x77"),
}
_AU = 24  # bytes of the header
_DAMAGED = re.compile(r"invalid|corrupt|partial file|premature|truncat|error|exceed|not found", re.IGNORECASE)


def foreign(head: bytes) -> str | None:
    r"""What a file is that only ffmpeg reads, by its first bytes; None for anything else.

    >>> foreign(b"\0\0\0\x20ftypM4A "), foreign(b"RIFF")
    ('AAC or ALAC in an MP4 file', None)
    """
    return next((what for what, (at, mark) in FOREIGN.items() if head[at : at + len(mark)] == mark), None)


def decode_foreign(path: Path, what: str) -> tuple[Waveform, int]:
    """The waveform of the first audio in a file, (samples, channels) float32, and its rate in Hz.

    Raises `UnreadableFileError` with the reason; where ffmpeg is not installed it has the command that installs it.
    """
    program = doctor.find_ffmpeg()
    if program is None:
        fix = doctor.install_command(["ffmpeg"], doctor.package_manager())
        raise UnreadableFileError(path, f"is {what}, which ffmpeg reads; install it with: {fix}; or convert to WAV")
    how = ["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"]
    source = ["-i", f"file:{path.absolute()}", "-map", "0:a:0", "-map_metadata", "-1"]
    command = [program, *how, *source, "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process:
            try:
                sound = _samples(path, cast("BinaryIO", process.stdout))
            except BaseException:
                process.kill()  # it may have much to write still
                raise
        said.seek(0)
        report = said.read(2000).decode(errors="replace")
    if sound is None or process.returncode or _DAMAGED.search(report):
        first = re.sub(r"\[[^\]]*\]\s*|file:|" + re.escape(str(path.absolute())), "", report.partition("\n")[0])
        reason = " ".join(first.split()).strip(" :") or f"exit status {process.returncode}"
        raise UnreadableFileError(path, f"{what}: cut off, damaged or without audio (ffmpeg: {reason})")
    return sound


def _samples(path: Path, stream: BinaryIO) -> tuple[Waveform, int] | None:
    """What ffmpeg writes; None where it writes nothing."""
    header = stream.read(_AU)
    if len(header) < _AU:
        return None
    begin, rate, channels = (int.from_bytes(header[at : at + 4], "big") for at in (4, 16, 20))
    stream.read(begin - _AU)
    sound = BlockWriter((BLOCK, channels))
    while block := stream.read(4 * channels * BLOCK):
        sound.write(np.frombuffer(block, dtype=">f4").astype(np.float32).reshape(-1, channels))
        if sound.samples > LONGEST * rate:
            raise UnreadableFileError(path, f"lasts more than {LONGEST / 3600:g} hours, the longest that is read")
    return sound.written, rate
