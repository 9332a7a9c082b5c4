"""Which corpus runs were trained on, and whether its notes are as long as those of another."""

from collections.abc import Sequence
from pathlib import Path

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import learnt_pedal, read_config
from clstm.music.sounding import LENGTHS


def trained_elsewhere(runs: Sequence[Path], corpus: Corpus) -> list[str]:
    """Cautions about the runs that were trained on another corpus, one line for all of them; none where there is none.

    Such a run may have seen, in training, the pieces that this corpus holds out. Another line names those that learnt
    notes of other lengths, as pressed or as the pedal holds them. Raises `UserError` for other folders.
    """
    trained_on = {pretrained.title(run): read_config(run).get("corpus", {}).get("sha256") for run in runs}
    others = [title for title, sha256 in trained_on.items() if sha256 != corpus.sha256]
    if not others:
        return []
    were = "was" if len(others) == 1 else "were"
    caution = f"{', '.join(others)} {were} trained on another corpus than {corpus.path}"
    return [f"{caution}, and may have seen the pieces held out there", *other_lengths(runs, corpus)]


def other_lengths(runs: Sequence[Path], corpus: Corpus) -> list[str]:
    """A caution about the runs that learnt notes of other lengths than a corpus has: as pressed, or as the pedal holds
    them; none where there is none."""
    others = [pretrained.title(run) for run in runs if learnt_pedal(read_config(run)) is not corpus.pedal]
    if not others:
        return []
    learnt = f"{', '.join(others)} learnt notes {LENGTHS[not corpus.pedal]}"
    return [f"{learnt}; those of {corpus.path} last {LENGTHS[corpus.pedal]}"]
