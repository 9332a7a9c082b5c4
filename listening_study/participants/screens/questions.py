"""What is asked about a clip: who made it, and what else the study asks."""

from typing import Any

import streamlit as st

from listening_study.protocol.languages import Texts
from listening_study.protocol.questions import FORMS, Question, ReplyKind
from listening_study.store import LONGEST_TEXT, Answer


def ask_maker(texts: Texts, key: str, *, disabled: bool) -> str | None:
    """Human or computer? Nothing is chosen beforehand."""
    labels = {Answer.HUMAN: texts.trial_human, Answer.COMPUTER: texts.trial_computer}
    with st.container(key=f"maker-{key}"):
        chosen = st.radio(
            texts.trial_question,
            list(Answer),
            format_func=labels.__getitem__,
            index=None,
            key=f"answer-{key}",
            horizontal=True,
            label_visibility="collapsed",
            disabled=disabled,
        )
    return None if chosen is None else str(chosen)


def ask(question: Question, texts: Texts, key: str, *, disabled: bool) -> Any:
    """One of the further questions: a number from 1, whether a box is ticked, or a text; None without a reply."""
    form, words = FORMS[question], texts.questions[question]
    name = f"{question}-{key}"
    match form.kind:
        case ReplyKind.YES:
            return st.checkbox(words.label, key=name, disabled=disabled)
        case ReplyKind.TEXT:
            text = st.text_area(words.label, key=name, max_chars=LONGEST_TEXT, height=80, disabled=disabled)
            return text.strip() or None
        case ReplyKind.OPTIONS:
            shown: dict[str, Any] = {"format_func": lambda number: words.options[number - 1]}
        case ReplyKind.SCALE:
            shown = {"captions": [words.low, *[""] * (form.highest - 2), words.high]}
    options = range(1, form.highest + 1)
    return st.radio(words.label, options, index=None, key=name, horizontal=True, disabled=disabled, **shown)
