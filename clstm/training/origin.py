"""Which corpus runs were trained on."""

from collections.abc import Sequence
from pathlib import Path

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import read_config


def trained_elsewhere(runs: Sequence[Path], corpus: Corpus) -> list[str]:
    """A caution about the runs that were trained on another corpus, one line for all of them; none where there is none.

    Such a run may have seen, in training, the pieces that this corpus holds out. Raises `UserError` for other folders.
    """
    trained_on = {pretrained.title(run): read_config(run).get("corpus", {}).get("sha256") for run in runs}
    others = [title for title, sha256 in trained_on.items() if sha256 != corpus.sha256]
    if not others:
        return []
    were = "was" if len(others) == 1 else "were"
    caution = f"{', '.join(others)} {were} trained on another corpus than {corpus.path}"
    return [f"{caution}, and may have seen the pieces held out there"]
