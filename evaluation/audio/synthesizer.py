"""FluidSynth, as far as rendering needs it: one piano, float samples, every setting by name.

pyfluidsynth finds and loads the library; what its wrapper lacks (`fluid_synth_write_float`, the interpolation, silence
on standard error) is called on the library itself.
"""

import ctypes
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import MissingToolError, UserError
from evaluation.doctor import install_command, package_manager

_CHANNEL = 0
_BANK = 0
_ALL_CHANNELS = -1
_LOG_LEVELS = 5


class Synthesizer:
    """One piece's synthesizer, for a `with` block: used for a second piece it would not give the same samples again.

    settings : FluidSynth's own names and values; int and float as FluidSynth types them
    Raises `MissingToolError` without FluidSynth, `UserError` when the SoundFont cannot be used.
    """

    def __init__(
        self, soundfont: Path, program: int, interpolation: int, settings: dict[str, int | float | str]
    ) -> None:
        check_soundfont(soundfont)
        self._library = load_library()
        self._synth = self._library.Synth(
            gain=settings["synth.gain"], samplerate=settings["synth.sample-rate"], **settings
        )
        try:
            self._select(soundfont, program)
        except UserError:
            self._synth.delete()
            raise
        self._library._fl.fluid_synth_set_interp_method(self._synth.synth, _ALL_CHANNELS, interpolation)

    def _select(self, soundfont: Path, program: int) -> None:
        font = self._synth.sfload(str(soundfont))
        if font < 0:
            raise UserError(f"the SoundFont {soundfont} is damaged; give another .sf2 or .sf3 file")
        if self._synth.program_select(_CHANNEL, font, _BANK, program) < 0:
            raise UserError(f"the SoundFont {soundfont} has no program {program} in bank {_BANK}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._synth.delete()

    def strike(self, pitch: int, velocity: int) -> None:
        self._synth.noteon(_CHANNEL, pitch, velocity)

    def release(self, pitch: int) -> None:
        self._synth.noteoff(_CHANNEL, pitch)

    def write(self, waveform: NDArray[np.float32]) -> None:
        """Fill a waveform, (samples, 2) float32 and contiguous, with what sounds next."""
        left, right, stride = 0, 1, 2
        at = waveform.ctypes.data
        self._library._fl.fluid_synth_write_float(self._synth.synth, len(waveform), at, left, stride, at, right, stride)

    def setting(self, name: str) -> int | float | str | None:
        """The value in force; None for a name this version of FluidSynth does not know."""
        value: int | float | str | None = self._synth.get_setting(name)
        return value


@lru_cache(maxsize=1)
def load_library() -> Any:
    """pyfluidsynth with the prototypes we add, and FluidSynth's messages off: we say ourselves what is wrong."""
    try:
        import fluidsynth
    except (ImportError, OSError) as error:
        install = install_command(["fluidsynth"], package_manager())
        raise MissingToolError(f"FluidSynth's library is not installed; install it with: {install}") from error
    integer, pointer = ctypes.c_int, ctypes.c_void_p
    library = fluidsynth._fl
    library.fluid_synth_write_float.argtypes = [pointer, integer, pointer, integer, integer, pointer, integer, integer]
    library.fluid_synth_set_interp_method.argtypes = [pointer, integer, integer]
    library.fluid_set_log_function.argtypes = [integer, pointer, pointer]
    library.fluid_set_log_function.restype = pointer
    for level in range(_LOG_LEVELS):
        library.fluid_set_log_function(level, None, None)
    library.fluid_version_str.restype = ctypes.c_char_p
    return fluidsynth


def library_version() -> str:
    """FluidSynth's own version, such as 2.3.1."""
    return str(load_library()._fl.fluid_version_str().decode())


def default_soundfont() -> Path:
    """The SoundFont bundled with pretty_midi, TimGM6mb.sf2. Raises `MissingToolError` when it is not there."""
    spec = find_spec("pretty_midi")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).with_name("TimGM6mb.sf2")
        if bundled.is_file():
            return bundled
    raise MissingToolError(
        "the SoundFont TimGM6mb.sf2 that comes with pretty_midi is missing; name one, or: pip install pretty_midi"
    )


def check_soundfont(path: Path) -> None:
    """Raise `UserError` for what is no SoundFont. FluidSynth's own messages about other files are no help."""
    try:
        with path.open("rb") as file:
            header = file.read(12)
        size = path.stat().st_size
    except OSError as error:
        raise UserError(
            f"the SoundFont {path} cannot be opened ({error.strerror}); give an .sf2 or .sf3 file"
        ) from error
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise UserError(f"{path} is not a SoundFont; give an .sf2 or .sf3 file")
    if size < int.from_bytes(header[4:8], "little") + len(header[:8]):
        raise UserError(f"the SoundFont {path} is cut off; give a whole .sf2 or .sf3 file")
