"""What a design can find, said before the first listener: agreement with the power simulation, and no more than it."""

import shutil
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minimal_study import write_study

from clstm.cli import main
from listening_study.protocol.configuration import Registration
from listening_study.protocol.registration import register
from listening_study.protocol.study import Study
from listening_study.simulation.power import Assumptions, powers
from listening_study.simulation.prospects import DIFFERENCE, TARGET, Reach, assumed, prospects, sentences
from listening_study.simulation.rehearsal import simulate
from listening_study.store import Agreement, Response, Store
from listening_study.store.connection import migrate

EASY = Assumptions(systems=1, difference=DIFFERENCE, anchor=None)


def test_the_share_said_is_that_of_many_more_studies() -> None:
    found = prospects(EASY, 20, 10)
    assert found is not None
    (many,) = powers(EASY, [20], [10], replicates=4000, seed=5)
    assert abs(found.different.share - many.significant_difference) < found.different.within + 0.02


def test_the_clips_advised_where_listeners_do_not_suffice_reach_the_target() -> None:
    found = prospects(EASY, 20, 10)
    assert found is not None
    reach = found.different
    assert reach.listeners is None
    assert reach.clips is not None
    (enough,) = powers(EASY, [20], [reach.clips], replicates=2000, seed=5)
    assert enough.significant_difference > TARGET - 0.1
    first, *_, last = sentences(found)
    assert f"{reach.tried_listeners} listeners do not reach 80 %: take about {reach.clips} clips" in first
    assert f"From {found.studies} simulated studies; larger sizes from 100 or more (± 8)" in last


def test_the_listeners_advised_reach_the_target() -> None:
    found = prospects(EASY, 6, 60)
    assert found is not None
    reach = found.different
    assert reach.listeners is not None
    assert reach.listeners > 6
    (enough,) = powers(EASY, [reach.listeners], [60], replicates=1000, seed=5)
    assert enough.significant_difference > TARGET - 0.1
    assert f"for 80 % take about {reach.listeners} listeners" in sentences(found)[0]


def test_a_design_that_finds_it_is_advised_nothing() -> None:
    found = prospects(EASY, 40, 60)
    assert found is not None
    assert found.different.share >= TARGET
    assert "take" not in sentences(found)[0]


def test_none_found_is_not_said_to_be_none_to_be_found() -> None:
    found = prospects(replace(EASY, anchor=0.1), 3, 2)
    assert found is not None
    assert found.equivalent is not None
    assert found.equivalent.share == 0
    assert found.equivalent.within == 3 / found.studies
    assert "0 % of such studies (± 1)" in sentences(found)[1]


def test_without_an_anchor_nothing_is_promised_of_equivalence() -> None:
    assert "Without an anchor, equivalence cannot be shown." in sentences(prospects(EASY, 4, 4))


@pytest.mark.parametrize(
    ("listeners", "clips", "each", "systems"), [(1, 10, None, 1), (20, 1, None, 1), (20, 10, 1, 1), (20, 10, None, 0)]
)
def test_a_design_that_cannot_be_simulated_is_said_to_be(
    listeners: int, clips: int, each: int | None, systems: int
) -> None:
    (only,) = sentences(prospects(replace(EASY, clips_each=each, systems=systems), listeners, clips))
    assert "cannot be simulated" in only


def test_the_registration_is_what_is_assumed(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    plan = Registration(anchor="noise", margin=0.2, alpha=0.01)
    found = assumed(study, register("bach", ("bach", "lstm", "rnn", "noise"), plan))
    assert (found.systems, found.anchor, found.margin, found.alpha) == (2, 0.1, 0.2, 0.01)
    assert assumed(study, register("bach", ("bach", "lstm"), Registration())).anchor is None


def test_what_neither_listeners_nor_clips_reach_is_said() -> None:
    found = prospects(EASY, 4, 4)
    assert found is not None
    lost = replace(found, different=Reach(0.05, 0.02, None, None, 32, 32))
    assert "32 listeners do not reach 80 %, and neither do 32 clips of each source." in sentences(lost)[0]


# --- the verbs ---


def clstm_study(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["clstm", "study", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    return int(stopped.value.code or 0)


def walk(study: Study, minutes: float) -> None:
    """One listener of the tiny study, from consent to the last answer."""
    clock = [datetime(2026, 1, 31, 10, tzinfo=UTC)]
    migrate(study.answers_path)
    with closing(Store(study.answers_path, lambda: clock[0])) as store:
        listener = store.find(store.admit(Agreement(""), reissue_after=timedelta(hours=2)))
        assert listener
        store.pass_stage(listener.id, "volume")
        for trial in range(study.size.trials):
            store.present(listener.id, trial, study.clips[trial])
            store.record(listener.id, trial, Response("human"))
        clock[0] += timedelta(minutes=minutes)
        store.pass_stage(listener.id, "finished")


def test_the_audit_says_what_the_design_finds_and_estimates_how_long_it_takes(
    tiny_study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clstm_study(monkeypatch, "audit", tiny_study.folder, "--no-server") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "20 listeners x 2 clips of each source: a difference of 15 points is found in" in printed
    assert "an estimate, nobody has gone through it yet" in printed


def test_the_audit_measures_on_a_walk_how_long_it_takes(
    tiny_study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    copy = replace(tiny_study, folder=tmp_path / "walk")
    shutil.copytree(tiny_study.folder, copy.folder)
    assert clstm_study(monkeypatch, "audit", tiny_study.folder, "--no-server", "--walk", copy.folder) == 2
    assert "nobody has gone through it to the end" in " ".join(capsys.readouterr().err.split())
    walk(copy, 7.0)
    assert clstm_study(monkeypatch, "audit", tiny_study.folder, "--no-server", "--walk", copy.folder) == 0
    assert "takes 7 minutes: measured on one who went through everything" in " ".join(capsys.readouterr().out.split())


def test_a_walk_of_a_program_or_of_another_study_is_refused(
    tiny_study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    simulate(tiny_study, tmp_path / "simulated", {"guesser": 1})
    other = write_study(tmp_path / "other")
    for folder, said in ((tmp_path / "simulated", "nobody took that time"), (other.folder, "is not a copy")):
        assert clstm_study(monkeypatch, "audit", tiny_study.folder, "--no-server", "--walk", folder) == 2
        assert said in " ".join(capsys.readouterr().err.split())
