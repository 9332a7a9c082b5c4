"""What every screen has around it: the choice of language above, where the screen begins, and withdrawing below."""

from importlib.resources import files
from typing import Any

import streamlit as st

from listening_study.participants.screens import Visit, arrived
from listening_study.protocol import languages
from listening_study.store import Listener, UnavailableError
from listening_study.streamlit_internals.page_selectors import button_of, page_parts


def top(visit: Visit, listener: Listener | None) -> None:
    """The choice of language."""
    offered = visit.study.words.languages
    if len(offered) > 1:
        with st.container(key="language", horizontal=True, horizontal_alignment="right"):
            chosen = st.selectbox(
                visit.texts.language_choice,
                offered,
                index=offered.index(visit.wording.code),
                format_func=lambda code: languages.load(code).language,
                key="language-choice",
                label_visibility="collapsed",
                width=160,
            )
        if chosen != visit.wording.code:
            st.session_state["language"] = chosen
            if listener:
                visit.store.choose_language(listener.id, chosen)
            st.rerun()
    if not visit.wording.validated:
        st.caption(visit.texts.unvalidated)


def begin(visit: Visit, screen: str, *, player: bool = False, detail: str = "") -> None:
    """Tell the page its language and where it is; a screen that is new begins at its top, with the focus there.

    screen : another for every clip and screen
    player : whether the focus belongs on the screen's player; it then has the screen's name for its key
    detail : selector of what gets the focus when it is new on the same screen; "" for nothing
    """
    if st.session_state.get("withdrawing") is not None:
        detail = button_of("withdraw-no" if st.session_state["withdrawing"] else "withdraw")
    data = {"code": visit.wording.code, "lost": visit.texts.lost, "parts": page_parts()}
    _page()(key="page", data={**data, "screen": screen, "player": player, "detail": detail})


def bottom(visit: Visit, token: str, listener: Listener) -> None:
    """The way out: withdrawing, asked once more."""
    texts = visit.texts
    with st.container(key="way-out"):
        if not st.session_state.get("withdrawing"):
            if st.button(texts.withdraw, key="withdraw", type="tertiary"):
                st.session_state["withdrawing"] = True
                st.rerun()
            return
        st.warning(texts.withdraw_sure)
        with st.container(horizontal=True):
            if st.button(texts.withdraw_no, key="withdraw-no"):
                st.session_state["withdrawing"] = False
                st.rerun()
            if st.button(texts.withdraw_yes, key="withdraw-yes"):
                back = arrived(visit, listener)  # no longer stored: for the link back, and the address
                _withdraw(visit, token)
                st.session_state.clear()
                st.session_state["withdrawn"] = True
                st.session_state["arrival"] = back
                st.rerun()


def _withdraw(visit: Visit, token: str) -> None:
    """An error after the rows were deleted is not shown: only old copies of them still wait to be overwritten."""
    try:
        visit.store.withdraw(token)
    except UnavailableError:
        if visit.store.find(token):
            raise


@st.cache_resource(show_spinner=False)
def _page() -> Any:
    js = files(__package__).joinpath("page.js").read_text(encoding="utf-8")
    return st.components.v2.component("page", js=js)
