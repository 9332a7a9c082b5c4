"""What a participant sees, one screen per module. A screen draws widgets and calls the store; it decides no more."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from listening_study.participants.admission_rate import Admissions
from listening_study.protocol.endings import Ending, end, is_configured, return_link
from listening_study.protocol.languages import Texts, Wording
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study
from listening_study.store import Listener, Store
from listening_study.store.admission import LONGEST_ARRIVAL


@dataclass(frozen=True)
class Visit:
    """What every screen needs: the study, who hears what, where answers go, who may come in, and the words."""

    study: Study
    order: Order
    store: Store
    admissions: Admissions
    wording: Wording

    @property
    def texts(self) -> Texts:
        return self.wording.texts


def arrived(visit: Visit, listener: Listener | None = None) -> dict[str, str]:
    """The parameters of the platform's link: of this session, else those stored about the listener."""
    given = st.session_state.get("arrival") or (visit.store.arrival(listener.id) if listener else {})
    return {
        name: given[name][:LONGEST_ARRIVAL]
        for name in visit.study.access.crowd_parameters
        if isinstance(given.get(name), str)
    }


def show_end(visit: Visit, ending: Ending, arrival: Mapping[str, str], heading: str = "") -> None:
    """The code and the link back to the platform; without them, that the page can be closed."""
    shown = end(visit.study.access, ending)
    st.markdown(visit.texts.end_take if is_configured(visit.study.access, ending) else visit.texts.end_close)
    if shown.code:
        st.markdown(f"**{heading or visit.texts.end_code}**")
        st.code(shown.code, language=None)
    if shown.url:
        url = return_link(shown.url, arrival)
        st.link_button(visit.texts.thanks_link, url, type="primary", width="stretch")


def done(visit: Visit, listener: Listener, stage: str, replies: dict[str, str] | None = None) -> None:
    """This stage is passed: store what was replied, and show the next."""
    visit.store.pass_stage(listener.id, stage, replies or {})
    st.rerun()


def big_button(label: str, key: str, *, disabled: bool = False) -> bool:
    """The one button that leads on."""
    return st.button(label, key=key, type="primary", width="stretch", disabled=disabled)
