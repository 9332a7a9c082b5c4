"""Several trainings of one network: which predicts better with trainings counted, and the claims of the paper."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from clstm.prediction import trainings
from clstm.prediction.scores import PARTS
from clstm.runtime.errors import UserError
from reports.content.rows import AccuracyPairRow, TrainedNetworkRow
from reports.findings import claim_tests
from reports.inputs.prediction import read_trainings

CELLS = 1000


def _counts(wrong: dict[str, list[int]], pieces: int = 12) -> tuple[pd.DataFrame, dict[str, str]]:
    """Counts of a baseline and of networks, each training with so many wrong cells per piece."""
    systems = {"silence": ("baseline", "", 90)}
    networks = {}
    for kind, own in wrong.items():
        for run, errors in enumerate(own, start=1):
            systems[f"{kind}/{run}"] = ("model", kind, errors)
            networks[f"{kind}/{run}"] = kind
    rows = [
        {
            "system": name,
            "role": role,
            "kind": kind,
            "threshold": 0.3,
            "fixed_on": "",
            "piece": f"p{piece}",
            "group": f"g{piece}",
            "horizon": horizon,
            "part": part,
            "windows": 4,
            "frames": 4,
            "cells": CELLS,
            "hits": 20,
            "false_alarms": errors + piece % 3,
            "misses": 0,
            "hits_at_threshold": 20,
            "false_alarms_at_threshold": errors,
            "misses_at_threshold": 0,
            "nats": float(errors),
        }
        for name, (role, kind, errors) in systems.items()
        for piece in range(pieces)
        for horizon in ("next", "nine")
        for part in PARTS
    ]
    return pd.DataFrame(rows), networks


def _accuracy(table: pd.DataFrame) -> pd.Series:
    at = (table["horizon"] == "next") & (table["metric"] == "accuracy") & (table["other"] != "")
    (row,) = table[at].to_dict("records")
    return row


FIVE = {"lstm": [40, 42, 41, 43, 39], "c-lstm": [30, 33, 31, 29, 32]}


def test_networks_are_compared_by_welchs_t_on_their_trainings() -> None:
    row = _accuracy(trainings.compare(*_counts(FIVE)))
    expected = ttest_ind(-np.array(FIVE["c-lstm"]) / CELLS, -np.array(FIVE["lstm"]) / CELLS, equal_var=False)
    assert (row["system"], row["other"], row["trainings"]) == ("c-lstm", "lstm", 5)
    assert row["value"] == pytest.approx(0.01)
    assert (row["p"], row["freedom"]) == pytest.approx((expected.pvalue, expected.df))
    assert row["pieces_p"] < 0.01


def test_four_trainings_have_values_and_no_test() -> None:
    row = _accuracy(trainings.compare(*_counts({kind: own[:4] for kind, own in FIVE.items()})))
    assert row["value"] == pytest.approx(0.01075)
    assert np.isnan(row.get("p", np.nan))
    lines = trainings.sentences(trainings.compare(*_counts({"lstm": [40], "c-lstm": [30]})))
    assert any("one training: it is that training's" in line for line in lines)
    assert any("no verdict between trainings, which needs 5 of each" in line for line in lines)


def test_a_folder_of_runs_needs_the_option(tmp_path: Path) -> None:
    for run in ("1", "2"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "config.json").write_text("{}")
    with pytest.raises(UserError, match="several trainings of one network need --replicates"):
        trainings.runs_of([f"lstm={tmp_path}"], replicates=False)
    runs, networks = trainings.runs_of([f"lstm={tmp_path}", "rnn"], replicates=True)
    assert list(runs) == ["lstm/1", "lstm/2", "rnn"]
    assert networks == {"lstm/1": "lstm", "lstm/2": "lstm"}


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no runs; give NAME=DIR whose sub-folders are runs"):
        trainings.runs_of([f"lstm={tmp_path}"], replicates=True)


PAIR = AccuracyPairRow(
    horizon="next", system="b", other="a", kind="c-lstm", other_kind="lstm", accuracy=0.01, accuracy_low=0.005,
    accuracy_high=0.015, accuracy_p=0.001,
)  # fmt: skip


def test_a_claim_rests_on_trainings_where_there_are_five(tmp_path: Path) -> None:
    trainings.compare(*_counts(FIVE)).to_csv(tmp_path / "trainings.csv", index=False)
    (one,) = claim_tests.of_prediction([], [PAIR], read_trainings(tmp_path / "trainings.csv"))
    assert one.measure == "accuracy of the next frame, difference between 5 and 5 trainings"
    (row,) = claim_tests.judge([one])
    assert (row.claim, row.verdict) == ("The C-LSTM predicts better than the LSTM", "holds")


def test_a_claim_that_trainings_turn_round_does_not_hold() -> None:
    turned = {"lstm": FIVE["c-lstm"], "c-lstm": FIVE["lstm"]}
    table = trainings.compare(*_counts(turned))
    rows = [
        TrainedNetworkRow.model_validate(row)
        for row in table.astype(object).where(table.notna(), None).to_dict("records")
    ]
    (row,) = claim_tests.judge(claim_tests.of_prediction([], [PAIR], rows))
    assert row.verdict == "does not hold"


def test_without_five_trainings_the_claim_is_about_these_runs(tmp_path: Path) -> None:
    few = {kind: own[:4] for kind, own in FIVE.items()}
    trainings.compare(*_counts(few)).to_csv(tmp_path / "trainings.csv", index=False)
    (one,) = claim_tests.of_prediction([], [PAIR], read_trainings(tmp_path / "trainings.csv"))
    assert one.measure == "accuracy of the next frame, difference"
