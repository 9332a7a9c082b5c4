"""Metrics that no piece of a comparison has: they are not tested, do not count in the correction, and are not shown.

A comparison of piano music has no metrics of instruments. What says of every piece that there is nothing of the kind
(a share of 0 of the notes for the guitar), or nothing else (one family of instruments), counts as missing everywhere
(`Metric.plain`): to test it would only make all other tests stricter.
"""

from typing import TYPE_CHECKING

import numpy as np

from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.instruments import ALONE, UNKNOWN
from evaluation.metrics.metric import VIEWS

if TYPE_CHECKING:
    import pandas as pd

NAMED = 3  # reasons that a view names


def without_plain(values: "pd.DataFrame") -> "pd.DataFrame":
    """The values of a comparison, missing and with a reason in metrics in which all music is plain in the same way.

    values : of `evaluation.measurement.systems.Measurements`

    >>> import pandas as pd
    >>> row = {"system": "a", "piece": "x", "metric": "drum_density", "value": 0.0, "note": ""}
    >>> without_plain(pd.DataFrame([row]))["note"].tolist()
    ['no drums']
    """
    values = values.copy()
    for name, metric in METRICS.items():
        if metric.plain:
            there = (values["metric"] == name) & values["value"].notna()
            found = values.loc[there, "value"].unique().tolist()
            reason = dict(metric.plain).get(found[0]) if len(found) == 1 else None
            if reason:
                values.loc[there, ["value", "note"]] = np.nan, reason
    return values


def had(values: "pd.DataFrame") -> set[str]:
    """The metrics that a piece has."""
    return set(values.loc[values["value"].notna(), "metric"].tolist())


def sentence(values: "pd.DataFrame") -> str:
    """Which tested metrics are left out, since no piece has them, and why, true of all files; "" where there are none.

    >>> import pandas as pd
    >>> rows = [("empty_bars", None, "its beats are not known"), ("polyphony", 2.0, "")]
    >>> sentence(pd.DataFrame(rows, columns=["metric", "value", "note"]))
    "not compared: 1 metric of metre (each file's beats are not known)"
    """
    there = had(values)
    given = set(values["metric"])
    gone = [name for name, one in METRICS.items() if one.tested and name in given - there]
    parts: list[str] = []
    for view, title in VIEWS.items():
        own = [name for name in gone if METRICS[name].view == view]
        if own:
            count = f"{len(own)} metric{'s' * (len(own) != 1)}" if not parts else f"{len(own)}"
            whole = not any(METRICS[name].view == view for name in there)
            parts.append(f"{count} of {title.lower()} ({_why(values, own, view, whole=whole)})")
    return f"not compared: {', '.join(parts)}" if parts else ""


def _why(values: "pd.DataFrame", gone: list[str], view: str, *, whole: bool) -> str:
    """In words that are true of all files, why no piece has these metrics of a view. whole : whether they are all"""
    reasons = _reasons(values, gone)
    if view == "metre" and whole and len(reasons) > 1:
        return "no file has known beats that its onsets follow"
    if "families" in gone:
        of_families = set(_reasons(values, ["families"]))
        if ALONE.reason in of_families <= {ALONE.reason, UNKNOWN.reason}:  # known, but for the control
            return "all music is of one instrument family"
        if len(of_families) > 1:
            return "no file is known to have several instrument families"
    if len(reasons) == 1:
        (only,) = reasons
        return f"each file's {only.removeprefix('its ')}" if only.startswith("its ") else only
    rest = "; another reason" if len(reasons) > NAMED else ""
    return f"reasons: {'; '.join(reasons[:NAMED])}{rest}" if reasons else "no file has them"


def _reasons(values: "pd.DataFrame", metrics: list[str]) -> list[str]:
    """The reasons why pieces lack metrics, the most frequent first."""
    notes = values.loc[values["metric"].isin(metrics), "note"]
    return [str(note) for note in notes[notes != ""].value_counts().index]
