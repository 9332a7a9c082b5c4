"""The commands of the reports, gathered."""

from clstm.runtime.commands import MEASURE, Commands
from reports.cli import reporting

app = Commands().group("report", reporting.app, MEASURE)
