"""`clstm study ...`: the verbs of the listening study, gathered."""

import typer

from listening_study.cli import auditing, making, planning, rehearsing, results, running, wording

app = typer.Typer(rich_markup_mode="markdown")
study = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="A blind listening study: made by a human or by a computer? Create it, serve it, read its results.",
)
for verbs in (making.app, auditing.app, planning.app, wording.app, rehearsing.app, running.app, results.app):
    study.add_typer(verbs)
app.add_typer(study, name="study")
