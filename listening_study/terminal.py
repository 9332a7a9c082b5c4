"""Results as a table in the terminal."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from clstm.console import console
from listening_study.analysis import PAPER
from listening_study.configuration import Loudness
from listening_study.results import Results

LEVELS = {
    Loudness.MATCHED: "All clips were brought to one loudness: how loud a source is on the whole was no cue.",
    Loudness.AS_RENDERED: "Clips kept the loudness they were rendered with: it may have been a cue.",
}


def print_results(results: Results) -> None:
    """The discrimination test's tally, the paper's beside it."""
    turnout = results.turnout
    console.print(
        f"{results.study.title}: {turnout.listeners} listeners, {turnout.complete} complete, "
        f"{turnout.incomplete} incomplete; {turnout.answers} answers",
        highlight=False,
        markup=False,
    )
    if results.answers.empty:
        console.print("No answers yet.")
    console.print(tally_table(results.tally))
    console.print(
        "Majority: clips that most of their listeners took for human; ties are exactly half. Intervals are Wilson's "
        "95 %, descriptive: answers of one listener, or about one clip, are not independent. "
        f"{LEVELS[results.study.sound['loudness']]} Sealed key SHA-256 {results.study.key_sha256}.",
        style="dim",
        highlight=False,
    )


def tally_table(tally: pd.DataFrame) -> Table:
    table = Table(title="Discrimination test: taken for human", title_justify="left")
    table.add_column("Source")
    for heading in ("Majority", "Ties", "By answers", "P(human)", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in tally.to_dict("records"):
        name = str(row["source"])
        if row["is_human"] and name.casefold() != "human":
            name += " (human)"
        table.add_row(name, f"{row['majority_human']} of {row['clips_heard']}", str(row["ties"]), *_shares(row))
    table.add_section()
    for source, clips, human in PAPER:
        table.add_row(f"{source}*", f"{human} of {clips}", "–", "–", "–", "–", style="dim")
    table.caption = "* Huang, Huang & Cai 2018, 5 listeners: other music, not this study"
    table.caption_justify = "left"
    return table


def _shares(row: Mapping[Hashable, Any]) -> tuple[str, str, str]:
    if not row["answers"]:
        return "none", "–", "–"
    interval = f"{row['low']:.2f}–{row['high']:.2f}"
    return f"{row['said_human']} of {row['answers']}", f"{row['p_human']:.2f}", interval
