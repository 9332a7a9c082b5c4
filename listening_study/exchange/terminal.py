"""Imported judgements in the terminal: how many there are of each source, and their mean."""

import pandas as pd
from rich.table import Table

from clstm.runtime.console import console


def print_overview(found: pd.DataFrame) -> None:
    """found : of `importing.overview`"""
    table = Table(title="Judgements (means describe; they are no test)", title_justify="left")
    for heading in ("Task", "Attribute", "Source"):
        table.add_column(heading)
    for heading in ("Listeners", "Clips", "Values", "Mean"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.itertuples(index=False):
        counts = (row.participants, row.clips, row.judgements)
        table.add_row(str(row.task), str(row.attribute), str(row.source), *map(str, counts), f"{row.mean:.2f}")
    console.print(table)
