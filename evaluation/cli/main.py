"""The commands of the evaluation, gathered."""

from clstm.runtime.commands import WATCH, Commands, gather
from evaluation.cli import comparing, describing, doctor, drift, notes, planning, rendering

app = gather(Commands(), rendering.app, describing.app, comparing.app, planning.app, notes.app, doctor.app).group(
    "spectra", drift.app, WATCH
)
