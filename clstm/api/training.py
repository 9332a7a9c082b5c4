"""`cl.train`: a training run. `clstm train` calls it too."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import STATE
from clstm.notebook import markup
from clstm.notebook.figure import shown
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.errors import UserError, choice
from clstm.runtime.files import replacing
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress
from clstm.runtime.shadowing import load
from clstm.training import loop
from clstm.training.settings import PRECISIONS, Machines, configure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Report = Callable[[loop.Run], None]


@dataclass(frozen=True, eq=False, repr=False)
class Trained(Result):
    """A run: its folder, and what was reached. `cl.generate(trained)` makes music with it.

    table : the log, one row for each time that the selection pieces were scored
    """

    run: loop.Run

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.run.progress.log)

    @property
    def folder(self) -> Path:
        return self.run.folder

    def __fspath__(self) -> str:
        return str(self.folder)

    def __str__(self) -> str:
        return loop.summary(self.run)

    def parts(self) -> Sequence[str]:
        table = self.table
        rows = [[f"{value:g}" for value in row] for row in table.tail(5).to_numpy().tolist()]
        return (
            [markup.line("The last of the log:", faint=True), markup.table(list(table.columns), rows)] if rows else []
        )

    def plot(self) -> "Figure":
        """Every column of the log against the step."""
        from matplotlib.figure import Figure

        table = self.table
        names = [name for name in table.columns if name != "step"]
        figure = Figure((7.2, 0.6 + 1.5 * max(len(names), 1)), layout="constrained", facecolor="white")
        for place, name in enumerate(names, start=1):
            axes = figure.add_subplot(len(names), 1, place)
            axes.plot(table["step"], table[name], marker=".")
            axes.set_ylabel(name)
            axes.set_xlabel("step" if place == len(names) else "")
        return shown(figure)

    def to_latex(self) -> str:
        latex: str = load("clstm.tables", "latex")(self.table.map(lambda value: f"{value:g}"), str(self), "training")
        return latex

    def save(self, folder: Folder) -> Path:
        """A copy of the run. Raises `UserError` for a folder that is not empty."""
        folder = Path(folder)
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{readable(folder)} is not empty; name another folder")
        with replacing(folder) as building:
            shutil.copytree(self.folder, building)
        return folder


def train(
    kind: str,
    corpus: Folder,
    out: Folder,
    *,
    preset: str = "small",
    minutes: float | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    rate: float | None = None,
    supervision: str | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    devices: int = 1,
    nodes: int = 1,
    precision: str | None = None,
    resume: bool | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Trained:
    """Train a network.

    kind : rnn, lstm, c-lstm, c-lstm-plus or notes; corpus : a folder of `clstm prepare`; out : the folder of the run
    preset : "small"; "paper", "paper-matched", "plus" or "full", of the papers' and the bundled models' sizes
    minutes, epochs, steps : the budget, one of them; without one the preset's
    rate, supervision : the highest learning rate; the loss at every frame ("dense") or once per window ("last")
    settings : any other, as in {"hidden": 512}
    devices, nodes, precision : what Lightning trains on, and in which numbers
    resume : continue the run in `out`; None: if one is there
    progress : called as the budget is spent, in per cent; report : called with the run after every step

    Interrupted, the run is saved; the same call continues it exactly where it stopped. Raises `UserError` for what
    cannot be trained.
    """
    opened = Corpus.open(Path(corpus))
    chosen = [f"{name}={value}" for name, value in settings.items()] if isinstance(settings, Mapping) else settings
    given: dict[str, Any] = {"supervision": supervision, "rate": rate, "seed": seed}
    budgets: dict[str, Any] = {"steps": steps, "epochs": epochs, "minutes": minutes}
    network, config = configure(kind, preset, rows=opened.rows, settings=chosen, **given, **budgets)
    precision = choice("precision", precision or ("bf16-mixed" if kind == "notes" else "32-true"), PRECISIONS)
    machines = Machines(devices, nodes, precision)
    going_on = (Path(out) / STATE).exists() if resume is None else resume
    with _reporting(kind, report, progress) as told:
        return Trained(loop.train(opened, Path(out), network, config, machines=machines, resume=going_on, report=told))


@contextmanager
def _reporting(kind: str, report: Report | None, progress: Progress | None) -> Iterator[Report]:
    if report is not None:
        yield report
        return
    with waiting(progress) as advance:

        def told(run: loop.Run) -> None:
            advance(f"Training {kind}, step {run.progress.step}", int(100 * run.spent), 100)

        yield told
