"""What a control removes from music: the limits that it puts on what the music has."""

from collections.abc import Iterator

from evaluation.controls.control import PER_PIECE, Control
from evaluation.controls.limits import Limits


def removed(control: Control, limits: Limits | None) -> tuple[str, ...]:
    """What music with these limits has and lacks under a control, in words; nothing where nothing is known.

    >>> removed(Control(per_second=8), None)
    ()
    """
    return () if limits is None else tuple(_removed(control, limits))


def _removed(control: Control, limits: Limits) -> Iterator[str]:
    if control.velocity == PER_PIECE and any(len(one.velocities) > 1 for one in limits.pieces):
        yield "the velocities within each piece"
    elif isinstance(control.velocity, int) and len(limits.velocities) > 1:
        yield "the velocities"
    grid = control.per_second
    if grid is not None and not (limits.obeys(grid) and (limits.offsets_on(grid) or not control.offsets)):
        yield "the finer timing"
    low, high = limits.range or (control.lowest, control.highest)
    if (control.lowest or 0) > (low or 0) or (high or 0) > (127 if control.highest is None else control.highest):
        yield f"the pitches outside {control.parts()['range']}"
    if limits.drums and not control.drums:
        yield "the drums"
    if control.programs is not None and not set(limits.programs) <= set(control.programs):
        yield "the other instruments"
    if control.pedal == "none" and limits.pedals:
        yield "the pedal"
