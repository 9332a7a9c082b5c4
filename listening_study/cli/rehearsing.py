"""Rehearsing a study: `clstm study simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.console import progress_bar
from listening_study.cli.arguments import StudyFolder, say

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def simulate(
    folder: StudyFolder,
    out: Annotated[Path, typer.Option(metavar="COPY", help="Folder to make; it must not exist yet.")],
    listeners: Annotated[
        str,
        typer.Option(metavar="KIND=NUMBER,...", help="Such as guesser=5,expert=10; an unknown one lists all."),
    ] = "typical=20",
    seed: Annotated[int, typer.Option(help="Draws the answers.")] = 0,
) -> None:
    """Fill a copy of a study with simulated listeners of known kinds, to rehearse the analysis. The study is untouched.

    The copy is marked synthetic, and closed: its results can be read at once.

    Example: `clstm study simulate study --listeners typical=20,guesser=5 --out rehearsal`
    """
    from listening_study.protocol.study import read_study
    from listening_study.simulation.rehearsal import parse_kinds
    from listening_study.simulation.rehearsal import simulate as run

    kinds = parse_kinds(listeners)
    study = read_study(folder)
    with progress_bar() as bar:
        task = bar.add_task("Listeners", total=sum(kinds.values()))
        run(study, out, kinds, seed, lambda: bar.advance(task))
    say(f"{out}: {sum(kinds.values())} simulated listeners; SYNTHETIC, no listener took part")
    say(f"What the analysis makes of them: clstm study results {out} --out {out}-results")
