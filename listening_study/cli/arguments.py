"""The verbs of the listening study, by what a researcher is doing: making it, running it, concluding from it.

Here is what they share: the arguments that mean the same everywhere, and how a line is said.
"""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.console import console
from clstm.runtime.errors import UserError

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder made by `clstm study create`.")]
Headless = Annotated[bool, typer.Option("--headless", help="Do not open a browser here.")]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="CLSTM_STUDY_DATABASE",
        help="Where answers are kept, such as postgresql+psycopg://user@host/name; left out: a file in STUDY.",
    ),
]
LOOPBACK = "127.0.0.1"


def say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def unused(out: Path) -> Path:
    """The file to write. Raises `UserError` where there is one, which may be somebody's work."""
    if out.exists():
        raise UserError(f"{out} exists already, and is not overwritten; choose another --out")
    return out
