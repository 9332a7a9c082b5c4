"""The commands of the reports, gathered."""

from clstm.runtime.commands import MEASURE, Commands, gather
from reports.cli import papers, reporting

app = gather(Commands(), papers.app).group("report", reporting.app, MEASURE)
