"""`cl.prepare`: a corpus of score matrices. `clstm prepare` makes the same."""

import os
from collections.abc import Sequence
from pathlib import Path

from clstm.corpus import preparation
from clstm.corpus.corpus import Corpus
from clstm.notebook.result import Folder
from clstm.notebook.waiting import waiting
from clstm.runtime.progress import Progress


def prepare(
    sources: Folder | Sequence[Folder],
    out: Folder,
    *,
    index: Folder | None = None,
    pedal: bool = False,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Make a corpus from MIDI files, split by piece into train, valid and test; `cl.train` takes it.

    sources : files or folders; "music21:bach", "maestro-v3", or a benchmark's `.mat` file
    out : the folder of the corpus; index : a CSV with columns file, split and group
    pedal : whether notes last as long as the pedal holds them; seed : of the split
    workers : processes that read files; one per core by default

    Raises `UserError` where no file is usable or `out` is not a corpus. If stopped, the same call continues. A script
    calls this under `if __name__ == "__main__":`, since it starts processes.
    """
    given = [sources] if isinstance(sources, str | os.PathLike) else sources
    table = None if index is None else Path(index)
    with waiting(progress) as advance:
        return preparation.prepare(
            [os.fspath(one) for one in given],
            Path(out),
            index=table,
            pedal=pedal,
            seed=seed,
            workers=workers,
            progress=advance,
        )
