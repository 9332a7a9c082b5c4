"""`clstm prepare`: a corpus from MIDI files."""

import time
from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import Seed
from clstm.runtime.commands import MAKE, Commands, Continuing
from clstm.runtime.console import progress, say

app = Commands(MAKE)


@app.command(cls=Continuing)
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="MIDI files or folders; `music21:bach`; `maestro-v3`; or a benchmark's `.mat` file.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the corpus.", show_default=False)],
    index: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="A table with the columns file, split and group; paths relative to it."),
    ] = None,
    pedal: Annotated[bool, typer.Option(help="Let notes last as long as the pedal holds them.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read files. Default: one per core.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Make a corpus of score matrices from MIDI files, split by piece into train, valid and test.

    Folders are searched recursively. Files that cannot be used are listed in `rejected.csv`, with the reason; what was
    left out of each file in `left_out.csv`. If stopped, the same command continues.
    `maestro-v3` is downloaded once (56 MB) and keeps its published splits. So does a MATLAB file of the polyphonic
    benchmark; `clstm benchmark` scores models trained on it.

    For example:

        clstm prepare ~/midi --out corpus
        clstm prepare music21:bach --out chorales
        clstm prepare maestro-v3 --pedal --out maestro
        clstm prepare JSB_Chorales.mat --out jsb
    """
    from clstm.api.preparing import prepare
    from clstm.corpus import maestro
    from clstm.corpus.corpus import summary

    if maestro.SOURCE in sources:
        say(maestro.NOTICE)
    started = time.monotonic()
    with progress() as advance:
        made = prepare(sources, out, index=index, pedal=pedal, seed=seed, workers=workers, progress=advance)
    say(summary(made))
    say(f"{out} made in {time.monotonic() - started:.1f} s.")
