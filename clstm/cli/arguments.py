"""Arguments that mean the same in several commands."""

from pathlib import Path
from typing import Annotated

import typer

CorpusFolder = Annotated[
    Path, typer.Argument(metavar="CORPUS", help="A corpus made by `clstm prepare`.", show_default=False)
]
Runs = Annotated[
    list[Path], typer.Argument(metavar="RUN", help="Runs, or names of bundled models.", show_default=False)
]
MusicFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the MIDI files.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random number generator.")]
PairsTable = Annotated[
    Path | None, typer.Option(metavar="CSV", help="Also write the comparison of each pair of models to this file.")
]
LatexTable = Annotated[
    Path | None, typer.Option(metavar="TEX", help="Also write a LaTeX table, for the package booktabs.")
]
