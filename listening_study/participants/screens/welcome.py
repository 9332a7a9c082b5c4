"""Welcome and consent. Agreeing claims a place in the design and puts the listener's token into the address."""

from datetime import timedelta
from hashlib import sha256

import streamlit as st

from listening_study.participants.screens import Visit, big_button
from listening_study.protocol.invitation import conditions, introduction
from listening_study.protocol.study import Study
from listening_study.store import Agreement
from listening_study.store.records import RefusedError

LONGEST_VALUE = 200  # characters of a crowd platform's parameter


def show(visit: Visit, *, invitation: str | None, unknown_link: bool) -> None:
    texts, study = visit.texts, visit.study
    st.title(study.title, anchor=False)
    if unknown_link:
        st.warning(texts.link_unknown)
    intro = introduction(study, texts)
    points = conditions(study, texts)
    st.markdown(intro)
    with st.container(border=True):
        st.subheader(texts.consent_title, anchor=False)
        st.markdown("\n".join(f"- {point}" for point in points))
        agreed = st.checkbox(texts.consent_agree, key="agreed")
        age = texts.consent_age.format(age=study.consent.minimum_age) if study.consent.minimum_age else ""
        old_enough = st.checkbox(age, key="old-enough") if age else True
    if big_button(texts.consent_begin, "begin", disabled=not (agreed and old_enough)):
        text = "\n".join([study.consent.version, study.title, intro, *points, texts.consent_agree, age])
        agreement = Agreement(
            consent=sha256(text.encode()).hexdigest(), language=visit.wording.code, arrival=_arrival(study)
        )
        if not enter(visit, agreement, invitation):
            st.session_state["waiting"] = agreement, invitation
        st.rerun()


def enter(visit: Visit, agreement: Agreement, invitation: str | None) -> bool:
    """Claim a place; False while the study is busy."""
    access = visit.study.access
    if not visit.admissions.let_in(st.context.ip_address if access.trusted_proxy else None):
        return False
    try:
        token = visit.store.admit(
            agreement,
            reissue_after=timedelta(minutes=access.reissue_after),
            invitation=invitation,
            registration=visit.study.registration_sha256,
        )
    except RefusedError:  # the invitation was used in another tab a moment ago
        token = invitation or ""
    st.session_state["token"] = token
    st.session_state.pop("waiting", None)
    return True


def _arrival(study: Study) -> dict[str, str]:
    given = st.session_state.get("arrival", {})
    return {
        name: given[name][:LONGEST_VALUE] for name in study.access.crowd_parameters if isinstance(given.get(name), str)
    }
