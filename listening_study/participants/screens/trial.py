"""One clip and what is asked about it. The answer is in the database before the next clip shows."""

from datetime import datetime
from typing import Any

import streamlit as st

from listening_study.participants.player import Hearing, play
from listening_study.participants.screens import Visit, big_button
from listening_study.participants.screens.questions import ask, ask_maker
from listening_study.participants.stages import Step
from listening_study.protocol.design import Trial
from listening_study.protocol.questions import FORMS, Question, ReplyKind, Response
from listening_study.store import Listener, RefusedError, UnavailableError

# A clip cannot be heard in less time than it lasts. Clocks of page and server may differ by a report's travel time.
TOLERANCE = 0.5  # seconds


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, study, number = visit.texts, visit.study, step.number
    trial = visit.order.trials(study, listener.slot)[number]
    shown_at = _shown(visit, listener, number, trial)
    count = study.size.trials
    st.progress(number / count, text=texts.trial_progress.format(number=number + 1, count=count))
    st.title(texts.trial_question, anchor=False)

    heard = visit.store.heard(listener.id, number)
    path = study.clip_path(trial.clip)
    hearing = play(step.stage, path, texts, must_hear=study.design.must_hear, heard=heard)
    _keep(visit, listener, number, hearing)
    heard = max(heard, hearing.heard)
    if hearing.given_up:
        if big_button(texts.player_give_up, f"skip-{number}"):
            _submit(visit, listener, number, Response(answer=None))
        return
    opened = heard >= study.design.must_hear and _is_possible(visit, shown_at)
    st.markdown(texts.trial_hint if opened else texts.trial_locked)
    with st.form(f"trial-{number}", border=False, enter_to_submit=False):
        answer = ask_maker(texts, str(number), disabled=not opened)
        replies: dict[Question, Any] = {
            question: ask(question, texts, str(number), disabled=not opened) for question in study.design.questions
        }
        pressed = st.form_submit_button(
            texts.trial_next, key=f"next-{number}", type="primary", width="stretch", disabled=not opened
        )
    if not pressed:
        return
    if not opened:  # no page of ours sends this
        st.warning(texts.trial_not_heard)
        return
    missing = [texts.trial_question] if answer is None else []
    missing += [
        texts.questions[question].label
        for question, reply in replies.items()
        if reply is None and FORMS[question].kind is not ReplyKind.TEXT
    ]
    if missing:
        st.warning(texts.trial_missing.format(missing=" · ".join(missing)))
        return
    _submit(visit, listener, number, Response(answer, **{str(question): reply for question, reply in replies.items()}))


def _shown(visit: Visit, listener: Listener, number: int, trial: Trial) -> datetime:
    """When this clip was first shown to this listener; stored once per session."""
    known: tuple[int, datetime] | None = st.session_state.get("shown")
    if known is None or known[0] != number:
        known = number, visit.store.present(listener.id, number, trial.clip, trial.kind)
        st.session_state["shown"] = known
    return known[1]


def _keep(visit: Visit, listener: Listener, number: int, hearing: Hearing) -> None:
    """Store a report of the player, each once."""
    if hearing.number and st.session_state.get("reported") != (number, hearing):
        visit.store.report(listener.id, number, heard=hearing.heard, plays=hearing.plays, event=hearing.event)
        st.session_state["reported"] = number, hearing


def _is_possible(visit: Visit, shown_at: datetime) -> bool:
    """Whether enough time has passed since the clip was shown for the required share to be heard.

    A clip shown in the future was shown before the server was started again with its clock set back: long ago.
    """
    gone = (visit.store.now() - shown_at).total_seconds()
    return gone < -TOLERANCE or gone >= visit.study.design.must_hear * visit.study.seconds - TOLERANCE


def _submit(visit: Visit, listener: Listener, number: int, response: Response) -> None:
    try:
        visit.store.record(listener.id, number, response)
    except UnavailableError:
        st.error(visit.texts.unavailable)  # the form keeps what was chosen: pressing again tries again
        return
    except RefusedError:  # out of turn: another tab was faster; the next run shows the right place
        pass
    st.rerun()
