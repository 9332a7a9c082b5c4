"""The page's own figures: every value at its place, told in words, and safe within a script."""

import json

import pandas as pd
import pytest

from evaluation.comparison.verdict import VerdictRow
from evaluation.metrics.catalogue import METRICS
from reports.content.report import SystemContent
from reports.content.rows import MetricSummary
from reports.content.standing import FirstScreen, Standing, ViewStanding
from reports.page.cells import metric_line
from reports.page.dots import dots
from reports.page.first import screen
from reports.page.marks import marks_of

NASTY = "</script><b>&"


def row(system: str, metric: str = "novelty", verdict: str = "differs", **changed: object) -> VerdictRow:
    about = {"system": system, "metric": metric, "verdict": verdict, "distance": 2.0, "p_holm": 0.01, "system_n": 9}
    about |= {"distance_low": 1.0, "distance_high": 4.0, "delta": 0.5}
    return VerdictRow.model_validate(about | changed)


def standing(system: str, distance: float | None, **changed: object) -> Standing:
    about = {"system": system, "against": "human", "distance": distance, "known": "differs", "pieces": 9}
    return Standing.model_validate(about | changed)


def of_system(name: str) -> SystemContent:
    return SystemContent(name=name, role="system", colour="#123456", shown="", median_seconds=9.0, inputs=())


def test_marks_lie_on_one_axis_that_holds_every_interval() -> None:
    found = marks_of([row("a"), row("b", distance_high=9.0), row("a", "centroid", direction="lower")], {"a": "red"})
    assert [view.title for view in found.views] == ["Frequency domain", "Structure of the sound"], "in their order"
    marks = [mark for view in found.views for line in view.rows for mark in line.marks]
    assert all(0 <= place <= 100 for mark in marks for place in (mark.start, mark.at, mark.end) if place is not None)
    assert marks[1].start == marks[2].start, "the same value lies at the same place for every system"
    assert [mark.shape for mark in marks] == ["lower", "other", "other"]
    assert marks[0].told == (
        "a, centroid of the long-term power spectrum: distance 2.0 [1.0, 4.0] ↓ noise floors, p = 0.01, δ 0.50, n = 9: "
        "lower"
    )


def test_far_distances_make_the_axis_logarithmic() -> None:
    near, far = marks_of([row("a")], {}), marks_of([row("a", distance_high=200.0)], {})
    assert (near.logarithmic, far.logarithmic) == (False, True)
    assert [label for _, label in far.ticks] == ["0", "1", "3", "10", "30", "100"]


def test_the_reference_without_a_control_puts_no_metric_first() -> None:
    rows = [row("human", distance=9.0), row("a", distance=2.0)]
    (view,) = marks_of(rows, {}, "human").views
    assert view.rows[0].furthest == 2.0
    assert len(view.rows[0].marks) == 2, "it is shown"


def test_what_is_not_significant_is_hollow_and_what_is_not_tested_a_dot() -> None:
    rows = [row("a", verdict="inconclusive"), row("b", verdict="no verdict"), row("c", distance=None)]
    (view,) = marks_of(rows, {}).views
    assert [(mark.shape, mark.at is None) for mark in view.rows[0].marks] == [
        ("open", False),
        ("dot", False),
        ("other", True),
    ]


def test_the_values_are_safe_in_a_script_and_rounded_to_four_digits() -> None:
    tidy = pd.DataFrame(
        [(NASTY, NASTY, "novelty", 0.123456), (NASTY, "b", "novelty", float("nan")), (NASTY, "b", "duration", 1.0)],
        columns=["system", "piece", "metric", "value"],
    )
    text = dots(tidy, [of_system(NASTY), of_system("silent")])
    assert "<" not in text
    read = json.loads(text)
    assert read["systems"] == [{"name": NASTY, "colour": "#123456", "pieces": [NASTY, "b"]}]
    assert read["views"]["structure"] == [{"label": METRICS["novelty"].label, "unit": "", "values": [[0.1235, None]]}]
    assert "envelope" not in read["views"], "what is not compared has no distribution"


def test_colour_is_for_what_is_significant_and_the_furthest_has_the_most() -> None:
    far = ViewStanding(view="loudness", distance=0.4, p_holm=0.01, known="differs")
    near = ViewStanding(view="loudness", distance=0.2, p_holm=0.01, known="differs")
    open_one = ViewStanding(view="loudness", distance=0.9, p_holm=0.2, known="inconclusive")
    said = FirstScreen(
        standings=(
            standing("a", 0.2, views=(far,)),
            standing("b", 0.1, views=(near,)),
            standing("human", 0.5, ranked=False, views=(open_one,)),
        )
    )
    assert [cell.heat for one in screen(said, {}).rows for cell in one.cells] == [70, 35, 0]


def test_the_axis_of_the_ranking_holds_intervals_and_the_line_of_the_halves() -> None:
    said = FirstScreen(standings=(standing("a", 0.1, low=-0.02, high=0.15, human_95=0.3), standing("b", None)))
    found = screen(said, {"a": "red"})
    first, second = found.rows
    assert (first.value, first.interval) == ("100", "[−20, 150]")
    assert all(0 <= place <= 100 for place in (first.at, first.start, first.end, first.line) if place is not None)
    assert second.at is None
    assert screen(FirstScreen(standings=(standing("b", None),)), {}).axis is None


@pytest.mark.parametrize(("low", "said"), [(-0.02, "[−20, 150], p = 0.013"), (0.02, "[20, 150]")])
def test_p_is_said_where_it_decides_against_the_interval(low: float, said: str) -> None:
    (found,) = screen(FirstScreen(standings=(standing("a", 0.1, low=low, high=0.15, p=0.013),)), {}).rows
    assert found.interval == said


def test_a_cell_that_was_not_tested_says_so() -> None:
    own = MetricSummary(metric="novelty", system="a", n=9, median=2.0, lower=1.0, upper=3.0)
    (cell,) = metric_line(
        "novelty", [(of_system("a"), own, row("a", verdict="no verdict", distance=None))], paper=False
    ).cells
    assert cell.told.endswith("; not tested")
