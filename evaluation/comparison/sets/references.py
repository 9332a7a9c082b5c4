"""What each system is compared with: the reference under the control that fits the system.

By default a system meets the reference under the limits of its own music, so that both are music of one kind. Different
controls make different sets of the reference's pieces, each measured once and named in words. A system without known
limits meets the reference as it is. The reference without a control is compared with what all these controls together
make of it: the difference is what they remove.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from clstm.runtime.errors import UserError
from evaluation.controls.applying import Dropped
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control, together
from evaluation.controls.fitting import Fit
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import emptied, left_out_by_controls, left_out_in_words

CONTROLS = 2  # of the rule below: rule 1 put the limits of a score matrix on the reference, or none, for all systems
Grid = Literal["auto", "reference", "all", "none"]
GRIDS: tuple[Grid, ...] = ("auto", "reference", "all", "none")


@dataclass(frozen=True)
class References:
    """The sets that systems are compared with.

    name : of the reference, as the user gave it
    controls : what makes each set of it, by the set's name
    against : the name of what each system is compared with, a set or the reference
    remarks : what limits this, one line each
    """

    name: str
    controls: Mapping[str, Control] = field(default_factory=dict)
    against: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def common(self) -> str:
        """What all systems but the reference itself are compared with; the reference where that differs.

        >>> References("human", {}, {"human": "human, same grid", "lstm": "human, same grid"}).common
        'human, same grid'
        """
        sets = {other for system, other in self.against.items() if system != self.name}
        return sets.pop() if len(sets) == 1 else self.name


def references(
    grid: Grid, name: str, systems: Mapping[str, Sequence[MeasurementInput]], fits: Mapping[str, Fit]
) -> References:
    """What each system is compared with.

    grid : "auto", as above; "reference" or "all": the reference under all limits of a score matrix; "none": as it is
    name : of the reference; systems : of all, the reference included; fits : with "auto", of all others
    """
    others = [system for system in systems if system != name]
    if grid == "none" or not any(one.is_midi for one in systems[name]):
        limited = [system for system in others if system in fits and fits[system].control != NO_CONTROL]
        said = f"{name} is audio, on which no limits can be put: {{}} meets it as it is"
        unlimited = f"{name} is audio, on which no limits can be put: --grid {grid} leaves it as it is"
        remarks = {"auto": tuple(said.format(system) for system in limited), "none": ()}.get(grid, (unlimited,))
        return References(name, {}, dict.fromkeys(others, name), remarks)
    if grid != "auto":
        wanted = dict.fromkeys(others, SCORE_MATRIX)
    else:
        wanted = {system: fits[system].control for system in others}
    common = together(wanted.values())
    remarks = ()
    if common is None:
        remarks = (f"no music has all limits of {', '.join(others)}: {name} as it was played is compared with nothing",)
    elif common != NO_CONTROL:
        wanted = {name: common, **wanted}
    names = _names(name, list(dict.fromkeys(one for one in wanted.values() if one != NO_CONTROL)))
    against = {system: names.get(control, name) for system, control in wanted.items()}
    if taken := set(names.values()) & set(systems):
        raise UserError(f"the name {min(taken)!r} belongs to the control of {name!r}; choose another")
    return References(name, {called: control for control, called in names.items()}, against, remarks)


def _names(reference: str, controls: Sequence[Control]) -> dict[Control, str]:
    """A name of each set in words; with all that distinguishes them where words are the same."""
    found: dict[Control, str] = {}
    for control in controls:
        words = control.words()
        if any(one.words() == words for one in controls if one != control):
            words = f"{words} ({control.details()})"
        found[control] = f"{reference}, {words}"
    return found


def left_out(
    chosen: References, systems: Mapping[str, Sequence[MeasurementInput]], workers: int | None = None
) -> tuple[References, list[str]]:
    """What controls leave out of the notes of each set and system under one, one line each.

    Where the limits of all systems together leave no note, the reference as it was played is compared with nothing.
    Raises `UserError` where the limits of one leave none: it would be compared with silence.
    """
    remarks = []
    for name, own in systems.items():
        control = next((one.control for one in own if one.is_midi), NO_CONTROL)
        if not control.leaves_out_notes:
            continue
        found = left_out_by_controls(own, workers)
        if not any(map(emptied, found)) or any(one is not None and one.left for one in found):
            remarks += [f"{name}: {words}"] if (words := left_out_in_words(found)) else []
            continue
        met_by = [system for system, other in chosen.against.items() if other == name and system != chosen.name]
        if name in chosen.controls and not met_by:
            remarks.append(f"no note has all limits of {name}: {chosen.name} as it was played is compared with nothing")
            chosen = _without(chosen, name)
            continue
        raise UserError(_nothing_left(chosen, name, met_by, control, found))
    return chosen, remarks


def _nothing_left(
    chosen: References, name: str, met_by: Sequence[str], control: Control, found: Sequence[Dropped | None]
) -> str:
    """Why a set or a system cannot be compared: whose limits leave none of whose notes."""
    parts = control.parts()
    blamed = {
        "range": any(one is not None and one.out_of_range for one in found),
        "instruments": any(one is not None and one.by_others for one in found),
    }
    limits = " and ".join(parts[limit] for limit, guilty in blamed.items() if guilty)
    whose = chosen.name if name in chosen.controls else name
    total = sum(one.notes for one in found if one is not None)
    return (
        f"{', '.join(met_by or [name])}: the limits ({limits}) leave none of the {total:,} notes of {whose} in "
        f"{len(found):,} files, and there is nothing to compare; correct the limits, or give --grid none"
    )


def _without(chosen: References, name: str) -> References:
    controls = {one: control for one, control in chosen.controls.items() if one != name}
    against = {system: other for system, other in chosen.against.items() if other != name}
    return replace(chosen, controls=controls, against=against)


def under(control: Control, inputs: Sequence[MeasurementInput]) -> list[MeasurementInput]:
    """The inputs under a control; audio stays as it is."""
    return [replace(one, control=control) if one.is_midi else one for one in inputs]
