"""The paper's interview, in the listener's own words. Any question may be left out."""

import streamlit as st

from listening_study.participants.screens import Visit, big_button, done
from listening_study.store import LONGEST_TEXT, Listener

OF_ANY_TASK = ("other",)
QUESTIONS = ("cues", "human", "rhythm", "melody", "repetition", "other")


def show(visit: Visit, listener: Listener) -> None:
    texts = visit.texts
    st.title(texts.interview_title, anchor=False)
    st.markdown(texts.interview_text)
    replies = {
        question: st.text_area(
            getattr(texts, f"interview_{question}"), key=f"interview-{question}", max_chars=LONGEST_TEXT, height=90
        ).strip()
        for question in (QUESTIONS if visit.study.asks_source else OF_ANY_TASK)
    }
    if big_button(texts.interview_done, "interview-done"):
        done(visit, listener, "interview", {question: reply for question, reply in replies.items() if reply})
