"""What listeners said in one block of a study as a table of texts, for CSV and LaTeX."""

import pandas as pd

from reports.content.listeners import BlockRow, StudyBlock
from reports.findings.tables import with_interval
from reports.numbers import short

HEADS = {"mean": "Mean", "share": "Share (%)", "worth": "Worth (log-odds)"}


def of_block(block: StudyBlock) -> pd.DataFrame:
    """One row per system, pair or attribute; columns without anything to say are left out.

    >>> row = BlockRow(source="lstm", other="rnn", value=0.25, low=0.1, high=0.5, p_holm=0.02)
    >>> block = StudyBlock(name="b", title="Preferences", task="preference", measure="share", rows=(row,))
    >>> of_block(block).iloc[0].to_dict()
    {'Source': 'lstm', 'Other': 'rnn', 'Share (%)': '25.0 [10.0, 50.0]', 'p (Holm)': '0.0200'}
    """
    columns = ["Attribute", "Source", "Other", HEADS[block.measure], "Difference", "Ranks", "p (Holm)"]
    table = pd.DataFrame([_cells(row, block.measure) for row in block.rows], columns=columns)
    return table[[name for name in columns if name == "Source" or not table[name].isin(("", "–")).all()]]


def _cells(row: BlockRow, measure: str) -> list[str]:
    factor = 100 if measure == "share" else 1
    value, low, high = (None if one is None else factor * one for one in (row.value, row.low, row.high))
    digits = 1 if measure == "share" else 2
    ranks = "" if row.rank_low is None or row.rank_high is None else f"{row.rank_low:.0f} to {row.rank_high:.0f}"
    return [
        row.attribute,
        row.source,
        row.other,
        with_interval(value, low, high, digits),
        "" if row.difference is None else with_interval(row.difference, row.difference_low, row.difference_high, 2),
        ranks,
        "" if row.p_holm is None else short(row.p_holm),
    ]
