"""What several verbs of this package share: arguments that mean the same everywhere, and a warning."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.console import warn

if TYPE_CHECKING:
    from clstm.corpus.corpus import Corpus

CorpusFolder = Annotated[Path, typer.Argument(help="A corpus made by `clstm prepare`.", show_default=False)]
MusicFolder = Annotated[Path, typer.Option(help="Folder for the MIDI files.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random.")]


def warn_of_another_corpus(runs: list[Path], corpus: "Corpus") -> None:
    """One line for all of them."""
    from clstm import pretrained
    from clstm.models.checkpoint import read_config

    trained_on = {pretrained.title(run): read_config(run).get("corpus", {}).get("sha256") for run in runs}
    if others := [title for title, corpus_of_run in trained_on.items() if corpus_of_run != corpus.sha256]:
        were = "was" if len(others) == 1 else "were"
        warn(
            f"{', '.join(others)} {were} trained on another corpus than {corpus.path}, and may have seen the pieces"
            " held out there"
        )
