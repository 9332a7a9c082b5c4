"""Reviewing the wording: `clstm study words`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.errors import choice
from listening_study.cli.arguments import say, unused

app = typer.Typer(rich_markup_mode="markdown")
LANGUAGES = ("en", "zh", "de", "es")


@app.command()
def words(
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help=f"One of {', '.join(LANGUAGES)}.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; left out: print them.")] = None,
) -> None:
    """Write out every text of a language, to review and change.

    Keep any of them in a file, add `reviewed = "who, when"`, and name it in the study's configuration:
    `[words] overrides = {de = "texts-de.toml"}`. Until then a translation is marked as not reviewed.

    Example: `clstm study words de --out texts-de.toml`
    """
    from clstm.runtime.files import write_text
    from listening_study.protocol.languages import bundled

    text = bundled(choice("LANGUAGE", language, LANGUAGES))
    if out:
        write_text(unused(out), text)
        say(f"Wrote {out}")
    else:
        print(text, end="")
