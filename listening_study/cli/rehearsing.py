"""Rehearsing the analysis: `clstm study simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import progress, say
from listening_study.cli.arguments import PREPARE, StudyFolder

app = Commands(PREPARE)


@app.command()
def simulate(
    folder: StudyFolder,
    out: Annotated[Path, typer.Option(metavar="COPY", help="Folder of the copy; it must not exist yet.")],
    listeners: Annotated[
        str,
        typer.Option(metavar="KIND=NUMBER,...", help="Such as guesser=5,expert=10; an unknown kind lists all."),
    ] = "typical=20",
    seed: Annotated[int, typer.Option(help="Seed of the answers.")] = 0,
) -> None:
    """Fill a copy of a study with simulated listeners of known kinds, to rehearse the analysis.

    The study stays as it is. The copy is marked as synthetic, and closed: its results can be read at once.

    For example:

        clstm study simulate study --listeners typical=20,guesser=5 --out rehearsal
    """
    from listening_study.protocol.study import read_study
    from listening_study.simulation.rehearsal import parse_kinds
    from listening_study.simulation.rehearsal import simulate as run

    kinds = parse_kinds(listeners)
    study = read_study(folder)
    with progress() as advance:
        run(study, out, kinds, seed, advance)
    say(f"{out}: {sum(kinds.values())} simulated listeners; SYNTHETIC, no listener took part")
    say(f"To analyse them: clstm study results {out} --out {out}-results")
