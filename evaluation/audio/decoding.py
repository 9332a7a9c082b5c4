"""From an audio file to its samples: all of them, or a reason in one line.

libsndfile decodes; what it does not read, ffmpeg does (`ffmpeg`). Whether libsndfile decoded everything is checked
here: the length that the containers state (`containers`, `mpeg`) is compared with the samples decoded. A file that
ends before its stated length is rejected as cut off; a file that does not state its length is read to its end. Only
plain files are opened (a pipe would never end), the header is checked first, and nothing longer than `LONGEST` is read.
"""

from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from clstm.music.midi import LONGEST_RENDERED as LONGEST
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.files import size_of
from evaluation.audio import mpeg
from evaluation.audio.buffers import BLOCK, BlockWriter, Waveform, blocks
from evaluation.audio.containers import Spliced, Stream, WrongHeaderError, chunked, flac, ogg
from evaluation.audio.ffmpeg import decode_foreign, foreign

if TYPE_CHECKING:
    from soundfile import SoundFile

UNKNOWN = 2**62  # samples or more: libsndfile does not know the length
RATES = (4_000, 768_000)  # Hz: from below the telephone's to the highest that music is sold at
CHANNELS = 2
LARGEST = 100.0  # times full scale, +40 dB: floating-point mixes are far below, unscaled integers above
PADDING = 0.1  # seconds by which libsndfile may overstate a compressed stream, for its last block

_HEAD = 64  # bytes
_CHUNKED = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"riff", b"caff", b".snd")


@dataclass(frozen=True)
class Stretch:
    """The samples of one stream."""

    waveform: Waveform
    rate: int


def decode(path: Path) -> tuple[Waveform, int]:
    """The waveform of an audio file, (samples, channels) float32, and its rate in Hz; by its content, not its suffix.

    Raises `UnreadableFileError` with the reason.
    """
    import soundfile

    try:
        size = size_of(path)
        if not size:
            raise UnreadableFileError(path, "0 bytes")
        with path.open("rb") as file:
            if what := foreign(file.read(_HEAD)):
                return _decoded(path, what)
            file.seek(0)
            found = [_read(path, file, stream) for stream in _streams(file, size)]
    except WrongHeaderError as error:
        raise UnreadableFileError(path, str(error)) from error
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be opened ({error.strerror or error})") from error
    except soundfile.LibsndfileError as error:
        raise UnreadableFileError(path, _reason(error)) from error
    waveform, rate = _joined(path, found)
    if not len(waveform):
        raise UnreadableFileError(path, "no samples")
    return waveform, rate


def _decoded(path: Path, what: str) -> tuple[Waveform, int]:
    """What ffmpeg reads, held to the same rules."""
    waveform, rate = decode_foreign(path, what)
    _check_form(path, rate, waveform.shape[1])
    for _, block in blocks(waveform):
        _check_samples(path, block)
    if not len(waveform):
        raise UnreadableFileError(path, "no samples")
    return waveform, rate


# --- streams -------------------------------------------------------------------------------------------------------


def _streams(file: BinaryIO, size: int) -> list[Stream]:
    """The streams of a file, by its first bytes; an unknown file is left to libsndfile as it is."""
    head = file.read(_HEAD)
    if head[:4] in _CHUNKED:
        return [chunked(file, size)]
    if head[:4] == b"OggS":
        return ogg(file, size)
    with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        begin = mpeg.behind_tags(content)
        if content[begin : begin + 4] == b"fLaC":
            return flac(file, begin, size)
        if begin or (head[0] == 0xFF and head[1:2] >= b"\xe0"):
            return mpeg.streams(content, LONGEST)
    return [Stream([(0, size)])]


def _read(path: Path, file: BinaryIO, stream: Stream) -> Stretch:
    """Decode a stream to its end. Raises `UnreadableFileError` where it is cut off, or no music."""
    with _opened(path, file, stream) as audio:
        rate, channels = audio.samplerate, audio.channels
        _check_form(path, rate, channels)
        told = stream.promised or (audio.frames if audio.frames < UNKNOWN else None)
        if told and told > LONGEST * rate and stream.share == 1.0:
            raise UnreadableFileError(path, _too_long(told / rate))
        sound, broken = BlockWriter((min(told or 0, int(LONGEST * rate)) or BLOCK, channels)), ""
        while not broken:
            room = sound.room(BLOCK)
            block, broken = _next(audio, room)
            _check_samples(path, room[:block])
            sound.advance(block)
            if not block:
                break
            if sound.samples > LONGEST * rate:
                raise UnreadableFileError(path, _too_long(sound.samples / rate))
    read = sound.samples
    promised = stream.promised or (read / stream.share if stream.share else told)
    if stream.promised is None and stream.share == 1.0 and told and told - read > PADDING * rate:
        promised = told
    _check_whole(path, stream, read, promised, rate, broken)
    return Stretch(sound.written, rate)


def _opened(path: Path, file: BinaryIO, stream: Stream) -> "SoundFile":
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
        """Read from the beginning to the end, for streams in which libsndfile cannot seek."""

        def seekable(self) -> bool:
            return False

    try:
        return Forward(Spliced(file, stream.parts))
    except soundfile.LibsndfileError as error:
        if stream.share < 1.0:
            raise UnreadableFileError(path, f"cut off: {stream.share:.0%} of its bytes are there") from error
        raise


def _next(audio: "SoundFile", room: Waveform) -> tuple[int, str]:
    """Read into `room`: how many samples, and the error that libsndfile met after them, if any."""
    import soundfile

    room[:] = np.nan  # after an error, what is still NaN was not written
    try:
        return len(audio.read(out=room)), ""
    except soundfile.LibsndfileError as error:
        written = ~np.isnan(room).any(axis=1)
        said = error.error_string.removeprefix("Error : ").rstrip(".")
        return len(room) if written.all() else int(np.argmin(written)), said


def _joined(path: Path, found: list[Stretch]) -> tuple[Waveform, int]:
    if len(found) == 1:
        return found[0].waveform, found[0].rate
    forms = {(one.rate, one.waveform.shape[1]) for one in found}
    if len(forms) > 1:
        told = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in sorted(forms))
        raise UnreadableFileError(path, f"it joins streams of different forms: {told}")
    total = sum(len(one.waveform) for one in found)
    if total > LONGEST * found[0].rate:
        raise UnreadableFileError(path, _too_long(total / found[0].rate))
    together = BlockWriter((total, found[0].waveform.shape[1]))
    for one in found:
        for _, block in blocks(one.waveform):
            together.write(block)
    return together.waveform, found[0].rate


# --- reasons -------------------------------------------------------------------------------------------------------


def _check_form(path: Path, rate: int, channels: int) -> None:
    low, high = RATES
    if not low <= rate <= high:
        raise UnreadableFileError(path, f"a sample rate of {rate} Hz; {low} to {high} are read")
    if channels > CHANNELS:  # which loudspeakers they are meant for decides what each weighs, and files rarely say
        raise UnreadableFileError(path, f"{channels} channels; one or two are measured: mix it down to stereo first")


def _check_samples(path: Path, block: Waveform) -> None:
    if not np.isfinite(block).all():
        raise UnreadableFileError(path, "samples that are not numbers (NaN or infinite)")
    if len(block) and (largest := float(np.abs(block).max())) > LARGEST:
        raise UnreadableFileError(
            path, f"a sample of {largest:.3g} times full scale; at most {LARGEST:g} are read: scale it to -1..1"
        )


def _check_whole(path: Path, stream: Stream, read: int, promised: float | None, rate: int, broken: str) -> None:
    if promised and read < promised:
        there, whole = _seconds(read / rate), _seconds(promised / rate)
        told = f"{there} of {whole} s" if there != whole else f"{read} of {promised:.0f} samples"
        raise UnreadableFileError(path, f"cut off: {told}")
    if not stream.ends:
        raise UnreadableFileError(path, f"cut off after {_seconds(read / rate)} s: its end is missing")
    if broken and not (stream.promised and read >= stream.promised):
        raise UnreadableFileError(path, f"damaged after {_seconds(read / rate)} s ({broken})")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")


def _too_long(seconds: float) -> str:
    return f"lasts {seconds / 3600:.1f} hours; at most {LONGEST / 3600:g} are read"


def _reason(error: Exception) -> str:
    said = str(getattr(error, "error_string", error)).rstrip(".")
    if "SF_INFO" in said:
        return "its header has no sample rate or number of channels that sound can have"
    return f"not readable as audio ({said})"
