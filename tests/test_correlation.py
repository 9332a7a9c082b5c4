"""Figures against listeners: ranks, within sources, with intervals that hold the value and a p that can be large."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from evaluation.measurement.inputs import MeasurementInput
from reports.findings.correlation import COLUMNS, FEWEST, correlate, spearman, takes_of_clips

random = np.random.default_rng(3)


def table(figure: np.ndarray, heard: np.ndarray, sources: list[str], metric: str = "flatness") -> pd.DataFrame:
    names = [f"c{number}" for number in range(len(figure))]
    figures = pd.DataFrame({"clip": names, "metric": metric, "value": figure})
    return correlate(figures, pd.DataFrame({"clip": names, "source": sources, "p_human": heard}))


def test_of_one_source_it_is_spearmans() -> None:
    one, other = random.standard_normal((2, 30))
    expected = spearmanr(one, other).statistic
    assert spearman(one, other, np.zeros(30, int)) == pytest.approx(expected)
    (row,) = table(one, other, ["A"] * 30).to_dict("records")
    assert row["overall"] == row["within"] == pytest.approx(expected)


def test_a_difference_between_sources_is_none_within_them() -> None:
    sources = ["A"] * 30 + ["B"] * 30
    apart = np.repeat([0.0, 10.0], 30)
    (row,) = table(apart + random.standard_normal(60), apart + random.standard_normal(60), sources).to_dict("records")
    assert row["overall"] > 0.6
    assert row["overall_p_holm"] < 0.01
    assert abs(row["within"]) < 0.4
    assert row["within_p_holm"] > 0.05


def test_a_relation_within_sources_is_found_against_their_difference() -> None:
    own = np.tile(np.arange(20.0), 2)
    (row,) = table(own + np.repeat([0, 100.0], 20), own - np.repeat([0, 100.0], 20), ["A"] * 20 + ["B"] * 20).to_dict(
        "records"
    )
    assert row["within"] == pytest.approx(1)
    assert row["within_p_holm"] < 0.01
    assert row["overall"] < 0


def test_intervals_hold_the_value_and_p_is_a_share() -> None:
    one = random.standard_normal(40)
    row = table(one, one + random.standard_normal(40), ["A", "B"] * 20).iloc[0]
    for way in ("overall", "within"):
        assert -1 <= row[f"{way}_low"] <= row[way] <= row[f"{way}_high"] <= 1
        assert 0 < row[f"{way}_p_holm"] <= 1


@pytest.mark.parametrize("figure", [np.arange(FEWEST - 1.0), np.ones(20)])
def test_too_few_clips_or_a_figure_that_does_not_vary_have_no_correlation(figure: np.ndarray) -> None:
    (row,) = table(figure, random.random(len(figure)), ["A"] * len(figure)).to_dict("records")
    assert list(row) == list(COLUMNS)
    assert np.isnan(row["within"])
    assert np.isnan(row["within_p_holm"])


def test_figures_of_level_are_left_out() -> None:
    assert table(np.arange(20.0), np.arange(20.0), ["A"] * 20, "mean_level").empty


def test_a_clip_is_measured_where_it_was_heard() -> None:
    systems = {"A": [MeasurementInput(Path("music/x.mid"), same_grid=True, lasts=60.0)]}
    clip = {"clip": "c1", "source": "A", "piece": "x.mid", "start": 12.5}
    others = [clip | {"clip": "c2", "piece": "y.mid"}, clip | {"clip": "c3", "source": "B"}]
    ((name, (take,)),) = takes_of_clips([clip, *others], 10.0, systems).items()
    assert (name, take.begin, take.cut, take.same_grid) == ("c1", 12.5, 10.0, True)
