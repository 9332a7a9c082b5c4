"""From a measurement input to the sound that is measured: its notes are read, transformed and rendered, its audio read.

A render of up to a minute is kept in the cache.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clstm.music.events import Metre
from clstm.music.generated import UNFIT, fits
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.messages import COLUMNS
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.runtime.errors import NoNotesError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import counted
from evaluation.audio.buffers import BlockWriter, Waveform, blocks, clipped
from evaluation.audio.files import heard, must_sound, read_playable
from evaluation.audio.render import RenderSettings, describe, render
from evaluation.audio.soundfont import lacking
from evaluation.controls.spans import left_out as left_out_of
from evaluation.measurement import cache
from evaluation.measurement.inputs import MeasurementInput

UNHEARD = np.zeros((0, 2), dtype=np.float32)  # the sound of what is not rendered
REMEMBERED = 60.0  # seconds: a longer render is not cached


@dataclass(frozen=True, eq=False)
class Performed:
    """The sound of a measurement input.

    waveform : (samples, 2) -1..1, at `rate` Hz
    notes : None for audio
    drums, metre : those of the piece (`clstm.music.piece.Piece`), where they are known
    seconds : its length, without the tail that a rendering adds
    remarks : what was done to the sound
    left_out : what the part of the file that is measured contains besides these notes
    """

    waveform: Waveform
    rate: int
    notes: Notes | None
    seconds: float
    remarks: tuple[str, ...]
    left_out: LeftOut = NOTHING
    drums: Notes | None = None
    metre: Metre | None = None


def perform(given: MeasurementInput, settings: RenderSettings = RenderSettings()) -> Performed:
    """The sound of an input: what is measured, drawn and heard of it. Raises `UnreadableFileError` with the reason."""
    if not is_midi(given.path):
        sound = heard(given.path, settings)
        waveform = sound.waveform[given.slice(sound.rate)]
        return Performed(waveform, sound.rate, None, len(waveform) / sound.rate, sound.remarks)
    whole = _piece(given)
    if not given.notes_only:
        must_sound(given.path, whole, settings)
    piece = given.transformed(whole)
    stated = given.lasts is not None and fits(given.lasts, given.silent_from, whole.duration)
    remarks: tuple[str, ...] = (*whole.remarks, *((UNFIT,) if given.lasts is not None and not stated else ()))
    if not stated:
        given = replace(given, lasts=None)
    lasts = whole.duration if given.lasts is None else given.lasts
    # On the grid a piece may end a frame later; one that is cut ends there, whether something sounds or not.
    seconds = piece.duration if given.lasts is None and given.cut is None else given.part_of(lasts)
    waveform = UNHEARD
    if not given.notes_only:
        waveform = _padded(rendered(piece, settings), round((seconds + settings.tail) * settings.sample_rate))
    if settings.instrument is None and not given.notes_only:
        remarks += lacking(piece.messages, settings.soundfont_file)
    beyond = clipped(waveform)
    if beyond:
        remarks += (f"{counted(beyond, 'sample')} beyond full scale",)
    left_out = whole.notes.left_out
    if given.begin or given.cut is not None:
        left_out = left_out_of(whole, given.begin, given.end, pedal=given.pedal)
    return Performed(waveform, settings.sample_rate, piece.notes, seconds, remarks, left_out, piece.drums, piece.metre)


def without_tail(waveform: Waveform, rate: int, seconds: float) -> Waveform:
    """The part of a waveform that is measured: the piece, of so many seconds.

    The tail that a rendering adds for the release of its last notes belongs to the synthesizer. It is as long for a bar
    as for a sonata, so it would weigh more in short pieces.

    >>> len(without_tail(np.zeros((88200, 2), dtype=np.float32), 44100, 0.5))
    22050
    """
    return waveform[: max(round(seconds * rate), 1)]


def rendered(piece: Piece, settings: RenderSettings) -> Waveform:
    """`render`, from the cache where this piece was rendered with these settings before. Long music is not cached."""
    if piece.duration > REMEMBERED:
        return render(piece, settings)
    digest = hashlib.sha256(repr((piece.duration, piece.messages.end, piece.messages.exclusives)).encode())
    for column in COLUMNS:
        digest.update(np.ascontiguousarray(getattr(piece.messages, column)).tobytes())
    key = {"messages": digest.hexdigest(), "settings": describe(settings)}
    return cache.remembered("render", key, lambda: render(piece, settings), _is_waveform)


def _piece(given: MeasurementInput) -> Piece:
    """That of its file; one without notes where its length is stated and it has none: silence is measured too."""
    try:
        return read_playable(given.path, pedal=given.pedal)
    except NoNotesError:
        if given.lasts is None:
            raise
        return Piece.of(Notes.of())


def _is_waveform(found: Any) -> bool:
    return isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2 and found.shape[1] == 2


def _padded(waveform: Waveform, samples: int) -> Waveform:
    """The waveform, with silence added up to so many samples: silent music lasts as long as its file states."""
    if len(waveform) >= samples:
        return waveform
    padded = BlockWriter((samples, waveform.shape[1]))
    for _, block in blocks(waveform):
        padded.write(block)
    return padded.waveform
