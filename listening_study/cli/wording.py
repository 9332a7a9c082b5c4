"""Reviewing the texts: `clstm study words`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import say
from clstm.runtime.errors import choice
from listening_study.cli.arguments import PREPARE, unused

app = Commands(PREPARE)
LANGUAGES = ("en", "zh", "de", "es")


@app.command()
def words(
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help=f"One of {', '.join(LANGUAGES)}.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file. Default: print the texts.")] = None,
) -> None:
    """Write every text that participants read, in one language, for review.

    Change what you like, add `reviewed = "who, when"`, and name the file in the study's configuration:
    `[words] overrides = {de = "texts-de.toml"}`. Until then a translation is marked as not reviewed.

    For example:

        clstm study words de --out texts-de.toml
    """
    from clstm.runtime.files import write_text
    from listening_study.protocol.languages import bundled

    text = bundled(choice("LANGUAGE", language, LANGUAGES))
    if out:
        write_text(unused(out), text)
        say(f"Wrote {out}")
    else:
        typer.echo(text, nl=False)
