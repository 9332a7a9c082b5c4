"""`clstm study ...`: the commands of the listening study, gathered."""

from clstm.runtime.commands import LISTEN, Commands, gather
from listening_study.cli import auditing, exchanging, making, paying, planning, rehearsing, results, running, wording

study = gather(
    Commands(about="Run a blind listening study: was this music made by a human or by a computer?"),
    *(making.app, auditing.app, planning.app, wording.app, rehearsing.app, running.app, paying.app, results.app),
    exchanging.app,
)
app = Commands().group("study", study, LISTEN)
