"""Screens that only say something: the study is closed, a personal link is needed, everything was deleted."""

import streamlit as st

from listening_study.participants.screens import Visit


def closed(visit: Visit) -> None:
    _say(visit.texts.closed_title, visit.texts.closed_text)


def link_needed(visit: Visit) -> None:
    _say(visit.texts.link_needed_title, visit.texts.link_needed)


def withdrawn(visit: Visit) -> None:
    _say(visit.texts.withdrawn_title, visit.texts.withdrawn_text)


def _say(title: str, text: str) -> None:
    st.title(title, anchor=False)
    st.markdown(text)
