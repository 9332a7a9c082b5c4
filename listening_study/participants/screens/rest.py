"""A break, as long as the listener likes."""

import streamlit as st

from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Step
from listening_study.store import Listener


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, study = visit.texts, visit.study
    counted = texts.task_progress if study.tasks else texts.trial_progress
    said = texts.break_screens if study.tasks else texts.break_text
    st.progress(step.number / study.trials, text=counted.format(number=step.number, count=study.trials))
    st.title(texts.break_title, anchor=False)
    st.markdown(said.format(done=step.number, count=study.trials))
    if big_button(texts.break_go_on, f"{step.stage}-done"):
        done(visit, listener, step.stage)
