"""d', criterion and ROC to the last digit, where others are tested for what they mean."""

import numpy as np
import pandas as pd
import pytest

from listening_study.analysis.detection import d_prime, roc, scores


def test_a_criterion_is_half_of_what_both_shares_lie_off_the_middle() -> None:
    """Hits of 84.13 % and false alarms of 50 %: one standard deviation apart, half of one towards "human"."""
    assert d_prime(8413, 10000, 5000, 10000) == pytest.approx((1.0, -0.5), abs=1e-3)


def test_an_answer_without_a_confidence_is_as_little_sure_as_can_be() -> None:
    answers = pd.DataFrame({"said_human": [1.0, 0.0, 1.0, 0.0], "confidence": [np.nan, np.nan, 4.0, 4.0]})
    assert scores(answers).tolist() == [5, 4, 8, 1]


def test_a_roc_runs_from_corner_to_corner_by_every_threshold() -> None:
    alarms, hits, area = roc(np.array([3.0, 2.0, 1.0]), np.array([2.0, 1.0, 0.0]))
    assert list(zip(alarms.round(3), hits.round(3), strict=True)) == [
        (0, 0), (0, 0.333), (0.333, 0.667), (0.667, 1), (1, 1)
    ]  # fmt: skip
    assert area == pytest.approx(7 / 9)


def test_points_on_a_line_are_thresholds_too() -> None:
    alarms, _, _ = roc(np.array([4.0, 3.0, 2.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0]))
    assert alarms.tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(("human", "system"), [([], [1.0]), ([1.0], [])])
def test_without_either_there_is_the_line_of_chance_and_no_area(human: list[float], system: list[float]) -> None:
    alarms, hits, area = roc(np.array(human), np.array(system))
    assert (alarms.tolist(), hits.tolist()) == ([0, 1], [0, 1])
    assert np.isnan(area)
