"""Whether headphones are worn, by Woods et al. 2017: over loudspeakers a tone in antiphase seems the quietest.

Nobody is turned away; what was replied is stored for the exclusions that were registered.
"""

import streamlit as st

from listening_study.participants.player import play
from listening_study.participants.screens import Visit, big_button, done
from listening_study.participants.stages import Step
from listening_study.store import Listener


def show(visit: Visit, listener: Listener, step: Step) -> None:
    texts, count = visit.texts, len(visit.study.headphones)
    st.progress(step.number / count, text=texts.headphones_progress.format(number=step.number + 1, count=count))
    st.title(texts.headphones_title, anchor=False)
    st.markdown(texts.headphones_text)
    name, _ = visit.study.headphones[step.number]
    hearing = play(step.stage, visit.study.headphone_path(name), texts, must_hear=1.0)
    heard = hearing.heard >= 1 or hearing.given_up
    options = texts.headphones_options
    chosen = st.radio(
        texts.headphones_title,
        range(1, len(options) + 1),
        format_func=lambda number: options[number - 1],
        index=None,
        key=f"quietest-{step.number}",
        horizontal=True,
        label_visibility="collapsed",
        disabled=not heard,
    )
    if big_button(texts.go_on, f"{step.stage}-done", disabled=chosen is None or not heard) and chosen is not None:
        done(visit, listener, step.stage, {"quietest": str(chosen)})
