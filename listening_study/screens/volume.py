"""A short scale, once, to set the volume by. It is part of no clip."""

import streamlit as st

from listening_study.screens import Visit
from listening_study.store import Listener


def show(visit: Visit, listener: Listener) -> None:
    texts = visit.texts
    st.title(texts.volume_title, anchor=False)
    st.markdown(texts.volume_text)
    st.audio(visit.study.volume_path.read_bytes(), format="audio/flac")
    if st.button(texts.volume_done, key="volume-done", type="primary", width="stretch"):
        visit.store.pass_volume_check(listener.id)
        st.rerun()
    with st.expander(texts.volume_help_title):
        st.markdown(texts.volume_help)
