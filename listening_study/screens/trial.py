"""One clip, one question. The answer is in the database before the next clip shows."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from listening_study.design import sequence
from listening_study.screens import Visit
from listening_study.store import Answer, Listener

# The next clip's buttons stand where the last one's stood: the second half of a double click must not answer it.
REFLEX = timedelta(seconds=0.8)


def show(visit: Visit, listener: Listener) -> None:
    texts, study, trial = visit.texts, visit.study, listener.answered
    clip = sequence(study.seed, listener.slot, study.clips)[trial]
    shown_at = visit.store.present(listener.id, trial, clip)

    st.progress(trial / len(study.clips), text=texts.trial_progress.format(number=trial + 1, count=len(study.clips)))
    st.title(texts.trial_question, anchor=False)
    st.markdown(texts.trial_hint)
    st.audio(study.clip_path(clip).read_bytes(), format="audio/flac")
    with st.container(key="answers", horizontal=True):
        for answer, label in ((Answer.HUMAN, texts.trial_human), (Answer.COMPUTER, texts.trial_computer)):
            pressed = st.button(label, key=f"{answer}-{trial}", width="stretch")
            if pressed and datetime.now(UTC) - shown_at >= REFLEX:
                visit.store.record(listener.id, trial, answer)
                st.rerun()
