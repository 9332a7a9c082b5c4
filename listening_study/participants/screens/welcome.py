"""Welcome and consent. Agreeing claims a place in the design and puts the listener's token into the address."""

from datetime import UTC, timedelta
from hashlib import sha256

import streamlit as st

from listening_study.participants.screens import Visit, arrived, big_button
from listening_study.protocol.endings import Ending, is_configured
from listening_study.protocol.invitation import conditions, introduction
from listening_study.store import Agreement
from listening_study.store.records import RefusedError


def show(visit: Visit, *, invitation: str | None, unknown_link: bool) -> None:
    texts, study = visit.texts, visit.study
    st.title(study.title, anchor=False)
    if unknown_link:
        st.warning(texts.link_unknown)
    intro = introduction(study, texts)
    points = conditions(study, texts)
    st.markdown(intro)
    with st.container(border=True):
        st.header(texts.consent_title, anchor=False)
        st.markdown("\n".join(f"- {point}" for point in points))
        agreed = st.checkbox(texts.consent_agree, key="agreed")
        age = texts.consent_age.format(age=study.consent.minimum_age) if study.consent.minimum_age else ""
        old_enough = st.checkbox(age, key="old-enough") if age else True
    if big_button(texts.consent_begin, "begin", disabled=not (agreed and old_enough)):
        text = "\n".join([study.consent.version, study.title, intro, *points, texts.consent_agree, age])
        agreement = Agreement(
            consent=sha256(text.encode()).hexdigest(), language=visit.wording.code, arrival=_to_store(visit)
        )
        if not enter(visit, agreement, invitation):
            st.session_state["waiting"] = agreement, invitation
        st.rerun()

    _ways_out(visit)


def _ways_out(visit: Visit) -> None:
    """For those who do not take part and have to tell a recruiting platform so; nothing is stored about them."""
    texts, study = visit.texts, visit.study
    ways = {Ending.NO_CONSENT: texts.consent_decline}
    if study.consent.minimum_age:
        ways[Ending.SCREENED_OUT] = texts.consent_young.format(age=study.consent.minimum_age)
    for ending, words in ways.items():
        if is_configured(study.access, ending) and st.button(words, key=ending, type="tertiary"):
            st.session_state["left"] = ending
            st.rerun()


def enter(visit: Visit, agreement: Agreement, invitation: str | None) -> bool:
    """Claim a place; False while the study is busy."""
    access = visit.study.access
    visit.store.delete_arrivals(access.crowd_parameters_until)
    if not visit.admissions.let_in(st.context.ip_address if access.trusted_proxy else None):
        return False
    try:
        token = visit.store.admit(
            agreement,
            reissue_after=timedelta(minutes=access.reissue_after),
            invitation=invitation,
            registration=visit.study.registration_sha256,
            recruitment=visit.study.recruitment,
        )
    except RefusedError:  # the invitation was used in another tab a moment ago
        token = invitation or ""
    st.session_state["token"] = token
    st.session_state.pop("waiting", None)
    return True


def _to_store(visit: Visit) -> dict[str, str]:
    """The platform's parameters, until the day on which they are deleted."""
    until = visit.study.access.crowd_parameters_until
    over = until is not None and visit.store.now().astimezone(UTC).date() >= until
    return {} if over else arrived(visit)
