"""Audio files in and out, and the one way from a MIDI or audio file to a waveform.

Waveforms are (samples, channels) float32, full scale at -1 and 1, of any length: one that would fill the memory lies in
a file, and is read block by block (`buffers`). libsndfile reads and writes, soxr changes the rate.
"""

import warnings
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from clstm.music.midi import LONGEST_RENDERED as LONGEST
from clstm.music.piece import Piece, read_piece
from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.files import replacing
from clstm.runtime.finding import is_midi
from clstm.runtime.names import counted
from evaluation.audio.buffers import BlockWriter, Waveform, blocks, clipped
from evaluation.audio.decoding import decode
from evaluation.audio.mpeg import MPEG_RATES, with_length
from evaluation.audio.render import RenderSettings, render
from evaluation.audio.soundfont import lacking

_WRITTEN = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3"}
_LAME = 3  # of players: its own choice; 2 takes three times as long
_MP3 = {"bitrate_mode": "VARIABLE", "compression_level": 0.2}  # piano: some 10 kB/s, near transparent


@dataclass(frozen=True, eq=False)
class Heard:
    """The sound of a file: (samples, 2) at `rate` Hz; its piece, None for audio; and what was done to it.

    remarks : such as "resampled from 48000 Hz"
    """

    waveform: Waveform
    rate: int
    piece: Piece | None
    remarks: tuple[str, ...]


def heard(path: Path, settings: RenderSettings = RenderSettings(), *, pedal: bool = False) -> Heard:
    """A MIDI file rendered, or an audio file read, at `settings.sample_rate` and in stereo.

    pedal : whether the notes of MIDI last as long as a pedal holds them; its sound always obeys the pedal

    Mono is duplicated to stereo. Raises `UnreadableFileError` with the reason.

    >>> write_audio(Path("mono.wav"), np.zeros(80, dtype=np.float32), 8000)
    >>> sound = heard(Path("mono.wav"))
    >>> sound.waveform.shape, sound.remarks
    ((441, 2), ('mono, duplicated to stereo', 'resampled from 8000 Hz'))
    """
    path = Path(path)
    if is_midi(path):
        piece = read_playable(path, pedal=pedal)
        must_sound(path, piece, settings)
        waveform = render(piece, settings)
        remarks = (*piece.remarks, *lacking(piece.messages, settings.soundfont_file), *_beyond(waveform))
        return Heard(waveform, settings.sample_rate, piece, remarks)
    waveform, rate = read_audio(path)
    remarks = _beyond(waveform)
    channels = waveform.shape[1]
    if rate != settings.sample_rate:
        remarks = (f"resampled from {rate} Hz", *remarks)
        waveform = resample(waveform, rate, settings.sample_rate)
    if channels == 1:
        remarks = ("mono, duplicated to stereo", *remarks)
    return Heard(waveform if channels == 2 else _both_sides(waveform), settings.sample_rate, None, remarks)


def load(path: Path, settings: RenderSettings = RenderSettings()) -> tuple[Waveform, int]:
    """The waveform of a file, (samples, 2) -1..1, as in `heard`, and its rate in Hz."""
    sound = heard(path, settings)
    return sound.waveform, sound.rate


def read_audio(path: Path) -> tuple[Waveform, int]:
    """The waveform of an audio file that libsndfile reads, (samples, channels) float32 with one or two channels, and
    its rate in Hz; whole, whatever its suffix.

    Raises `UnreadableFileError` with the reason (`evaluation.audio.decoding`).
    """
    return decode(Path(path))


def write_audio(path: Path, waveform: Waveform, rate: int, bits: int = 16, *, reported: bool = False) -> None:
    """Write a .wav or .flac file of 16 or 24 bits, or an .mp3 for listening; whole or not at all.

    Samples beyond full scale are clipped with a warning, unless the caller has `reported` how many there are.

    >>> write_audio(Path("half.wav"), np.array([0.5, -0.5], dtype=np.float32), 8000)
    >>> read_audio(Path("half.wav"))[0].tolist()
    [[0.5], [-0.5]]
    """
    import soundfile

    path = Path(path)
    if path.suffix.lower() not in _WRITTEN:
        raise UserError(f"{path}: audio is written as {' or '.join(_WRITTEN)}")
    if not reported and (beyond := clipped(waveform)):
        were = f"{counted(beyond, 'sample')} beyond full scale {'was' if beyond == 1 else 'were'}"
        warnings.warn(f"{path.name}: {were} clipped; lower the gain", stacklevel=2)
    channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    with replacing(path) as temporary, temporary.open("wb", buffering=0) as file:
        disk = _Disk(file)
        try:
            kind = _WRITTEN[path.suffix.lower()]
            how: dict[str, Any] = _MP3 if kind == "MP3" else {"subtype": f"PCM_{bits}"}
            with soundfile.SoundFile(disk, "w", rate, channels, format=kind, **how) as audio:
                for _, block in blocks(waveform):
                    audio.write(np.clip(block, -1.0, 1.0))
                    disk.check()
        finally:
            disk.check()


def mp3(waveform: Waveform, rate: int, kbits: int) -> bytes:
    """The content of an MP3 file for listening. Samples beyond full scale are clipped.

    waveform : (samples,) or (samples, channels) at `rate` Hz; of a rate that MPEG does not have it becomes 44.1 kHz
    kbits : kbit/s, constant: 32..320 from 32 kHz on, 8..160 below

    >>> content = mp3(np.zeros(44100, dtype=np.float32), 44100, 64)
    >>> 8 * len(content) // 1000  # a second, and what the encoder adds
    70
    """
    import lameenc

    sound = waveform[:, None] if waveform.ndim == 1 else waveform
    if not len(sound):  # LAME encodes no nothing
        sound = np.zeros((1, sound.shape[1]), dtype=np.float32)
    if rate not in MPEG_RATES:
        sound, rate = resample(sound, rate, 44100), 44100
    encoder = lameenc.Encoder()  # not libsndfile's: it has LAME at its slowest alone
    encoder.silence()
    encoder.set_channels(sound.shape[1])
    encoder.set_in_sample_rate(rate)
    encoder.set_out_sample_rate(rate)
    encoder.set_bit_rate(kbits)
    encoder.set_quality(_LAME)
    content = bytearray()
    for _, block in blocks(sound):
        content += encoder.encode(np.rint(np.clip(block, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    content += encoder.flush()
    return with_length(bytes(content), len(sound))


class _Disk:
    """A file libsndfile writes to through Python, and why it cannot: full, read-only, too large.

    libsndfile does not report it, and an error raised in its callback is lost. The file has no buffer, or it could fail
    later, outside of writing.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def write(self, data: bytes) -> int:
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            self._error = self._error or error
        return written

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def check(self) -> None:
        """Raise the first error there was, if any."""
        if self._error:
            raise self._error


def mono(waveform: Waveform) -> Waveform:
    """The mean of the channels of a waveform, (samples, channels); (samples,).

    >>> mono(np.array([[0.5, 0.25], [1.0, -1.0]], dtype=np.float32)).tolist()
    [0.375, 0.0]
    """
    single = BlockWriter((len(waveform),))
    weights = np.full(waveform.shape[1], 1 / waveform.shape[1], dtype=np.float32)
    for _, block in blocks(waveform):
        single.write(block @ weights)  # ten times as fast as `mean` over two
    return single.waveform


def resample(waveform: Waveform, source_rate: int, rate: int) -> Waveform:
    """The waveform, (samples, channels), at another rate in Hz, band-limited (soxr, very high quality).

    >>> resample(np.zeros((44100, 1), dtype=np.float32), 44100, 8000).shape
    (8000, 1)
    """
    import soxr

    if source_rate == rate:
        return waveform
    stream = soxr.ResampleStream(source_rate, rate, waveform.shape[1], dtype="float32", quality="VHQ")
    resampled = BlockWriter((-(-len(waveform) * rate // source_rate) + 1, waveform.shape[1]))
    for first, block in blocks(waveform):
        resampled.write(stream.resample_chunk(block, last=first + len(block) == len(waveform)))
    return resampled.written


def _both_sides(waveform: Waveform) -> Waveform:
    both = BlockWriter((len(waveform), 2))
    for _, block in blocks(waveform):
        both.write(np.repeat(mono(block)[:, None], 2, axis=1))
    return both.waveform


def _beyond(waveform: Waveform) -> tuple[str, ...]:
    count = clipped(waveform)
    return (f"{counted(count, 'sample')} beyond full scale",) if count else ()


def read_playable(path: Path, *, pedal: bool = False) -> Piece:
    """`clstm.music.piece.read_piece`, for music short enough to render."""
    piece = read_piece(path, pedal=pedal)
    if piece.duration > LONGEST:
        hours = piece.duration / 3600
        raise UnreadableFileError(path, f"lasts {hours:.1f} hours; at most {LONGEST / 3600:g} are rendered")
    return piece


def must_sound(path: Path, piece: Piece, settings: RenderSettings) -> None:
    """Raise `UnreadableFileError` for drums alone where one instrument plays everything: nothing would sound."""
    if settings.instrument is not None and not len(piece.notes) and piece.drums:
        raise UnreadableFileError(path, f"drums alone, and program {settings.instrument} plays none")
