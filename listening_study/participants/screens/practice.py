"""A clip whose maker is told afterwards. It is used nowhere else, and does not count."""

import streamlit as st

from listening_study.participants.player import play
from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.screens.questions import ask_maker
from listening_study.participants.stages import Place
from listening_study.store import Answer, Listener


def show(visit: Visit, listener: Listener, place: Place) -> None:
    texts, study = visit.texts, visit.study
    clip, truth = visit.order.practice[place.number]
    st.progress(
        place.number / len(study.practice),
        text=texts.practice_progress.format(number=place.number + 1, count=len(study.practice)),
    )
    st.title(texts.trial_question, anchor=False)
    st.markdown(texts.practice_hint)
    hearing = play(place.stage, study.clip_path(clip), texts, must_hear=study.design.must_hear)
    open_now = hearing.given_up or hearing.heard >= study.design.must_hear
    kept = told(place)
    chosen = ask_maker(texts, f"practice-{place.number}", disabled=kept is not None or not open_now)
    if chosen and open_now and kept is None:
        st.session_state[_first(place)] = chosen
        st.rerun()
    chosen = kept
    if chosen is None:
        st.caption(texts.trial_hint)
        if hearing.given_up and big_button(texts.go_on, f"{place.stage}-skipped"):
            done(visit, listener, place.stage)
        return
    maker = texts.practice_human if truth == Answer.HUMAN else texts.practice_computer
    if chosen == truth:
        st.success(texts.practice_right.format(answer=maker))
    else:
        st.info(texts.practice_wrong.format(answer=maker))
    if big_button(texts.go_on, f"{place.stage}-done"):
        done(visit, listener, place.stage, {"answer": chosen})


def told(place: Place) -> str | None:
    """What the listener said before the truth was told: that is what is kept. None before."""
    said: str | None = st.session_state.get(_first(place))
    return said


def _first(place: Place) -> str:
    return f"judged-{place.stage}"
