"""Screens that only say something: the study is closed, a personal link is needed, everything was deleted, farewell."""

import streamlit as st

from listening_study.participants.screens import Visit, arrived, show_end
from listening_study.protocol.endings import Ending
from listening_study.store import Listener


def closed(visit: Visit, listener: Listener | None = None) -> None:
    """listener : somebody who was under way"""
    _say(visit.texts.closed_title, visit.texts.closed_answered if listener else visit.texts.closed_text)
    show_end(visit, Ending.CLOSED, arrived(visit, listener))


def full(visit: Visit) -> None:
    _say(visit.texts.closed_title, visit.texts.full_text)
    show_end(visit, Ending.CLOSED, arrived(visit))


def link_needed(visit: Visit) -> None:
    _say(visit.texts.link_needed_title, visit.texts.link_needed)


def left(visit: Visit, ending: Ending) -> None:
    """To those who did not want to take part, or are too young."""
    texts = visit.texts
    young = ending is Ending.SCREENED_OUT
    age = visit.study.consent.minimum_age
    _say(texts.left_title, texts.left_young.format(age=age) if young else texts.left_text)
    show_end(visit, ending, arrived(visit))


def withdrawn(visit: Visit) -> None:
    _say(visit.texts.withdrawn_title, visit.texts.withdrawn_text)
    show_end(visit, Ending.WITHDRAWN, arrived(visit))


def _say(title: str, text: str) -> None:
    st.title(title, anchor=False)
    st.markdown(text)
