"""Metrics and listeners: ranks, within sources, with intervals that hold the value and a p that can be large."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from evaluation.agreement import FEWEST
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput
from evaluation.statistics.correlation import spearman
from reports.content.listeners import HeardClip
from reports.content.rows import CorrelationRow
from reports.findings.correlation import correlate, inputs_of_clips

random = np.random.default_rng(3)


def table(values: np.ndarray, heard: np.ndarray, sources: list[str], metric: str = "flatness") -> list[CorrelationRow]:
    names = [f"c{number}" for number in range(len(values))]
    tidy = pd.DataFrame({"clip": names, "metric": metric, "value": values})
    return correlate(tidy, pd.DataFrame({"clip": names, "source": sources, "p_human": heard}))


def test_of_one_source_it_is_spearmans() -> None:
    one, other = random.standard_normal((2, 30))
    expected = spearmanr(one, other).statistic
    assert spearman(one, other, np.zeros(30, int)) == pytest.approx(expected)
    (row,) = table(one, other, ["A"] * 30)
    assert row.overall == row.within == pytest.approx(expected)


def test_a_difference_between_sources_is_none_within_them() -> None:
    sources = ["A"] * 30 + ["B"] * 30
    apart = np.repeat([0.0, 10.0], 30)
    (row,) = table(apart + random.standard_normal(60), apart + random.standard_normal(60), sources)
    assert row.overall > 0.6
    assert row.overall_p_holm < 0.01
    assert abs(row.within) < 0.4
    assert row.within_p_holm > 0.05


def test_a_relation_within_sources_is_found_against_their_difference() -> None:
    own = np.tile(np.arange(20.0), 2)
    (row,) = table(own + np.repeat([0, 100.0], 20), own - np.repeat([0, 100.0], 20), ["A"] * 20 + ["B"] * 20)
    assert row.within == pytest.approx(1)
    assert row.within_p_holm < 0.01
    assert row.overall < 0


def test_intervals_hold_the_value_and_p_is_a_share() -> None:
    one = random.standard_normal(40)
    row = table(one, one + random.standard_normal(40), ["A", "B"] * 20)[0]
    for way in ("overall", "within"):
        assert -1 <= getattr(row, f"{way}_low") <= getattr(row, way) <= getattr(row, f"{way}_high") <= 1
        assert 0 < getattr(row, f"{way}_p_holm") <= 1


@pytest.mark.parametrize("values", [np.arange(FEWEST - 1.0), np.ones(20)])
def test_too_few_clips_or_values_that_do_not_vary_have_no_correlation(values: np.ndarray) -> None:
    (row,) = table(values, random.random(len(values)), ["A"] * len(values))
    assert (row.metric, row.clips) == ("flatness", len(values))
    assert (row.within, row.within_p_holm) == (None, None)


def test_metrics_of_level_are_left_out() -> None:
    assert table(np.arange(20.0), np.arange(20.0), ["A"] * 20, "mean_level") == []


def test_a_clip_is_measured_where_it_was_heard() -> None:
    systems = {"A": [MeasurementInput(Path("music/x.mid"), control=SCORE_MATRIX, lasts=60.0)]}
    clip = HeardClip(clip="c1", source="A", piece="x.mid", start=12.5, answers=2, p_human=0.5)
    others = [
        clip.model_copy(update=other) for other in ({"clip": "c2", "piece": "y.mid"}, {"clip": "c3", "source": "B"})
    ]
    ((name, (one,)),) = inputs_of_clips([clip, *others], 10.0, systems).items()
    assert (name, one.begin, one.cut, one.control) == ("c1", 12.5, 10.0, SCORE_MATRIX)
