"""A practice clip: the right answer is shown afterwards. It is used nowhere else, and does not count."""

import streamlit as st

from listening_study.participants.player import play
from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.screens.questions import ask_maker
from listening_study.participants.stages import Step
from listening_study.store import Answer, Listener


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, study = visit.texts, visit.study
    clip, truth = visit.order.practice[step.number]
    st.progress(
        step.number / len(study.practice),
        text=texts.practice_progress.format(number=step.number + 1, count=len(study.practice)),
    )
    st.title(texts.trial_question, anchor=False)
    st.markdown(texts.practice_hint)
    hearing = play(step.stage, study.clip_path(clip), texts, must_hear=study.design.must_hear)
    open_now = hearing.given_up or hearing.heard >= study.design.must_hear
    kept = first_answer(step)
    chosen = ask_maker(texts, f"practice-{step.number}", disabled=kept is not None or not open_now)
    if chosen and open_now and kept is None:
        st.session_state[_key(step)] = chosen
        st.rerun()
    chosen = kept
    if chosen is None:
        st.caption(texts.trial_hint)
        if hearing.given_up and big_button(texts.go_on, f"{step.stage}-skipped"):
            done(visit, listener, step.stage)
        return
    maker = texts.practice_human if truth == Answer.HUMAN else texts.practice_computer
    if chosen == truth:
        st.success(texts.practice_right.format(answer=maker))
    else:
        st.info(texts.practice_wrong.format(answer=maker))
    if big_button(texts.go_on, f"{step.stage}-done"):
        done(visit, listener, step.stage, {"answer": chosen})


def first_answer(step: Step) -> str | None:
    """The answer that was given before the right one was shown, which is the one stored; None before."""
    answer: str | None = st.session_state.get(_key(step))
    return answer


def _key(step: Step) -> str:
    return f"judged-{step.stage}"
