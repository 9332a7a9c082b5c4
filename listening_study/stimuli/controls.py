"""The control that all clips of a study pass through: the limits of the systems whose clips are heard beside the human
ones.

A system that writes on a grid at one velocity would be recognised by these, not by its music, beside performances; so
human music is heard under the same limits. A system with dynamics, instruments or drums is heard as its maker meant it,
and so is the human music beside it. Several systems have the limits of all together, or one would be recognised by what
the others lack. Music that obeys a limit passes through it unchanged. Of audio no limits are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from clstm.music.generated import GENERATED
from clstm.music.left_out import PIANOS
from clstm.music.score import FRAME_RATE, HIGHEST, LOWEST
from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control, together
from evaluation.controls.fitting import Fit
from evaluation.controls.limits import Limits
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import fits


@dataclass(frozen=True)
class StudyControl:
    """The control of a study.

    fits : the control that fits each source, and why; none where all music is heard as it was made
    """

    control: Control
    human: str
    fits: Mapping[str, Fit] = field(default_factory=dict)

    def reasons(self) -> dict[str, str]:
        """Why each system has its limits, or none."""
        return {name: "; ".join(fit.reasons) for name, fit in self.fits.items() if name != self.human}

    def cautions(self) -> list[str]:
        """What was declared and is not used; and what may reveal a source, since no limit makes it equal."""
        unused = [f"{name}: {remark}" for name, fit in self.fits.items() for remark in fit.remarks]
        own = self.fits[self.human].limits if self.human in self.fits else None
        others = [fit.limits for name, fit in self.fits.items() if name != self.human and fit.limits]
        return [*unused, *self._of_limits_alone(), *self._of_pedals(own, others)] if own and others else unused

    def _of_limits_alone(self) -> list[str]:
        """A grid or one velocity of human music, where the systems have none."""
        human = self.fits[self.human].control
        per_second = None if self.control.per_second else human.per_second
        alone = Control(per_second, velocity=None if self.control.velocity else human.velocity)
        if alone == NO_CONTROL:
            return []
        return [f"{self.human}: its music has {in_words(alone)}, and others have not: that may reveal it"]

    def _of_pedals(self, own: Limits, others: Sequence[Limits]) -> list[str]:
        if not own.pedals or self.control.pedal or any(one.pedals for one in others):
            return []
        alone = f"{self.human}: pedals are pressed in its music alone, which may reveal it"
        return [f'{alone}; if a system can have none, say so in its {GENERATED}: "limits": {{"pedal": "none"}}']


def matched(sources: Mapping[str, Sequence[Path]], human: str, progress: Progress = silent) -> StudyControl:
    """The control that fits each source, and the one that has the limits of every system.

    Raises `UserError` where no music could obey the limits of all systems.
    """
    inputs = {name: [MeasurementInput(path) for path in paths] for name, paths in sources.items()}
    found = {name: _in_a_score_matrix(fit) for name, fit in fits(inputs, {}, progress=progress).items()}
    control = together(fit.control for name, fit in found.items() if name != human)
    if control is None:
        raise UserError(
            "no music can obey the limits of all systems; leave one out, or keep all music as it was made: --as-played"
        )
    return StudyControl(control, human, found)


def _in_a_score_matrix(fit: Fit) -> Fit:
    """The whole score matrix for music that has all of its limits, so that nothing it lacks reveals a source. Declared
    limits stay.
    """
    found = replace(NO_CONTROL, **{name: getattr(fit.control, name) for name in ("per_second", "offsets", "velocity")})
    if fit.limits is None or fit.control != found or not _has_its_limits(fit.limits):
        return fit
    return replace(fit, control=SCORE_MATRIX, reasons=("all its music has the limits of a score matrix",))


def _has_its_limits(limits: Limits) -> bool:
    lowest, highest = limits.range or (LOWEST, HIGHEST)
    on_grid = limits.obeys(FRAME_RATE) and limits.offsets_on(FRAME_RATE) and len(limits.velocities) == 1
    piano = set(limits.programs) <= set(PIANOS) and not limits.drums and not limits.pedals
    return on_grid and piano and lowest >= LOWEST and highest <= HIGHEST


def as_stated(control: Control) -> dict[str, Any]:
    """A control as study.json has it: in numbers, so that no word of it can be a source's name."""
    return asdict(control)


def stated_in(sound: Mapping[str, Any]) -> Control:
    """The control that a study's `sound` states; a study of before passed through a score matrix, or was as played.

    Raises `UserError` for what is no control.
    """
    if "control" not in sound:
        return NO_CONTROL if sound.get("as_played") else SCORE_MATRIX
    try:
        control = Control(**sound["control"])
        control = replace(control, programs=None if control.programs is None else tuple(control.programs))
        in_words(control)
    except (TypeError, ValueError) as error:
        raise UserError(f"study.json is damaged (its control: {error}); restore it from a copy of the study") from error
    return control


def in_words(control: Control) -> str:
    """A control in words.

    >>> in_words(SCORE_MATRIX), in_words(NO_CONTROL)
    ('1/8 s grid, one velocity, MIDI 24 to 101, piano, no pedal', 'no limits')
    """
    return ", ".join(control.parts().values()) or "no limits"


def statement(control: Control, reasons: Mapping[str, str]) -> str:
    """What all music is heard under, and the reason for the limits of each system.

    >>> statement(Control(per_second=8), {"lstm": "every onset of its file lies on a grid of 1/8 s"})
    'MIDI is heard under these limits: 1/8 s grid (lstm: every onset of its file lies on a grid of 1/8 s)'
    >>> statement(NO_CONTROL, {})
    'Music is heard as it was made'
    """
    limits = f"MIDI is heard under these limits: {in_words(control)}"
    why = ". ".join(f"{name}: {words}" for name, words in reasons.items())
    heard = "Music is heard as it was made" if control == NO_CONTROL else limits
    return f"{heard} ({why})" if why else heard
