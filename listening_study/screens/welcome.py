"""Welcome and consent. Agreeing claims a place in the design and puts the listener's token into the address."""

from hashlib import sha256

import streamlit as st

from listening_study.screens import Visit

SECONDS_TO_THINK = 6  # per clip, for the estimate of how long it takes


def show(visit: Visit, *, unknown_link: bool) -> None:
    texts = visit.texts
    st.title(visit.study.title)
    if unknown_link:
        st.warning(texts.link_unknown)
    told = "\n\n".join([texts.welcome_intro, texts.welcome_task, texts.welcome_duration]).format(
        count=len(visit.study.clips),
        seconds=f"{visit.study.seconds:g}",
        minutes=_minutes(len(visit.study.clips), visit.study.seconds),
    )
    st.markdown(told)
    with st.container(border=True):
        st.subheader(texts.consent_title, anchor=False)
        st.markdown(texts.consent_text)
        agreed = st.checkbox(texts.consent_agree, key="agreed")
    consent = sha256("\n".join([told, texts.consent_text, texts.consent_agree]).encode()).hexdigest()
    if st.button(texts.consent_begin, key="begin", type="primary", width="stretch", disabled=not agreed):
        st.session_state["token"] = visit.store.admit(consent)
        st.rerun()


def _minutes(clips: int, seconds: float) -> int:
    return max(1, round(clips * (seconds + SECONDS_TO_THINK) / 60))
