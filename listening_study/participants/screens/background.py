"""A few questions about the listener, each of which may be left out. Replies are stored by number, in any language."""

import streamlit as st

from listening_study.participants.screens import Visit, done
from listening_study.store import Listener

QUESTIONS = ("listening", "training", "playing", "hearing")


def show(visit: Visit, listener: Listener) -> None:
    texts = visit.texts
    st.title(texts.background_title, anchor=False)
    st.markdown(texts.background_text)
    replies = {}
    form = st.form("background", border=False, enter_to_submit=False)  # one run of the page for all of them
    for question in QUESTIONS:
        options = getattr(texts, f"background_{question}_options")
        chosen = form.radio(
            getattr(texts, f"background_{question}"),
            range(len(options)),
            format_func=options.__getitem__,
            index=None,
            key=f"background-{question}",
            horizontal=True,
        )
        if chosen is not None:
            replies[question] = str(chosen)
    if form.form_submit_button(texts.go_on, key="background-done", type="primary", width="stretch"):
        done(visit, listener, "background", replies)
