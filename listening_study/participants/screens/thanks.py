"""The last screen: thanks, the completion code, and what the study was about."""

import streamlit as st

from listening_study.participants.screens import Visit
from listening_study.store import Listener


def show(visit: Visit, listener: Listener) -> None:
    """Shown only when the store says that this listener passed everything."""
    texts, access = visit.texts, visit.study.access
    st.title(texts.thanks_title, anchor=False)
    st.success(texts.thanks_text.format(count=listener.answered))
    if access.completion_code:
        st.markdown(f"**{texts.thanks_code}**")
        st.code(access.completion_code, language=None)
    if access.completion_url:
        st.link_button(texts.thanks_link, access.completion_url, type="primary", width="stretch")
    st.subheader(texts.debrief_title, anchor=False)
    st.markdown(texts.debrief_text)
