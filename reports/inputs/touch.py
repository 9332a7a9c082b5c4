"""Whether a system's music has what a score matrix cannot hold: velocities, and a timing finer than its grid."""

from collections.abc import Sequence

from clstm.music.score import FRAME_RATE
from evaluation.controls.limits import Limits
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import limits_of
from reports.content.report import Touch


def touch_of(inputs: Sequence[MeasurementInput], limits: Limits | None = None) -> Touch | None:
    """The velocities and the timing of music as it is measured; None where it came as audio. Without any note, nothing
    varies.

    limits : of its files, where they are known
    """
    control = inputs[0].control
    limits = limits or limits_of({"": [one.path for one in inputs]})[""]
    if limits is None:
        return Touch(one_velocity=True, on_grid=True) if all(one.is_midi for one in inputs) else None
    one_velocity = isinstance(control.velocity, int) or len(limits.velocities) == 1
    on_grid = control.per_second is not None and FRAME_RATE % control.per_second == 0
    return Touch(one_velocity=one_velocity, on_grid=on_grid or limits.obeys(FRAME_RATE))
