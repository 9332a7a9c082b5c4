"""The researcher's page, run by Streamlit: progress of the study, and its results once it is closed and unsealed.

It is a separate app, behind a password, and the only one that opens the sealed key.
"""

import os
import sys
from datetime import UTC, datetime
from functools import partial
from math import ceil
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

from clstm.runtime.errors import UserError
from clstm.runtime.names import counted
from clstm.runtime.spreadsheet import csv
from listening_study.protocol.registration import open_registration
from listening_study.protocol.study import Study, read_study
from listening_study.researchers import monitoring
from listening_study.researchers.passwords import VARIABLE, LockedError, PasswordGate, read_hash
from listening_study.researchers.payments import payments
from listening_study.results.export import exports
from listening_study.results.figures import draw
from listening_study.results.results import UNSEALED, Results, read_results
from listening_study.results.summary import DESCRIPTIVE, caveats, verdict
from listening_study.stimuli.controls import stated_in, statement
from listening_study.store import AnsweredTrial, JudgedTrial, Store
from listening_study.store.database import answers_address

EVERY = "10s"  # how often the numbers are read again
COMMENTS = 30  # shown; the export has all of them
HERE = Path(__file__).parent
COLOURS = {"under way": "#3f8f8b", "left": "#c2703d"}
TALLY = {
    "source": "source",
    "majority_human": "clips called human",
    "ties": "ties",
    "answers": "answers",
    "said_human": "said human",
    "p_human": "P(human)",
    "low": "from",
    "high": "to",
    "d_prime": "d′",
    "criterion": "criterion",
}
STATES = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))


@st.cache_resource(show_spinner=False)
def open_study(folder: str) -> tuple[Study, Store]:
    study = read_study(Path(folder))
    return study, Store(answers_address(study))


@st.cache_resource(show_spinner=False)
def password_gate(folder: str) -> PasswordGate:
    """One for all sessions, so that wrong passwords are counted together."""
    kept = os.environ.get(VARIABLE) or read_hash(read_study(Path(folder)).password_path)
    assert kept, "the verb that starts this page sets a password"
    return PasswordGate(kept)


def main() -> None:
    study, store = open_study(sys.argv[1])
    inside = st.session_state.get("inside", False)
    title = f"{study.title} · dashboard" if inside else "Dashboard"
    st.set_page_config(
        page_title=title, page_icon=str(HERE.parent / "icon.svg"), layout="wide" if inside else "centered"
    )
    if not inside:
        ask_for_the_password()
        return
    try:
        show(study, store)
    except UserError as error:
        st.error(str(error))
        st.button("Try again", type="primary")


def ask_for_the_password() -> None:
    st.title("Dashboard", anchor=False)
    with st.form("password", border=False):
        given = st.text_input("Password", type="password", autocomplete="current-password")
        entered = st.form_submit_button("Open", type="primary")
    if not entered:
        return
    try:
        inside = password_gate(sys.argv[1]).admits(given)
    except LockedError as error:
        st.error(f"Too many wrong passwords. Wait {counted(ceil(error.seconds / 60), 'minute')}.")
        return
    if inside:
        st.session_state["inside"] = True
        st.rerun()
    st.error("Wrong password.")


def show(study: Study, store: Store) -> None:
    heading, leave = st.columns([5, 1], vertical_alignment="bottom")
    heading.title(study.title, anchor=False)
    heading.caption(f"{monitoring.state(study, store).capitalize()}.")
    heading.caption(statement(stated_in(study.sound), {}))
    if leave.button("Leave", width="stretch"):
        st.session_state.clear()
        st.rerun()
    show_progress(study, store)
    show_payments(study, store)
    results = show_sealed(study, store)
    show_downloads(study, store, results)
    show_journal(study, store)


# --- while it runs: no source, no answer ---


@st.fragment(run_every=EVERY)
def show_progress(study: Study, store: Store) -> None:
    try:
        show_numbers(study, store)
    except UserError as error:  # a fragment runs by itself, too
        st.error(str(error))


def show_numbers(study: Study, store: Store) -> None:
    answered, judged = store.answered_trials(), store.judged_trials()
    progress = store.progress()
    table = monitoring.listeners(study, progress, datetime.now(UTC))
    target = open_registration(study).plan.listeners
    show_turnout(monitoring.turnout(table), target, store)
    if table.empty:
        st.info("Nobody has begun yet. This page updates every few seconds.")
        return
    st.caption(monitoring.duration(study, monitoring.durations(study, progress)))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Where unfinished listeners are", anchor=False)
        show_unfinished(study, table)
    with right:
        st.subheader("How often each clip was answered", anchor=False)
        show_exposure(study, monitoring.exposure(study, answered, judged))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Time from a clip's first showing to its answer", anchor=False)
        show_times(monitoring.answer_times([*answered, *judged]))
    with right:
        st.subheader("Comments", anchor=False)
        show_comments(monitoring.comments(answered))


def show_turnout(turnout: monitoring.Turnout, target: int, store: Store) -> None:
    issued, used = store.invitations()
    numbers: list[tuple[str, int | str]] = [
        ("Listeners", turnout.listeners),
        ("Complete", f"{turnout.complete} of {target}"),
        ("Under way", turnout.under_way),
        ("Left", turnout.left),
        ("Extra", turnout.extras),
        ("Answers", turnout.answers),
        ("Withdrawn", store.withdrawals()),
    ]
    numbers += [("Invited", f"{used} of {issued}")] if issued else []
    with st.container(horizontal=True):
        for label, value in numbers:
            st.metric(label, value, border=True, width=168 if isinstance(value, str) else 132)
    st.progress(min(1.0, turnout.complete / target))
    st.caption(
        "*Complete*: answered every clip; of the number registered. *Left*: inactive for longer than a place is kept. "
        "*Extra*: came back after that."
    )


def show_unfinished(study: Study, table: pd.DataFrame) -> None:
    counts = monitoring.unfinished(study, table)
    if not counts["listeners"].sum():
        st.caption("All listeners have finished.")
        return
    chart = alt.Chart(counts).mark_bar()
    step = alt.Y("step:N", sort=monitoring.step_names(study), title=None, axis=alt.Axis(labelFontSize=13))
    number = alt.X("listeners:Q", title="listeners", axis=_whole(int(counts["listeners"].sum())))
    state = alt.Color("state:N", title=None, scale=STATES, legend=alt.Legend(orient="top"))
    st.altair_chart(chart.encode(y=step, x=number, color=state).properties(height=alt.Step(22)), width="stretch")


def show_exposure(study: Study, counts: pd.DataFrame) -> None:
    fewest, most = counts["answers"].min(), counts["answers"].max()
    clip = alt.X("clip:N", sort="-y", title="clips", axis=alt.Axis(labels=False, ticks=False))
    answers = alt.Y("answers:Q", title="answers", axis=_whole(int(most)))
    bars = alt.Chart(counts).mark_bar(color=COLOURS["under way"]).encode(x=clip, y=answers, tooltip=["clip", "answers"])
    st.altair_chart(bars.properties(height=220), width="stretch")
    times = f"{most}" if fewest == most else f"{fewest} to {most}"
    balanced = "" if study.judges else f" Counts are balanced after every {counted(study.size.block, 'listener')}."
    st.caption(f"Each clip was answered {times} times.{balanced}")


def show_times(times: pd.DataFrame) -> None:
    if times.empty:
        st.caption("No answers yet.")
        return
    middle = times["seconds"].median()
    shown = times.assign(seconds=times["seconds"].clip(upper=120))
    bars = alt.Chart(shown).mark_bar(color=COLOURS["under way"])
    seconds = alt.X("seconds:Q", bin=alt.Bin(step=5), title="seconds (120: or more)", axis=alt.Axis(format="d"))
    answers = alt.Y("count():Q", title="answers", axis=alt.Axis(format="d", tickMinStep=1))
    st.altair_chart(bars.encode(x=seconds, y=answers).properties(height=220), width="stretch")
    quick = times.groupby("listener")["seconds"].median().min()
    st.caption(
        f"Median {middle:.1f} s; the fastest listener's median {quick:.1f} s; {times['heard'].mean():.0%} of each clip "
        f"was heard on average. A clip lasts {open_study(sys.argv[1])[0].seconds:g} s."
    )


def show_comments(comments: pd.DataFrame) -> None:
    if comments.empty:
        st.caption("None yet.")
        return
    with st.container(height=300):
        for row in comments.head(COMMENTS).itertuples():
            st.caption(f"Listener {row.listener}, clip {row.trial} (`{row.clip}`), {str(row.answered)[:16]} UTC")
            st.text(str(row.comment))  # as it was typed: neither HTML nor Markdown
    if len(comments) > COMMENTS:
        st.caption(f"The newest {COMMENTS} of {len(comments)}; all are in the export.")


def show_payments(study: Study, store: Store) -> None:
    """The ids of a recruiting platform, where the study stores them and its organiser asks for them."""
    if not study.access.crowd_parameters:
        return
    store.delete_arrivals(study.access.crowd_parameters_until)
    st.subheader("Payments", anchor=False)
    if st.checkbox("Show the platform's ids", key="payments"):
        table = payments(study, store.arrivals(), store.progress(), datetime.now(UTC))
        st.dataframe(table, hide_index=True)
    until = study.access.crowd_parameters_until
    st.caption(
        "For paying only: `clstm study payments` writes them to a file. "
        + (f"They are deleted on {until}." if until else "Set crowd_parameters_until, the day they are deleted.")
    )


# --- once it is closed and unsealed ---


def show_sealed(study: Study, store: Store) -> Results | None:
    """The results, where they may be seen."""
    st.subheader("Results", anchor=False)
    unsealed = [one for one in store.journal() if one.event == UNSEALED]
    answers: list[AnsweredTrial | JudgedTrial] = [*store.answered_trials(), *store.judged_trials()]
    if unsealed and (later := monitoring.answers_after(answers, unsealed[0].happened_at)):
        st.warning(
            f"The study was reopened after unsealing: {counted(later, 'answer')} came when the results could be known. "
            "They are included in the results; report this."
        )
    if store.is_open():
        st.info("Sealed while the study is open. Close it first, here or with `clstm study close`.")
        over = st.checkbox("Close the study: admit nobody, accept no more answers", key="closing")
        if st.button("Close the study", disabled=not over, key="close"):
            store.close_study()
            st.rerun()
        return None
    if not unsealed:
        st.info("The study is closed. Unsealing shows the results of each source, and is noted in the journal.")
        sure = st.checkbox("No more answers are needed, and the registration is final")
        if not st.button("Unseal the results", type="primary", disabled=not sure):
            return None
    try:
        results = read_results(study, store)
    except UserError as error:
        st.error(str(error))
        return None
    if not unsealed:
        st.rerun()
    show_results(results)
    return results


def show_results(results: Results) -> None:
    st.text(statement(stated_in(results.study.sound), results.registered.controls))
    for sentence in verdict(results):
        st.text(sentence)  # sources are named as their researchers please: neither HTML nor Markdown
    for block in results.shown_blocks:
        st.subheader(block.title, anchor=False)
        for sentence in block.words:
            st.text(sentence)
        st.dataframe(block.shown, hide_index=True)
    if results.study.asks_source:
        show_tally(results)
    else:
        for sentence in caveats(results):
            st.text(sentence)


def show_tally(results: Results) -> None:
    """Who was called human."""
    shown = results.tables["tally"][list(TALLY)].rename(columns=TALLY)
    columns = {"P(human)": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1)}
    columns |= {name: st.column_config.NumberColumn(format="%.2f") for name in ("from", "to", "d′", "criterion")}
    st.dataframe(shown, hide_index=True, column_config=columns)
    left, right = st.columns(2, gap="large")
    if figure := draw(results).get("taken-for-human"):
        left.pyplot(figure)
    for sentence in [DESCRIPTIVE, *caveats(results)]:
        right.text(sentence)


# --- downloads ---


def show_downloads(study: Study, store: Store, results: Results | None) -> None:
    st.subheader("Export", anchor=False)
    made = monitoring.exports(study, store)
    if results:
        made |= {f"{name}.csv": partial(csv, table) for name, table in exports(results).items()}
    with st.container(horizontal=True):
        for name, content in made.items():
            st.download_button(name, content, file_name=name, mime="text/csv", on_click="ignore")
    st.caption(
        "CSV in UTF-8. Text that a spreadsheet would take for a formula begins with an apostrophe. Once unsealed, the "
        "answers are here, too, and codebook.csv says what their columns mean."
    )


def show_journal(study: Study, store: Store) -> None:
    st.subheader("Journal", anchor=False)
    rows = [(one.happened_at[:19], one.event, one.detail) for one in store.journal()]
    st.dataframe(pd.DataFrame(rows, columns=["when (UTC)", "event", "detail"]), hide_index=True)
    registered = store.registered()
    if registered not in (None, study.registration_sha256):
        st.error("The registration has changed since the first listener was admitted. Report both versions.")
    st.caption(
        f"Made {study.created[:10]} · {counted(len(study.clips), 'clip')} of {study.seconds:g} s · "
        f"SHA-256 of the registration `{study.registration_sha256[:16]}…`, of the sealed key `{study.key_sha256[:16]}…`"
    )


def _whole(most: int) -> alt.Axis:
    """An axis of whole numbers."""
    return alt.Axis(format="d", tickMinStep=1, tickCount=min(10, max(1, most)))


main()
