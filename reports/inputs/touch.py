"""What a score matrix cannot hold, and whether a system's music has it: velocities, and a timing finer than its grid.

Looked up in the notes themselves; of what came as audio nothing is known, and nothing is said.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import NoNotesError
from evaluation.audio.files import read_notes
from evaluation.measurement.inputs import MeasurementInput
from reports.numbers import listed

NEAR = 0.001  # s: an onset so close to the grid lies on it; MIDI files round their times to about as much


def touch_of(takes: Sequence[MeasurementInput]) -> dict[str, bool] | None:
    """Of music as it is taken: `one_velocity`, whether all its notes have the same; `on_grid`, whether all begin at
    multiples of 1/8 s. None where it came as audio or has no note."""
    if not all(take.is_midi for take in takes):
        return None
    velocities: set[int] = set()
    on_grid = True
    for notes in map(_notes, takes):
        velocities |= set(notes.velocity.tolist())
        on_grid = on_grid and _lies_on_grid(notes)
    return {"one_velocity": len(velocities) == 1, "on_grid": on_grid} if velocities else None


def of_control(control: str, systems: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the control is, and which systems are under its limits: sentences.

    systems : as in report.json: name, role, touch
    """
    what = f"{control} is the same music with every note on a grid of eighths of a second and at one velocity: what it "
    said = [what + "loses, any music under these limits would lose."]
    others = [system for system in systems if system["role"] == "system" and system["touch"]]
    if under := [system["name"] for system in others if not _own(system["touch"])]:
        has, begins = ("has", "begins") if len(under) == 1 else ("have", "begin")
        said.append(
            f"{listed(under)} {has} one velocity and {begins} every note on that grid: what differs from the control "
            "is not velocity, nor timing finer than the grid."
        )
    for system in others:
        if own := _own(system["touch"]):
            said.append(
                f"{system['name']} has {own} of its own, which the control lacks: what differs may be performance, not "
                "composition."
            )
    return said


def of_reference(name: str, role: str, touch: Mapping[str, bool] | None) -> str:
    """What being as it was played adds to a reference that has a control (`role` "control") or none; "" if nothing."""
    own = _own(touch) if touch else ""
    if not own:
        return ""
    if role == "control":
        return f"As it was played, {name} has {own} that a score matrix cannot hold."
    return (
        f"{name} was taken as it is, with {own} of its own: what separates a system from it may be performance, not "
        "composition."
    )


def _own(touch: Mapping[str, bool]) -> str:
    """What of a performance there is, in words."""
    parts = {"velocities": not touch["one_velocity"], "timing": not touch["on_grid"]}
    return " and ".join(part for part, there in parts.items() if there)


def _notes(take: MeasurementInput) -> Notes:
    try:
        return take.of(read_notes(take.path))
    except NoNotesError:  # silence that counts as a piece
        return Notes.of()


def _lies_on_grid(notes: Notes) -> bool:
    frames = notes.onset * FRAME_RATE
    return bool((np.abs(frames - np.rint(frames)) <= NEAR * FRAME_RATE).all())
