"""Tables of numbers compared row by row: what a report has, and what its music gives today.

A row is named by its keys. Texts in other columns are not compared; a text where a number was is found.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isclose, isnan, nan
from typing import TYPE_CHECKING, Any

from clstm.runtime.spreadsheet import neutral
from reports.verification.holdings import Verification
from reports.verification.manifest import Places

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

LISTED = 10
TEXT = inf  # in place of a number

Rows = Mapping[tuple[str, ...], Mapping[str, float]]


@dataclass(frozen=True)
class Checked:
    """A table of a report.

    keys : the columns that name a row
    relative, least : how much its numbers may differ; loose : of single columns, absolutely
    """

    name: str
    keys: tuple[str, ...]
    relative: float = 0.01
    least: float = 0.005
    loose: Mapping[str, float] = field(default_factory=dict)


def recorded_rows(
    path: "Path", one: Checked, places: Places, found: Verification, without: Container[str] = ()
) -> Rows | None:
    """The rows of a table of the report, but those of some metrics; None, and a failure, if it is unreadable."""
    import pandas as pd

    why = places.foreign(path)
    try:
        if not why:
            return rows_of(pd.read_csv(path, dtype=dict.fromkeys(one.keys, str)), one.keys, without)
    except (OSError, KeyError, ValueError):  # pandas' parser errors are ValueErrors
        why = "it is not such a table"
    found.failures.append(f"{one.name}: cannot be read, so nothing was compared with it ({why})")
    return None


def rows_of(table: "pd.DataFrame", keys: Sequence[str], without: Container[str] = ()) -> Rows:
    """Every row by its keys; rows of the same keys, such as files of one name in several folders, in their order.

    without : metrics whose rows are left out
    """
    every: list[dict[Any, Any]] = table.fillna(dict.fromkeys(keys, "")).to_dict("records")
    rows = [row for row in every if row.get("metric") not in without]
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for row in rows:
        key = tuple(str(neutral(str(row[name]))) for name in keys)
        seen[key] += 1
        place = (f"{seen[key]}",) if seen[key] > 1 else ()
        found[key + place] = {str(name): _number(value) for name, value in row.items() if name not in keys}
    return found


def _number(value: Any) -> float:
    """A cell as a number, of a flag too; NaN where it is empty, `TEXT` where it is a text.

    >>> _number("True"), _number(0.5), _number(None), _number("rnn")
    (1.0, 0.5, nan, inf)
    """
    if value is None or value == "":
        return nan
    try:
        return float({"True": 1.0, "False": 0.0}.get(value, value))
    except (TypeError, ValueError):
        return TEXT


def compare_rows(before: Rows, after: Rows, one: Checked, found: Verification) -> None:
    """Record how many rows there are, and how they differ from today's."""
    differing = list(_differing(before, after, one))
    found.checked[f"rows of {one.name}"] = len(before)
    found.failures += differing[:LISTED]
    if len(differing) > LISTED:
        found.failures.append(f"and {len(differing) - LISTED} more numbers of {one.name}")


def _differing(before: Rows, after: Rows, one: Checked) -> Iterator[str]:
    for key in [*before, *(key for key in after if key not in before)]:
        what = f"{one.name}: {', '.join(filter(None, key))}"
        if key not in after or key not in before:
            yield f"{what} is {'not found any more' if key in before else 'not in the report'}"
            continue
        for name, was in before[key].items():
            now = after[key].get(name, was)  # a column of another version
            near = isclose(now, was, rel_tol=one.relative, abs_tol=one.least)
            if name in one.loose:
                near = now == was or abs(now - was) <= one.loose[name]
            if isnan(was) != isnan(now) or not (isnan(was) or near):
                yield f"{what}: {name} was {_words(was)}, is {_words(now)}"


def _words(value: float) -> str:
    return "a text" if value == TEXT else "nothing" if isnan(value) else f"{value:.4g}"
