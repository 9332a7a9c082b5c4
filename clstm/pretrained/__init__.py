"""The models that come with the package, ready to use: `clstm generate c-lstm ...` works right after installation.

A bundled model is a folder of this package, and a run like any other (`clstm.models.checkpoint`):

    <name>/config.json           network, training, corpus, what was reached
    <name>/weights.safetensors   in half precision; loading them executes nothing
    <name>/accuracy.csv          its rows of `clstm accuracy`, beside the baselines; `notes` may have none
    <name>/README.md             its card: data and licences, recipe, time, accuracy, known weaknesses

Half precision is for the disk: weights become float32 again when they are loaded. `python -m clstm.cli.bundle` makes
such a folder of a run.
"""

from pathlib import Path

from clstm.runtime.errors import UserError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The bundled models, sorted.

    >>> names()
    ['c-lstm', 'c-lstm-plus', 'lstm', 'notes', 'rnn']
    """
    return sorted(config.parent.name for config in FOLDER.glob("*/config.json"))


def find(run: str | Path) -> Path:
    """The folder of a run: a path that exists, else a bundled model of that name; music in a folder called like a
    bundled model does not hide it.

    Raises `UserError` when it is neither, naming the bundled models.

    >>> find("c-lstm") == FOLDER / "c-lstm"
    True
    """
    path, bundled_name = Path(run), str(run) in names()
    if path.exists() and ((path / "config.json").exists() or not bundled_name):
        return path
    if bundled_name:
        return FOLDER / run
    bundled = f", or name a bundled model: {', '.join(names())}" if names() else ""
    raise UserError(f"{run} is not a run; make one with: clstm train c-lstm CORPUS --out {run}{bundled}")


def title(run: Path) -> str:
    """How to call a run in a sentence: a bundled model by its name, another by its path.

    >>> title(FOLDER / "c-lstm"), title(Path("runs/mine"))
    ('c-lstm', 'runs/mine')
    """
    return run.name if run.parent == FOLDER else str(run)
