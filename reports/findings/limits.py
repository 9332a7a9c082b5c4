"""What limits the comparison, in sentences: the control, and what of a performance each system has."""

from collections.abc import Sequence

from reports.content.report import SystemContent, SystemRole, Touch
from reports.numbers import listed


def of_control(control: str, systems: Sequence[SystemContent]) -> list[str]:
    """What the control is, and which systems have its limits: sentences."""
    said = [
        (
            f"{control} is the same music with every note on a grid of eighths of a second and at one velocity: what "
            "it loses, any music under these limits would lose."
        )
    ]
    others = [(system.name, _own(system.touch)) for system in systems if system.role == "system" and system.touch]
    if under := [name for name, own in others if not own]:
        has, begins = ("has", "begins") if len(under) == 1 else ("have", "begin")
        said.append(
            f"{listed(under)} {has} one velocity and {begins} every note on that grid: neither velocity nor finer "
            "timing explains a difference from the control."
        )
    said += [
        f"{name} has {own} of its own, which the control lacks: a difference may be one of performance, not of "
        "composition."
        for name, own in others
        if own
    ]
    return said


def of_reference(name: str, role: SystemRole, touch: Touch | None) -> str:
    """What its performance adds to a reference that has a control (`role` "control") or none; "" if nothing."""
    own = _own(touch) if touch else ""
    if not own:
        return ""
    if role == "control":
        return f"As it was played, {name} has {own} that a score matrix cannot hold."
    return (
        f"{name} was measured as it is, with {own} of its own: a difference may be one of performance, not of "
        "composition."
    )


def _own(touch: Touch) -> str:
    """What of a performance there is, in words."""
    parts = {"velocities": not touch.one_velocity, "timing": not touch.on_grid}
    return " and ".join(part for part, there in parts.items() if there)
