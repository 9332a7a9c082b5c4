"""What limits the comparison, in sentences: the control, and what of a performance each system has."""

from collections.abc import Mapping

from reports.content.report import SystemRole, Touch
from reports.numbers import listed


def of_control(control: str, touches: Mapping[str, Touch]) -> list[str]:
    """What the control is, and which systems have its limits: sentences.

    touches : of the other systems, by name; of audio nothing is known

    >>> touches = {"lstm": Touch(one_velocity=True, on_grid=True), "live": Touch(one_velocity=False, on_grid=True)}
    >>> _, under, own = of_control("human, same grid", touches)
    >>> print(under.partition(":")[0])
    lstm has one velocity and begins every note on that grid
    >>> print(own.partition(",")[0])
    live has its own velocities
    """
    said = [
        (
            f"{control} is the same music with every note on a grid of eighths of a second and at one velocity: any "
            "music under these limits loses the same."
        )
    ]
    others = [(name, _own(touch)) for name, touch in touches.items()]
    if under := [name for name, own in others if not own]:
        has, begins = ("has", "begins") if len(under) == 1 else ("have", "begin")
        said.append(
            f"{listed(under)} {has} one velocity and {begins} every note on that grid: neither velocity nor finer "
            "timing explains a difference from the control."
        )
    said += [
        f"{name} has its own {own}, which the control lacks: a difference may be due to performance, not composition."
        for name, own in others
        if own
    ]
    return said


def of_reference(name: str, role: SystemRole, touch: Touch | None) -> str:
    """What its performance adds to a reference that has a control (`role` "control") or none; "" if nothing.

    >>> of_reference("human", "control", Touch(one_velocity=False, on_grid=False))
    'As it was played, human has velocities and timing that a score matrix cannot represent.'
    """
    own = _own(touch) if touch else ""
    if not own:
        return ""
    if role == "control":
        return f"As it was played, {name} has {own} that a score matrix cannot represent."
    return f"{name} was measured as it is, with its own {own}: a difference may be due to performance, not composition."


def _own(touch: Touch) -> str:
    """What of a performance there is, in words."""
    parts = {"velocities": not touch.one_velocity, "timing": not touch.on_grid}
    return " and ".join(part for part, there in parts.items() if there)
