"""Do the tables beside a report's verdict follow from the music: the numbers of the literature, true continuations,
likelihood, and what so many pieces can find?

Their numbers may differ by what values may (`reports.verification.verify`), and so by a little; what is simulated may
differ by more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isnan
from typing import TYPE_CHECKING, Any

from clstm.runtime.spreadsheet import neutral
from evaluation.comparison import papers
from evaluation.comparison.compare import Comparison
from evaluation.distance import planning
from evaluation.prompting import continuations, likelihood
from reports.verification.holdings import Verification
from reports.verification.manifest import Places

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

LISTED = 10


@dataclass(frozen=True)
class Checked:
    """A table of a report. keys : the columns that name a row; relative, least : how much its numbers may differ"""

    name: str
    keys: tuple[str, ...]
    relative: float = 0.01
    least: float = 0.005


TABLES = (
    Checked(papers.PAPERS, ("system", "name", "source")),
    Checked(continuations.CONTINUATIONS, ("system", "measure")),
    Checked(continuations.OF_PIECES, ("system", "file")),
    Checked(likelihood.LIKELIHOOD, ("system", "model")),
    Checked(planning.FILE, ("clips", "system", "metric"), relative=0.1),
)

Rows = Mapping[tuple[str, ...], Mapping[str, float]]


def check_beside(folder: "Path", measured: Comparison, places: Places, found: Verification) -> None:
    """Compare each table that the report has with today's."""
    now = _today(measured)
    for one in TABLES:
        path = folder / one.name
        if not path.exists():
            continue
        why = places.foreign(path)
        recorded = None if why else _recorded(path, one.keys)
        if recorded is None:
            said = why or "it is not such a table"
            found.failures.append(f"{one.name}: cannot be read, so nothing was compared with it ({said})")
            continue
        if one.name not in now:
            found.remarks.append(f"{one.name} was not compared: what it is of was not given")
            continue
        differing = list(_differing(recorded, _rows(now[one.name], one.keys), one))
        found.checked[f"rows of {one.name}"] = len(recorded)
        found.failures += differing[:LISTED]
        if len(differing) > LISTED:
            found.failures.append(f"and {len(differing) - LISTED} more numbers of {one.name}")


def _today(measured: Comparison) -> "dict[str, pd.DataFrame]":
    tables = {papers.PAPERS: measured.printed}
    if measured.finds:
        tables[planning.FILE] = planning.as_table(measured.finds)
    if measured.true:
        tables[continuations.CONTINUATIONS] = measured.true.sets
        tables[continuations.OF_PIECES] = measured.true.pieces
    if measured.likely:
        tables[likelihood.LIKELIHOOD] = measured.likely.table
    return tables


def _recorded(path: "Path", keys: Sequence[str]) -> Rows | None:
    import pandas as pd

    try:
        return _rows(pd.read_csv(path, dtype=dict.fromkeys(keys, str)), keys)
    except (OSError, KeyError, ValueError):  # pandas' parser errors are ValueErrors
        return None


def _rows(table: "pd.DataFrame", keys: Sequence[str]) -> Rows:
    import pandas as pd

    numbers = [
        name for name in table if name not in keys and pd.api.types.is_numeric_dtype(table[name].infer_objects())
    ]
    rows: list[dict[Any, Any]] = table.fillna(dict.fromkeys(keys, "")).to_dict("records")
    return {
        tuple(str(neutral(str(row[key]))) for key in keys): {str(name): float(row[name]) for name in numbers}
        for row in rows
    }


def _differing(before: Rows, after: Rows, one: Checked) -> Iterator[str]:
    for key, row in before.items():
        what = f"{one.name}: {', '.join(filter(None, key))}"
        if key not in after:
            yield f"{what} is not found any more"
            continue
        for name, was in row.items():
            if name not in after[key]:
                continue  # a text that looks like a number
            now = after[key][name]
            near = isclose(now, was, rel_tol=one.relative, abs_tol=one.least)
            if isnan(was) != isnan(now) or not (isnan(was) or near):
                yield f"{what}: {name} was {was:.4g}, is {now:.4g}"
