"""Tables of numbers of a report compared with what its music gives today: whatever number was changed is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.comparison import closeness
from evaluation.comparison.closeness import Closeness
from evaluation.distance.frechet import Frechet
from evaluation.distance.joint import Distance
from evaluation.distance.ranking import Margin, NoWorse, Ranking
from evaluation.statistics.coverage import Coverage
from evaluation.statistics.effects import Interval
from evaluation.statistics.ranks import Comparison
from reports.verification.distances import check_distances
from reports.verification.holdings import Verification
from reports.verification.manifest import Places
from reports.verification.rows import Checked, compare_rows, recorded_rows, rows_of

VARIETY = Coverage(0.9, 0.8, 0.05)


def found(value: float) -> Interval:
    return Interval(value, value - 0.03, value + 0.03)


def near(pair: Comparison | None = None) -> Closeness:
    """Two systems in all metrics, in a view and in an embedding, one pair, and a margin."""
    of = {
        name: [
            Distance(name, "human", "joint", 30, found(far), 0.001, 0.001, 0.05, VARIETY, 0.95),
            Distance(name, "human", "notes", 30, found(far), 0.2, 0.4, 0.05),
            Distance(name, "human", "net", 30, found(far), 0.3, 0.3, 0.05, frechet=Frechet(found(3.0), 1.0)),
        ]
        for name, far in (("a", 0.1), ("b", 0.2))
    }
    pair = pair or Comparison("a", "b", Interval(0.1, 0.06, 0.14), 0.001, 0.001)
    ranks = {"a": (1, 1), "b": (2, 2)} if pair.significant else dict.fromkeys("ab", (1, 2))
    worse = (NoWorse("a", "b", -0.05), NoWorse("b", "a", 0.2))
    ranking = Ranking("human", {"a": 0.1, "b": 0.2}, [pair], ranks, "", {}, Margin(0.02), worse)
    return Closeness([*of["a"], *of["b"]], ranking=ranking)


def written(folder: Path, one: Closeness) -> Path:
    closeness.table(one).to_csv(folder / "distances.csv", index=False)
    assert one.ranking
    closeness.pairs(one.ranking).to_csv(folder / "pairs.csv", index=False)
    return folder


def failures(folder: Path, now: Closeness) -> list[str]:
    verification = Verification()
    check_distances(folder, now, Places(folder), verification)
    return verification.failures


def test_the_same_distances_are_verified(tmp_path: Path) -> None:
    assert failures(written(tmp_path, near()), near()) == []


CHANGED = {
    "distances.csv": [
        *("distance", "distance_low", "distance_high", "p", "p_holm", "human_95", "density", "coverage", "expected"),
        *("near_copies", "frechet", "frechet_low", "frechet_human_95", "rank_best", "rank_worst", "ranked_distance"),
        *("pieces", "without_control"),
    ],
    "pairs.csv": [
        *("difference", "difference_low", "p", "p_holm", "significant", "closer_no_worse", "further_no_worse"),
    ],
}


@pytest.mark.parametrize(("file", "column"), [(file, one) for file, own in CHANGED.items() for one in own])
def test_any_number_that_was_changed_is_found(tmp_path: Path, file: str, column: str) -> None:
    path = written(tmp_path, near()) / file
    table = pd.read_csv(path)
    row = table[column].first_valid_index()
    was = table.loc[row, column]
    table[column] = table[column].astype(object)
    table.loc[row, column] = not was if isinstance(was, (bool, np.bool_)) else float(was) * 2 + 1
    table.to_csv(path, index=False)
    (said,) = failures(tmp_path, near())
    assert said.startswith(f"{file}: a, ")
    assert f": {column} was " in said


@pytest.mark.parametrize("what", ["left out", "new", "a text"])
def test_rows_that_were_left_out_or_added_and_texts_are_found(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, near()) / "distances.csv"
    table = pd.read_csv(path).astype(object)
    if what == "left out":
        table = table.iloc[1:]
    elif what == "new":
        table = pd.concat([table, table.iloc[:1].assign(space="time")])
        table["space"] = table["space"].replace("time", "loudness")
    else:
        table.loc[0, "distance"] = "small"
    table.to_csv(path, index=False)
    (said,) = failures(tmp_path, near())
    assert {"left out": "not in the report", "new": "not found any more", "a text": "was a text"}[what] in said


def test_significance_at_the_limit_may_be_another(tmp_path: Path) -> None:
    """p beside 5 %: values that differ by a little put it on the other side."""
    then = Comparison("a", "b", Interval(0.1, 0.02, 0.14), 0.049, 0.049)
    assert failures(written(tmp_path, near(then)), near(replace(then, p=0.051, p_holm=0.051))) == []


def test_two_equal_systems_may_trade_places(tmp_path: Path) -> None:
    then = Comparison("a", "b", Interval(0.001, -0.03, 0.03), 0.9, 0.9)
    now = Comparison("b", "a", Interval(0.001, -0.03, 0.03), 0.9, 0.9)
    folder = written(tmp_path, near(then))
    pairs = pd.read_csv(folder / "pairs.csv").drop(columns=["closer_no_worse", "further_no_worse"])
    pairs.to_csv(folder / "pairs.csv", index=False)
    assert failures(folder, near(now)) == []
    assert failures(folder, near(replace(now, found=Interval(0.1, 0.05, 0.2))))


def test_an_embedding_that_was_not_given_again_is_no_failure(tmp_path: Path) -> None:
    one = near()
    folder = written(tmp_path, one)
    assert failures(folder, replace(one, distances=[own for own in one.distances if own.space != "net"])) == []


def _lost(folder: Path) -> None:
    (folder / "t.csv").write_text("a,b\n1,2\n")


def _binary(folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"\xff\xfe\x00")


def _empty(folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"")


@pytest.mark.parametrize("damage", [_lost, _binary, _empty])
def test_a_table_that_is_none_is_one_line(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(tmp_path)
    verification = Verification()
    assert recorded_rows(tmp_path / "t.csv", Checked("t.csv", ("file",)), Places(tmp_path), verification) is None
    assert verification.failures == ["t.csv: cannot be read, so nothing was compared with it (it is not such a table)"]


def test_files_of_one_name_in_several_folders_are_several_rows() -> None:
    """As the clips of several trainings are."""
    table = pd.DataFrame({"system": "lstm", "file": ["1.mid", "1.mid", "2.mid"], "chroma": [0.5, 0.6, 0.7]})
    now = rows_of(table, ("system", "file"))
    assert len(now) == 3
    verification = Verification()
    table.loc[0, "chroma"] = 0.9
    compare_rows(rows_of(table, ("system", "file")), now, Checked("pieces.csv", ("system", "file")), verification)
    assert verification.failures == ["pieces.csv: lstm, 1.mid: chroma was 0.9, is 0.5"]
    assert verification.checked == {"rows of pieces.csv": 3}
