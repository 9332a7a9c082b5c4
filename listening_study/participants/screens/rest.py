"""A break, as long as the listener likes."""

import streamlit as st

from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Step
from listening_study.store import Listener


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, count = visit.texts, visit.study.size.trials
    st.progress(step.number / count, text=texts.trial_progress.format(number=step.number, count=count))
    st.title(texts.break_title, anchor=False)
    st.markdown(texts.break_text.format(done=step.number, count=count))
    if big_button(texts.break_go_on, f"{step.stage}-done"):
        done(visit, listener, step.stage)
