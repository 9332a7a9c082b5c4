"""The verdict in sentences: one line per system, and the caveats, which say what limits the conclusions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evaluation.comparison.verdict import TOO_FEW, VerdictRow, rows_of
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics import resampling

if TYPE_CHECKING:
    import pandas as pd

UNEQUAL = 1.1  # lengths that differ by more than this ratio make metrics incomparable
MOST = 3  # metrics that a line names


def caveats(table: "pd.DataFrame", pieces: "pd.DataFrame", reference: str) -> list[str]:
    """What limits the conclusions of a table, one line each.

    table : `verdict.COLUMNS`; pieces : of `evaluation.measurement.systems.Measurements`
    """
    each = {str(system): own for system, own in pieces.groupby("system", sort=False)}
    sizes = {system: len(own) for system, own in each.items()}
    lengths = {system: float(own["seconds"].median()) for system, own in each.items()}
    said = []
    for system, own in each.items():
        if sizes[system] == 1:
            said.append(f"{system} has one piece: songs are compared, and nothing is inferred from it")
        hopeless = table.loc[table["system"] == system, "note"].str.startswith(TOO_FEW)
        if hopeless.any():
            said.append(
                f"{system}: {own['group'].nunique()} groups against {each[reference]['group'].nunique()} are too few "
                f"for a significant difference in {hopeless.sum()} metrics, however large it is"
            )
        if rejected := int((own["rejected"].astype(object).fillna("") != "").sum()):
            said.append(f"{system}: {rejected} of {sizes[system]} files cannot be used")
        longer = lengths[system] / lengths[reference] if lengths[reference] else np.nan
        if not 1 / UNEQUAL <= longer <= UNEQUAL:
            said.append(
                f"{system} lasts {lengths[system]:.0f} s, {reference} {lengths[reference]:.0f} s (medians): many "
                "metrics depend on length; cut all with --seconds"
            )
        remarks = own["remarks"].astype(object).fillna("")
        counts = remarks[remarks != ""].value_counts()
        said += [f"{system}: {count} of {sizes[system]} {remark}" for remark, count in counts.items()]
    return said + _of_sizes(table)


def _of_sizes(table: "pd.DataFrame") -> list[str]:
    """How many pieces the samples of the distances have, where that is fewer than usual or not one number."""
    by_metric = table.dropna(subset="size").drop_duplicates("metric").set_index("metric")["size"].astype(int)
    if not len(by_metric) or by_metric.min() >= resampling.SIZE:
        return []
    most = int(by_metric.mode().max())
    others = [f"{METRICS[str(name)].label.lower()} {size}" for name, size in by_metric.items() if size != most]
    but = f" ({', '.join(others)})" if others else ""
    line = (
        f"distances are between samples of {most} pieces{but}: a noise floor shrinks as samples grow, so distances of "
    )
    return [line + "tables with other sample sizes cannot be compared; Cliff's delta can"]


def summary(table: "pd.DataFrame", systems: Sequence[str]) -> list[str]:
    """One line per system: in how many metrics it differs significantly, and in which most.

    >>> import pandas as pd
    >>> row = {"system": "rnn", "metric": "polyphony", "verdict": "inconclusive"}
    >>> summary(pd.DataFrame([row]), ["rnn"])
    ['rnn differs significantly in 0 of 1 metrics, which does not show that it is equal in them.']
    """
    rows = rows_of(table)
    return [_on_system(system, [row for row in rows if row.system == system and row.judged]) for system in systems]


def _on_system(system: str, tested: Sequence[VerdictRow]) -> str:
    """tested : the system's rows that have a verdict"""
    if not tested:
        return f"{system}: no metric could be tested."
    differing = [row for row in tested if row.differs]
    line = f"{system} differs significantly in {len(differing)} of {len(tested)} metrics"
    if not differing:
        return f"{line}, which does not show that it is equal in them."
    apart = [(row.distance, row) for row in differing if row.distance is not None]
    furthest = sorted(apart, key=lambda one: one[0], reverse=True)[:MOST]
    if furthest:
        most = ", ".join(f"{METRICS[row.metric].label.lower()} {row.words} {far:.1f}" for far, row in furthest)
        samples = " or ".join(map(str, sorted({int(row.size) for _, row in furthest if row.size is not None})))
        line += f"; largest distances, in noise floors (samples of {samples} pieces): {most}"
    return f"{line}."
