"""Every piece's value of every metric, compact: the page draws the distributions of it, as vectors."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.content.report import SystemContent

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 4  # significant, of a value on the page; metrics.csv has all
MOST = 300  # pieces of a system that are drawn, spread evenly over its list


def dots(tidy: "pd.DataFrame", systems: Sequence[SystemContent]) -> str:
    """JSON that is safe within a script: systems with their pieces, and metrics by view with values in that order.

    tidy : measurements, with columns system, piece, metric, value; null is a value that does not exist
    """
    pieces = {one.name: _drawn(tidy.loc[tidy["system"] == one.name, "piece"].unique().tolist()) for one in systems}
    known = tidy[tidy["value"].notna()]
    keys = zip(*(known[column].astype(str) for column in ("metric", "system", "piece")), strict=True)
    values = dict(zip(keys, known["value"].astype(float).tolist(), strict=True))
    content = {
        "systems": [
            {"name": one.name, "colour": one.colour, "pieces": pieces[one.name]} for one in systems if pieces[one.name]
        ],
        "views": {view: made for view in VIEWS if (made := _view(view, values, pieces))},
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _drawn(pieces: Sequence[str]) -> list[str]:
    """
    >>> len(_drawn([str(number) for number in range(1000)]))
    300
    """
    if len(pieces) <= MOST:
        return list(pieces)
    return [pieces[len(pieces) * place // MOST] for place in range(MOST)]


def _view(
    view: str, values: Mapping[tuple[str, str, str], float], pieces: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    made = []
    for name, metric in METRICS.items():
        if metric.view != view or not metric.compared:
            continue
        own = [
            [_short(values.get((name, system, piece))) for piece in listed]
            for system, listed in pieces.items()
            if listed
        ]
        if any(value is not None for each in own for value in each):
            made.append({"label": metric.label, "unit": metric.unit, "values": own})
    return made


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
