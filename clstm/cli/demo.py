"""`clstm demo`: everything once."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import Seed
from clstm.runtime.errors import UserError

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.", show_default=False)],
    train: Annotated[
        bool, typer.Option("--train", help="Train the paper's three, small, on the chorales; take no bundled model.")
    ] = False,
    minutes: Annotated[float | None, typer.Option(help="With --train, training time of each; default 1.")] = None,
    seed: Seed = 0,
) -> None:
    """Everything once, on Bach chorales: corpus, models, accuracy, music, audio, report and listening study.

    The models are those that come with the package, trained on other piano music. Prints each command as it runs it.
    Stopped half way, the same command goes on.

    Examples: `clstm demo --out demo` · `clstm demo --train --minutes 5 --out demo-of-my-own`
    """
    from clstm.demo import run

    if minutes is not None and not train:
        raise UserError("--minutes is time for training, and the bundled models are trained; give --train with it")
    run(out, context.find_root().command, train=train, minutes=minutes or 1.0, seed=seed)
