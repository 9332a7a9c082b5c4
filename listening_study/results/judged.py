"""The stored judgements joined with the sealed key and the secret order: one row per clip and attribute."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from clstm.runtime.errors import MismatchError
from listening_study.analysis.codebook import columns
from listening_study.analysis.exclusion import counted
from listening_study.protocol.configuration import Exclusions
from listening_study.protocol.items import Item, Judgement, items
from listening_study.protocol.key import REFERENCE, Key, Origin
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import TaskKind
from listening_study.store import AnsweredTrial, JudgedTrial, ListenerProgress


def judgements_table(
    study: Study, order: Order, key: Key, judged: Sequence[JudgedTrial], progress: Iterable[ListenerProgress]
) -> pd.DataFrame:
    """One row per judgement, columns as in the codebook. Empty, with its columns, without any.

    Raises `MismatchError` for a screen that this listener cannot have been shown.
    """
    slots = {one.participant: one.slot for one in progress}
    shown: dict[int, list[Item]] = {}
    rows = []
    for one in judged:
        slot = slots[one.participant]
        if slot not in shown:
            shown[slot] = items(study, order, slot)
        screens = shown[slot]
        item = screens[one.trial] if one.trial < len(screens) else None
        if item is None or item.name != one.item:
            raise MismatchError(
                f"participant {one.participant} judged a screen in trial {one.trial + 1} that is not in the study's "
                "order; restore the original order.json and answers"
            )
        rows += [_row(key, item, one, judgement) for judgement in one.judgements]
    table = pd.DataFrame(rows, columns=columns("judgements"))
    return table.astype(dict.fromkeys(("value", "heard", "seconds"), float))


def _row(key: Key, item: Item, trial: JudgedTrial, judgement: Judgement) -> dict[str, Any]:
    origin = _origin(key, judgement.clip)
    source, value = origin.source, judgement.value
    if item.task is TaskKind.ABX:
        one, other, x = (_origin(key, clip).source for clip in item.clips)
        value = float((one, other)[round(judgement.value) - 1] == x)
        source = next(name for name in (one, other) if name != key.human)
    return {
        "participant": trial.participant,
        "block": item.block + 1,
        "task": str(item.task),
        "trial": trial.trial + 1,
        "kind": trial.kind,
        "item": item.name,
        "prompt": origin.prompt,
        "position": item.clips.index(judgement.clip) + 1,
        "clip": judgement.clip,
        "source": source,
        "is_human": source in (key.human, REFERENCE),
        "attribute": judgement.attribute,
        "value": value,
        "heard": trial.heard,
        "plays": trial.plays,
        "seconds": trial.seconds,
        "shown_at": trial.shown_at,
        "answered_at": trial.answered_at,
    }


def _origin(key: Key, clip: str) -> Origin:
    return key.clips.get(clip) or key.others[clip]


def counted_judgements(
    judgements: pd.DataFrame, listeners: pd.DataFrame, exclusions: Exclusions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The judgements of main trials that count, and one row per reason for exclusion, as of answers.

    The exclusion of known pieces does not concern them: nobody is asked.
    """
    extra = judgements["participant"].isin(listeners.loc[listeners["extra"].astype(bool), "participant"])
    asked = judgements.assign(said_human=judgements["value"], known=False, extra=extra)
    kept, flow = counted(asked, listeners, exclusions)
    return kept[judgements.columns], flow[columns("judgement-exclusions")]


def of_source(study: Study, answered: Iterable[AnsweredTrial]) -> list[AnsweredTrial]:
    """The answers to human or computer: without the screens of other tasks that would not play."""
    clips = {*study.clips, *study.catch}
    return [one for one in answered if one.clip in clips]
