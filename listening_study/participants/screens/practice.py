"""A practice clip: the right answer is shown afterwards. It is used nowhere else, and does not count."""

import streamlit as st

from listening_study.participants import task
from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Step
from listening_study.participants.task import Sheet, Sound, sources
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
    kept = first_answer(step)
    sides = sources.sides(study, listener.slot)
    sheet = Sheet(
        key=step.stage,
        sounds=(Sound(study.clip_path(clip)),),
        asked=(sources.maker(texts, sides),),
        panels=((0,),),
        must_hear=study.design.must_hear,
        next=tuple(study.clip_path(after) for after, _ in visit.order.practice[step.number + 1 : step.number + 2]),
        at_once=True,
        closed=kept is not None,
    )
    progress = task.show(sheet, texts)
    if progress.values and kept is None and progress.least >= study.design.must_hear:
        st.session_state[_key(step)] = str(sides[progress.values[0]])
        st.rerun()
    if kept is None:
        if progress.given_up and big_button(texts.go_on, f"{step.stage}-skipped"):
            done(visit, listener, step.stage)
        return
    made_by = texts.practice_human if truth == Answer.HUMAN else texts.practice_computer
    if kept == truth:
        st.success(texts.practice_right.format(answer=made_by))
    else:
        st.info(texts.practice_wrong.format(answer=made_by))
    if big_button(texts.go_on, f"{step.stage}-done"):
        done(visit, listener, step.stage, {"answer": kept})


def first_answer(step: Step) -> str | None:
    """The answer that was given before the right one was shown, which is the one stored; None before."""
    answer: str | None = st.session_state.get(_key(step))
    return answer


def _key(step: Step) -> str:
    return f"judged-{step.stage}"
