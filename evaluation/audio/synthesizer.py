"""FluidSynth for rendering: every channel message, float samples, every setting by name.

pyfluidsynth finds and loads the library. Functions that its wrapper lacks (`fluid_synth_write_float`, the
interpolation, no messages on standard error) are called in the library itself.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clstm.music.messages import (
    CHANNEL_PRESSURE,
    CHANNELS,
    CONTROLLER,
    DRUMS,
    KEY_PRESSURE,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM,
    begun,
)
from clstm.runtime.errors import MissingToolError, UserError
from evaluation.audio.soundfont import check_soundfont
from evaluation.doctor import install_command, package_manager

BLOCK = 64  # samples: FluidSynth renders so many at a time, and obeys messages between blocks

_ALL_CHANNELS = -1
_DRUM_CHANNEL = 1  # FluidSynth's CHANNEL_TYPE_DRUM
_LOG_LEVELS, _ERROR = 5, 1  # levels up to the second are errors

_complaints: list[str] = []  # what FluidSynth said of what it could not do for the last synthesizer


def _complain(_level: int, message: bytes, _data: object) -> None:
    _complaints.append(message.decode(errors="replace"))


_COMPLAIN = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_complain)  # as FluidSynth calls it


class Synthesizer:
    """The synthesizer of one piece, for a `with` block.

    A second piece would not get the same samples: FluidSynth keeps the phases of its reverb and chorus, and its place
    within a block of 64 samples.

    soundfont : an .sf2 or .sf3 file; channels : a multiple of 16; interpolation : 0, 1, 4 or 7
    settings : by FluidSynth's own names; int or float as FluidSynth types them
    Raises `MissingToolError` without FluidSynth, `UserError` when the SoundFont cannot be used.
    """

    def __init__(
        self, soundfont: Path, channels: int, interpolation: int, settings: dict[str, int | float | str]
    ) -> None:
        check_soundfont(soundfont)
        self._library, self._soundfont = load_library(), soundfont
        _complaints.clear()
        self._synth = self._library.Synth(
            gain=settings["synth.gain"],
            samplerate=settings["synth.sample-rate"],
            **{**settings, "synth.midi-channels": channels},
        )
        self._native = _native(self._library)
        if self._synth.sfload(str(soundfont), update_midi_preset=1) < 0:
            self._synth.delete()  # `__exit__` does not run when this fails
            raise UserError(f"the SoundFont {soundfont} is damaged; give another .sf2 or .sf3 file")
        self._channels = channels
        self._give_drums()
        self._native.fluid_synth_set_interp_method(self._synth.synth, _ALL_CHANNELS, interpolation)
        self._senders = self._by_kind()

    def _give_drums(self) -> None:
        """The player has one port, and FluidSynth drums on its tenth channel alone; here each port has them."""
        for channel in range(DRUMS, self._channels, CHANNELS):
            self._native.fluid_synth_set_channel_type(self._synth.synth, channel, _DRUM_CHANNEL)
            self._native.fluid_synth_program_change(self._synth.synth, channel, 0)

    def _by_kind(self) -> dict[int, Callable[[int, int, int], object]]:
        """What obeys each kind of channel message, called with the channel and the two data bytes."""
        synth, native = self._synth.synth, self._native
        return {
            NOTE_OFF: lambda channel, key, _: native.fluid_synth_noteoff(synth, channel, key),
            NOTE_ON: lambda channel, key, velocity: native.fluid_synth_noteon(synth, channel, key, velocity),
            KEY_PRESSURE: lambda channel, key, value: native.fluid_synth_key_pressure(synth, channel, key, value),
            CONTROLLER: lambda channel, number, value: native.fluid_synth_cc(synth, channel, number, value),
            PROGRAM: lambda channel, program, _: native.fluid_synth_program_change(synth, channel, program),
            CHANNEL_PRESSURE: lambda channel, value, _: native.fluid_synth_channel_pressure(synth, channel, value),
            PITCH_BEND: lambda channel, low, high: native.fluid_synth_pitch_bend(synth, channel, low | high << 7),
        }

    def check(self) -> None:
        """Raise `UserError` where FluidSynth could not read a sample of what was played: it would be silent."""
        if _complaints:
            raise UserError(
                f"FluidSynth cannot play the SoundFont {self._soundfont} ({_complaints[0]}): it is damaged, or needs a"
                " FluidSynth that reads compressed samples; give another .sf2 or .sf3 file"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._synth.delete()

    def send(self, kind: int, channel: int, first: int, second: int) -> None:
        """Obey a channel message from the next block on. kind : `clstm.music.messages.NOTE_OFF` to `PITCH_BEND`."""
        self._senders[kind](channel, first, second)

    def send_exclusive(self, content: bytes) -> None:
        """Obey a system exclusive, its bytes without F0 and F7: resets, tunings, drums of other channels."""
        self._native.fluid_synth_sysex(self._synth.synth, content, len(content), None, None, None, 0)
        if begun(content):
            self._give_drums()

    def write(self, waveform: NDArray[np.float32]) -> None:
        """Fill a waveform, (samples, 2) float32 and contiguous, with what sounds next."""
        left, right, stride = 0, 1, 2  # both channels go into one interleaved array
        at = waveform.ctypes.data
        self._native.fluid_synth_write_float(self._synth.synth, len(waveform), at, left, stride, at, right, stride)

    def setting(self, name: str) -> int | float | str | None:
        """The value in use; None for a name that this version of FluidSynth does not know."""
        value: int | float | str | None = self._synth.get_setting(name)
        return value


@lru_cache(maxsize=1)
def load_library() -> Any:
    """pyfluidsynth with the prototypes added here, and FluidSynth's messages off: errors are kept for `check`.

    Raises `MissingToolError` without FluidSynth.
    """
    try:
        import fluidsynth
    except (ImportError, OSError) as error:
        install = install_command(["fluidsynth"], package_manager())
        raise MissingToolError(f"FluidSynth's library is not installed; install it with: {install}") from error
    # Without prototypes ctypes takes every argument for a 32-bit int, and cuts the addresses.
    integer, pointer = ctypes.c_int, ctypes.c_void_p
    library = _native(fluidsynth)
    library.fluid_synth_write_float.argtypes = [pointer, integer, pointer, integer, integer, pointer, integer, integer]
    library.fluid_synth_set_interp_method.argtypes = [pointer, integer, integer]
    library.fluid_set_log_function.argtypes = [integer, pointer, pointer]
    library.fluid_set_log_function.restype = pointer
    for level in range(_LOG_LEVELS):
        function = ctypes.cast(_COMPLAIN, pointer) if level <= _ERROR else None
        library.fluid_set_log_function(level, function, None)
    for name, data_bytes in {
        **dict.fromkeys(("noteon", "cc", "key_pressure"), 2),
        **dict.fromkeys(("noteoff", "program_change", "channel_pressure", "pitch_bend", "set_channel_type"), 1),
    }.items():
        getattr(library, f"fluid_synth_{name}").argtypes = [pointer, integer, *[integer] * data_bytes]
    library.fluid_synth_sysex.argtypes = [pointer, ctypes.c_char_p, integer, pointer, pointer, pointer, integer]
    library.fluid_version_str.restype = ctypes.c_char_p
    return fluidsynth


def _native(pyfluidsynth: Any) -> Any:
    """FluidSynth itself, for the functions that pyfluidsynth does not wrap."""
    return pyfluidsynth._fl  # noqa: SLF001  there is no public way to the library that it loaded


def library_version() -> str:
    """FluidSynth's own version, such as 2.3.1."""
    return str(_native(load_library()).fluid_version_str().decode())


def default_soundfont() -> Path:
    """The SoundFont bundled with pretty_midi, TimGM6mb.sf2. Raises `MissingToolError` when it is not there.

    >>> default_soundfont().name
    'TimGM6mb.sf2'
    """
    spec = find_spec("pretty_midi")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).with_name("TimGM6mb.sf2")
        if bundled.is_file():
            return bundled
    raise MissingToolError(
        "the SoundFont TimGM6mb.sf2 that comes with pretty_midi is missing; name one, or: pip install pretty_midi"
    )
