"""The numbers as tables: what every system measures, and the paper's Table 2.

Tables are data frames in, data frames out; the page and later journals decide how they look.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clstm.errors import UserError

ACCURACY_TEXT = ["system", "role", "horizon"]
ACCURACY_SHARES = ["accuracy", "precision", "recall", "f1", "f1_held", "f1_struck"]
ACCURACY_COLUMNS = [*ACCURACY_TEXT, *ACCURACY_SHARES, "nats", "windows"]
ROLES = ("model", "own", "baseline")  # of `clstm accuracy`: the paper's three, networks of ours, no network
HORIZONS = ("next", "nine")


def summary(metrics: pd.DataFrame, systems: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles over the pieces of each system.

    metrics : tidy, with columns system, piece, metric, value, note
    returns metric, system, n, median, lower, upper, note: a row a metric and system, in their order; n counts the
    pieces that have the figure. Without any, the numbers are NaN and the note gives the commonest reason.
    """
    rows = []
    grouped = metrics.groupby(["metric", "system"], sort=False)
    names = metrics["metric"].unique()
    for metric in names:
        for system in systems:
            pieces = grouped.get_group((metric, system))
            values = pieces["value"].dropna()
            lower, median, upper = (values.quantile(share) for share in (0.25, 0.5, 0.75))
            note = "" if len(values) else str(pieces["note"].mode().iloc[0])
            rows.append((metric, system, len(values), median, lower, upper, note))
    return pd.DataFrame(rows, columns=["metric", "system", "n", "median", "lower", "upper", "note"])


def read_accuracy(path: Path) -> pd.DataFrame:
    """The table that `clstm accuracy` writes. Raises `UserError` for anything else."""
    try:
        table = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise UserError(f"--accuracy {path} cannot be read as CSV ({_one_line(error)})") from error
    missing = [column for column in ACCURACY_COLUMNS if column not in table.columns]
    if missing:
        raise UserError(f"--accuracy {path} has no column {', '.join(missing)}; give the CSV of `clstm accuracy`")
    for column, accepted in (("role", ROLES), ("horizon", HORIZONS)):
        strange = sorted({str(value) for value in table[column]} - set(accepted))
        if strange:
            raise UserError(f"--accuracy {path}: {column} is {strange[0]!r}; it can be {' or '.join(accepted)}")
    numbers = table[[*ACCURACY_SHARES, "nats", "windows"]].apply(pd.to_numeric, errors="coerce")
    shares = numbers[ACCURACY_SHARES]
    if ((shares < 0) | (shares > 1)).to_numpy().any():
        raise UserError(f"--accuracy {path}: accuracies are fractions, 0 to 1; this file has others")
    if table.empty:
        raise UserError(f"--accuracy {path} has no rows; give the CSV of `clstm accuracy`")
    return table[ACCURACY_TEXT].astype(str).join(numbers)


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
