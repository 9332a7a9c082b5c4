"""Music -> waveform, by FluidSynth, the same samples every time.

Every piece has its own synthesizer, every setting is named (the defaults differ between versions) and the output is
float (the 16-bit output is dithered at random). The gain is fixed and nothing is normalised, for the paper's Figure 3
compares how loud pieces are.

Waveforms are (samples, 2) float32, left and right, full scale at -1 and 1, of any length (`buffers`). A message is
heard from the block of 64 samples (1.5 ms at 44.1 kHz) in which FluidSynth's own file player has it: 0.4 to 4
ms after its time, less half a tick. Where the tempo changes the player drifts, and we do not
(`clstm.music.events.Events.due`).
"""

import hashlib
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import EXCLUSIVE, Indices
from clstm.music.messages import CONTROLLER, Messages, messages_of_notes
from clstm.music.midi import LONGEST_RENDERED as LONGEST
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.music.score import decode, encode
from clstm.runtime.errors import UserError
from evaluation.audio.buffers import BlockWriter, Waveform
from evaluation.audio.installed import named_soundfont
from evaluation.audio.soundfont import MOST_CHANNELS, check_soundfont
from evaluation.audio.synthesizer import BLOCK, Synthesizer, default_soundfont, library_version

_INTERPOLATIONS = (0, 1, 4, 7)

# Settings that the sound depends on and nobody has a reason to change. By name, since defaults differ between versions:
# those of the reverb in FluidSynth 2.3, 2.4 and 2.6. Both effects are on unless they are switched off.
_FIXED: dict[str, int | float | str] = {
    "synth.cpu-cores": 1,
    "synth.audio-channels": 1,
    "synth.audio-groups": 1,
    "synth.effects-channels": 2,
    "synth.effects-groups": 1,
    "synth.min-note-length": 10,
    "synth.midi-bank-select": "gs",
    "synth.device-id": 16,
    "synth.dynamic-sample-loading": 1,  # only the piano is read: half the time, the same samples
    "synth.lock-memory": 0,
    "synth.overflow.percussion": 4000.0,
    "synth.overflow.sustained": -1000.0,
    "synth.overflow.released": -2000.0,
    "synth.overflow.age": 1000.0,
    "synth.overflow.volume": 500.0,
    "synth.overflow.important": 5000.0,
    "synth.reverb.room-size": 0.2,
    "synth.reverb.damp": 0.0,
    "synth.reverb.width": 0.5,
    "synth.reverb.level": 0.9,
    "synth.chorus.nr": 3,
    "synth.chorus.level": 2.0,
    "synth.chorus.speed": 0.3,
    "synth.chorus.depth": 8.0,
}


@dataclass(frozen=True)
class RenderSettings:
    """How notes become sound. Raises `UserError` for a value that FluidSynth does not accept.

    soundfont : a file, or the name of one that is installed (`installed.named_soundfont`), which becomes its path;
        None is the one bundled with pretty_midi (TimGM6mb.sf2)
    sample_rate : Hz, 8000..96000
    gain : 0..10, linear, the same for all pieces, so that loud music stays louder than soft music. At 0.8 the loudest
        of 500 piano pieces peaks at 0.68, ten fingers at full velocity at 0.83
    interpolation : 0, 1, 4 or 7, the order of FluidSynth's resampling
    polyphony : voices at once, 1..65535
    instrument : None: those that the music names; else one General MIDI program 0..127 for everything, without drums
    tail : seconds rendered after the last note, for its release, 0..60
    """

    soundfont: Path | None = None
    sample_rate: int = 44100
    gain: float = 0.8
    reverb: bool = False
    chorus: bool = False
    interpolation: int = 4
    polyphony: int = 256
    instrument: int | None = None
    tail: float = 1.5

    def __post_init__(self) -> None:
        if self.soundfont is not None:
            object.__setattr__(self, "soundfont", named_soundfont(self.soundfont))
        accepted = {
            "sample_rate": (8000 <= self.sample_rate <= 96000, "8000 to 96000 Hz"),
            "gain": (0 < self.gain <= 10, "more than 0 and at most 10"),
            "interpolation": (self.interpolation in _INTERPOLATIONS, "0, 1, 4 or 7"),
            "polyphony": (1 <= self.polyphony <= 65535, "1 to 65535 voices"),
            "instrument": (self.instrument is None or 0 <= self.instrument <= 127, "a program from 0 to 127"),
            "tail": (0 <= self.tail <= 60, "0 to 60 seconds"),
        }
        for name, (fits, values) in accepted.items():
            if not fits:
                raise UserError(
                    f"a {name.replace('_', ' ')} of {getattr(self, name)} cannot be rendered; give {values}"
                )

    @property
    def soundfont_file(self) -> Path:
        return self.soundfont or default_soundfont()

    def named(self) -> dict[str, int | float | str]:
        """Every FluidSynth setting by its own name.

        >>> settings = RenderSettings(reverb=True).named()
        >>> settings["synth.gain"], settings["synth.reverb.active"], settings["synth.chorus.active"]
        (0.8, 1, 0)
        """
        return {
            "synth.gain": float(self.gain),
            "synth.sample-rate": float(self.sample_rate),
            "synth.polyphony": self.polyphony,
            "synth.reverb.active": int(self.reverb),
            "synth.chorus.active": int(self.chorus),
            **_FIXED,
        }


def render(music: Notes | Piece, settings: RenderSettings = RenderSettings()) -> Waveform:
    """The sound of music and a tail, (samples, 2) float32; without notes only the tail, which is silent.

    Samples may pass full scale (`clipped` counts them). Raises `MissingToolError` without FluidSynth, `UserError` when
    the SoundFont cannot be used or the music lasts longer than `LONGEST`.

    >>> render(Notes.of([(0.0, 0.5, 60, 80)])).shape
    (88200, 2)
    """
    if music.duration > LONGEST:
        raise UserError(f"{music.duration / 3600:.1f} hours of notes; at most {LONGEST / 3600:g} are rendered")
    rate = settings.sample_rate
    messages = messages_of_notes(music) if isinstance(music, Notes) else music.messages
    if settings.instrument is not None:
        messages = messages.as_one_instrument(settings.instrument)
    sound = BlockWriter((round((music.duration + settings.tail) * rate), 2))
    channels = min(messages.channels, MOST_CHANNELS)
    messages = replace(messages, channel=messages.channel % channels)
    with Synthesizer(settings.soundfont_file, channels, settings.interpolation, settings.named()) as synthesizer:
        _perform(messages, synthesizer, sound, rate)
        _write(synthesizer, sound, len(sound.waveform))
        synthesizer.check()
    return sound.waveform


def _perform(messages: Messages, synthesizer: Synthesizer, sound: BlockWriter, rate: int) -> None:
    """Send every message at its sample, and write what sounds between them."""
    sample = first_samples(messages.due, rate)
    order = np.lexsort((np.arange(len(messages)), messages.track, sample))
    columns = (sample, messages.kind, messages.channel, messages.first, messages.second)
    for at, kind, channel, first, second in zip(*(column[order].tolist() for column in columns), strict=True):
        _write(synthesizer, sound, at)
        if kind == EXCLUSIVE >> 4:
            synthesizer.send_exclusive(messages.exclusives[first])
        else:
            synthesizer.send(kind, channel, first, second)
    _write(synthesizer, sound, int(first_samples(np.array([messages.end]), rate)[0]))
    for channel, controller, value in messages.closing():
        synthesizer.send(CONTROLLER, channel, controller, value)


def first_samples(due: NDArray[np.float64], rate: int) -> Indices:
    """The sample from which each message is heard, (messages,), as FluidSynth's file player has it; due : seconds.

    The player's clock counts whole milliseconds and is asked at the begin of each block of 64 samples; what it finds
    due is heard from the next block on.

    >>> first_samples(np.array([0.0, 0.0021]), 44100)
    array([ 64, 256])
    """
    milliseconds = np.ceil(due * 1000 - 1e-6)
    block = np.maximum(np.ceil(milliseconds * rate / 1000 / BLOCK).astype(np.int64) - 1, 0)
    for _ in range(2):  # against rounding: the clock of a block is the whole part of its time
        block = np.where(np.trunc(1000.0 * (block * BLOCK) / rate) < milliseconds, block + 1, block)
    return (block + 1) * BLOCK


def _write(synthesizer: Synthesizer, sound: BlockWriter, last: int) -> None:
    """Write what sounds next, up to the sample `last`."""
    last = min(last, len(sound.waveform))
    while sound.samples < last:
        room = sound.room(last - sound.samples)
        synthesizer.write(room)
        sound.advance(len(room))


def same_grid(notes: Notes) -> Notes:
    """Notes as a model would write them: through the score matrix (frames of 1/8 s, 78 pitches) and one velocity.

    >>> notes = same_grid(Notes.of([(0.06, 0.3, 60, 101)]))
    >>> notes.onset.tolist(), notes.offset.tolist(), notes.velocity.tolist()
    ([0.0], [0.25], [80])
    """
    return decode(encode(notes))


def describe(settings: RenderSettings) -> dict[str, Any]:
    """Everything a render depends on, ready for JSON: with equal descriptions, one machine gives the same samples.

    Raises `MissingToolError` without FluidSynth, `UserError` when the SoundFont cannot be used.
    """
    soundfont = settings.soundfont_file
    check_soundfont(soundfont)
    return {
        **asdict(settings),
        "soundfont": soundfont.name,
        "soundfont_sha256": _sha256(soundfont, soundfont.stat().st_mtime_ns),
        "fluidsynth": library_version(),
        "pyfluidsynth": version("pyfluidsynth"),
        "fluidsynth_settings": settings.named(),
    }


@lru_cache
def _sha256(path: Path, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
