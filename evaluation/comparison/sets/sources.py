"""What the user gave to a comparison: the files of every system, the limits of each, and what is measured of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.progress import Progress
from evaluation.comparison.sets.references import Grid, References, under
from evaluation.controls.control import SCORE_MATRIX
from evaluation.controls.declared import of_options
from evaluation.controls.fitting import Fit
from evaluation.measurement.inputs import MeasurementInput, measurement_inputs, not_used, other_lengths, read_groups
from evaluation.measurement.limits import fits as fits_of
from evaluation.measurement.options import replicates
from evaluation.measurement.options.named_paths import music_files
from evaluation.measurement.options.prompts import skips


@dataclass(frozen=True)
class Sources:
    """The music of a comparison.

    places : where each system's music is, by name; reference : one of these names
    groups : a CSV with the columns file and group, replicate or both; seconds : only the first of every piece
    skip : NAME=SECONDS each, cut from the beginning of the files of a system
    pedal : whether notes last as long as a pedal holds them; robustness : whether other sounds are tried
    replicates : whether the sub-folders of a system are its trainings (`evaluation.measurement.options.replicates`)
    """

    places: Mapping[str, Path]
    reference: str
    groups: Path | None = None
    seconds: float | None = None
    skip: tuple[str, ...] = ()
    pedal: bool = False
    robustness: bool = False
    replicates: bool = False


def systems_of(given: Sources) -> tuple[dict[str, list[MeasurementInput]], list[str]]:
    """The inputs of every system as they are, and remarks on files left out."""
    groups = read_groups(given.groups) if given.groups else {}
    skipped = skips(given.skip, list(given.places))
    found: dict[str, list[MeasurementInput]] = {}
    remarks = []
    for name, path in given.places.items():
        music = music_files(path)
        remarks += [f"{name}: {remark}" for remark in (*music.remarks, *not_used(music.files))]
        own = measurement_inputs(music.files, groups, given.seconds)
        found[name] = [replace(one, pedal=given.pedal, begin=skipped.get(name, 0.0)) for one in own]
    remarks += _with_replicates(given, found)
    remarks += other_lengths({name: [one.path for one in own] for name, own in found.items()}, pedal=given.pedal)
    if groups:
        everyone = [one for own in found.values() for one in own]
        known = set(groups.values())
        named = sum(one.group in known for one in everyone)
        if not named:
            raise UserError(f"{given.groups} lists none of the {len(everyone)} files; use the names they have here")
        if named < len(everyone):
            remarks.append(
                f"{given.groups} names {named} of {len(everyone)} files; each other file is a group of its own"
            )
    if given.reference not in found:
        raise UserError(
            f"--reference {given.reference!r} is not one of the systems given ({', '.join(found) or 'none'})"
        )
    if len(found) < 2:
        raise UserError(f"{given.reference} alone cannot be compared; give another system as NAME=PATH")
    kinds = {name: {is_midi(one.path) for one in own} for name, own in found.items()}
    if len(set.union(*kinds.values())) > 1:
        audio = [name for name, kind in kinds.items() if False in kind]
        remarks.append(
            f"{', '.join(audio)} {'is' if len(audio) == 1 else 'are'} audio and the rest is rendered here: instrument, "
            "reverb and loudness may differ"
            + (", and --robustness does not change the sound of audio" if given.robustness else "")
        )
    return found, remarks


def _with_replicates(given: Sources, found: dict[str, list[MeasurementInput]]) -> list[str]:
    """Say which training made each file of a system, in place, and what is to be said of them. A reference has none."""
    listed = replicates.read_replicates(given.groups) if given.groups else {}
    remarks = []
    for name, inputs in found.items():
        if name == given.reference:
            continue
        own, said = replicates.by_table(listed, inputs), list[str]()
        if given.replicates:
            own, said = replicates.by_folder(name, given.places[name], own)
        found[name] = own
        remarks += said
    if given.replicates or listed:
        return remarks
    return replicates.hints(given.places, {name: own for name, own in found.items() if name != given.reference})


def fits(
    found: Mapping[str, Sequence[MeasurementInput]],
    reference: str,
    grid: Grid,
    limits: Sequence[str],
    workers: int | None,
    progress: Progress,
) -> dict[str, Fit]:
    """The control that fits each system but the reference, where that decides what it is compared with."""
    declared = of_options(limits, [name for name in found if name != reference])
    if grid != "auto":
        if declared:
            raise UserError(f"--limits is for --grid auto; leave it out with --grid {grid}")
        return {}
    others = {name: own for name, own in found.items() if name != reference}
    return fits_of(others, declared, workers, progress)


def with_controls(
    found: Mapping[str, list[MeasurementInput]], chosen: References, grid: Grid
) -> dict[str, list[MeasurementInput]]:
    """What is measured, by name: the reference under each control, the reference, and the others."""
    reference = found[chosen.name]
    others = {name: own for name, own in found.items() if name != chosen.name}
    if grid == "all":
        others = {name: under(SCORE_MATRIX, own) for name, own in others.items()}
    sets = {name: under(control, reference) for name, control in chosen.controls.items()}
    return {**sets, chosen.name: reference, **others}
