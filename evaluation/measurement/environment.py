"""What values depend on besides the music: settings, the SoundFont, and the versions of the libraries that render and
measure.

Two equal environments give the same values for the same file. Where they differ, a value may have changed although the
music did not. Both are plain JSON, and are compared name by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings, describe

# What is ours to define: our version, and what we told FluidSynth before music sounded as it is written.
OURS = ("measuring.clstm", "rendering.program", "rendering.fluidsynth_settings.synth.midi-channels")
MEASURING = ("clstm", "librosa", "numpy", "pyloudnorm", "scipy", "soundfile", "soxr")

ABSENT = "not recorded"
INSTRUMENT = "rendering.instrument"  # None, or not recorded: the music's own


@dataclass(frozen=True)
class EnvironmentDifference:
    """One difference between two environments, such as rendering.fluidsynth: 2.3.1 recorded, 2.4.0 now."""

    name: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"{self.name}: {self.recorded} recorded, {self.now} now"


def environment(settings: RenderSettings, *, midi: bool) -> dict[str, dict[str, Any]]:
    """The environment of this process, ready for JSON.

    midi : whether there are notes to render; audio alone needs neither FluidSynth nor a SoundFont, and its environment
        names neither
    Raises `MissingToolError` without FluidSynth, `UserError` when the SoundFont cannot be used.
    """
    import soundfile

    return {
        "measuring": {**{name: version(name) for name in MEASURING}, "libsndfile": soundfile.__libsndfile_version__},
        "rendering": describe(settings) if midi else {"sample_rate": settings.sample_rate},
    }


def renders(recorded: Mapping[str, Any]) -> bool:
    """Whether a recorded environment has notes to render.

    >>> renders({"rendering": {"sample_rate": 44100}})
    False
    """
    return "fluidsynth" in recorded["rendering"]


def settings_of(recorded: Mapping[str, Any], soundfont: Path | None = None) -> RenderSettings:
    """The settings of a recorded environment, with this SoundFont, or the bundled one.

    Raises `UserError` for settings that cannot be rendered.

    >>> settings = settings_of({"rendering": {"gain": 0.5, "fluidsynth": "2.3.1"}})
    >>> settings.gain, settings.sample_rate
    (0.5, 44100)
    """
    known = {field.name for field in fields(RenderSettings)} - {"soundfont"}
    try:
        values = {name: value for name, value in recorded["rendering"].items() if name in known}
        return replace(RenderSettings(soundfont=soundfont), **values)
    except (TypeError, AttributeError) as error:  # text where a number, or all of them, belong
        raise UserError(f"FluidSynth cannot use the recorded settings ({error}); record again") from error


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[EnvironmentDifference]:
    """What differs between two environments, in the order recorded.

    Not our own version: the version of the catalogue says which metrics we define differently, and only those.

    >>> differences({"measuring": {"numpy": "2.1.0"}}, {"measuring": {"numpy": "2.2.0"}})
    [EnvironmentDifference(name='measuring.numpy', recorded='2.1.0', now='2.2.0')]
    """
    before, after = ({INSTRUMENT: "None", **dict(_flat(one))} for one in (recorded, now))
    return [
        EnvironmentDifference(name, before.get(name, ABSENT), after.get(name, "gone"))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and name not in OURS
    ]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
