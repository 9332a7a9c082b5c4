"""What is asked about a clip: who made it, and whatever else the study asks."""

from typing import Any

import streamlit as st

from listening_study.protocol.configuration import Question
from listening_study.protocol.languages import Texts
from listening_study.store import LONGEST_TEXT, Answer

SCALE = range(1, 6)


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
    """One of the further questions: a number, whether known, or a comment; None without a reply."""
    match question:
        case Question.CONFIDENCE:
            options = texts.trial_confidence_options
            return st.radio(
                texts.trial_confidence,
                range(1, len(options) + 1),
                format_func=lambda number: options[number - 1],
                index=None,
                key=f"confidence-{key}",
                horizontal=True,
                disabled=disabled,
            )
        case Question.KNOWN:
            return st.checkbox(texts.trial_known, key=f"known-{key}", disabled=disabled)
        case Question.COMMENT:
            comment = st.text_area(
                texts.trial_comment, key=f"comment-{key}", max_chars=LONGEST_TEXT, height=80, disabled=disabled
            )
            return comment.strip() or None
        case _:
            name = str(question)
            ends = "clear" if question in (Question.RHYTHM, Question.MELODY) else name
            low, high = getattr(texts, f"trial_{ends}_low"), getattr(texts, f"trial_{ends}_high")
            return st.radio(
                getattr(texts, f"trial_{name}"),
                SCALE,
                captions=[low, "", "", "", high],
                index=None,
                key=f"{name}-{key}",
                horizontal=True,
                disabled=disabled,
            )


def label(question: Question, texts: Texts) -> str:
    """How a question that was left out is named."""
    text: str = getattr(texts, f"trial_{question}")
    return text
