"""Power: what grows with more listeners and clips, what a mistake in the question says, and what Ctrl-C keeps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.runtime.errors import UserError
from listening_study.analysis.listener_model import Spread
from listening_study.cli.planning import app
from listening_study.protocol.study import Study
from listening_study.simulation import power
from listening_study.simulation.power import Assumptions, Power, powers, smallest

QUICK = ["power", "--listeners", "5,10", "--clips", "4", "--replicates", "20"]


def only(assumptions: Assumptions, listeners: int, clips: int, replicates: int = 200, seed: int = 0) -> Power:
    (found,) = powers(assumptions, [listeners], [clips], replicates, seed)
    return found


def test_power_grows_with_listeners_clips_and_difference() -> None:
    def found(listeners: int = 10, clips: int = 10, apart: float = -0.2) -> float:
        return only(Assumptions(difference=apart), listeners, clips).significant_difference

    assert found() < found(listeners=40) < found(listeners=40, clips=30)
    assert found(apart=-0.1) < found() < found(apart=-0.4)


def test_clips_and_listeners_that_differ_more_cost_power() -> None:
    alike, unlike = (
        only(Assumptions(spread=Spread(0.8, clip, 0.5)), 20, 10).significant_difference for clip in (0.2, 1.2)
    )
    assert alike > unlike + 0.2


def test_without_a_difference_its_power_is_the_level() -> None:
    found = only(Assumptions(systems=1, difference=0.0, anchor=None), 20, 10, replicates=2000)
    assert found.significant_difference <= 0.06 + 3 * found.significant_difference_error
    assert np.isnan(found.equivalent)


def test_equivalence_needs_a_wide_margin_or_many_clips() -> None:
    narrow, wide, large = (
        only(Assumptions(systems=1, margin=margin), 40, clips, 100).equivalent
        for margin, clips in ((0.1, 10), (0.35, 10), (0.1, 120))
    )
    assert narrow < 0.1
    assert wide > 0.7
    assert large > 0.7


def test_an_anchor_nobody_can_tell_leaves_nothing_equivalent() -> None:
    assumptions = Assumptions(systems=1, margin=0.35, anchor=0.65)
    assert only(assumptions, 40, 10).equivalent < 0.2


def test_hearing_half_of_the_clips_lies_between_half_as_many_and_all() -> None:
    def found(clips: int, each: int | None) -> float:
        return only(Assumptions(clips_each=each), 10, clips, 400).significant_difference

    assert found(10, None) < found(20, 10) < found(20, None)


def test_a_size_has_the_same_power_in_every_grid_and_run() -> None:
    alone = only(Assumptions(), 10, 5, 50)
    assert alone in list(powers(Assumptions(), [5, 10], [5, 4], 50))
    assert alone != only(Assumptions(), 10, 5, 50, seed=1)


def test_many_batches_draw_as_many_studies_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "ANSWERS_AT_ONCE", 2000)
    drawn: list[tuple[str, int, int]] = []
    (found,) = powers(Assumptions(), [10], [5], 30, progress=lambda *said: drawn.append(said))
    assert drawn[-1] == ("Studies", 30, 30)
    assert len(drawn) > 1
    assert found.replicates == 30


def test_the_error_is_that_of_the_simulation() -> None:
    assumptions = Assumptions(systems=1, anchor=None)
    runs = [only(assumptions, 10, 10, 100, seed) for seed in range(40)]
    assert np.std([run.significant_difference for run in runs]) == pytest.approx(
        runs[0].significant_difference_error, rel=0.35
    )


def test_the_smallest_study_is_the_one_with_fewest_answers() -> None:
    sizes = [
        Power(*size, 10, found, 0.0, 0.0, 0.0) for size, found in (((40, 5), 0.7), ((20, 20), 0.9), ((10, 30), 0.85))
    ]
    found = smallest(sizes, "significant_difference", 0.8)
    assert found is not None
    assert (found.listeners, found.clips) == (10, 30)
    assert smallest(sizes, "equivalent", 0.8) is None


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"p_human": 1.2}, "p-human"),
        ({"p_human": 0.1, "difference": -0.2, "anchor": 0.05}, "difference"),
        ({"anchor": 0.9}, "anchor"),
        ({"margin": 0.0}, "margin"),
        ({"alpha": 0.7}, "alpha"),
        ({"systems": 0}, "systems"),
        ({"spread": Spread(-1.0)}, "standard deviations"),
        ({"clips_each": 9}, "clips-each"),
    ],
)
def test_assumptions_that_cannot_be_are_refused(wrong: dict[str, float], match: str) -> None:
    with pytest.raises(UserError, match=match):
        powers(Assumptions(**wrong), [10], [5], 10)  # type: ignore[arg-type]


def test_the_command_prints_a_table_names_a_size_and_writes_a_file(tmp_path: Path) -> None:
    out = tmp_path / "power.csv"
    found = CliRunner().invoke(app, [*QUICK, "--target", "0.01", "--difference", "-0.6", "--out", str(out)])
    assert found.exit_code == 0, found.output
    assert (
        "Detecting a difference of -60 percentage points with power 0.01: 5 listeners, 4 clips per source"
        in found.output
    )
    assert "Showing equivalence" in found.output
    table = pd.read_csv(out)
    assert list(table["listeners"]) == [5, 10]
    assert (table["replicates"] == 20).all()


def test_a_target_out_of_reach_names_the_best_size() -> None:
    found = CliRunner().invoke(app, [*QUICK, "--difference", "-0.05", "--no-anchor"])
    assert "none of these sizes; the best is" in found.output
    assert "Without an anchor, equivalence cannot be shown" in found.output


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--listeners", "ten"], "'ten'"),
        (["--clips", "1"], "from 2 up"),
        (["--target", "2"], "target"),
        (["--replicates", "1"], "replicates"),
        (["--out", "."], "folder"),
    ],
)
def test_a_mistake_is_one_line(options: list[str], match: str) -> None:
    found = CliRunner().invoke(app, [*QUICK, *options])
    assert isinstance(found.exception, UserError)
    assert match in str(found.exception)
    assert "\n" not in str(found.exception)


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real, out = power._power, tmp_path / "power.csv"

    def stopped_at_the_second(assumptions: Assumptions, listeners: int, *rest: object) -> Power:
        if listeners == 10:
            raise KeyboardInterrupt
        return real(assumptions, listeners, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(power, "_power", stopped_at_the_second)
    found = CliRunner().invoke(app, [*QUICK, "--out", str(out)])
    assert found.exit_code == 130
    assert "1 of the sizes" in found.output
    assert list(pd.read_csv(out)["listeners"]) == [5]


def test_a_study_tells_its_own_margin_and_clips(tiny_study: Study, tmp_path: Path) -> None:
    out = tmp_path / "power.csv"
    options = ["power", "--from", str(tiny_study.folder), "--listeners", "6", "--replicates", "10", "--out", str(out)]
    found = CliRunner().invoke(app, options)
    assert found.exit_code == 0, found.output
    assert list(pd.read_csv(out)["clips"]) == [tiny_study.size.clips]
