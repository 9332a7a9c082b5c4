"""Medians are of the files that have a figure, and an accuracy table is taken only when it is one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.errors import UserError
from reports.tables import ACCURACY_COLUMNS, read_accuracy, summary


def tidy(rows: list[tuple[str, str, str, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["system", "piece", "metric", "value", "note"])


def test_a_system_is_summed_up_by_median_and_quartiles() -> None:
    (row,) = summary(tidy([("A", str(n), "level", n, "") for n in (5, 1, 4, 2, 3)]), ["A"]).to_dict("records")
    assert (row["n"], row["lower"], row["median"], row["upper"]) == (5, 2, 3, 4)


def test_files_without_a_figure_do_not_count() -> None:
    (row,) = summary(tidy([("A", "1", "level", 7, ""), ("A", "2", "level", np.nan, "silent")]), ["A"]).to_dict(
        "records"
    )
    assert (row["n"], row["median"], row["note"]) == (1, 7, "")


def test_a_figure_nobody_has_says_the_commonest_reason() -> None:
    reasons = ["silent", "too short", "silent"]
    table = summary(tidy([("A", str(n), "level", np.nan, reason) for n, reason in enumerate(reasons)]), ["A"])
    assert (table["n"].item(), table["note"].item()) == (0, "silent")
    assert np.isnan(table["median"].item())


def test_systems_come_in_the_order_asked_for() -> None:
    table = summary(tidy([("A", "1", "level", 1, ""), ("B", "1", "level", 2, "")]), ["B", "A"])
    assert table["system"].tolist() == ["B", "A"]


def accuracy_file(folder: Path, **changes: object) -> Path:
    row = dict.fromkeys(ACCURACY_COLUMNS, 0.5) | {"system": "LSTM", "role": "model", "horizon": "next", "windows": 10}
    path = folder / "accuracy.csv"
    pd.DataFrame([row | changes]).to_csv(path, index=False)
    return path


def test_the_table_of_clstm_accuracy_is_read(tmp_path: Path) -> None:
    table = read_accuracy(accuracy_file(tmp_path, nats=None))
    assert table["accuracy"].item() == 0.5
    assert np.isnan(table["nats"].item())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "human"}, "role is 'human'"),
        ({"horizon": "ten"}, "horizon is 'ten'"),
        ({"accuracy": 97.8}, "fractions, 0 to 1"),
    ],
)
def test_an_accuracy_out_of_range_is_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read_accuracy(accuracy_file(tmp_path, **changes))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as CSV"),
        (b"\xff\xfe\x00", "cannot be read as CSV"),
        (b"system,accuracy\nLSTM,0.9\n", "has no column role"),
        (",".join(ACCURACY_COLUMNS).encode(), "has no rows"),
    ],
)
def test_a_file_that_is_no_accuracy_table_is_refused_in_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "accuracy.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_accuracy(path)
    assert "\n" not in str(error.value)


def test_a_missing_accuracy_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_accuracy(tmp_path / "none.csv")
