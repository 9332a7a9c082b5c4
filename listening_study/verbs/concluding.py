"""Concluding from a study: `clstm study results`."""

from pathlib import Path
from typing import Annotated

import typer

from listening_study.verbs import StudyFolder, say

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def results(
    folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write answers.csv, tally.csv and codebook.csv here.")
    ] = None,
) -> None:
    """Print the tally: which clips most listeners took for human, and what they answered, source by source.

    Example: `clstm study results study --out tables`
    """
    from listening_study.results import read_results, write_results
    from listening_study.store.connection import migrate
    from listening_study.study import read_study
    from listening_study.terminal import print_results

    opened = read_study(folder)
    migrate(opened.answers_path)
    found = read_results(opened)
    print_results(found)
    if out:
        for path in write_results(found, out):
            say(f"Wrote {path}")
