"""Notes -> waveform, by FluidSynth, the same samples every time.

Every piece has a synthesizer of its own (a used one does not give the same samples again), every setting is named (the
defaults differ between versions) and the output is float (the 16-bit output is dithered at random). The gain is fixed
and nothing is normalised: how loud one piece is beside another is what the paper's Figure 3 compares.

Waveforms are (samples, 2) float32, left and right, full scale at -1 and 1. Note events take effect at FluidSynth's next
block of 64 samples (1.5 ms at 44.1 kHz), whatever the size of the pieces they are asked for in.
"""

import ctypes
import hashlib
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.errors import MissingToolError, UserError
from clstm.midi import Notes
from clstm.score import decode, encode

Waveform = NDArray[np.float32]

INSTALL = (
    "libfluidsynth is not installed; install it with `sudo apt-get install libfluidsynth3` (Debian, Ubuntu), "
    "`sudo dnf install fluidsynth-libs` (Fedora) or `brew install fluid-synth` (Homebrew)"
)

_CHANNEL = 0
_BANK = 0
_INTERPOLATIONS = {0: "none", 1: "linear", 4: "4th order", 7: "7th order"}

# Everything the sound could depend on and a caller has no reason to change.
_FIXED: dict[str, int | float | str] = {
    "synth.cpu-cores": 1,
    "synth.midi-channels": 16,
    "synth.audio-channels": 1,
    "synth.audio-groups": 1,
    "synth.effects-channels": 2,
    "synth.effects-groups": 1,
    "synth.min-note-length": 10,
    "synth.midi-bank-select": "gs",
    "synth.device-id": 16,
    "synth.dynamic-sample-loading": 0,
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
    """How notes become sound. Raises `UserError` for a value FluidSynth does not take.

    soundfont : file, None for the one bundled with pretty_midi (TimGM6mb.sf2)
    sample_rate : Hz, 8000..96000
    gain : 0..10, linear; fixed for all pieces, so that loud music stays louder than soft music
    interpolation : 0, 1, 4 or 7, the order of FluidSynth's resampling
    polyphony : voices at once
    program : General MIDI program 0..127, 0 is the grand piano
    tail : seconds rendered after the last note, for its release
    """

    soundfont: Path | None = None
    sample_rate: int = 44100
    gain: float = 0.5
    reverb: bool = False
    chorus: bool = False
    interpolation: int = 4
    polyphony: int = 256
    program: int = 0
    tail: float = 1.5

    def __post_init__(self) -> None:
        accepted = {
            "sample_rate": (8000 <= self.sample_rate <= 96000, "8000 to 96000 Hz"),
            "gain": (0 < self.gain <= 10, "more than 0, at most 10"),
            "interpolation": (self.interpolation in _INTERPOLATIONS, "0, 1, 4 or 7"),
            "polyphony": (1 <= self.polyphony <= 65535, "1 to 65535 voices"),
            "program": (0 <= self.program <= 127, "0 to 127"),
            "tail": (0 <= self.tail <= 60, "0 to 60 seconds"),
        }
        for name, (fits, range_) in accepted.items():
            if not fits:
                raise UserError(f"{name} {getattr(self, name)} cannot be rendered; {range_} can")


def render(notes: Notes, settings: RenderSettings = RenderSettings()) -> Waveform:
    """The sound of notes and a tail, (samples, 2) float32; without notes the tail alone, which is silent.

    A pitch is one string: struck again it sounds anew, and it sounds until the last of its overlapping notes ends.
    Samples may pass full scale (`clipped` counts them). Raises `MissingToolError` without FluidSynth, `UserError` when
    the SoundFont cannot be used.
    """
    fluidsynth = _fluidsynth()
    length = round((notes.duration + settings.tail) * settings.sample_rate)
    waveform = np.zeros((length, 2), dtype=np.float32)
    synth = _synth(fluidsynth, settings)
    try:
        done = 0
        for sample, pitch, velocity in _events(notes, settings.sample_rate):
            _write(fluidsynth, synth, waveform[done:sample])
            done = sample
            if velocity:
                synth.noteon(_CHANNEL, pitch, velocity)
            else:
                synth.noteoff(_CHANNEL, pitch)
        _write(fluidsynth, synth, waveform[done:])
    finally:
        synth.delete()
    return waveform


def same_grid(notes: Notes) -> Notes:
    """Notes as a model's would be: through the score matrix (8 frames a second, 78 pitches) and one velocity."""
    return decode(encode(notes))


def clipped(waveform: Waveform) -> int:
    """How many samples lie beyond full scale, all channels together."""
    return int(np.count_nonzero(np.abs(waveform) > 1.0))


def default_soundfont() -> Path:
    """The SoundFont bundled with pretty_midi. Raises `MissingToolError` when it is not there."""
    spec = find_spec("pretty_midi")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).with_name("TimGM6mb.sf2")
        if bundled.is_file():
            return bundled
    raise MissingToolError("pretty_midi's SoundFont TimGM6mb.sf2 is missing; give one with --soundfont FILE.sf2")


def describe(settings: RenderSettings) -> dict[str, Any]:
    """Everything a render depends on, ready for JSON."""
    fluidsynth = _fluidsynth()
    soundfont = settings.soundfont or default_soundfont()
    numbers = [ctypes.c_int() for _ in range(3)]
    fluidsynth.fluid_version(*numbers)
    return {
        **asdict(settings),
        "soundfont": soundfont.name,
        "soundfont_sha256": _sha256(soundfont, soundfont.stat().st_mtime_ns),
        "fluidsynth": ".".join(str(number.value) for number in numbers),
        "pyfluidsynth": version("pyfluidsynth"),
        "fluidsynth_settings": _named(settings),
    }


@lru_cache
def _sha256(path: Path, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def _fluidsynth() -> Any:
    """pyfluidsynth, its prototypes completed and FluidSynth's own messages off: we say what is wrong ourselves."""
    try:
        import fluidsynth
    except (ImportError, OSError) as error:
        raise MissingToolError(INSTALL) from error
    integer, pointer = ctypes.c_int, ctypes.c_void_p
    library = fluidsynth._fl
    library.fluid_synth_write_float.argtypes = [pointer, integer, pointer, integer, integer, pointer, integer, integer]
    library.fluid_synth_set_interp_method.argtypes = [pointer, integer, integer]
    library.fluid_set_log_function.argtypes = [integer, pointer, pointer]
    for level in range(5):
        library.fluid_set_log_function(level, None, None)
    return fluidsynth


def _named(settings: RenderSettings) -> dict[str, int | float | str]:
    return {
        "synth.gain": float(settings.gain),
        "synth.sample-rate": float(settings.sample_rate),
        "synth.polyphony": settings.polyphony,
        "synth.reverb.active": int(settings.reverb),
        "synth.chorus.active": int(settings.chorus),
        **_FIXED,
    }


def _synth(fluidsynth: Any, settings: RenderSettings) -> Any:
    soundfont = settings.soundfont or default_soundfont()
    if not soundfont.is_file():
        raise UserError(f"the SoundFont {soundfont} does not exist; give an .sf2 or .sf3 file that does")
    synth = fluidsynth.Synth(gain=settings.gain, samplerate=settings.sample_rate, **_named(settings))
    bank = synth.sfload(str(soundfont))
    if bank < 0:
        synth.delete()
        raise UserError(f"the SoundFont {soundfont} cannot be read: not an .sf2 or .sf3 file, or a damaged one")
    if synth.program_select(_CHANNEL, bank, _BANK, settings.program) < 0:
        synth.delete()
        raise UserError(f"the SoundFont {soundfont} has no program {settings.program} in bank {_BANK}")
    fluidsynth._fl.fluid_synth_set_interp_method(synth.synth, -1, settings.interpolation)
    return synth


def _write(fluidsynth: Any, synth: Any, part: Waveform) -> None:
    if len(part):
        at = part.ctypes.data
        fluidsynth._fl.fluid_synth_write_float(synth.synth, len(part), at, 0, 2, at, 1, 2)


def _events(notes: Notes, rate: int) -> list[tuple[int, int, int]]:
    """(sample, pitch, velocity) in time order, velocity 0 for the end of a pitch; ends come before strikes."""
    begin = np.round(notes.onset * rate).astype(np.int64)
    end = np.maximum(np.round(notes.offset * rate).astype(np.int64), begin + 1)
    edges = sorted(
        [(int(s), 1, int(p), int(v)) for s, p, v in zip(begin, notes.pitch, notes.velocity, strict=True)]
        + [(int(s), 0, int(p), 0) for s, p in zip(end, notes.pitch, strict=True)]
    )
    sounding: dict[int, int] = {}
    events = []
    for sample, strikes, pitch, velocity in edges:
        sounding[pitch] = sounding.get(pitch, 0) + (1 if strikes else -1)
        if strikes or not sounding[pitch]:
            events.append((sample, pitch, velocity))
    return events
