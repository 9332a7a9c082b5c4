"""The sounds that a comparison is made with: the one asked for, and others that show which conclusions depend on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clstm.runtime.errors import MissingToolError, UserError
from clstm.runtime.finding import is_midi
from evaluation import doctor
from evaluation.audio.render import RenderSettings, describe
from evaluation.audio.synthesizer import default_soundfont
from evaluation.measurement.inputs import MeasurementInput

Sounds = dict[str, tuple[RenderSettings, float]]  # by name: how to render, and the power of the velocities

SOFTER = 2.0  # the power of another velocity map: the one velocity of 80 becomes a soft 50


def sounds(
    settings: RenderSettings,
    systems: Mapping[str, Sequence[MeasurementInput]],
    *,
    robustness: bool = False,
    other_soundfont: Path | None = None,
) -> Sounds:
    """The sounds that systems are compared with; the first, "", is the one asked for.

    robustness : also with `other_soundfont`, or a second one that is found, with reverb and chorus, and softer. Raises
        `UserError` where nothing is rendered or no second SoundFont is found
    """
    only: Sounds = {"": (settings, 1.0)}
    if not robustness:
        return only
    if not any(is_midi(one.path) for own in systems.values() for one in own):
        raise UserError("--robustness renders MIDI with other sounds, and every system is audio; leave it out")
    given = other_soundfont or doctor.find_second_soundfont()
    if given is not None and other_soundfont is None and _same(settings, Path(given)):
        given = default_soundfont()
    if given is None:
        install = doctor.install_command(["soundfont"], doctor.package_manager())
        raise MissingToolError(
            "--robustness needs a second SoundFont: give one with --other-soundfont, or install "
            + doctor.SECOND_SOUNDFONT
            + (f" with: {install}" if install else "")
        )
    other = replace(settings, soundfont=Path(given))
    if _same(settings, other.soundfont_file):
        raise UserError(f"--other-soundfont {given} is the SoundFont already used; give another one")
    wet = replace(settings, reverb=not settings.reverb, chorus=not settings.chorus)
    return only | {
        f"SoundFont {other.soundfont_file.name}": (other, 1.0),
        "reverb and chorus" if wet.reverb else "no reverb and chorus": (wet, 1.0),
        "softer velocities": (settings, SOFTER),
    }


def _same(settings: RenderSettings, soundfont: Path) -> bool:
    """Whether this is the SoundFont of the settings, whatever its name."""
    other = replace(settings, soundfont=soundfont)
    return bool(describe(other)["soundfont_sha256"] == describe(settings)["soundfont_sha256"])
