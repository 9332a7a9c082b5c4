"""From a measurement input to the sound that is measured: its notes are read, transformed and rendered, its audio read.

A render of up to a minute is kept in the cache.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clstm.music.generated import UNFIT, fits
from clstm.music.left_out import NOTHING, LeftOut
from clstm.music.midi import Notes
from clstm.runtime.errors import NoNotesError
from clstm.runtime.finding import is_midi
from evaluation.audio.buffers import BlockWriter, Waveform, blocks, clipped
from evaluation.audio.files import heard, read_notes
from evaluation.audio.render import RenderSettings, describe, render
from evaluation.measurement import cache
from evaluation.measurement.inputs import MeasurementInput

REMEMBERED = 60.0  # seconds: a longer render is not cached


@dataclass(frozen=True, eq=False)
class Performed:
    """The sound of a measurement input.

    waveform : (samples, 2) -1..1, at `rate` Hz
    notes : None for audio
    seconds : its length, without the tail that a rendering adds
    remarks : what was done to the sound
    left_out : what the file contains besides these notes
    """

    waveform: Waveform
    rate: int
    notes: Notes | None
    seconds: float
    remarks: tuple[str, ...]
    left_out: LeftOut = NOTHING


def perform(given: MeasurementInput, settings: RenderSettings = RenderSettings()) -> Performed:
    """The sound of an input: what is measured, drawn and heard of it. Raises `UnreadableFileError` with the reason."""
    if not is_midi(given.path):
        sound = heard(given.path, settings)
        waveform = sound.waveform[given.slice(sound.rate)]
        return Performed(waveform, sound.rate, None, len(waveform) / sound.rate, sound.remarks)
    whole = _notes(given)
    notes = given.transformed(whole)
    stated = given.lasts is not None and fits(given.lasts, given.silent_from, whole.duration)
    remarks: tuple[str, ...] = (UNFIT,) if given.lasts is not None and not stated else ()
    if not stated:
        given = replace(given, lasts=None)
    lasts = whole.duration if given.lasts is None else given.lasts
    # On the grid a piece may end a frame later; one that is cut ends there, whether something sounds or not.
    seconds = notes.duration if given.lasts is None and given.cut is None else given.part_of(lasts)
    waveform = _padded(rendered(notes, settings), round((seconds + settings.tail) * settings.sample_rate))
    beyond = clipped(waveform)
    if beyond:
        remarks += (f"{beyond} samples beyond full scale",)
    return Performed(waveform, settings.sample_rate, notes, seconds, remarks, whole.left_out)


def without_tail(waveform: Waveform, rate: int, seconds: float) -> Waveform:
    """The part of a waveform that is measured: the piece, of so many seconds.

    The tail that a rendering adds for the release of its last notes belongs to the synthesizer. It is as long for a bar
    as for a sonata, so it would weigh more in short pieces.

    >>> len(without_tail(np.zeros((88200, 2), dtype=np.float32), 44100, 0.5))
    22050
    """
    return waveform[: max(round(seconds * rate), 1)]


def rendered(notes: Notes, settings: RenderSettings) -> Waveform:
    """`render`, from the cache where these notes were rendered with these settings before. Long music is not cached."""
    if notes.duration > REMEMBERED:
        return render(notes, settings)
    digest = hashlib.sha256()
    for column in (notes.onset, notes.offset, notes.pitch, notes.velocity):
        digest.update(np.ascontiguousarray(column).tobytes())
    key = {"notes": digest.hexdigest(), "settings": describe(settings)}
    return cache.remembered("render", key, lambda: render(notes, settings), _is_waveform)


def _notes(given: MeasurementInput) -> Notes:
    """The notes of its file; none where its length is stated and it has none: silence is measured too."""
    try:
        return read_notes(given.path)
    except NoNotesError:
        if given.lasts is None:
            raise
        return Notes.of()


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
