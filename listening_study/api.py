"""The Python API of listening studies (`import clstm as cl`): `cl.load_study`, and its results once it is closed.

Looking at a study shows nothing that is sealed: who made a clip is read by `results` alone, which, as `clstm study
results` does, opens the key of a closed study and notes it in the study's journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clstm.notebook import markup
from clstm.notebook.figure import shown
from clstm.notebook.result import Folder, Result
from clstm.runtime.errors import UserError
from clstm.runtime.names import counted
from clstm.runtime.shadowing import load
from listening_study.protocol.study import Study, read_study
from listening_study.results.export import write_results
from listening_study.results.results import Results, read_results
from listening_study.results.summary import DESCRIPTIVE, caveats, verdict
from listening_study.store.database import open_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TALLY = ["source", "clips_heard", "majority_human", "answers", "p_human", "low", "high", "d_prime"]


@dataclass(frozen=True, eq=False, repr=False)
class StudyResults(Result):
    """What listeners answered.

    table : one row per answer to human or computer, or per judgement where nobody was asked
    tables : every exported table by name, with columns as in the codebook
    ranking : one row per source, the one most often taken for human first; else the table of the first block
    verdict : one sentence for each registered contrast, and what the tests of each other block show, in few words
    """

    results: Results

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return self.results.tables

    @property
    def table(self) -> pd.DataFrame:
        return self.tables["answers" if self.results.study.asks_source else "judgements"]

    @property
    def ranking(self) -> pd.DataFrame:
        """Columns: those of the tally that are known of every source; shares are 0..1."""
        if not self.results.study.asks_source:
            return self.results.shown_blocks[0].shown
        found = self.tables["tally"]
        found = found[[name for name in TALLY if name in found]]
        return found.sort_values("p_human", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def verdict(self) -> tuple[str, ...]:
        of_blocks = [words for block in self.results.shown_blocks for words in block.phrases]
        return (*verdict(self.results), *of_blocks)

    def caveats(self) -> tuple[str, ...]:
        return tuple(caveats(self.results))

    def __str__(self) -> str:
        one = self.results
        count = len(one.kept) + (0 if one.judged is None else len(one.judged))
        return f"{one.study.title}: {counted(one.listeners, 'listener')}, {counted(count, 'answer')} that count"

    def parts(self) -> Sequence[str]:
        if not self.results.study.asks_source:
            return [markup.lines(self.verdict)]
        rows = [
            [
                markup.text(row["source"]),
                f"{100 * row['p_human']:.0f} %" if np.isfinite(row["p_human"]) else "",
                markup.bar(row["p_human"]) if np.isfinite(row["p_human"]) else "",
                f"{100 * row['low']:.0f} to {100 * row['high']:.0f} %" if np.isfinite(row["low"]) else "",
                f"{row['answers']:.0f}",
            ]
            for row in self.ranking.to_dict("records")
        ]
        heads = ["", "taken for human", "", "95 %", "answers"]
        return [markup.lines(self.verdict), markup.table(heads, rows, texts=(2,)), markup.line(DESCRIPTIVE, faint=True)]

    def plot(self) -> "Figure":
        """How often each source was taken for human, or the first block's figure.

        Raises `UserError` where no answer counts.
        """
        from listening_study.results.figures import draw

        drawn = draw(self.results)
        if not drawn:
            raise UserError("no answer counts, so there is nothing to draw")
        return shown(next(iter(drawn.values())))

    def to_latex(self) -> str:
        found = self.ranking.map(lambda value: f"{value:.3g}" if isinstance(value, float) else str(value))
        caption = f"{self}. {DESCRIPTIVE}" if self.results.study.asks_source else f"{self}."
        latex: str = load("clstm.tables", "latex")(found, caption, "listeners")
        return latex

    def save(self, folder: Folder) -> Path:
        """The folder of `clstm study results`: tables, figures, summary.md and results.json."""
        write_results(self.results, Path(folder))
        return Path(folder)


@dataclass(frozen=True, eq=False, repr=False)
class LoadedStudy(Result):
    """A study and how far it is.

    table : one row per listener: language, trials answered; nothing of what was answered
    """

    study: Study
    database: str | None = None

    @property
    def table(self) -> pd.DataFrame:
        with open_answers(self.study, self.database) as store:
            rows = [(one.participant, one.language, one.answered) for one in store.progress()]
        return pd.DataFrame(rows, columns=["participant", "language", "answered"])

    @property
    def is_open(self) -> bool:
        """Whether listeners are admitted, and results sealed."""
        with open_answers(self.study, self.database) as store:
            return store.is_open()

    def results(self) -> StudyResults:
        """Open the sealed key of a closed study; the study's journal notes it. Raises `UserError` while it is open."""
        with open_answers(self.study, self.database) as store:
            return StudyResults(read_results(self.study, store))

    def __str__(self) -> str:
        state = "open" if self.is_open else "closed"
        return f"{self.study.title}: {counted(len(self.study.clips), 'clip')} of {self.study.sources} sources, {state}"

    def parts(self) -> Sequence[str]:
        answered = self.table["answered"]
        done = int((answered >= self.study.size.trials).sum())
        said = f"{counted(len(answered), 'listener')}, {done} complete; {self.study.size.trials} trials each."
        hint = "Results are sealed until it is closed." if self.is_open else "`results()` opens the sealed key."
        return [markup.line(said), markup.line(hint, faint=True)]

    def plot(self) -> "Figure":
        """How many trials each listener answered."""
        from matplotlib.figure import Figure

        table = self.table
        figure = Figure((7.2, 2.5), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        axes.bar(table["participant"], table["answered"])
        axes.set_xlabel("participant")
        axes.set_ylabel("trials answered")
        return shown(figure)

    def to_latex(self) -> str:
        latex: str = load("clstm.tables", "latex")(self.table, f"{self}.", "listeners")
        return latex

    def save(self, folder: Folder) -> Path:
        """The results, once the study is closed (`results`)."""
        return self.results().save(folder)


def load_study(folder: Folder, *, database: str | None = None) -> LoadedStudy:
    """Open a study's folder, as `clstm study create` made it.

    database : where its answers are, if not in the folder

    Raises `UserError` for a folder that is no study. `load_study(folder).results()` opens its key.
    """
    return LoadedStudy(read_study(Path(folder)), database)
