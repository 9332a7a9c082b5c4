"""Arguments that mean the same in several commands, and the panels under which `clstm study` lists them."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.errors import UserError

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder made by `clstm study create`.")]
Headless = Annotated[bool, typer.Option("--headless", help="Do not open a browser on this machine.")]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="CLSTM_STUDY_DATABASE",
        help="Where answers are stored, such as postgresql+psycopg://user@host/name. Default: a file in STUDY.",
    ),
]
StudySeed = Annotated[int, typer.Option(help="Seed of the random number generator.")]
LOOPBACK = "127.0.0.1"

PREPARE, RUN, CONCLUDE = "Prepare", "Run", "Conclude"


def unused(out: Path) -> Path:
    """The file to write. Raises `UserError` if there is one already, which may be somebody's work."""
    if out.exists():
        raise UserError(f"{out} already exists and is not overwritten; choose another --out")
    return out
