"""Audio files in and out, and the one way a MIDI or audio file becomes a waveform to measure.

Waveforms are (samples, channels) float32, full scale at -1 and 1. libsndfile reads and writes, soxr changes the rate.
"""

import io
import warnings
from pathlib import Path

import numpy as np

from clstm.errors import UnreadableFileError, UserError
from clstm.files import replacing
from clstm.midi import SUFFIXES as MIDI_SUFFIXES
from clstm.midi import Notes, read_midi
from evaluation.render import LONGEST, RenderSettings, Waveform, clipped, render

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3")

_WRITTEN = {".wav": "WAV", ".flac": "FLAC"}


def read_audio(path: Path) -> tuple[Waveform, int]:
    """The waveform of a WAV, FLAC or MP3 file, (samples, 1 or 2) float32, and its rate in Hz.

    Raises `UnreadableFileError` with the reason.
    """
    import soundfile

    path = Path(path)
    try:
        waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UnreadableFileError(path, _reason(path, error)) from error
    if not len(waveform):
        raise UnreadableFileError(path, "no samples")
    if waveform.shape[1] > 2:
        raise UnreadableFileError(path, f"{waveform.shape[1]} channels; mono and stereo are read")
    if not np.isfinite(waveform).all():
        raise UnreadableFileError(path, "samples that are not numbers (NaN or infinite)")
    return waveform, rate


def _reason(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as unopened:
        return f"cannot be opened ({unopened.strerror or unopened})"
    return "0 bytes" if empty else f"not readable as audio ({str(getattr(error, 'error_string', error)).rstrip('.')})"


def write_audio(path: Path, waveform: Waveform, rate: int, bits: int = 16) -> None:
    """Write a .wav or .flac file of 16 or 24 bits, whole or not at all.

    Samples beyond full scale are clipped with a warning; clip them beforehand where that is known and reported.
    """
    import soundfile

    path = Path(path)
    if path.suffix.lower() not in _WRITTEN:
        raise UserError(f"{path}: audio is written as {' or '.join(_WRITTEN)}")
    if beyond := clipped(waveform):
        warnings.warn(f"{path.name}: {beyond} samples beyond full scale were clipped; lower the gain", stacklevel=2)
    encoded = io.BytesIO()  # libsndfile would not say why it cannot write to a disk: full, read-only, not permitted
    soundfile.write(
        encoded, np.clip(waveform, -1.0, 1.0), rate, format=_WRITTEN[path.suffix.lower()], subtype=f"PCM_{bits}"
    )
    with replacing(path) as temporary:
        temporary.write_bytes(encoded.getvalue())


def mono(waveform: Waveform) -> Waveform:
    """The mean of the channels, (samples,)."""
    channels = waveform.shape[1]
    return waveform @ np.full(channels, 1 / channels, dtype=np.float32)  # ten times as fast as `mean` over two


def resample(waveform: Waveform, source_rate: int, rate: int) -> Waveform:
    """The waveform at another rate in Hz, band-limited (soxr, very high quality)."""
    import soxr

    if source_rate == rate:
        return waveform
    return np.asarray(soxr.resample(waveform, source_rate, rate, quality="VHQ"), dtype=np.float32)


def load(path: Path, settings: RenderSettings = RenderSettings()) -> tuple[Waveform, int]:
    """A MIDI file rendered, or an audio file read: (samples, 2) at `settings.sample_rate`, and that rate.

    Mono is heard from both loudspeakers. Raises `UnreadableFileError` with the reason.
    """
    path = Path(path)
    if is_midi(path):
        return render(read_notes(path), settings), settings.sample_rate
    waveform, rate = read_audio(path)
    if waveform.shape[1] == 1:
        waveform = np.repeat(waveform, 2, axis=1)
    return resample(waveform, rate, settings.sample_rate), settings.sample_rate


def is_midi(path: Path) -> bool:
    return path.suffix.lower() in MIDI_SUFFIXES


def read_notes(path: Path) -> Notes:
    """`clstm.midi.read_midi`, for music short enough to render."""
    notes = read_midi(path)
    if notes.duration > LONGEST:
        hours = notes.duration / 3600
        raise UnreadableFileError(path, f"lasts {hours:.1f} hours; at most {LONGEST / 3600:g} are rendered")
    return notes
