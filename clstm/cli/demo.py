"""`clstm demo`: everything once."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import Seed
from clstm.runtime.commands import MAKE, Commands, Continuing
from clstm.runtime.errors import UserError

app = Commands(MAKE)


@app.command(cls=Continuing)
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for all results.", show_default=False)],
    train: Annotated[
        bool,
        typer.Option("--train", help="Train small models of the paper's three kinds instead of using bundled ones."),
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(help="With --train: training time of each model. Default: 1.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Run everything once, on Bach chorales: corpus, accuracy, music, audio, report and listening study.

    Prints each command as it runs it. The bundled models were trained on other piano music. If stopped, the same
    command continues.

    For example:

        clstm demo --out demo
        clstm demo --train --minutes 5 --out demo-of-my-own
    """
    from clstm.demo import run

    if minutes is not None and not train:
        raise UserError(
            "--minutes is the time for training; give --train with it, since the bundled models are already trained"
        )
    run(out, context.find_root().command, train=train, minutes=minutes or 1.0, seed=seed)
