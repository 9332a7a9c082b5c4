"""`cl.accuracy`: how well models predict. `clstm accuracy` calls it too."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from clstm.music.score import HORIZON
from clstm.notebook import markup
from clstm.notebook.figure import shown
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.prediction import accuracy as scoring
from clstm.prediction import tables
from clstm.prediction import trainings as several
from clstm.runtime.files import write_table, write_text
from clstm.runtime.ownership import may_write_table, may_write_text
from clstm.runtime.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE, PAIRS, LATEX = "accuracy.csv", "accuracy-pairs.csv", "accuracy.tex"
Runs = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, eq=False, repr=False)
class Accuracy(Result):
    """How well models and trivial baselines predict the next frame and the next nine.

    table : one row per system and horizon: accuracy, F1, nats, joint nats, skill, with 95 % intervals
    pairs : model against model; trainings : networks with several trainings each, else None
    ranking : models and baselines by nats of the next frame, or by joint nats, the best first
    """

    counts: pd.DataFrame
    seed: int = 0
    said: tuple[str, ...] = ()
    networks: dict[str, str] | None = None

    def caveats(self) -> tuple[str, ...]:
        return self.said

    @cached_property
    def table(self) -> pd.DataFrame:
        return scoring.summarise(self.counts, self.seed)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        return scoring.differences(self.counts, self.seed)

    @cached_property
    def trainings(self) -> pd.DataFrame | None:
        return several.compare(self.counts, self.networks, self.seed) if self.networks else None

    @property
    def ranking(self) -> pd.DataFrame:
        """Columns: system, role, nats, joint_nats, accuracy; those without nats last."""
        found = self.table[self.table["horizon"] == "next"].reindex(
            columns=["system", "role", "nats", "joint_nats", "accuracy"]
        )
        by = "joint_nats" if tables.has_joint(found) else "nats"
        return found.sort_values(by, na_position="last", kind="stable").reset_index(drop=True)

    @property
    def notes(self) -> list[str]:
        """How to read the tables, one line each."""
        return [*tables.notes(self.table), *tables.joint_notes(self.table), *tables.pair_notes(self.pairs)]

    def __str__(self) -> str:
        own = self.table[self.table["horizon"] == "next"].iloc[0]
        return f"Prediction of {own['windows']:,} windows of {own['pieces']:,} pieces"

    def parts(self) -> Sequence[str]:
        rows = [
            [markup.text(row["system"]), markup.text(tables.BLOCKS[row["role"]]), *map(_cell, _numbers(row))]
            for row in self.ranking.to_dict("records")
        ]
        heads = ["the next frame", "", "joint nats", "nats", "accuracy, %"]
        return [markup.table(heads, rows, texts=(1,)), markup.folded("How to read it", markup.lines(self.notes))]

    def plot(self) -> "Figure":
        """Nats of the next frame, with their intervals where there are any."""
        from matplotlib.figure import Figure

        by = "joint_nats" if tables.has_joint(self.table) else "nats"
        rows = self.table[self.table["horizon"] == "next"].dropna(subset=by).sort_values(by).to_dict("records")
        figure = Figure((7.2, 0.9 + 0.28 * len(rows)), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            colour = "0.55" if row["role"] == "baseline" else "#0072b2"
            axes.plot([float(row[f"{by}_low"]), float(row[f"{by}_high"])], [place, place], color=colour)
            axes.plot(row[by], place, "o", color=colour)
        axes.set_yticks(range(len(rows)), [str(row["system"]) for row in rows], parse_math=False)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(f"{by.replace('_', ' ')} of the next frame; fewer is better")
        return shown(figure)

    def to_latex(self) -> str:
        return tables.latex(self.table)

    def save(self, folder: Folder) -> Path:
        """accuracy.csv, accuracy-pairs.csv and accuracy.tex."""
        folder = Path(folder)
        may_write_table(folder / FILE, scoring.COLUMNS)
        may_write_table(folder / PAIRS, scoring.PAIRS)
        may_write_text(folder / LATEX, tables.MADE, "LaTeX")
        write_table(folder / FILE, self.table)
        write_table(folder / PAIRS, self.pairs)
        write_text(folder / LATEX, self.to_latex())
        return folder


def _numbers(row: dict[Any, Any]) -> tuple[float, float, float]:
    return row["joint_nats"], row["nats"], 100 * row["accuracy"]


def _cell(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"


def accuracy(
    corpus: Folder,
    runs: Runs,
    *,
    split: str | None = None,
    stride: int = HORIZON,
    replicates: bool = False,
    baselines_from: Folder | None = None,
    seed: int = 0,
    caution: Callable[[str], object] | None = None,
    progress: Progress | None = None,
) -> Accuracy:
    """Measure how well each model predicts the next frame and the next nine (the paper's Table 2).

    corpus : a folder of `clstm prepare`
    runs : folders, names of bundled models, or with `replicates` "NAME=DIR" of several trainings of a network
    split : which pieces; None: those held out; stride : frames from one window to the next
    baselines_from : the corpus that trivial baselines learn from; None: the one scored
    caution : called before the work with each reason for care; `remarks` of the result has them too

    Raises `UserError` and `MismatchError` where runs and corpus do not fit.
    """
    found, networks = several.runs_of([os.fspath(run) for run in runs], replicates=replicates)
    said: list[str] = []

    def told(reason: str) -> None:
        said.append(reason)
        if caution:
            caution(reason)

    with waiting(progress) as advance:
        counts = scoring.score_paths(
            *(Path(corpus), list(found.values())),
            split=split,
            stride=stride,
            teacher=None if baselines_from is None else Path(baselines_from),
            names=list(found),
            caution=told,
            progress=advance,
        )
    return Accuracy(counts, seed, tuple(said), networks)
