"""What listeners said of clips, question by question: the observations that metrics and distances are compared with.

A question is an attribute that was rated, or the task itself. Its observations are clips, or pairs of clips where two
are judged together; every judgement that counts is one value.

    source                 1 where a clip was taken for human, else 0
    rating, continuation   the rating, less the mean of all ratings of this listener on this attribute, plus that of all
    mushra                 the same, of listeners who pass the post-screening; neither hidden reference nor anchors
    preference             of two clips: 1 where the first was preferred, 0.5 where there was no difference
    abx                    of the two clips: 1 where X was identified, else 0
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.agreement import PAIRED
from listening_study.analysis.tasks import mushra
from listening_study.analysis.tasks.grids import main_trials
from listening_study.protocol.key import Key
from listening_study.protocol.tasks import TaskKind

HUMAN_OR_COMPUTER = "human or computer"


@dataclass(frozen=True, eq=False)
class Heard:
    """One question of a block.

    about : block from 1, task, question
    units : clip, other ("" of single clips) and source, a row per clip or pair; of pairs, source names the systems
    said : a row per listener, a column per unit; NaN where not heard
    """

    about: tuple[int, str, str]
    units: pd.DataFrame
    said: pd.DataFrame

    @property
    def judged(self) -> "pd.Series[float]":
        return self.said.mean()

    @property
    def paired(self) -> bool:
        return self.about[1] in PAIRED


def of_answers(kept: pd.DataFrame, block: int) -> Heard:
    """What was said of human or computer.

    kept : the answers that count
    """
    table = kept.assign(unit=kept["clip"], other="", value=kept["said_human"].astype(float))
    return _heard((block, str(TaskKind.SOURCE), HUMAN_OR_COMPUTER), table)


def of_judgements(kept: pd.DataFrame, key: Key, screens: Mapping[str, tuple[str, ...]]) -> Iterator[Heard]:
    """Every question of the other tasks.

    kept : the judgements that count
    screens : the clips of each item, by its name
    """
    for (number, kind), own in main_trials(kept).groupby(["block", "task"], sort=True):
        block, task = int(str(number)), str(kind)
        match TaskKind(task):
            case TaskKind.PREFERENCE:
                yield _heard((block, task, task), _preferred(own, key))
            case TaskKind.ABX:
                yield _heard((block, task, task), _identified(own, screens))
            case _:
                for attribute, table in own.groupby("attribute", sort=False):
                    rated = _rated(table, key, task)
                    if len(rated):
                        yield _heard((block, task, str(attribute)), rated)


def _heard(about: tuple[int, str, str], table: pd.DataFrame) -> Heard:
    """table : participant, unit, clip, other, source, value"""
    units = table.drop_duplicates("unit").set_index("unit")[["clip", "other", "source"]].sort_index()
    return Heard(about, units, table.pivot_table("value", "participant", "unit", "mean")[units.index])


def _rated(own: pd.DataFrame, key: Key, task: str) -> pd.DataFrame:
    if task == TaskKind.MUSHRA:
        screened = mushra.screen(own)
        own = own[~own["participant"].isin(screened.loc[screened["excluded"], "participant"])]
    own = own[own["source"].isin(key.sources)]
    level = own.groupby("participant")["value"].transform("mean")
    return own.assign(unit=own["clip"], other="", value=own["value"] - level + own["value"].mean())


def _preferred(own: pd.DataFrame, key: Key) -> pd.DataFrame:
    """One row per comparison, the clip of the source that is first in the key as the first."""
    own = own.assign(place=own["source"].map({name: place for place, name in enumerate(key.sources)}))
    own = own.sort_values(["participant", "trial", "place", "clip"], kind="stable")
    trials = own.groupby(["participant", "trial"], sort=False)
    first, second = trials.nth(0).reset_index(drop=True), trials.nth(1).reset_index(drop=True)
    return first.assign(
        unit=first["clip"] + " " + second["clip"],
        other=second["clip"],
        source=first["source"] + " and " + second["source"],
    )


def _identified(own: pd.DataFrame, screens: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """One row per answer; the two clips in any order, as a distance has none."""
    pairs = [sorted(screens[item][:2]) for item in own["item"]]
    return own.assign(
        unit=[" ".join(pair) for pair in pairs], clip=[one for one, _ in pairs], other=[other for _, other in pairs]
    )
