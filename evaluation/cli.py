"""The verbs of the evaluation."""

import typer

app = typer.Typer(rich_markup_mode="markdown")
