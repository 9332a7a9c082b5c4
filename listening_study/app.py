"""The participants' page, run by Streamlit: finds where this listener is and shows that one screen.

The token in the address and the database say where; the session only saves looking. After a reload, in a second tab or
on a server started again, the same address shows the same screen. Nothing here, or in what this imports, reads the
sealed key or the answers of anybody else.
"""

import sys
from pathlib import Path

import streamlit as st

from listening_study import languages
from listening_study.screens import Visit, thanks, trial, volume, welcome
from listening_study.store import Listener, Store, UnavailableError
from listening_study.study import read_study

HERE = Path(__file__).parent


@st.cache_resource(show_spinner=False)
def open_visit(folder: str) -> Visit:
    """What all listeners share, and nothing of any one of them."""
    study = read_study(Path(folder))
    return Visit(study, Store(study.answers_path), languages.load(study.language))


def main() -> None:
    visit = open_visit(sys.argv[1])
    st.set_page_config(page_title=visit.study.title, page_icon=str(HERE / "icon.svg"))
    st.html(HERE / "style.css")
    try:
        show_screen(visit)
    except UnavailableError:
        st.error(visit.texts.unavailable)
        st.button(visit.texts.try_again, type="primary")


def show_screen(visit: Visit) -> None:
    token = st.session_state.get("token") or st.query_params.get("t")
    listener = visit.store.find(token) if token else None
    if token and listener:
        # Navigation may clear the address, a reload the session: each restores the other.
        st.session_state["token"] = st.query_params["t"] = token
    match listener:
        case None:
            welcome.show(visit, unknown_link=bool(token))
        case Listener(volume_checked=False):
            volume.show(visit, listener)
        case Listener(answered=answered) if answered < len(visit.study.clips):
            trial.show(visit, listener)
        case _:
            thanks.show(visit)


main()
