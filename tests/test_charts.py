"""Figures of tables show every row that has a number, mark what is told apart, and take any name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.comparison import COLUMNS, DIFFERS, NONE
from reports import charts
from reports.style import COLUMN_WIDTH, PAGE_WIDTH, save

RED, BLUE = "#aa0000", "#0000aa"


def row(system: str, metric: str, verdict: str = DIFFERS, **changed: object) -> dict[str, object]:
    numbers = {"distance": 3.0, "distance_low": 2.0, "distance_high": 4.0, "how": "higher (large)", "note": ""}
    return dict.fromkeys(COLUMNS) | {"system": system, "metric": metric, "verdict": verdict} | numbers | changed


def verdict(*rows: dict[str, object]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    numbers = ["distance", "distance_low", "distance_high"]
    return table.assign(**{name: table[name].astype(float) for name in numbers})


def marks(axes: object) -> list[tuple[str, float]]:
    lines = [line for line in axes.get_lines() if line.get_marker() != "None"]  # type: ignore[attr-defined]
    return [(str(line.get_marker()), float(line.get_xdata()[0])) for line in lines]


def test_a_mark_points_to_where_most_pieces_lie() -> None:
    table = verdict(
        row("A", "mean_level"),
        row("A", "level_spread", how="lower (small)"),
        row("A", "level_range", how="varies more"),
        row("A", "crest_factor", "not told apart", how=""),
        row("A", "flatness", NONE),
    )
    (axes,) = charts.distances(table, {"A": RED}).axes
    assert marks(axes) == [(">", 3.0), ("<", 3.0), ("D", 3.0), ("o", 3.0)]


def test_every_system_has_a_column_and_what_is_too_far_stops_at_the_edge() -> None:
    table = verdict(row("A", "mean_level"), row("B", "mean_level", distance=40.0, distance_high=60.0))
    first, second = charts.distances(table, {"A": RED, "B": BLUE}).axes
    assert first.get_xlim() == second.get_xlim()
    assert marks(second) == [(">", charts.LONGEST)]


def test_a_system_without_a_verdict_has_no_column() -> None:
    table = verdict(row("A", "mean_level"), row("B", "mean_level", NONE))
    (axes,) = charts.distances(table, {"A": RED, "B": BLUE}).axes
    assert axes.get_title(loc="left") == "A"


def test_without_a_verdict_there_is_an_empty_figure() -> None:
    assert charts.distances(verdict(), {}).axes == []


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
def test_a_distribution_has_a_dot_a_piece_and_its_median(width: float) -> None:
    values = np.arange(9.0)
    table = pd.DataFrame({"system": "A", "metric": "mean_level", "value": values})
    (axes,) = charts.distributions(table, "envelope", {"A": RED, "B": BLUE}, width).axes
    dots, middle, median = axes.get_lines()
    assert sorted(dots.get_xdata()) == values.tolist()
    assert list(middle.get_xdata()) == [2.0, 6.0]
    assert median.get_xdata()[0] == 4.0


def test_what_is_synthetic_is_printed_on_the_figure() -> None:
    tally = pd.DataFrame({"source": ["A"], "p_human": [0.5], "low": [0.2], "high": [0.8]})
    figure = charts.taken_for_human(tally, {"A": RED}, "SYNTHETIC: no listener took part")
    assert [text.get_text() for text in figure.texts] == ["SYNTHETIC: no listener took part"]
    assert charts.taken_for_human(tally, {"A": RED}).texts == []


def test_correlations_are_sorted_and_filled_where_told() -> None:
    columns = ["metric", "within", "within_low", "within_high", "within_p_holm"]
    rows = [("mean_level", 0.5, 0.2, 0.7, 0.01), ("flatness", -0.1, -0.4, 0.2, 0.9), ("spread", np.nan, *[np.nan] * 3)]
    (axes,) = charts.correlations(pd.DataFrame(rows, columns=columns)).axes
    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in points] == [-0.1, 0.5]
    assert [line.get_markerfacecolor() == "white" for line in points] == [True, False]


@pytest.mark.parametrize("name", ["$x^2$ & <b>", "\\frac", "音楽", "n" * 300, "100 %"])
def test_any_name_can_head_a_column(name: str, tmp_path: Path) -> None:
    save(charts.distances(verdict(row(name, "mean_level")), {name: RED}), tmp_path / "odd.svg")
    assert (tmp_path / "odd.svg").stat().st_size > 1000
