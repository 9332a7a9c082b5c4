"""What a block of tasks can find is said before it is heard, and the dashboard counts what was judged."""

from pathlib import Path

import pandas as pd
import pytest
from prompted_sources import HUMAN, SYSTEMS
from typer.testing import CliRunner

from listening_study.analysis.tasks.power import Plan, power
from listening_study.cli.main import app
from listening_study.protocol.items import Judgement
from listening_study.protocol.registration import Registered, Registration
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.researchers import monitoring
from listening_study.simulation.task_prospects import BlockProspects, assumed, task_prospects
from listening_study.store import JudgedTrial

SOURCES = (HUMAN, *SYSTEMS)


def task_of(kind: str, **more: object) -> Task:
    return Task.model_validate({"kind": kind, "count": 12, "each": 12, **more})


@pytest.mark.parametrize(
    ("task", "systems", "clips", "comparisons", "effect"),
    [
        (task_of("rating", set="mos"), 3, 8, 2, 0.4),
        (task_of("rating", set="mirex-2025"), 3, 8, 8, 0.4),
        (task_of("rating", set="musicality"), 2, 12, 1, 0.6),
        (task_of("continuation", set="mos"), 3, 12, 2, 0.4),
        (task_of("continuation", set="mos", together=2), 4, 12, 3, 0.4),
        (task_of("mushra"), 2, 12, 2, 10.0),
        (task_of("preference"), 3, 4, 3, 0.1),
        (task_of("abx"), 2, 6, 2, 0.1),
    ],
)
def test_what_is_assumed_of_a_comparison(task: Task, systems: int, clips: int, comparisons: int, effect: float) -> None:
    plan, heard = assumed(task, systems, 0.05)
    assert (heard, plan.effect) == (clips, pytest.approx(effect))
    assert plan.alpha == pytest.approx(0.05 / comparisons)


def test_every_block_says_what_it_can_find_and_human_or_computer_is_left_to_its_own() -> None:
    tasks = (Task(), task_of("rating", set="mos"), task_of("abx", systems=(SYSTEMS[0],)))
    study = Study(Path(), "", "", 0, 10.0, ("a", "b"), 2, "", "", "", sound={}, tasks=tasks)
    registered = Registered(HUMAN, SOURCES, Registration(listeners=10), tasks=tasks)
    rating, abx = task_prospects(study, registered, studies=50)
    assert "Block 2, rating: 10 listeners, each with 8 prompts for two systems: a difference of 0.4" in rating.sentence(
        10
    )
    assert "Block 3, abx: 10 listeners, each with 12 prompts for two systems: X identified in 60 %" in abx.sentence(10)


def test_a_share_is_said_with_how_exactly_it_is_known() -> None:
    plan = Plan(TaskKind.PREFERENCE, 0.2)
    found = power(plan, 20, 10, replicates=100)
    sentence = BlockProspects(1, task_of("preference"), plan, 10, found).sentence(20)
    assert f"{100 * found.significant:.0f} % of such studies (± {200 * found.significant_error:.0f})" in sentence


def test_the_verb_writes_one_row_for_each_size(tmp_path: Path) -> None:
    out = tmp_path / "power.csv"
    sizes = ["--listeners", "5,10", "--clips", "4", "--replicates", "50", "--out", str(out)]
    ran = CliRunner().invoke(app, ["study", "task-power", "preference", "--effect", "0.2", "--margin", "0.1", *sizes])
    assert ran.exit_code == 0, ran.output
    table = pd.read_csv(out)
    assert table[["listeners", "clips"]].to_numpy().tolist() == [[5, 4], [10, 4]]
    assert table["equivalent"].notna().all()


@pytest.mark.parametrize("task", ["source", "guess"])
def test_the_verb_refuses_other_tasks(task: str) -> None:
    ran = CliRunner().invoke(app, ["study", "task-power", task, "--effect", "0.2"])
    assert ran.exit_code != 0
    assert "rating, preference, continuation, mushra, abx" in " ".join(ran.output.split()) + str(ran.exception)


def test_the_dashboard_counts_every_clip_of_a_screen_once_and_no_clip_of_no_source() -> None:
    study = Study(Path(), "", "", 0, 10.0, ("a", "b"), 2, "", "", "", sound={}, others=("hidden",))
    said = tuple(Judgement(clip, name, 3) for clip in ("a", "hidden") for name in ("one", "two"))
    times = "2026-01-31T10:00:00.000+00:00", "2026-01-31T10:00:12.500+00:00"
    judged = [JudgedTrial(1, 7, 0, "item", kind, said, 1.0, 1, "", *times) for kind in ("main", "repeat")]
    assert monitoring.exposure(study, [], judged)["answers"].tolist() == [1, 0]
    assert monitoring.answer_times(judged)["seconds"].tolist() == [12.5, 12.5]
    assert monitoring.answers_after(judged, "2026-01-31T10:00:11") == 2
