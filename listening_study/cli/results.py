"""The results of a study: `clstm study results`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import say
from listening_study.cli.arguments import CONCLUDE, Database, StudyFolder

app = Commands(CONCLUDE)


@app.command()
def results(
    folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write tables, figures and a summary to this folder.")
    ] = None,
    database: Database = None,
) -> None:
    """Open the sealed key of a closed study, and report which sources listeners recognised.

    Prints the verdict on the registered contrasts, and the paper's tally. `--out` adds every table as CSV with a
    codebook, figures as SVG and PNG, `summary.md` and `results.json`. The study's journal records that the key was
    opened.

    For example:

        clstm study results study --out results
    """
    from listening_study.protocol.study import read_study
    from listening_study.results.export import write_results
    from listening_study.results.results import read_results
    from listening_study.results.terminal import print_results
    from listening_study.store.database import open_answers

    study = read_study(folder)
    with open_answers(study, database) as store:
        found = read_results(study, store)
    print_results(found)
    if out:
        written = write_results(found, out)
        say(f"Wrote {len(written)} files to {out}; start with {out / 'summary.md'}")
