"""Figures of tables show every row that has a number, mark significant differences, and accept any name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_texts import boxes, faults

from evaluation.comparison.verdict import DIFFERS, NONE, VerdictRow
from evaluation.figures.style import COLUMN_WIDTH, PAGE_WIDTH, save
from evaluation.metrics.catalogue import METRICS
from reports.content.listeners import ListenerTally
from reports.content.rows import CorrelationRow
from reports.figures import charts
from reports.figures.distances import distances

RED, BLUE = "#aa0000", "#0000aa"


def row(system: str, metric: str, verdict: str = DIFFERS, **changed: object) -> VerdictRow:
    numbers = {"distance": 3.0, "distance_low": 2.0, "distance_high": 4.0}
    numbers |= {"direction": "higher", "magnitude": "large"} if verdict == DIFFERS else {}
    return VerdictRow(system=system, metric=metric, verdict=verdict, **(numbers | changed))


def tally(name: str) -> ListenerTally:
    counts = dict.fromkeys(("clips_heard", "majority_human", "answers", "said_human"), 1)
    return ListenerTally(source=name, is_human=False, p_human=0.5, low=0.2, high=0.8, **counts)


def marks(axes: object) -> list[tuple[str, float]]:
    lines = [line for line in axes.get_lines() if line.get_marker() != "None"]  # type: ignore[attr-defined]
    return [(str(line.get_marker()), float(line.get_xdata()[0])) for line in lines]


def test_a_mark_points_in_the_direction_of_the_difference() -> None:
    table = (
        row("A", "mean_level"),
        row("A", "level_spread", direction="lower", magnitude="small"),
        row("A", "level_range", direction="varies more", magnitude=""),
        row("A", "crest_factor", "inconclusive"),
        row("A", "flatness", NONE),
    )
    (axes,) = distances(table, {"A": RED}).axes
    assert marks(axes) == [(">", 3.0), ("<", 3.0), ("D", 3.0), ("o", 3.0), (".", 3.0)]


FAR = (0.3, 1.0, 5.9, 6.1, 40.0, 2500.0)


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
def test_every_distance_is_drawn_where_it_is_with_its_whole_interval(width: float) -> None:
    names = [name for name, metric in METRICS.items() if metric.compared][: len(FAR)]
    near = [row("near", name, distance=1.5, distance_low=1.0, distance_high=2.0) for name in names]
    far = [
        row("far", name, distance=one, distance_low=one / 2, distance_high=3 * one)
        for name, one in zip(names, FAR, strict=True)
    ]
    first, second = distances([*near, *far], {}, width).axes
    assert first.get_xlim() == second.get_xlim(), "all systems have one axis"
    assert marks(first) == [(">", 1.5)] * len(names)
    assert marks(second) == [(">", one) for one in FAR]
    intervals = [tuple(line.get_xdata()) for line in second.get_lines() if line.get_marker() == "None"]
    assert intervals == [(one / 2, 3 * one) for one in FAR]
    low, high = second.get_xlim()
    assert all(low <= end <= high for interval in intervals for end in interval)


def test_an_axis_is_logarithmic_only_where_distances_are_far_and_says_so() -> None:
    near = distances([row("A", "mean_level", distance_high=5.0)], {})
    far = distances([row("A", "mean_level", distance_high=50.0)], {})
    assert [figure.axes[0].get_xscale() for figure in (near, far)] == ["linear", "symlog"]
    assert "logarithmic" not in near.texts[0].get_text()
    assert "logarithmic beyond 1" in far.texts[0].get_text()


def test_where_noise_floors_are_drawn_the_pieces_of_a_sample_are_printed() -> None:
    table = (row("A", "mean_level", size=3), row("A", "level_spread", size=9))
    assert distances(table, {}).texts[0].get_text() == "distance in noise floors (n = 3 to 9)"
    assert distances(table[:1], {}).texts[0].get_text() == "distance in noise floors (n = 3)"


def test_a_difference_without_a_noise_floor_is_not_lost() -> None:
    (axes,) = distances([row("A", "looped", distance=None), row("A", "mean_level")], {}).axes
    assert [text.get_text().strip() for text in axes.texts] == ["no floor"]
    assert marks(axes) == [(">", 3.0)]


@pytest.mark.parametrize("direction", ["varies more", "varies less", "in distribution"])
def test_a_difference_that_is_not_of_the_mean_has_no_arrow(direction: str) -> None:
    one = row("A", "mean_level", direction=direction, magnitude="", delta=0.9, difference=3.0)
    (axes,) = distances([one], {}).axes
    assert marks(axes) == [("D", 3.0)]


SHORT = ["Human", "RNN", "LSTM", "C-LSTM", "C-LSTM-plus"]
LONG = ["A person, as it was played", "A diffusion model’s audio, 4 bars", "n" * 120, "temperature 1.2"]
MANY = [f"System {number}" for number in range(11)]
NOTE = "SYNTHETIC: no listener took part, these answers were drawn by a computer"


ROOMY = pytest.mark.slow  # a page has room for what fits into a column, but for long names


@pytest.mark.parametrize(
    ("width", "names"),
    [
        pytest.param(COLUMN_WIDTH, SHORT, id="column, short"),
        pytest.param(COLUMN_WIDTH, LONG, id="column, long"),
        pytest.param(COLUMN_WIDTH, MANY, id="column, many"),
        pytest.param(PAGE_WIDTH, SHORT, id="page, short", marks=ROOMY),
        pytest.param(PAGE_WIDTH, LONG, id="page, long"),
        pytest.param(PAGE_WIDTH, MANY, id="page, many", marks=ROOMY),
    ],
)
def test_every_label_is_whole_and_none_lies_upon_another(names: list[str], width: float) -> None:
    compared = [name for name, metric in METRICS.items() if metric.compared]
    rows = [
        row(system, name, distance=number % 60 + 0.5, distance_high=70.0, size=9)
        for system in names
        for number, name in enumerate(compared)
    ]
    values = [(system, name, 1000.0 * value) for system in names for name in METRICS for value in range(5)]
    tidy = pd.DataFrame(values, columns=["system", "metric", "value"])
    numbers = {"within": 0.1, "within_low": -0.3, "within_high": 0.4, "within_p_holm": 0.5}
    within = [CorrelationRow(metric=name, clips=9, **numbers) for name in compared]
    colours = dict.fromkeys(names, RED)
    drawn = {
        "distances": distances(rows, colours, width),
        "distributions": charts.distributions(tidy, "sonogram", colours, width),
        "shares": charts.taken_for_human([tally(name) for name in names], colours, NOTE, width),
        "correlations": charts.correlations(within, NOTE, width),
    }
    assert {key: faults(figure) for key, figure in drawn.items()} == {key: [] for key in drawn}
    words = {word for figure in drawn.values() for text in boxes(figure) for word in text.split()}
    labels = [name for name in names if len(name) < 60] + [METRICS[name].label for name in compared]
    assert {word for label in labels for word in label.split()} <= words


def test_a_system_that_was_not_tested_has_a_column_and_one_without_distances_has_none() -> None:
    table = (
        row("A", "mean_level"),
        row("B", "mean_level", NONE),
        row("C", "mean_level", NONE).model_copy(update={"distance": None}),
    )
    axes = distances(table, {"A": RED, "B": BLUE}).axes
    assert [each.get_title(loc="left") for each in axes] == ["A", "B"]


def test_without_a_verdict_there_is_an_empty_figure() -> None:
    assert distances([], {}).axes == []


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
def test_a_distribution_has_one_dot_per_piece_and_its_median(width: float) -> None:
    values = np.arange(9.0)
    table = pd.DataFrame({"system": "A", "metric": "mean_level", "value": values})
    (axes,) = charts.distributions(table, "envelope", {"A": RED, "B": BLUE}, width).axes
    (dots,), (middle, median) = axes.collections, axes.get_lines()
    assert sorted(np.asarray(dots.get_offsets())[:, 0]) == values.tolist()
    assert list(middle.get_xdata()) == [2.0, 6.0]
    assert median.get_xdata()[0] == 4.0


def test_what_is_synthetic_is_printed_on_the_figure() -> None:
    figure = charts.taken_for_human([tally("A")], {"A": RED}, "SYNTHETIC: no listener took part")
    assert "SYNTHETIC: no listener took part" in [text.get_text() for text in figure.texts]
    assert len(charts.taken_for_human([tally("A")], {"A": RED}).texts) == 1, "what the axis is"


def test_correlations_are_sorted_and_filled_where_significant() -> None:
    columns = ["metric", "within", "within_low", "within_high", "within_p_holm"]
    rows = [("mean_level", 0.5, 0.2, 0.7, 0.01), ("flatness", -0.1, -0.4, 0.2, 0.9), ("spread", *[None] * 4)]
    found = [CorrelationRow(clips=9, **dict(zip(columns, one, strict=True))) for one in rows]
    (axes,) = charts.correlations(found).axes
    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in points] == [-0.1, 0.5]
    assert [line.get_markerfacecolor() == "white" for line in points] == [True, False]


@pytest.mark.parametrize("name", ["$x^2$ & <b>", "\\frac", "音楽", "n" * 300, "100 %"])
def test_any_name_can_head_a_column(name: str, tmp_path: Path) -> None:
    save(distances([row(name, "mean_level")], {name: RED}), tmp_path / "odd.svg")
    assert (tmp_path / "odd.svg").stat().st_size > 1000
