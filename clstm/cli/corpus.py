"""`clstm prepare`: a corpus from MIDI files."""

import time
from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import Seed
from clstm.runtime.console import progress, say

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="MIDI files, folders of them, `music21:bach`; `maestro-v3`; or a benchmark's `.mat`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the corpus to make.", show_default=False)],
    index: Annotated[
        Path | None, typer.Option(help="CSV with columns file, split, group; paths relative to it.")
    ] = None,
    pedal: Annotated[bool, typer.Option(help="Let the sustain pedal lengthen notes.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that read files; default all cores.")] = None,
    seed: Seed = 0,
) -> None:
    """Make a corpus: MIDI files become score matrices, split by piece into train, valid and test.

    Folders are searched recursively. What cannot be used is listed with its reason in `rejected.csv`. `maestro-v3` is
    downloaded once (56 MB) and keeps its published splits; so does a MATLAB file of the polyphonic benchmark, and
    `clstm benchmark` scores what is trained on that.

    Examples: `clstm prepare ~/midi --out corpus` · `clstm prepare music21:bach --out chorales` ·
    `clstm prepare maestro-v3 --pedal --out maestro` · `clstm prepare JSB_Chorales.mat --out jsb`
    """
    from clstm.corpus import maestro
    from clstm.corpus.corpus import summary
    from clstm.corpus.preparation import prepare

    if maestro.SOURCE in sources:
        say(maestro.NOTICE)
    started = time.monotonic()
    with progress() as advance:
        made = prepare(sources, out, index=index, pedal=pedal, seed=seed, workers=workers, progress=advance)
    say(summary(made))
    say(f"{out} made in {time.monotonic() - started:.1f} s.")
