"""`clstm train`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.cli.arguments import CorpusFolder, Seed
from clstm.runtime.commands import MAKE, Commands, Resumable
from clstm.runtime.console import progress_bar, say
from clstm.runtime.errors import choice

if TYPE_CHECKING:
    from clstm.training.loop import Run

app = Commands(MAKE)

Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="The network: rnn, lstm, c-lstm, c-lstm-plus or notes.", show_default=False),
]
Preset = Annotated[
    str,
    typer.Option(
        help="`small`; `paper` for the paper's sizes; `paper-matched` for an LSTM as large as its C-LSTM; `plus` for"
        " c-lstm-plus and `full` for notes, of the bundled models' sizes."
    ),
]
Supervision = Annotated[
    str | None,
    typer.Option(help="Compute the loss at every frame (`dense`), or once per window as in the paper (`last`)."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as hidden=512; may be repeated."),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help="Lightning's names: 32-true, bf16-mixed, bf16-true, 16-mixed. Default: 32-true; of notes, bf16-mixed."
    ),
]


@app.command(cls=Resumable)
def train(
    kind: Kind,
    corpus: CorpusFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run.", show_default=False)],
    preset: Preset = "small",
    minutes: Annotated[float | None, typer.Option(help="Budget, in minutes of training.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Budget, in passes over the training music.")] = None,
    steps: Annotated[int | None, typer.Option(help="Budget, in steps.")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate. Default: the preset's.")] = None,
    supervision: Supervision = None,
    settings: Settings = None,
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes on the CPU, that share each batch.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines, each started with torchrun.")] = 1,
    precision: Precision = None,
    resume: Annotated[bool, typer.Option(help="Continue the run in this folder.")] = False,
    seed: Seed = 0,
) -> None:
    """Train one of the paper's three networks, or one of ours, c-lstm-plus and notes.

    Without a budget, the preset's is used: one minute for `small`, the paper's 64 epochs for `paper`, 7,950 steps for
    `full`. Ctrl-C stops cleanly; `--resume` continues exactly where training stopped.

    For example:

        clstm train c-lstm corpus --out runs/c-lstm --minutes 5
        clstm train c-lstm corpus --out runs/c-lstm --minutes 5 --resume
        clstm train notes corpus --out runs/notes --preset full
    """
    from clstm.api import training
    from clstm.training.settings import PRECISIONS

    if precision is not None:
        choice("--precision", precision, PRECISIONS)
    with _budget_bar(kind) as report:
        found = training.train(
            *(kind, corpus, out),
            preset=preset,
            minutes=minutes,
            epochs=epochs,
            steps=steps,
            rate=rate,
            supervision=supervision,
            settings=settings or (),
            devices=devices,
            nodes=nodes,
            precision=precision,
            resume=resume,
            seed=seed,
            report=report,
        )
    if found.run.first:
        say(str(found))


@contextmanager
def _budget_bar(kind: str) -> Iterator[Callable[["Run"], None]]:
    """A bar of how much of the budget is spent. It takes reports in the first process only: the others show none."""
    with progress_bar() as bar:
        task = bar.add_task(f"Training {kind}", total=100, visible=False)

        def report(run: "Run") -> None:
            best = f", {run.progress.best:.2f} nats" if run.progress.log else ""
            said = f"Training {kind}, step {run.progress.step}{best}"
            bar.update(task, completed=100 * run.spent, description=said, visible=True)

        yield report
