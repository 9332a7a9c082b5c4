"""A study's tables without what could join a row to a person: for everybody to read.

Participants are numbered anew, in an order that comes from what they answered alone: the stored number is the order of
arrival, which a recruiting platform knows, too. Times of day, places in the design and the hash of the text agreed to
are left out; how long an answer took stays. What participants wrote in their own words is left out unless it is asked
for: it may name somebody.
"""

from collections.abc import Mapping
from hashlib import sha256

import pandas as pd

from listening_study.protocol.questions import FORMS, ReplyKind

LEFT_OUT = ("sequence", "slot", "consented_at", "consent")
TIMES = ("shown_at", "answered_at")  # empty in judgements, which have all their columns always
WRITTEN = tuple(str(question) for question, form in FORMS.items() if form.kind is ReplyKind.TEXT)  # columns
INTERVIEW = "interview"  # a table
JUDGEMENTS = "judgements"
PERSON = "participant"


def anonymous(tables: Mapping[str, pd.DataFrame], *, comments: bool = False) -> dict[str, pd.DataFrame]:
    """The tables to publish, by name.

    tables : of results, columns as in the codebook; `judgements` has those of all tasks
    comments : keep what participants wrote in their own words
    """
    whole = {**tables, JUDGEMENTS: tables[JUDGEMENTS].assign(**dict.fromkeys(TIMES, ""))}
    kept = {name: _without(table, name, comments) for name, table in whole.items() if comments or name != INTERVIEW}
    numbers = _numbers(kept)
    return {name: _renumbered(table, numbers) if PERSON in table else table for name, table in kept.items()}


def _without(table: pd.DataFrame, name: str, comments: bool) -> pd.DataFrame:
    times = () if name == JUDGEMENTS else TIMES
    return table.drop(columns=[*LEFT_OUT, *times, *(() if comments else WRITTEN)], errors="ignore")


def _numbers(tables: Mapping[str, pd.DataFrame]) -> dict[int, int]:
    """New numbers by old ones: in the order of the hashes of what each participant's rows say."""
    said: dict[int, list[str]] = {int(number): [] for number in tables["listeners"][PERSON]}
    for name in sorted(tables):
        if PERSON not in tables[name]:
            continue
        for number, rows in tables[name].groupby(PERSON, sort=True):
            said.setdefault(int(str(number)), []).append(rows.drop(columns=PERSON).to_csv(index=False))
    digests = {number: sha256("\n".join(texts).encode()).hexdigest() for number, texts in said.items()}
    return {number: place for place, number in enumerate(sorted(digests, key=lambda one: digests[one]), 1)}


def _renumbered(table: pd.DataFrame, numbers: Mapping[int, int]) -> pd.DataFrame:
    renumbered = table.assign(**{PERSON: [numbers[int(number)] for number in table[PERSON]]})
    order = [name for name in (PERSON, "block", "trial") if name in renumbered]
    return renumbered.sort_values(order, kind="stable", ignore_index=True)
