"""A clip whose maker is told afterwards. It is used nowhere else, and does not count."""

import streamlit as st

from listening_study.player import play
from listening_study.screens import Visit, big_button, done
from listening_study.screens.questions import ask_maker
from listening_study.stages import Place
from listening_study.store import Answer, Listener


def show(visit: Visit, listener: Listener, place: Place) -> None:
    texts, study = visit.texts, visit.study
    clip, truth = study.practice[place.number]
    st.progress(
        place.number / len(study.practice),
        text=texts.practice_progress.format(number=place.number + 1, count=len(study.practice)),
    )
    st.title(texts.trial_question, anchor=False)
    st.markdown(texts.practice_hint)
    hearing = play(clip, study.clip_path(clip), texts, must_hear=study.design.must_hear)
    open_now = hearing.given_up or hearing.heard >= study.design.must_hear
    chosen = ask_maker(texts, f"practice-{place.number}", disabled=not open_now)
    if chosen is None or not open_now:
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
