"""The distance at several numbers of pieces, and the level of its test, from the tables of a comparison."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.runtime.files import write_json
from evaluation.distance import sizes
from evaluation.metrics.catalogue import METRICS

OF_NOTES = [name for name, metric in METRICS.items() if metric.view == "symbolic" and metric.compared]


def tables(pieces: int, shift: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two sets of as many pieces, in groups of two; the other one is shifted by so many standard deviations."""
    random = np.random.default_rng(1)
    values, about = [], []
    for system, added in (("human", 0.0), ("model", shift)):
        for piece in range(pieces):
            row = {"system": system, "piece": f"{piece:03d}"}
            about.append(row | {"group": f"{system}-{piece // 2}"})
            values += [row | {"metric": name, "value": random.normal() + added} for name in OF_NOTES]
    return pd.DataFrame(values), pd.DataFrame(about)


def test_a_distance_does_not_grow_or_shrink_with_the_number_of_pieces() -> None:
    values, pieces = tables(120, 0.0)
    found = sizes.by_size(values, pieces, {"model": "human"}, [20, 120])
    assert found["pieces"].tolist() == [20, 120]
    assert (found["low"] < 0.02).all()
    few, many = found["high"] - found["low"]
    assert few > 1.5 * many


def test_halves_of_a_reference_are_0_apart_and_rarely_significant() -> None:
    values, pieces = tables(60, 3.0)
    (row,) = sizes.halves(values, pieces, "human", [20, 40], splits=60).to_dict("records")  # 80 pieces are too many
    assert row["pieces"] == 20
    assert abs(row["mean"]) < 4 * row["error"]
    assert row["significant"] < 0.2


def test_the_two_sides_share_no_group() -> None:
    number = np.repeat(np.arange(12), 3)
    for seed in range(20):
        one, other = sizes._apart(number, 12, 10, np.random.default_rng(seed))
        assert not set(number[one]) & set(number[other])
        assert 10 <= len(one) <= 12
        assert 0 < len(other) <= 12


def test_a_folder_of_a_comparison_is_all_that_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values, pieces = tables(24, 3.0)
    values.to_csv(tmp_path / "metrics.csv", index=False)
    pieces.to_csv(tmp_path / "pieces.csv", index=False)
    write_json(tmp_path / "comparison.json", {"against": {"model": "human"}})
    sizes.main([str(tmp_path), "--sizes", "12,24", "--splits", "10"])
    said = capsys.readouterr().out
    assert "| model | 12 |" in said
    assert "| model | 24 |" in said
    assert "| human | 12 | 10 |" in said
    assert "| human | 24 |" not in said
