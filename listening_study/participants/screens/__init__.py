"""What a participant sees, one screen per module. A screen draws widgets and calls the store; it decides no more."""

from dataclasses import dataclass

import streamlit as st

from listening_study.participants.admission_rate import Admissions
from listening_study.protocol.languages import Texts, Wording
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study
from listening_study.store import Listener, Store


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


def done(visit: Visit, listener: Listener, stage: str, replies: dict[str, str] | None = None) -> None:
    """This stage is passed: store what was replied, and show the next."""
    visit.store.pass_stage(listener.id, stage, replies or {})
    st.rerun()


def big_button(label: str, key: str, *, disabled: bool = False) -> bool:
    """The one button that leads on."""
    return st.button(label, key=key, type="primary", width="stretch", disabled=disabled)
