"""The last screen: thanks, the completion code, and what the study was about."""

import streamlit as st

from listening_study.participants.screens import Visit, arrived, show_end
from listening_study.protocol.endings import Ending
from listening_study.store import Listener


def show(visit: Visit, listener: Listener) -> None:
    """Shown only when the store says that this listener passed everything."""
    texts = visit.texts
    st.title(texts.thanks_title, anchor=False)
    st.success(texts.thanks_text.format(count=listener.answered))
    show_end(visit, Ending.COMPLETE, arrived(visit, listener), texts.thanks_code)
    st.header(texts.debrief_title, anchor=False)
    st.markdown(texts.debrief_text if visit.study.asks_source else texts.debrief_tasks)
