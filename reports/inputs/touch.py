"""Whether a system's music has what a score matrix cannot hold: velocities, and a timing finer than its grid."""

from collections.abc import Sequence

from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import limits_of
from reports.content.report import Touch


def touch_of(inputs: Sequence[MeasurementInput]) -> Touch | None:
    """The velocities and the timing of music as it is measured; None where it came as audio or has no note."""
    found = limits_of(inputs)
    return Touch(one_velocity=found.one_velocity, on_grid=found.on_grid) if found else None
