"""The participants' page, run by Streamlit: finds the step that this listener has reached and shows its screen.

The token in the address and the database determine the step; the session only caches it. After a reload, in a second
tab or on a server started again, the same address shows the same screen. Nothing here, or in what this imports, reads
the sealed key, the registration or the answers of anybody else. The secret order is read and never sent: a page gets
its listener's next clip as bytes without a name.
"""

import sys
from dataclasses import replace
from pathlib import Path

import streamlit as st

from listening_study.participants.admission_rate import Admissions
from listening_study.participants.screens import (
    Visit,
    arrived,
    background,
    busy,
    frame,
    headphones,
    interview,
    notice,
    practice,
    rest,
    thanks,
    trial,
    volume,
    welcome,
)
from listening_study.participants.stages import FINISHED, Screen, Step, current_step
from listening_study.protocol import languages
from listening_study.protocol.invitation import wordings
from listening_study.protocol.order import Order, open_order
from listening_study.protocol.study import Study, read_study
from listening_study.store import ClosedError, FullError, Listener, RefusedError, Store, UnavailableError
from listening_study.store.database import answers_address
from listening_study.streamlit_internals.page_selectors import button_of, with_selectors

HERE = Path(__file__).parent
WITH_PLAYER = (Screen.VOLUME, Screen.HEADPHONES, Screen.PRACTICE, Screen.TRIAL)  # it gets the focus first


@st.cache_resource(show_spinner=False)
def open_study(folder: str) -> tuple[Study, Order, Store, Admissions, dict[str, languages.Wording]]:
    """What all listeners share, and nothing of any one of them."""
    study = read_study(Path(folder))
    admissions = Admissions(study.access.admissions, study.access.admissions_per_address)
    return study, open_order(study), Store(answers_address(study)), admissions, dict(wordings(study))


@st.cache_resource(show_spinner=False)
def _style() -> str:
    return with_selectors((HERE / "style.css").read_text(encoding="utf-8"))


def main() -> None:
    study, order, store, admissions, offered = open_study(sys.argv[1])
    st.set_page_config(page_title=study.title, page_icon=str(HERE.parent / "icon.svg"))
    st.html(f"<style>{_style()}</style>")
    token = _token(study)
    visit = Visit(study, order, store, admissions, offered[_language(offered, None)])
    listener = None
    try:
        listener = store.find(token) if token else None
        visit = replace(visit, wording=offered[_language(offered, listener)])
        frame.top(visit, listener)
        show_screen(visit, token, listener)
    except UnavailableError:
        st.error(visit.texts.unavailable)
        st.button(visit.texts.try_again, type="primary")
    except RefusedError:  # another tab went on meanwhile: the next run finds the right place
        st.rerun()
    except FullError:  # somebody finished while this newcomer was reading
        notice.full(visit)
    except ClosedError:
        notice.closed(visit, listener)


def show_screen(visit: Visit, token: str | None, listener: Listener | None) -> None:
    if st.session_state.get("withdrawn"):
        # The address is again the one they came with: whoever agrees after all can be paid.
        st.query_params.from_dict(arrived(visit))
        frame.begin(visit, "withdrawn")
        notice.withdrawn(visit)
    elif token and listener:
        # Navigation may clear the address, a reload the session: each restores the other.
        st.session_state["token"] = token
        if dict(st.query_params) != {"t": token}:
            st.query_params.from_dict({"t": token})
        show_step(visit, listener, current_step(listener, visit.study))
        frame.bottom(visit, token, listener)
    elif left := st.session_state.get("left"):
        frame.begin(visit, "left")
        notice.left(visit, left)
    elif not visit.store.is_open():
        frame.begin(visit, "closed")
        notice.closed(visit)
    elif visit.store.is_full(visit.study.recruitment):
        frame.begin(visit, "full")
        notice.full(visit)
    elif waiting := st.session_state.get("waiting"):
        frame.begin(visit, "busy")
        busy.show(visit, *waiting)
    elif visit.study.access.mode == "tokens":
        if token and visit.store.invited(token):
            frame.begin(visit, "welcome")
            welcome.show(visit, invitation=token, unknown_link=False)
        else:
            frame.begin(visit, "link-needed")
            notice.link_needed(visit)
    else:
        frame.begin(visit, "welcome")
        welcome.show(visit, invitation=None, unknown_link=bool(token))


def show_step(visit: Visit, listener: Listener, step: Step) -> None:
    finished = step.screen in (Screen.INTERVIEW, Screen.THANKS)
    if finished and FINISHED not in listener.stages:
        visit.store.pass_stage(listener.id, FINISHED)
        if visit.study.recruitment:
            visit.store.note_full(visit.study.recruitment)
    if not finished and not visit.store.is_open():
        frame.begin(visit, "closed")
        notice.closed(visit, listener)
        return
    judged = step.screen is Screen.PRACTICE and practice.first_answer(step) is not None
    detail = button_of(f"{step.stage}-done") if judged else ""
    frame.begin(visit, step.stage, player=step.screen in WITH_PLAYER, detail=detail)
    match step.screen:
        case Screen.BACKGROUND:
            background.show(visit, listener)
        case Screen.VOLUME:
            volume.show(visit, listener, step)
        case Screen.HEADPHONES:
            headphones.show(visit, listener, step)
        case Screen.PRACTICE:
            practice.show(visit, listener, step)
        case Screen.TRIAL:
            trial.show(visit, listener, step)
        case Screen.BREAK:
            rest.show(visit, listener, step)
        case Screen.INTERVIEW:
            interview.show(visit, listener)
        case Screen.THANKS:
            thanks.show(visit, listener)


def _token(study: Study) -> str | None:
    """The participant's token. What a crowd platform added to the address is kept in the session until they agree."""
    arrived = {name: st.query_params[name] for name in study.access.crowd_parameters if name in st.query_params}
    if arrived:
        st.session_state["arrival"] = arrived
    token = st.session_state.get("token") or st.query_params.get("t")
    return str(token) if token else None


def _language(offered: dict[str, languages.Wording], listener: Listener | None) -> str:
    """What was chosen on this page, else what the store remembers, else the browser's."""
    chosen = st.session_state.get("language") or (listener.language if listener else None)
    if chosen in offered:
        return str(chosen)
    return languages.choose(_preferred(), offered)


def _preferred() -> list[str]:
    """The browser's languages, best first."""
    header = st.context.headers.get("Accept-Language") or ""
    listed = [part.split(";")[0].strip() for part in header.split(",")]
    return [language for language in (st.context.locale, *listed) if language]


main()
