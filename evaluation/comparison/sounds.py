"""The sounds that a comparison is made with: the one asked for, and others that show which conclusions depend on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clstm.runtime.errors import MissingToolError, UserError
from clstm.runtime.finding import is_midi
from evaluation import doctor
from evaluation.audio.render import RenderSettings, describe
from evaluation.audio.synthesizer import default_soundfont
from evaluation.comparison.verdict import NONE
from evaluation.measurement.inputs import MeasurementInput
from evaluation.metrics.catalogue import METRICS, OF_NOTES

if TYPE_CHECKING:
    import pandas as pd

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


def flips(base: "pd.DataFrame", variants: Mapping[str, "pd.DataFrame"]) -> "pd.DataFrame":
    """The table with a column `flips`: the variants, of other sound, in which a row's conclusion is another one.

    A conclusion is the verdict and the direction; the magnitude is not, for its limits are conventions. Metrics of
    notes are left out: they do not depend on the sound, and only their correction depends on the other rows.

    >>> import pandas as pd
    >>> row = {"system": "rnn", "metric": "centroid", "verdict": "differs", "direction": "higher"}
    >>> base = pd.DataFrame([row])
    >>> flips(base, {"another piano": base.assign(direction="lower")})["flips"].tolist()
    ['another piano']
    """
    table = base.copy()
    marks: list[list[str]] = [[] for _ in range(len(table))]
    for variant, other in variants.items():
        there = dict(_conclusions(other))
        for place, (row, conclusion) in enumerate(_conclusions(base)):
            if METRICS[row[1]].view not in OF_NOTES and conclusion != there.get(row, (NONE, "")):
                marks[place].append(variant)
    table["flips"] = [", ".join(mark) for mark in marks]
    return table


def _conclusions(table: "pd.DataFrame") -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The system and metric of each row, and its verdict and direction."""
    rows = table[["system", "metric", "verdict", "direction"]].astype(str).to_numpy().tolist()
    return [((system, metric), (verdict, direction)) for system, metric, verdict, direction in rows]


def _same(settings: RenderSettings, soundfont: Path) -> bool:
    """Whether this is the SoundFont of the settings, whatever its name."""
    other = replace(settings, soundfont=soundfont)
    return bool(describe(other)["soundfont_sha256"] == describe(settings)["soundfont_sha256"])
