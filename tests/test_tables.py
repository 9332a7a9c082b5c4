"""Medians are of the files that have a metric, and only an accuracy table is read as one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.runtime.errors import UserError
from reports.content.rows import AccuracyPairRow, MetricSummary
from reports.findings.tables import of_accuracy, summary
from reports.inputs.prediction import ACCURACY_COLUMNS, PAIRS, PAIRS_TEXT, read_accuracy, read_pairs
from reports.page.given import accuracy_tables

PAIRS_MORE = [name for name in AccuracyPairRow.model_fields if name not in (*PAIRS, *PAIRS_TEXT)]


def tidy(rows: list[tuple[str, str, str, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["system", "piece", "metric", "value", "note"])


def test_a_system_is_summed_up_by_median_and_quartiles() -> None:
    (row,) = summary(tidy([("A", str(n), "level", n, "") for n in (5, 1, 4, 2, 3)]), ["A"])
    assert (row.n, row.lower, row.median, row.upper) == (5, 2, 3, 4)


def test_files_without_a_value_do_not_count() -> None:
    (row,) = summary(tidy([("A", "1", "level", 7, ""), ("A", "2", "level", np.nan, "silent")]), ["A"])
    assert (row.n, row.median, row.note) == (1, 7, "")


def test_a_metric_that_no_file_has_gives_the_most_frequent_reason() -> None:
    reasons = ["silent", "too short", "silent"]
    table = summary(tidy([("A", str(n), "level", np.nan, reason) for n, reason in enumerate(reasons)]), ["A"])
    assert table == [MetricSummary(metric="level", system="A", n=0, note="silent")]


def test_systems_come_in_the_order_asked_for() -> None:
    table = summary(tidy([("A", "1", "level", 1, ""), ("B", "1", "level", 2, "")]), ["B", "A"])
    assert [row.system for row in table] == ["B", "A"]


def accuracy_file(folder: Path, **changes: object) -> Path:
    row = dict.fromkeys(ACCURACY_COLUMNS, 0.5) | {"system": "LSTM", "role": "model", "horizon": "next", "windows": 10}
    path = folder / "accuracy.csv"
    pd.DataFrame([row | changes]).to_csv(path, index=False)
    return path


def test_the_table_of_clstm_accuracy_is_read(tmp_path: Path) -> None:
    (row,) = read_accuracy(accuracy_file(tmp_path, nats=None))
    assert (row.accuracy, row.nats, row.windows) == (0.5, None, 10)


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


# Tables of other versions.


def old_accuracy(folder: Path) -> Path:
    """As it was before networks had a kind and skills a p."""
    path = folder / "accuracy.csv"
    path.write_text(
        "system,role,horizon,accuracy,precision,recall,f1,f1_held,f1_struck,f1_at_threshold,nats,skill_accuracy,"
        "skill_accuracy_low,skill_accuracy_high,windows,pieces,groups\n"
        "silence,baseline,next,0.974,,0,0,0,0,0,,-0.5,-0.6,-0.4,27110,172,118\n"
        "lstm,model,next,0.984,0.7,0.6,0.65,0.7,0.2,0.63,8.3,0.06,0.05,0.07,27110,172,118\n"
    )
    return path


def test_an_older_accuracy_table_is_read_and_what_it_lacks_is_missing(tmp_path: Path) -> None:
    rows = read_accuracy(old_accuracy(tmp_path))
    assert [(row.system, row.skill_accuracy_low) for row in rows] == [("silence", -0.6), ("lstm", 0.05)]
    assert {(row.skill_accuracy_p, row.skill_nats_p, row.kind) for row in rows} == {(None, None, "")}


def test_joint_nats_are_read_and_shown_where_a_table_has_them_and_only_there(tmp_path: Path) -> None:
    old = read_accuracy(old_accuracy(tmp_path))
    assert {row.joint_nats for row in old} == {None}
    assert "Joint nats" not in of_accuracy(old)
    assert [table.joint for table in accuracy_tables(old, paper=False)] == [()]
    frames, notes = {"joint_nats": 4.25}, {"joint_nats": 2.25, "joint_nats_low": 2.0, "joint_nats_high": 2.5}
    without = dict.fromkeys(("accuracy", "precision", "recall", "f1", "f1_held", "f1_struck", "nats"), np.nan)
    rows = read_accuracy(accuracy_file(tmp_path, **frames))
    rows += read_accuracy(accuracy_file(tmp_path, **without, **notes, joint_nats_past=1.75))
    shown = of_accuracy(rows)
    assert shown["Joint nats"].tolist() == ["4.25", "2.25"]
    assert shown["Joint nats, all before"].tolist() == ["–", "1.75"]
    assert shown["Nats"].tolist()[1] == shown["Accuracy (%)"].tolist()[1] == "–"
    (table,) = accuracy_tables(rows, paper=False)
    assert len(table.joint) == 2
    lines = [line for _, group in table.groups for line in group]
    joint = [cell for line in lines for cell in line.cells if cell.text in ("4.25", "2.25", "1.75")]
    assert [(cell.text, cell.range, cell.strong) for cell in joint] == [
        ("4.25", "", False),
        ("2.25", "2.00 to 2.50", True),
        ("1.75", "", True),
    ]


def test_kinds_and_p_of_a_table_are_read(tmp_path: Path) -> None:
    (row,) = read_accuracy(accuracy_file(tmp_path, kind="lstm", skill_nats_p=0.25))
    assert (row.kind, row.skill_nats_p) == ("lstm", 0.25)
    assert read_accuracy(accuracy_file(tmp_path, kind=None))[0].kind == ""


def test_older_pairs_are_read_and_what_they_lack_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(
        "horizon,system,other,nats,accuracy,accuracy_low,accuracy_high\nnext,lstm,rnn,-0.77,0.0014,0.0013,0.0016\n"
    )
    (row,) = read_pairs(path)
    assert (row.accuracy, row.kind, row.other_kind) == (0.0014, "", "")
    assert {getattr(row, name) for name in PAIRS_MORE} == {None}


def test_pairs_of_other_runs_than_the_papers_say_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    row = dict.fromkeys([*PAIRS, *PAIRS_MORE], 0.5) | {
        "system": "7",
        "other": "mine",
        "kind": None,
        "other_kind": "lstm",
    }
    pd.DataFrame([row | {"paper_points": None, "horizon": "next"}]).to_csv(path, index=False)
    (read,) = read_pairs(path)
    assert (read.system, read.kind, read.other_kind) == ("7", "", "lstm")
    assert (read.accuracy_p, read.paper_points) == (0.5, None)


def test_a_table_that_has_no_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no column other"):
        read_pairs(accuracy_file(tmp_path))
