"""What stands around every screen: the choice of language above it, and the way out below it."""

from typing import Any

import streamlit as st

from listening_study import languages
from listening_study.screens import Visit
from listening_study.store import Listener, UnavailableError

_LANGUAGE = """
export default function ({ data }) {
  document.documentElement.lang = data.code
  let lost = document.getElementById("lost")
  if (!lost) {
    lost = Object.assign(document.createElement("p"), { id: "lost", hidden: true })
    lost.setAttribute("role", "alert")
    document.body.append(lost)
    addEventListener("offline", () => { lost.hidden = false })
    addEventListener("online", () => { lost.hidden = true })
    setInterval(() => {
      const status = document.querySelector("[data-testid=stConnectionStatus]")
      lost.hidden = navigator.onLine && !status
    }, 1000)
  }
  lost.textContent = data.lost
}
"""


def top(visit: Visit, listener: Listener | None) -> None:
    """The language of the page, told to screen readers and switchable."""
    offered = visit.study.words.languages
    _page()(key="page", data={"code": visit.wording.code, "lost": visit.texts.lost})
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


def bottom(visit: Visit, token: str) -> None:
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
                _withdraw(visit, token)
                st.session_state.clear()
                st.session_state["withdrawn"] = True
                st.rerun()


def _withdraw(visit: Visit, token: str) -> None:
    """The rows can be gone though old copies of them wait to be overwritten: then nothing failed for the listener."""
    try:
        visit.store.withdraw(token)
    except UnavailableError:
        if visit.store.find(token):
            raise


@st.cache_resource(show_spinner=False)
def _page() -> Any:
    return st.components.v2.component("page", js=_LANGUAGE)
