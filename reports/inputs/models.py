"""Which model made a system's music, and so whether a report speaks of the paper (Huang, Huang & Cai 2018) at all.

Only evidence counts: the weights, where they are at hand (`--weights`, or a bundled model), else a `generated.json` in
the form of `clstm generate` that names the system's files. The name of a folder or a system is no evidence.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

PAPER = ("rnn", "lstm", "c-lstm")  # the paper's three, as `clstm.models.networks.PAPER`, which needs torch
OURS = ("c-lstm-plus", "notes")  # they bring nothing of the paper along
KINDS = (*PAPER, *OURS)

SHA256 = re.compile("[0-9a-f]{64}")


def model_of(generated: Mapping[str, Any] | None, files: Iterable[str], weights: str | None = None) -> str | None:
    """The kind of model, one of `KINDS`, that made these files; None where nothing shows it.

    generated : what the `generated.json` beside them holds; weights : the kind that their weights are of, if known

    >>> model_of(None, []), model_of(None, [], weights="lstm")
    (None, 'lstm')
    """
    if weights is not None:
        return weights
    if generated is None or not written_by_generate(generated, files):
        return None
    return str(generated["model"])


def written_by_generate(generated: Mapping[str, Any], files: Iterable[str] = ()) -> bool:
    """Whether a manifest has the form in which `clstm generate` writes it of a model's music, these files among it.

    A file of the same name by another program, or one that was copied to other music, has not.

    >>> written_by_generate({"model": "lstm", "items": []})
    False
    """
    form = {"version": str, "model": str, "run": str, "weights_sha256": str, "sampling": dict, "items": list}
    if not all(isinstance(generated.get(name), kind) for name, kind in form.items()):
        return False
    if generated["model"] not in KINDS or not SHA256.fullmatch(generated["weights_sha256"]):
        return False
    items = generated["items"]
    return all(isinstance(item, dict) for item in items) and set(files) <= {item.get("file") for item in items}


def of_the_paper(models: Iterable[str | None]) -> bool:
    """Whether any is a model of the paper; models : of the systems, None where nothing shows it.

    >>> of_the_paper([None, "c-lstm"]), of_the_paper([None, "c-lstm-plus"])
    (True, False)
    """
    return any(model in PAPER for model in models)
