"""The researcher's page, run by Streamlit: who has taken part, what they answered, and the tables to take away.

A separate app from the participants', and the only one that opens the sealed key.
"""

import sys
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

from listening_study.analysis import PAPER
from listening_study.results import Results, read_results, tables
from listening_study.study import read_study

EVERY = "5s"  # how often the figures are read again
HERE = Path(__file__).parent
HEADINGS = {
    "source": "Source",
    "clips_heard": "Clips heard",
    "majority_human": "By majority",
    "ties": "Ties",
    "answers": "Answers",
    "said_human": "Said human",
    "p_human": "P(human)",
}


def main() -> None:
    study = read_study(Path(sys.argv[1]))
    st.set_page_config(page_title=f"{study.title} · results", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.title(study.title, anchor=False)
    st.caption(
        f"Made {study.created[:10]} · {len(study.clips)} clips of {study.seconds:g} s · "
        f"sealed key SHA-256 `{study.key_sha256[:16]}…` · read again every few seconds"
    )
    show_results()


@st.fragment(run_every=EVERY)
def show_results() -> None:
    results = read_results(read_study(Path(sys.argv[1])))
    show_turnout(results)
    st.subheader("Discrimination test: what listeners took for human", anchor=False)
    if results.answers.empty:
        st.info("No answers yet. They appear here as listeners give them.")
    else:
        show_tally(results.tally)
    show_downloads(results)


def show_turnout(results: Results) -> None:
    turnout = results.turnout
    figures = (
        ("Listeners", turnout.listeners),
        ("Complete", turnout.complete),
        ("Under way or left", turnout.incomplete),
        ("Answers", turnout.answers),
    )
    for column, (label, value) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(label, value, border=True)


def show_tally(tally: pd.DataFrame) -> None:
    chart, table = st.columns(2, gap="large")
    with chart:
        st.altair_chart(share_chart(tally), width="stretch")
        st.caption(
            "Share of answers that said human, with Wilson's 95 % interval. Descriptive: answers of one listener, or "
            "about one clip, are not independent."
        )
    with table:
        st.dataframe(
            tally.drop(columns=["is_human", "clips", "low", "high"]).rename(columns=HEADINGS),
            hide_index=True,
            column_config={"P(human)": st.column_config.NumberColumn(format="%.2f")},
        )
        paper = ", ".join(f"{source} {human} of {clips}" for source, clips, human in PAPER)
        st.caption(
            "*By majority*: clips that most of their listeners took for human; *ties*: exactly half of them. For "
            f"comparison, by majority of 5 listeners in Huang, Huang & Cai 2018: {paper}."
        )


def share_chart(tally: pd.DataFrame) -> alt.LayerChart:
    """P("human") by source with its interval, on the whole range from 0 to 1."""
    heard = tally[tally["answers"] > 0].assign(kind=tally["is_human"].map({True: "human", False: "computer"}))
    source = alt.Y("source:N", sort=None, title=None, axis=alt.Axis(labelLimit=160, labelFontSize=13))
    scale = alt.Scale(domain=[0, 1])
    colours = alt.Scale(domain=["human", "computer"], range=["#d08a2e", "#3f8f8b"])
    colour = alt.Color("kind:N", title="made by", scale=colours, legend=alt.Legend(orient="top"))
    base = alt.Chart(heard).encode(y=source, color=colour)
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", scale=scale, title="said human", axis=alt.Axis(format="%")), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=150, opacity=1).encode(
        x=alt.X("p_human:Q", scale=scale),
        tooltip=["source", alt.Tooltip("p_human", format=".1%"), "said_human", "answers"],
    )
    return (bars + points).properties(height=alt.Step(46))


def show_downloads(results: Results) -> None:
    with st.container(horizontal=True):
        for name, text in tables(results).items():
            st.download_button(f"Download {name}", text, file_name=name, mime="text/csv", on_click="ignore")


main()
