"""Everything is stored; what it was about."""

import streamlit as st

from listening_study.screens import Visit


def show(visit: Visit) -> None:
    texts = visit.texts
    st.title(texts.thanks_title, anchor=False)
    st.success(texts.thanks_text.format(count=len(visit.study.clips)))
    st.subheader(texts.debrief_title, anchor=False)
    st.markdown(texts.debrief_text)
