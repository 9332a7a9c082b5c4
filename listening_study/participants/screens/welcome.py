"""Welcome and consent. Agreeing claims a place in the design and puts the listener's token into the address."""

from datetime import timedelta
from hashlib import sha256

import streamlit as st

from listening_study.participants.screens import Visit, big_button
from listening_study.protocol.study import Study
from listening_study.store import Agreement
from listening_study.store.records import RefusedError

SECONDS_TO_THINK = 8  # per clip, for the estimate of how long it takes
LONGEST_VALUE = 200  # characters of a crowd platform's parameter


def show(visit: Visit, *, invitation: str | None, unknown_link: bool) -> None:
    texts, study = visit.texts, visit.study
    st.title(study.title, anchor=False)
    if unknown_link:
        st.warning(texts.link_unknown)
    intro = introduction(visit)
    points = conditions(visit)
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


def introduction(visit: Visit) -> str:
    """What the study is, in Markdown."""
    texts, study = visit.texts, visit.study
    trials = study.size.trials
    parts = [texts.welcome_intro, texts.welcome_task, texts.welcome_duration]
    if study.catch:
        parts.insert(2, texts.welcome_catch)
    return "\n\n".join(parts).format(
        count=trials,
        seconds=f"{study.seconds:g}",
        minutes=max(2, round(trials * (study.seconds + SECONDS_TO_THINK) / 60)),
    )


def conditions(visit: Visit) -> list[str]:
    """What participants agree to, point by point."""
    texts, consent, access = visit.texts, visit.study.consent, visit.study.access
    points = [texts.consent_voluntary, texts.consent_stored]
    if access.crowd_parameters:
        points.append(texts.consent_crowd.format(parameters=", ".join(access.crowd_parameters)))
    points.append(texts.consent_place)
    return points + [
        getattr(texts, f"consent_{name}").format(**{name: value})
        for name in ("institution", "contact", "ethics", "retention", "paid")
        if (value := getattr(consent, name))
    ]


def _arrival(study: Study) -> dict[str, str]:
    given = st.session_state.get("arrival", {})
    return {
        name: given[name][:LONGEST_VALUE] for name in study.access.crowd_parameters if isinstance(given.get(name), str)
    }
