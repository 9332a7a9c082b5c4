"""One screen of a task: what is heard and asked. The answer is in the database before the next screen shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from listening_study.participants import task
from listening_study.participants.screens import Visit, big_button
from listening_study.participants.stages import Step
from listening_study.participants.task import Progress, Sheet, Sound, sources
from listening_study.participants.task.judged import Judged
from listening_study.protocol.items import Item, fault, items
from listening_study.protocol.questions import Response
from listening_study.protocol.tasks import TaskKind
from listening_study.store import Listener, RefusedError, UnavailableError

# A clip cannot be heard in less time than it lasts. Clocks of page and server may differ by a report's travel time.
TOLERANCE = 0.5  # seconds


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, study, number = visit.texts, visit.study, step.number
    all_items = items(study, visit.order, listener.slot)
    item, after = all_items[number], all_items[number + 1 : number + 2]
    shown_at, heard = _shown(visit, listener, number, item)
    counted = texts.task_progress if study.tasks else texts.trial_progress
    st.progress(number / study.trials, text=counted.format(number=number + 1, count=study.trials))
    st.title(_title(visit, item), anchor=False)

    sheet = _sheet(visit, listener, step, item, after)
    progress = task.show(sheet, texts, heard)
    _keep(visit, listener, number, progress)
    if progress.given_up:
        if big_button(texts.player_give_up, f"skip-{number}"):
            _submit(visit, listener, number, item, None)
        return
    if progress.values is None:
        return
    if max(heard, progress.least) < sheet.must_hear or not _is_possible(visit, shown_at, len(item.clips)):
        st.warning(texts.trial_not_heard)  # no page of ours sends this
        return
    _submit(visit, listener, number, item, progress.values)


def _title(visit: Visit, item: Item) -> str:
    is_source = item.task is TaskKind.SOURCE
    return visit.texts.trial_question if is_source else Judged(visit.study, item, visit.wording).title


def _sheet(visit: Visit, listener: Listener, step: Step, item: Item, after: Sequence[Item]) -> Sheet:
    """What is on the screen; after : the item after this one, where there is one, whose sounds are loaded meanwhile."""
    study, texts, questions = visit.study, visit.texts, visit.study.design.questions
    following = tuple(sound for one in after for sound in _sounds(visit, one))
    if item.task is not TaskKind.SOURCE:
        return Judged(study, item, visit.wording).sheet(step.stage, following)
    return Sheet(
        key=step.stage,
        sounds=_sounds(visit, item),
        asked=sources.asked(texts, sources.sides(study, listener.slot), questions),
        panels=sources.panels(questions),
        must_hear=study.design.must_hear,
        next=tuple(sound.path for sound in following),
    )


def _sounds(visit: Visit, item: Item) -> tuple[Sound, ...]:
    if item.task is TaskKind.SOURCE:
        return tuple(Sound(visit.study.clip_path(clip)) for clip in item.clips)
    return Judged(visit.study, item, visit.wording).sounds()


def _shown(visit: Visit, listener: Listener, number: int, item: Item) -> tuple[datetime, float]:
    """When this screen was first shown to this listener, and the share heard before this session.

    Stored and read once per session: what the page is given stays the same, and is not sent again. Where several sounds
    are heard, the page itself remembers how much of each was.
    """
    known: tuple[int, datetime, float] | None = st.session_state.get("shown")
    if known is None or known[0] != number:
        shown_at = visit.store.present(listener.id, number, item.name, item.kind)
        alone = len(item.clips) == 1 and not item.prompt
        known = number, shown_at, visit.store.heard(listener.id, number) if alone else 0.0
        st.session_state["shown"] = known
    return known[1:]


def _keep(visit: Visit, listener: Listener, number: int, progress: Progress) -> None:
    """Store a report of the page, each once."""
    if progress.number and st.session_state.get("reported") != (number, progress):
        visit.store.report(listener.id, number, heard=progress.least, plays=progress.plays, event=progress.event)
        st.session_state["reported"] = number, progress


def _is_possible(visit: Visit, shown_at: datetime, clips: int) -> bool:
    """Whether enough time has passed since the screen was shown for the required share of its clips to be heard.

    A screen shown in the future was shown before the server was started again with its clock set back: long ago.
    """
    gone = (visit.store.now() - shown_at).total_seconds()
    return gone < -TOLERANCE or gone >= clips * visit.study.design.must_hear * visit.study.seconds - TOLERANCE


def _submit(visit: Visit, listener: Listener, number: int, item: Item, values: Sequence[Any] | None) -> None:
    """Store what was answered, and show the next screen. values : None where the sound would not play"""
    try:
        _store(visit, listener, number, item, values)
    except UnavailableError:
        st.error(visit.texts.unavailable)  # the page keeps what was chosen: pressing again tries again
        return
    except RefusedError:  # out of turn: another tab was faster; the next run shows the right place
        if st.session_state.get("refused") == number:
            return  # it is still there, and would be refused again and again
        st.session_state["refused"] = number
    st.rerun()


def _store(visit: Visit, listener: Listener, number: int, item: Item, values: Sequence[Any] | None) -> None:
    store, study = visit.store, visit.study
    if values is None:
        store.record(listener.id, number, Response(answer=None))
        return
    if item.task is TaskKind.SOURCE:
        response = sources.response(sources.sides(study, listener.slot), study.design.questions, values)
        store.record(listener.id, number, response)
        return
    judgements = Judged(study, item, visit.wording).judgements(values)
    if found := fault(study.blocks[item.block], item, judgements):
        raise RefusedError(found)
    store.judge(listener.id, number, judgements)
