"""Pieces that segments are cut from: MIDI or audio, with one way to get the sound of a stretch of either.

For a fair comparison all MIDI, human or not, passes through the same control (`controls`), such as the score matrix and
the one velocity of a model's music; without any limit it is heard as its files have it. A note that sounds across the
beginning of a stretch is struck there, as a model's is when its prompt is cut off; one that sounds across the end is
not released before.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.music.folder import read_pieces
from clstm.music.generated import read_manifest
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.piece import Piece
from clstm.music.score import FRAME_RATE, Matrix, decode, encode
from clstm.runtime.errors import NoNotesError, UnreadableFileError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import load, read_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.controls.applying import applied
from evaluation.controls.control import Control
from evaluation.metrics.rms_level import offsets
from evaluation.metrics.symbolic import struck

MARGIN = 1.0  # seconds rendered beyond a stretch, so that nothing is let go at its end


@dataclass(frozen=True)
class SourcePiece:
    """A piece, its length, and how a stretch of it sounds.

    begins : seconds, where the music to be judged begins: after the prompt, in a file that keeps its prompt
    step : seconds between places where a stretch can begin; 0: anywhere
    strikes : what is struck when (`evaluation.metrics.symbolic.struck`); "" for a recording
    sound : SHA-256 of a recording's samples, the same in WAV and FLAC; "" for MIDI
    left_out : what is not heard of a MIDI file
    """

    path: Path
    seconds: float
    # start s, length s -> (samples, 2) float32 at the settings' rate
    excerpt: Callable[[float, float], Waveform]
    begins: float = 0.0
    step: float = 0.0
    strikes: str = ""
    sound: str = ""
    left_out: LeftOut = NOTHING


def open_songs(
    paths: Sequence[Path], settings: RenderSettings, control: Control, *, pedal: bool = False
) -> Generator[SourcePiece | UnreadableFileError, None, None]:
    """The songs in order, each opened when asked for; for a file that cannot be read, its error.

    control : what MIDI passes through; pedal : whether its notes last as long as a pedal holds them
    """
    midi = read_pieces([path for path in paths if is_midi(path)], pedal=pedal, workers=1)
    for path in paths:
        if is_midi(path):
            _, piece = next(midi)
            if isinstance(piece, UnreadableFileError):
                yield piece
            elif not len(piece.notes) and not control.drums:
                yield NoNotesError(path, "only drums, which the limits of the systems leave out")
            elif not (heard := applied(control, piece, pedal=pedal)).messages.struck.any():
                yield NoNotesError(path, "no notes within the limits of the systems")
            else:
                yield replace(
                    _score(path, piece, heard, settings, control),
                    begins=_prompt_end(path),
                    strikes=struck(piece.notes),
                )
        else:
            try:
                waveform, rate = read_audio(path)
            except UnreadableFileError as error:
                yield error
            else:
                sound = sha256(np.ascontiguousarray(waveform).data).hexdigest()
                yield SourcePiece(
                    path, len(waveform) / rate, partial(_recorded, path, settings), _prompt_end(path), sound=sound
                )


def _score(path: Path, piece: Piece, heard: Piece, settings: RenderSettings, control: Control) -> SourcePiece:
    """piece : as its file has it; heard : under the control"""
    if not control.of_a_score_matrix:
        return SourcePiece(path, heard.duration, partial(_played, heard, settings))
    assert isinstance(control.velocity, int)
    matrix = encode(heard.notes)
    excerpt, left_out = partial(_gridded, matrix, control.velocity, settings), piece.notes.left_out
    return SourcePiece(path, matrix.shape[1] / FRAME_RATE, excerpt, step=1 / FRAME_RATE, left_out=left_out)


def _prompt_end(path: Path) -> float:
    """Where the prompt ends in a file of `clstm generate --with-prompt`, in seconds; 0 for every other file."""
    about = _manifest(path.parent).items.get(readable(path.name))
    return about.begins_at_seconds if about else 0.0


_manifest = lru_cache(maxsize=16)(read_manifest)


def _gridded(matrix: Matrix, velocity: int, settings: RenderSettings, start: float, length: float) -> Waveform:
    first, last = round(start * FRAME_RATE), round((start + length + MARGIN) * FRAME_RATE)
    return _fitted(render(decode(matrix[:, first:last], velocity), settings), length, settings)


def _played(piece: Piece, settings: RenderSettings, start: float, length: float) -> Waveform:
    return _fitted(render(piece.between(start, start + length + MARGIN), settings), length, settings)


def _recorded(path: Path, settings: RenderSettings, start: float, length: float) -> Waveform:
    waveform = _last_loaded(path, settings)
    return _fitted(waveform[round(start * settings.sample_rate) :], length, settings)


@lru_cache(maxsize=1)
def _last_loaded(path: Path, settings: RenderSettings) -> NDArray[np.float32]:
    waveform = load(path, settings)[0]
    # An offset is not heard, but at a clip's edges it would be, as a thump; and it would use up the peaks.
    return waveform - offsets(waveform, settings.sample_rate).astype(np.float32)


def _fitted(waveform: Waveform, length: float, settings: RenderSettings) -> Waveform:
    """Exactly `length` seconds: cut, or followed by silence."""
    samples = round(length * settings.sample_rate)
    return np.pad(waveform[:samples], ((0, max(0, samples - len(waveform))), (0, 0)))
