"""`clstm describe`: what limits music has, before anything is measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import console, progress, say, warn
from evaluation.cli.arguments import Limits, Systems, Workers

if TYPE_CHECKING:
    from rich.table import Table

    from evaluation.comparison.description import Description

app = Commands(MEASURE)


@app.command("describe")
def describe_command(
    systems: Systems,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The table as CSV, or with every reason as JSON.")
    ] = None,
    limits: Limits = None,
    workers: Workers = None,
) -> None:
    """Show what limits music has: grid of onsets, velocities, instruments, range, pedal; and the control that fits it.

    A system that obeys a limit in all its files is compared with human music under that limit. Of a limit that nearly
    all files obey, the others are named. Nothing is rendered.

    For example:

        clstm describe human=music/human lstm=music/lstm
    """
    from evaluation.api.describing import describe
    from evaluation.comparison.description import why
    from evaluation.measurement.options.named_paths import named_paths

    with progress() as advance:
        found = describe(named_paths(systems), out=out, limits=limits, workers=workers, progress=advance)
    for remark in found.remarks:
        warn(remark)
    for one in found.systems:
        console.print(_block(one))
    for one in found.systems:
        say(why(one))
    if out is not None:
        say(f"{out} made.")


def _block(one: "Description") -> "Table":
    """What one system has, one row per property: many systems side by side would not fit a terminal."""
    from rich.table import Column, Table
    from rich.text import Text

    from evaluation.comparison.description import rows

    name = Text(one.name, "bold")
    shown = Table(Column("", no_wrap=True), Column("", overflow="fold"), box=None, show_header=False, title=name)
    shown.title_justify = "left"
    for heading, words in rows(one).items():
        shown.add_row(heading, Text(words))
    return shown
