"""A short scale, once, to set the volume by. It is part of no clip."""

import streamlit as st

from listening_study.participants.player import play
from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Step
from listening_study.store import Listener


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts = visit.texts
    st.title(texts.volume_title, anchor=False)
    st.markdown(texts.volume_text)
    hearing = play(step.stage, visit.study.volume_path, texts, must_hear=1.0)
    options = texts.volume_device_options
    device = st.radio(
        texts.volume_device, range(len(options)), format_func=options.__getitem__, index=None, key="volume-device"
    )
    heard = hearing.heard >= 1 or hearing.given_up
    if big_button(texts.volume_done, "volume-done", disabled=not heard):
        done(visit, listener, "volume", {} if device is None else {"device": str(device)})
    with st.expander(texts.volume_help_title):
        st.markdown(texts.sound_help)
