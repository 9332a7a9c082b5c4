"""A claim of the paper holds, does not hold, or cannot be told, as the numbers say; and what the controls change."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.measures import Measurements
from reports import claims
from reports.claims import FAILS, HOLDS, UNKNOWN

PARTS: dict[claims.Role, str] = {"lstm": "LSTM", "c-lstm": "C-LSTM"}
METRICS = sorted({claim.metric for claim in claims.CLAIMS})


def measured(**means: dict[str, float]) -> Measurements:
    """Twenty pieces a system, each figure of all systems around 2 but for those named, with a spread of 0.1."""
    random = np.random.default_rng(0)
    rows, about = [], []
    for system in ("human", "played", "LSTM", "C-LSTM"):
        for piece in range(20):
            about.append((system, f"{piece}", f"{piece}.mid", f"{system}-{piece}", 30.0, "", ""))
            for metric in METRICS:
                mean = means.get(metric, {}).get(system, 2.0)
                rows.append((system, f"{piece}", metric, mean + 0.1 * random.standard_normal(), "", ""))
    figures = pd.DataFrame(rows, columns=["system", "piece", "metric", "value", "unit", "note"])
    pieces = pd.DataFrame(about, columns=["system", "piece", "file", "group", "seconds", "remarks", "rejected"])
    return Measurements(figures, pieces)


def judged(*texts: str, **means: dict[str, float]) -> list[dict[str, Any]]:
    rows = claims.judge({"": measured(**means)}, PARTS, "human", "human")
    return [next(row for row in rows if text in row["claim"]) for text in texts]


@pytest.mark.parametrize(("lstm", "verdict"), [(1.0, HOLDS), (3.0, FAILS), (2.0, UNKNOWN)])
def test_a_claim_of_less_holds_where_there_is_less(lstm: float, verdict: str) -> None:
    (row,) = judged("fewer ups and downs", level_spread={"LSTM": lstm})
    assert row["verdict"] == verdict
    assert row["value"] == pytest.approx(lstm - 2, abs=0.1)
    assert row["low"] < row["value"] < row["high"]
    assert row["unit"] == "dB"


def test_a_claim_between_the_models_is_about_them_and_not_about_people() -> None:
    between, beside = judged("more ups and downs than the LSTM", "fewer ups", level_spread={"LSTM": 1, "C-LSTM": 1.8})
    assert (between["verdict"], beside["verdict"]) == (HOLDS, HOLDS)
    assert between["value"] == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(("mean", "verdict"), [(1.5, HOLDS), (0.5, FAILS), (1.0, UNKNOWN)])
def test_a_ratio_is_held_against_one(mean: float, verdict: str) -> None:
    (row,) = judged("Human music changes mainly in the highs", change_ratio={"human": mean})
    assert row["verdict"] == verdict


def test_a_share_is_told_in_points() -> None:
    (row,) = judged("always loud", time_near_maximum={"LSTM": 2.5})
    assert row["value"] == pytest.approx(50, abs=10)
    assert row["unit"] == "points"


def test_what_changes_without_the_control_or_with_another_sound_is_said() -> None:
    base = measured(level_spread={"LSTM": 1.0, "played": 0.2})
    other = measured(level_spread={"LSTM": 3.0})
    rows = claims.judge({"": base, "reverb": other}, PARTS, "human", "played")
    row = next(row for row in rows if "fewer ups and downs" in row["claim"])
    assert row["verdict"] == HOLDS
    assert row["otherwise"] == "reverb: does not hold; human music as played: does not hold"


def test_claims_about_systems_that_are_not_there_are_left_out() -> None:
    rows = claims.judge({"": measured()}, {"lstm": "LSTM"}, "human", None)
    assert rows
    assert not [row for row in rows if "C-LSTM" in row["claim"]]
    assert claims.judge({"": measured()}, {"rnn": "LSTM"}, "human", None) == []


def test_a_system_plays_the_part_of_the_model_that_made_it_or_of_its_name() -> None:
    about = [
        {"name": "Mine", "role": "system", "generated": {"model": "c-lstm"}},
        {"name": "LSTM", "role": "system", "generated": None},
        {"name": "rnn", "role": "reference", "generated": None},
    ]
    assert claims.roles(about) == {"c-lstm": "Mine", "lstm": "LSTM"}


BETTER, WORSE, EITHER = (0.001, 0.003), (-0.003, -0.001), (-0.1, 0.1)


@pytest.mark.parametrize(("low", "high", "verdict"), [(*BETTER, HOLDS), (*WORSE, FAILS), (*EITHER, UNKNOWN)])
def test_a_model_is_better_where_the_interval_leaves_out_0(low: float, high: float, verdict: str) -> None:
    pair = {"horizon": "next", "system": "lstm", "other": "rnn", "accuracy": (low + high) / 2}
    (row,) = claims.of_prediction([], [pair | {"accuracy_low": low, "accuracy_high": high}])
    assert row["verdict"] == verdict
    assert row["low"] == pytest.approx(100 * low)


def test_accuracy_is_held_against_knowing_no_music() -> None:
    skill = {"skill_accuracy": -0.1, "skill_accuracy_low": -0.2, "skill_accuracy_high": -0.05}
    (row,) = claims.of_prediction([{"system": "C-LSTM", "horizon": "next"} | skill], [])
    assert row["verdict"] == FAILS


def test_a_gradient_without_an_interval_cannot_be_told() -> None:
    curves = pd.DataFrame(
        {"system": ["rnn", "rnn", "lstm", "lstm"], "seconds_back": [1, 9, 1, 9], "share": [0.9, 0.1, 0.7, 0.3]}
    )
    (row,) = claims.of_reach(curves)
    assert row["verdict"] == UNKNOWN
    assert row["value"] == pytest.approx(-20)
    assert claims.of_reach(None) == []


def test_without_listeners_nothing_is_said_of_listening() -> None:
    contrast = {
        "source": "LSTM",
        "difference": -0.3,
        "low": -0.4,
        "high": -0.2,
        "p_holm": 0.01,
        "verdict": "told apart",
    }
    real = {"note": "", "contrasts": [contrast]}
    for study in (None, real | {"note": "SYNTHETIC: no listener took part"}):
        rows = claims.of_listening(study, PARTS)
        assert {(row["verdict"], row["value"], row["otherwise"]) for row in rows} == {
            (UNKNOWN, None, "no listener has taken part")
        }
    row, other = claims.of_listening(real, PARTS)
    assert (row["verdict"], row["value"]) == (HOLDS, -30)
    assert other["verdict"] == UNKNOWN
