"""The verdict in sentences: one line per system, and the caveats, which say what limits the conclusions."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from clstm.runtime.names import counted
from evaluation.comparison.contrasts import ALPHA
from evaluation.comparison.phrases import phrases
from evaluation.comparison.verdict import TOO_FEW, VerdictRow, rows_of
from evaluation.measurement.systems import alike
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics import resampling

if TYPE_CHECKING:
    import pandas as pd

UNEQUAL = 1.1  # lengths that differ by more than this ratio make metrics incomparable
MOST = 3  # metrics that a line names


def caveats(table: "pd.DataFrame", pieces: "pd.DataFrame", reference: str) -> list[str]:
    """What limits the conclusions of a table, one line each.

    table : `verdict.COLUMNS`; pieces : of `evaluation.measurement.systems.Measurements`; reference : what is compared
        with where the table does not say it
    """
    against = dict(zip(table["system"], table["against"], strict=True)) if "against" in table else {}
    each = {str(system): own for system, own in pieces.groupby("system", sort=False)}
    sizes = {system: len(own) for system, own in each.items()}
    lengths = {system: float(own["seconds"].median()) for system, own in each.items()}
    said = []
    for system, own in each.items():
        other = against.get(system) or reference
        if sizes[system] == 1:
            said.append(f"{system} has one piece: it is measured, and nothing is inferred from it")
        said += filter(None, [_too_few(table[table["system"] == system], system, other, each)])
        if rejected := int((own["rejected"].astype(object).fillna("") != "").sum()):
            said.append(f"{system}: {rejected:,} of {counted(sizes[system], 'file')} cannot be used")
        longer = lengths[system] / lengths[other] if lengths[other] else np.nan
        if not 1 / UNEQUAL <= longer <= UNEQUAL:
            said.append(
                f"{system} lasts {lengths[system]:.0f} s, {other} {lengths[other]:.0f} s (medians): many "
                "metrics depend on length; cut all with --seconds"
            )
        remarks = own["remarks"].astype(object).fillna("")
        said += [
            f"{system}, {number:,} of {counted(sizes[system], 'file')}: {remark}"
            for remark, number in alike(remarks[remarks != ""])
        ]
    return said + _of_sizes(table)


def _too_few(rows: "pd.DataFrame", system: str, other: str, pieces: "Mapping[str, pd.DataFrame]") -> str:
    """In how many metrics of a system there are too few groups for a significant difference, and how many would do; ""
    where there are enough. pieces : of each system
    """
    hopeless = int(rows["note"].str.startswith(TOO_FEW).sum())
    if not hopeless:
        return ""
    what = f"a significant difference in {counted(hopeless, 'metric')}"
    own, theirs = (set(pieces[name]["group"].astype(str)) for name in (system, other))
    tests = int(rows["p_holm"].notna().sum())
    pairs = len(own & theirs)
    if pairs == min(len(own), len(theirs)):  # with no other group in one set, only the groups of a pair trade places
        needed = _enough(lambda groups: 2 / 2**groups, tests)
        given, enough = f"{other} and {system} are {counted(pairs, 'pair')} of groups", f"{needed}"
        lacking = pairs >= needed
    else:
        needed = _enough(lambda groups: 2 / comb(2 * groups, groups), tests)
        given, enough = (
            f"{system} and {other} are {counted(len(own), 'group')} against {len(theirs)}",
            f"{needed} against {needed}",
        )
        lacking = min(len(own), len(theirs)) >= needed
    if lacking:  # there are enough groups, but not with a value
        return f"{given}: too few of them have a value to show {what}; {enough} with one would do"
    return f"{given}: too few to show {what}; {enough} would do"


def _enough(least_p: Callable[[int], float], tests: int) -> int:
    """The fewest groups whose least p is significant after Holm's correction for so many tests.

    >>> _enough(lambda groups: 2 / 2**groups, tests=1)
    6
    """
    return next(groups for groups in count(2) if least_p(groups) * tests < ALPHA)


def _of_sizes(table: "pd.DataFrame") -> list[str]:
    """How many pieces the samples of the distances have, where that is fewer than usual or not one number."""
    by_metric = table.dropna(subset="size").drop_duplicates("metric").set_index("metric")["size"].astype(int)
    if not len(by_metric) or by_metric.min() >= resampling.SIZE:
        return []
    most = int(by_metric.mode().max())
    fewer = by_metric[by_metric != most]
    others = [f"{METRICS[str(name)].phrase} {size}" for name, size in fewer.items()]
    if len(others) > MOST:
        others = [f"{len(others)} metrics {' to '.join(map(str, sorted({fewer.min(), fewer.max()})))}"]
    but = f" ({', '.join(others)})" if others else ""
    line = f"distances are between samples of {counted(most, 'piece')}{but}: a noise floor shrinks as samples grow, so "
    return [line + "distances of tables with other sample sizes cannot be compared; Cliff's delta can"]


def summary(table: "pd.DataFrame", systems: Sequence[str]) -> list[str]:
    """One line per system: in how many metrics it differs significantly, and in which most; from what too, where not
    all are compared with one reference.

    >>> import pandas as pd
    >>> row = {"system": "rnn", "metric": "polyphony", "verdict": "inconclusive"}
    >>> summary(pd.DataFrame([row]), ["rnn"])
    ['rnn differs significantly in 0 of 1 metric, which does not show that it is equal in them.']
    """
    rows = rows_of(table)
    several = len({row.against for row in rows}) > 1
    return [_on_system(system, [row for row in rows if row.system == system], several=several) for system in systems]


def _on_system(system: str, rows: Sequence[VerdictRow], *, several: bool) -> str:
    """rows : those of the system; several : whether there are several references"""
    tested = [row for row in rows if row.judged]
    if not tested:
        reasons = Counter(row.note.split("; ")[0] or "not tested" for row in rows).most_common()
        why = "; ".join(f"{reason} in {counted(number, 'metric')}" for reason, number in reasons)
        return f"{system}: no metric could be tested ({why or 'there is none'})."
    differing = [row for row in tested if row.differs]
    other = f" from {tested[0].against}" if several else ""
    line = f"{system} differs significantly{other} in {len(differing)} of {counted(len(tested), 'metric')}"
    if not differing:
        return f"{line}, which does not show that it is equal in them."
    if plain := phrases(rows):
        line += f": {'; '.join(one.text for one in plain)}"
    apart = [(row.distance, row) for row in differing if row.distance is not None]
    furthest = sorted(apart, key=lambda one: one[0], reverse=True)[:MOST]
    if furthest:
        most = ", ".join(f"{METRICS[row.metric].phrase} {row.words} {far:.1f}" for far, row in furthest)
        samples = " or ".join(map(str, sorted({int(row.size) for _, row in furthest if row.size is not None})))
        line += f". Largest distances, in noise floors (samples of {samples} piece{'s' * (samples != '1')}): {most}"
    return f"{line}."
