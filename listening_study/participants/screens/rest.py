"""A break, as long as the listener likes."""

import streamlit as st

from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Place
from listening_study.store import Listener


def show(visit: Visit, listener: Listener, place: Place) -> None:
    texts, count = visit.texts, visit.study.size.trials
    st.progress(place.number / count, text=texts.trial_progress.format(number=place.number, count=count))
    st.title(texts.break_title, anchor=False)
    st.markdown(texts.break_text.format(done=place.number, count=count))
    if big_button(texts.break_go_on, f"{place.stage}-done"):
        done(visit, listener, place.stage)
