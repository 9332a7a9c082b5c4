"""What the table of a block says in few words: those that rest on a test, comparisons with one result together.

The tables' own sentences (`words`) have every number; a phrase names who is better and for whom nothing is shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from listening_study.analysis.verdicts import Verdict
from listening_study.protocol.tasks import RATED, TaskKind

Row = Mapping[str, Any]


def phrases(kind: TaskKind, table: pd.DataFrame) -> list[str]:
    """A phrase for each attribute, for all pairs, or for the ranks.

    table : of a block, with the columns that its analysis gives it

    >>> row = {"reference": "human", "attribute": "structure", "difference": -0.8, "verdict": "significant difference"}
    >>> rows = [row | {"source": "rnn"}, row | {"source": "lstm"}, row | {"source": "notes", "verdict": "inconclusive"}]
    >>> phrases(TaskKind.RATING, pd.DataFrame(rows))
    ['Structure: rnn and lstm were rated significantly lower than human; notes: inconclusive.']
    """
    if table.empty:
        return ["No judgement counts."]
    if "worth" in table:
        return [_ranks(_rows(table))]
    if kind in RATED:
        several = table.groupby("attribute", sort=False)
        return [f"{str(name).capitalize()}: {_rated(_rows(own))}." for name, own in several]
    said = _preferred(_rows(table)) if kind is TaskKind.PREFERENCE else _identified(_rows(table))
    return [f"{said}."]


def _rated(rows: Sequence[Row]) -> str:
    compared = [row for row in rows if row["source"] != row["reference"]]
    if not compared:
        return f"only {rows[0]['source']} was rated"
    reference, found = compared[0]["reference"], []
    for words, lower in (("lower", True), ("higher", False)):
        own = [row for row in _with(compared, Verdict.SIGNIFICANT) if (row["difference"] < 0) == lower]
        if own:
            found.append(f"{_named(own)} {_were(own)} rated significantly {words} than {reference}")
    if same := _with(compared, Verdict.EQUIVALENT):
        found.append(f"{_named(same)} {'is' if len(same) == 1 else 'are'} equivalent to {reference} within the margin")
    return "; ".join([*found, *_open(compared, _named)])


def _preferred(rows: Sequence[Row]) -> str:
    better: dict[str, list[str]] = {}
    for row in _with(rows, Verdict.SIGNIFICANT):
        one, other = (row["source"], row["other"]) if row["share"] >= 0.5 else (row["other"], row["source"])
        better.setdefault(one, []).append(other)
    found = [f"{one} was preferred significantly to {_listed(others)}" for one, others in better.items()]
    if same := _with(rows, Verdict.EQUIVALENT):
        found.append(f"{_pairs(same)}: equivalent within the margin")
    return "; ".join([*found, *_open(rows, _pairs)])


def _identified(rows: Sequence[Row]) -> str:
    found = []
    if heard := _with(rows, Verdict.SIGNIFICANT):
        found.append(f"{_named(heard)} {_were(heard)} told from the reference significantly more often than by chance")
    if same := _with(rows, Verdict.EQUIVALENT):
        found.append(f"{_named(same)}: not told from the reference, within the margin")
    return "; ".join([*found, *_open(rows, _named)])


def _ranks(rows: Sequence[Row]) -> str:
    if all(pd.isna(row["rank_low"]) for row in rows):
        return "No ranks: the comparisons do not connect all systems."
    ordered = sorted(rows, key=lambda row: row["rank"])
    return f"Ranks, simultaneous intervals: {'; '.join(_rank(row) for row in ordered)}."


def _rank(row: Row) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return f"{row['source']} {low:.0f}" + ("" if low == high else f" to {high:.0f}")


def _open(rows: Sequence[Row], named: Any) -> Iterator[str]:
    if left := _with(rows, Verdict.INCONCLUSIVE):
        yield f"{named(left)}: inconclusive"


def _with(rows: Iterable[Row], verdict: Verdict) -> list[Row]:
    return [row for row in rows if row["verdict"] == verdict]


def _were(rows: Sequence[Row]) -> str:
    return "was" if len(rows) == 1 else "were"


def _named(rows: Iterable[Row]) -> str:
    return _listed([str(row["source"]) for row in rows])


def _pairs(rows: Iterable[Row]) -> str:
    return ", ".join(f"{row['source']} and {row['other']}" for row in rows)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), names[-1]])


def _rows(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
