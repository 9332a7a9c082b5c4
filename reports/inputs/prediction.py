"""Tables on prediction, given with the music: of `clstm accuracy`, `clstm accuracy --pairs`, `clstm reach` and
`clstm reach --pairs`, of this version and of earlier ones.

Each is read once, checked, and handed on as typed rows; the curves of `clstm reach` are a table, which a figure draws.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from reports.content.rows import (
    HORIZONS,
    AccuracyPairRow,
    AccuracyRow,
    PredictorRole,
    ReachPairRow,
    TrainedNetworkRow,
    rows_as,
)

ROLES: tuple[str, ...] = get_args(PredictorRole)
ACCURACY_TEXT = ["system", "role", "horizon"]
ACCURACY_SHARES = ["accuracy", "precision", "recall", "f1", "f1_held", "f1_struck"]
ACCURACY_COLUMNS = [*ACCURACY_TEXT, *ACCURACY_SHARES, "nats", "windows"]  # older files lack the others
PAIRS = ("horizon", "system", "other", "accuracy", "accuracy_low", "accuracy_high")
PAIRS_TEXT = ("horizon", "system", "other", "kind", "other_kind")
TRAININGS = ("horizon", "metric", "system", "kind", "other", "other_kind", "value")
REACH = ("system", "seconds_back", "share")
REACH_BAND = ("share_low", "share_high")  # older files lack them
REACH_TEXT = ("system", "kind", "other", "other_kind")
REACH_PAIRS = tuple(name for name in ReachPairRow.model_fields)


def read_accuracy(path: Path) -> list[AccuracyRow]:
    """The rows that `clstm accuracy` writes. Raises `UserError` for anything else.

    Of an older version's table, the columns it lacks are missing, and `kind` is empty.
    """
    table = _read(path, "--accuracy", ACCURACY_COLUMNS, "clstm accuracy")
    for column, accepted in (("role", ROLES), ("horizon", tuple(HORIZONS))):
        _check_words(table, column, accepted, f"--accuracy {path}")
    if table.empty:
        raise UserError(f"--accuracy {path} has no rows; give the CSV of `clstm accuracy`")
    table = _typed(table, list(AccuracyRow.model_fields), [*ACCURACY_TEXT, "kind"])
    shares = table[ACCURACY_SHARES]
    if ((shares < 0) | (shares > 1)).to_numpy().any():
        raise UserError(f"--accuracy {path}: accuracies are fractions, 0 to 1; this file has others")
    return rows_as(AccuracyRow, table)


def read_pairs(path: Path) -> list[AccuracyPairRow]:
    """Model compared with model, as `clstm accuracy --pairs` writes it. Raises `UserError` for anything else.

    Of an older version's table, the columns it lacks are missing, and the kinds are empty.
    """
    table = _read(path, "--pairs", PAIRS, "clstm accuracy --pairs")
    _check_words(table, "horizon", tuple(HORIZONS), f"--pairs {path}")
    return rows_as(AccuracyPairRow, _typed(table, list(AccuracyPairRow.model_fields), PAIRS_TEXT))


def read_trainings(path: Path) -> list[TrainedNetworkRow]:
    """Networks of several trainings, as `clstm accuracy --trainings` writes them. Raises `UserError` otherwise."""
    table = _read(path, "--trainings", TRAININGS, "clstm accuracy --replicates --trainings")
    _check_words(table, "horizon", tuple(HORIZONS), f"--trainings {path}")
    columns = list(TrainedNetworkRow.model_fields)
    return rows_as(TrainedNetworkRow, _typed(table, columns, (*PAIRS_TEXT, "metric")))


def read_reach(path: Path, option: str = "--reach") -> pd.DataFrame:
    """The curves that `clstm reach` writes: system, kind, seconds_back, share 0..1 and its interval.

    Of an older version's table the interval is missing, and `kind` is empty. Raises `UserError` for anything else.
    """
    command = "clstm reach CORPUS RUNS --out CURVES"
    curves = _typed(_read(path, option, REACH, command), [*REACH, *REACH_BAND, "kind"], ("system", "kind"))
    if curves.empty or curves[list(REACH[1:])].isna().to_numpy().any() or (curves["seconds_back"] < 0).any():
        raise UserError(f"{_where(option, path)} has rows without numbers, or none; give the CSV of `{command}`")
    return curves


def read_reach_pairs(path: Path) -> list[ReachPairRow]:
    """One model's reach compared with another's, as `clstm reach --pairs` writes it. Raises `UserError` otherwise."""
    table = _read(path, "--reach-pairs", REACH_PAIRS, "clstm reach CORPUS RUNS --out CURVES --pairs PAIRS")
    return rows_as(ReachPairRow, _typed(table, list(REACH_PAIRS), REACH_TEXT))


def numeric(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """As numbers; missing where it is none, or not finite.

    >>> numeric(pd.Series(["0.5", "none", "inf"])).tolist()
    [0.5, nan, nan]
    """
    try:
        found = pd.to_numeric(column, errors="coerce")
    except OverflowError:  # whole numbers of hundreds of digits
        found = pd.to_numeric(column.astype(str), errors="coerce").astype(float)
    return found.where(np.isfinite(found.astype(float)))


def names(column: "pd.Series[Any]") -> "pd.Series[str]":
    """As text; "" where there is none.

    >>> names(pd.Series(["lstm", None])).tolist()
    ['lstm', '']
    """
    return column.astype(object).where(column.notna(), "").astype(str)


def _typed(table: pd.DataFrame, columns: Sequence[str], texts: Sequence[str]) -> pd.DataFrame:
    """These columns, missing where the table has none: texts as such, everything else as numbers."""
    table = table.reindex(columns=list(columns))
    numbers = [column for column in columns if column not in texts]
    return table.assign(**{column: names(table[column]) for column in texts}, **table[numbers].apply(numeric))


def _read(path: Path, option: str, columns: Sequence[str], command: str) -> pd.DataFrame:
    try:
        table = old_names.table(pd.read_csv(path))
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        reason = f"cannot be read as CSV ({_reason(error)})"
        raise UserError(f"{_where(option, path)} {reason}; give the CSV of `{command}`") from error
    if missing := [column for column in columns if column not in table.columns]:
        raise UserError(f"{_where(option, path)} has no column {', '.join(missing)}; give the CSV of `{command}`")
    return table


def _where(option: str, path: Path) -> str:
    """An option and its file, or the file alone where it is the command's argument."""
    return f"{option} {path}".lstrip()


def _check_words(table: pd.DataFrame, column: str, accepted: Sequence[str], where: str) -> None:
    if strange := sorted({str(value) for value in table[column]} - set(accepted)):
        raise UserError(f"{where}: {column} is {strange[0]!r}; it can be {' or '.join(accepted)}")


def _reason(error: Exception) -> str:
    """Why a table cannot be read, without the words of Python."""
    match error:
        case OSError():
            return error.strerror or "it cannot be opened"
        case UnicodeDecodeError():
            return "it is not text in UTF-8"
        case pd.errors.EmptyDataError():
            return "it is empty"
    return "its rows have no common form"
