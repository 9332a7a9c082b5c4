"""A few questions about the listener, each of which may be left out. Replies are stored by number, in any language."""

import streamlit as st

from listening_study.screens import Visit, big_button, done
from listening_study.store import Listener

QUESTIONS = ("listening", "training", "playing", "hearing")


def show(visit: Visit, listener: Listener) -> None:
    texts = visit.texts
    st.title(texts.background_title, anchor=False)
    st.markdown(texts.background_text)
    replies = {}
    for question in QUESTIONS:
        options = getattr(texts, f"background_{question}_options")
        chosen = st.radio(
            getattr(texts, f"background_{question}"),
            range(len(options)),
            format_func=options.__getitem__,
            index=None,
            key=f"background-{question}",
            horizontal=True,
        )
        if chosen is not None:
            replies[question] = str(chosen)
    if big_button(texts.go_on, "background-done"):
        done(visit, listener, "background", replies)
