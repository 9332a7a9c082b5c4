"""A report or a comparison as it was written, for tables and texts: every number is read, none is computed again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.comparison.closeness import DISTANCES, PAIRS
from evaluation.comparison.folder import MADE_BY as COMPARISON
from evaluation.comparison.folder import RECORD as COMPARED
from evaluation.comparison.verdict import VerdictRow, rows_of, systems_in
from evaluation.controls.control import Control
from evaluation.distance.trained import VALUES
from evaluation.prompting.continuations import CONTINUATIONS
from evaluation.prompting.likelihood import LIKELIHOOD
from reports.content.report import RECORD, read_report

HINT = "give the folder of `clstm report` or `clstm compare`"
AGAIN = "make it again with `clstm compare` or `clstm report`"
OF_PAPERS = "literature.csv"
# Of all tables: what is text even where it looks like a number, and what is a number or nothing.
TEXTS = ("system", "against", "space", "closer", "further", "metric", "group", "replicate", "measure", "model", "piece")
NUMBERS = (
    *("distance", "distance_low", "distance_high", "density", "coverage", "near_copies", "frechet"),
    *("pieces", "human_95", "expected", "near_copies_expected", "ranked_distance"),
    *("difference", "difference_low", "difference_high", "rank_best", "rank_worst", "p", "p_holm"),
    *("value", "mean", "median", "sd"),
)
_EMPTY = {column: ["", "nan"] for column in (*NUMBERS, "replicate")}


@dataclass(frozen=True, eq=False)
class Record:
    """What a folder holds.

    rows : of the verdict
    distances, pairs, values, pieces, papers, trainings, continuations, likelihood : tables, empty where the folder has
        none
    about : facts by name, as `comparison.json` and the provenance of `report.json` have them
    controls : what the reference is under each control, in a clause, by the name of the set
    """

    reference: str
    rows: list[VerdictRow]
    distances: pd.DataFrame
    pairs: pd.DataFrame
    values: pd.DataFrame
    pieces: pd.DataFrame
    papers: pd.DataFrame
    trainings: pd.DataFrame
    continuations: pd.DataFrame
    likelihood: pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)

    @property
    def sets(self) -> list[str]:
        """What systems are compared with, in their order."""
        return list(dict.fromkeys(row.against or self.reference for row in self.rows))

    @property
    def systems(self) -> list[str]:
        return [name for name in systems_in(self.rows) if name not in self.sets]

    @property
    def sizes(self) -> dict[str, int]:
        """The number of pieces of every set and system."""
        found: dict[str, int] = {}
        for row in self.rows:
            for name, count in ((row.against or self.reference, row.reference_pieces), (row.system, row.system_pieces)):
                if count is not None:
                    found.setdefault(name, int(count))
        return found


def read_record(path: Path) -> Record:
    """The record of a folder, or of the `report.json` or `comparison.json` in it. Raises `UserError` for others."""
    folder = path.parent if path.name in (RECORD, COMPARED) else path
    if (folder / RECORD).is_file():
        report = read_report(folder)
        about = report.provenance.model_dump(mode="json") | {"seconds_heard": report.seconds_heard}
        controls = {control.name: control.limits for control in report.controls}
        return _with_tables(folder, report.reference, list(report.verdict), about, controls)
    if not (folder / COMPARED).is_file():
        raise UserError(f"{path} has neither {RECORD} nor {COMPARED}; {HINT}")
    try:
        about = old_names.translated(read_json(folder / COMPARED))
        if about.get("made_by") != COMPARISON:
            raise UserError(f"{folder} is not made by `{COMPARISON}`; {HINT}")
        reference = _as_given(about)
        controls = _controls(about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / COMPARED} is damaged ({_first_line(error)}); {AGAIN}") from error
    return _with_tables(folder, reference, _verdict(folder / "verdict.csv"), about, controls)


def _verdict(path: Path) -> list[VerdictRow]:
    try:
        texts = [name for name in pd.read_csv(path, nrows=0) if name in TEXTS]
        empty = {str(name): ["", "nan"] for name in pd.read_csv(path, nrows=0) if name not in TEXTS}
        rows = rows_of(pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=empty))
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False, include_context=False)[0]["loc"]))
        raise UserError(
            f"{path} is damaged: its column {where} is missing, or not as it was written; {AGAIN}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({_first_line(error)}); {AGAIN}") from error
    if lacking := [row.system for row in rows if row.system_pieces is None or row.reference_pieces is None]:
        raise UserError(f"{path} is damaged: it lacks the number of pieces of {lacking[0]} or its reference; {AGAIN}")
    return rows


def _controls(about: Mapping[str, Any]) -> dict[str, str]:
    """Of each set, the clause that says what it is, as far as this version knows its control."""
    known = {one.name for one in fields(Control)}
    control: Any = Control  # its values were read from JSON
    return {
        name: control(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in own.items()}
        ).clauses()
        for name, own in (about.get("controls") or {}).items()
        if isinstance(own, dict) and set(own) <= known
    }


def _as_given(about: Mapping[str, Any]) -> str:
    """The name of the reference itself, not of a set that a control makes of it."""
    named = about["reference"]
    if not isinstance(named, str):
        raise TypeError(f"its reference is {named!r}, not a name")
    return next((name for name in about["systems"] if named.startswith(f"{name}, ")), named)


def _with_tables(
    folder: Path, reference: str, rows: list[VerdictRow], about: Mapping[str, Any], controls: Mapping[str, str]
) -> Record:
    if not rows:
        raise UserError(f"{folder} compares no sets of pieces: of single pieces there is nothing to print in a table")
    return Record(
        reference,
        rows,
        _under_control(_table(folder, DISTANCES, ("system", "against", "space", "distance"))),
        _table(folder, PAIRS, ("closer", "further", "significant")),
        _table(folder, "metrics.csv", ("system", "metric", "value")),
        _table(folder, "pieces.csv", ("system", "group")),
        _table(folder, OF_PAPERS, ("system", "metric")),
        _table(folder, VALUES, ("system", "replicate", "metric")),
        _table(folder, CONTINUATIONS, ("system", "measure")),
        _table(folder, LIKELIHOOD, ("system", "model")),
        about,
        controls,
    )


def _under_control(distances: pd.DataFrame) -> pd.DataFrame:
    """Without the rows that compare a system with the reference as it is, beside the one under its control."""
    if "without_control" not in distances:
        return distances
    return distances[distances["without_control"].astype(str).str.lower() != "true"]


def _table(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table of a folder, or of its `tables`; empty where there is none.

    Raises `UserError` for one that lacks a column, or has words where numbers belong.
    """
    path = next((path for path in (folder / name, folder / "tables" / name) if path.is_file()), None)
    if path is None:
        return pd.DataFrame(columns=list(columns))
    try:
        found = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=_EMPTY)
    except (OSError, ValueError) as error:  # no table, or no text
        raise UserError(f"{path} is not a readable CSV ({_first_line(error)}); {AGAIN}") from error
    if lacking := [column for column in columns if column not in found]:
        raise UserError(f"{path} lacks the column {lacking[0]} (it has {', '.join(map(str, found))}); {AGAIN}")
    for column in set(NUMBERS) & set(found):
        numbers = pd.to_numeric(found[column], errors="coerce")
        if (wrong := found[column][numbers.isna() & found[column].notna()]).size:
            raise UserError(f"{path} has {wrong.iloc[0]!r} in its column {column}, where a number belongs; {AGAIN}")
        found[column] = numbers
    return found


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
