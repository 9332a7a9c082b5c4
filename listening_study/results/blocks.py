"""What can be concluded from each block of a study's tasks but human or computer, by `listening_study.analysis.tasks`.

The human source is the reference of all comparisons, or the first of the block's systems where it has none. The
registered level, anchor and contrasts are those of human or computer; the margin of equivalence is the registered share
of the scale's range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from listening_study.analysis.tasks import abx, mushra, preferences, ratings
from listening_study.protocol.configuration import Registration
from listening_study.protocol.registration import Registered
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.results.phrases import phrases

# The columns that a page has room for; those that a table has are shown.
SHOWN = (
    *("attribute", "source", "other", "listeners", "comparisons", "trials", "correct", "mean", "mean_low", "mean_high"),
    *("worth", "share", "difference", "low", "high", "rank_low", "rank_high", "p_holm", "verdict"),
)
TITLES = {
    TaskKind.RATING: "Ratings",
    TaskKind.PREFERENCE: "Preferences",
    TaskKind.CONTINUATION: "Ratings of continuations",
    TaskKind.MUSHRA: "MUSHRA",
    TaskKind.ABX: "ABX",
}


@dataclass(frozen=True, eq=False)
class TaskTable:
    """One table of one block, of a study or of imported results.

    name : of its file
    meanings : of its columns
    remarks : what to know of it, one sentence each
    """

    name: str
    title: str
    table: pd.DataFrame
    meanings: Mapping[str, str] = field(repr=False)
    remarks: tuple[str, ...] = ()

    @property
    def of_persons(self) -> bool:
        """Whether it has a row per listener: not to be published, and not shown."""
        return "participant" in self.table

    @property
    def shown(self) -> pd.DataFrame:
        """The table without what a page has no room for."""
        table = self.table[[name for name in SHOWN if name in self.table]]
        return table.astype({name: "Int64" for name in ("rank_low", "rank_high") if name in table})

    @property
    def words(self) -> list[str]:
        """Its comparisons, one sentence each; what is said of the reference alone is in the table."""
        if "words" not in self.table:
            return list(self.remarks)
        compared = self.table["source"] != self.table["reference"] if "reference" in self.table else slice(None)
        said = self.table.loc[compared, "words"]
        return [*self.remarks, *(str(words) for words in said if isinstance(words, str) and words)]


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockResult(TaskTable):
    """One table of one block of a study."""

    task: Task

    @property
    def phrases(self) -> list[str]:
        """What it says in few words, as `clstm study results` and a report have it."""
        return [*self.remarks, *phrases(self.task.kind, self.table)]

    @property
    def scale(self) -> list[int] | None:
        """The lowest and the highest rating; None where nothing is rated, or attributes have several scales."""
        scales = {attribute.range for attribute in self.task.asked}
        return list(scales.pop()) if len(scales) == 1 else None


def conclude_blocks(study: Study, registered: Registered, kept: pd.DataFrame) -> list[BlockResult]:
    """The tables of every block.

    kept : the judgements that count
    """
    found = []
    for number, task in enumerate(study.blocks, 1):
        if task.kind is not TaskKind.SOURCE:
            found += _concluded(number, task, registered, kept[kept["block"] == number])
    return found


def _concluded(number: int, task: Task, registered: Registered, own: pd.DataFrame) -> list[BlockResult]:
    plan = registered.plan
    present = [name for name in registered.sources if name in set(own["source"])]
    reference = registered.human if registered.human in present or not present else present[0]
    contrasts = [name for name in plan.contrasts if name in present and name != reference]
    name, title = f"block {number} {task.kind}".replace(" ", "-"), f"Block {number}: {TITLES[task.kind]}"
    match task.kind:
        case TaskKind.RATING | TaskKind.CONTINUATION:
            margin = _margin(task, plan.margin)
            table = ratings.rate(own, reference, plan.alpha, margin, plan.anchor, contrasts)
            return [BlockResult(name, title, table, ratings.COLUMNS, task=task)]
        case TaskKind.ABX:
            table = abx.identify(own, plan.alpha, plan.margin, plan.anchor, contrasts)
            return [BlockResult(name, title, table, abx.COLUMNS, task=task)]
        case TaskKind.PREFERENCE:
            found = preferences.prefer(own, plan.alpha, plan.margin, plan.anchor)
            systems = f"{name}-systems", f"{title}, systems"
            return [
                BlockResult(name, title, found.pairs, preferences.PAIRS, task=task),
                BlockResult(*systems, found.systems, preferences.SYSTEMS, task=task),
            ]
        case _:
            return _mushra(name, title, task, plan, own)


def _mushra(name: str, title: str, task: Task, plan: Registration, own: pd.DataFrame) -> list[BlockResult]:
    """The scores of the listeners who pass the post-screening, and who does not."""
    screened = mushra.screen(own)
    anchor = mushra.LOW_ANCHOR if mushra.LOW_ANCHOR in set(own["source"]) else None
    table = mushra.score(own, alpha=plan.alpha, margin=_margin(task, plan.margin), anchor=anchor)
    remark = mushra.remark(screened)
    return [
        BlockResult(name, title, table, ratings.COLUMNS, (remark,), task=task),
        BlockResult(f"{name}-screening", f"{title}, screening", screened, mushra.SCREENED, task=task),
    ]


def _margin(task: Task, share: float) -> float | None:
    """In points; None where attributes have different scales, for which one margin has no meaning."""
    widths = {high - low for low, high in (attribute.range for attribute in task.asked)}
    return share * widths.pop() if len(widths) == 1 else None
