"""The study is busy: a newcomer who agreed waits, and is let in without doing anything."""

import streamlit as st

from listening_study.participants.screens import Visit
from listening_study.participants.screens.welcome import enter
from listening_study.store import Agreement, ClosedError, UnavailableError

RETRY = 3.0  # seconds


def show(visit: Visit, agreement: Agreement, invitation: str | None) -> None:
    st.title(visit.texts.busy_title, anchor=False)
    st.markdown(visit.texts.busy_text)
    st.html('<div class="waiting" aria-hidden="true"></div>')  # something moves: the page is alive

    @st.fragment(run_every=RETRY)
    def try_again() -> None:
        try:
            entered = enter(visit, agreement, invitation)
        except (ClosedError, UnavailableError):  # the whole page says so
            entered = True
        if entered:
            st.rerun()

    try_again()
