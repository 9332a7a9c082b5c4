"""Paying participants: `clstm study payments`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import say
from listening_study.cli.arguments import RUN, Database, StudyFolder, unused

app = Commands(RUN)


@app.command()
def payments(
    folder: StudyFolder,
    out: Annotated[Path, typer.Option(metavar="CSV", help="The table; the file must not exist yet.")],
    database: Database = None,
) -> None:
    """Write whom to pay: the ids of a recruiting platform, and how far each participant got.

    The ids are those that the study stores (`crowd_parameters`). No number, time or order of participants joins them to
    answers. The study's journal records it. Delete the file when all are paid.

    For example:

        clstm study payments study --out payments.csv
    """
    from datetime import UTC, datetime

    from clstm.runtime.errors import UserError
    from clstm.runtime.spreadsheet import csv
    from listening_study.protocol.private_files import write_private
    from listening_study.protocol.study import read_study
    from listening_study.researchers.payments import payments as table
    from listening_study.store.database import open_answers

    study = read_study(folder)
    if not study.access.crowd_parameters:
        raise UserError(f"{folder} stores no ids: it was made without crowd_parameters in [access]")
    unused(out)
    with open_answers(study, database) as store:
        found = table(study, store.arrivals(), store.progress(), datetime.now(UTC))
        store.log("payments", f"{len(found)} participants")
    write_private(out, csv(found))
    complete = int((found["state"] == "complete").sum())
    say(f"Wrote {out}: {len(found)} participants with an id, {complete} of them complete")
