"""A study goes on while somebody sets the machine's clock."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from listening_study.participants.screens.trial import _is_possible
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.researchers import monitoring
from listening_study.store import Agreement, Store
from listening_study.store.clock import SteadyClock, elapsed
from listening_study.store.connection import migrate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, TWO_HOURS = timedelta(hours=1), timedelta(hours=2)
STEPS = (-HOUR, HOUR, -timedelta(days=400), timedelta(days=400), -timedelta(seconds=3))


@dataclass
class Machine:
    """A machine whose clock can be set; what goes by is counted apart from it."""

    wall: datetime = NOON
    gone: float = 1000.0

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.gone += seconds

    def started(self, path: Path) -> Store:
        """A server that begins now."""
        return Store(path, SteadyClock(lambda: self.wall, lambda: self.gone))


@pytest.fixture
def answers(tiny_study: Study) -> Path:
    migrate(tiny_study.answers_path)
    return tiny_study.answers_path


def admitted(store: Store) -> int:
    listener = store.find(store.admit(Agreement("c" * 64), reissue_after=TWO_HOURS))
    assert listener
    return listener.id


@pytest.mark.parametrize("step", STEPS)
def test_a_steady_clock_goes_on_whatever_is_set(step: timedelta) -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, lambda: machine.gone)
    machine.wait(5)
    machine.wall += step
    machine.wait(5)
    assert clock() == NOON + timedelta(seconds=10)


def test_a_store_has_a_steady_clock_unless_it_is_given_one(answers: Path) -> None:
    first = elapsed()
    with closing(Store(answers)) as store:
        assert abs(store.now() - datetime.now(UTC)) < HOUR
        assert isinstance(store._clock, SteadyClock)
    assert elapsed() >= first


@pytest.mark.parametrize("clips", [1, 4])
@pytest.mark.parametrize("step", STEPS)
def test_a_clip_stays_open_and_its_answer_counts_when_the_clock_is_set(
    tiny_study: Study, answers: Path, step: timedelta, clips: int
) -> None:
    machine, study = Machine(), replace(tiny_study, seconds=10.0)
    study = replace(study, design=study.design.model_copy(update={"must_hear": 1.0}))
    with closing(machine.started(answers)) as store:
        visit = SimpleNamespace(store=store, study=study)
        listener = admitted(store)
        shown_at = store.present(listener, 0, study.clips[0])
        machine.wait(4 * clips)
        machine.wall += step
        assert not _is_possible(visit, shown_at, clips)  # nor does it open too soon
        machine.wait(6 * clips)
        assert _is_possible(visit, shown_at, clips)
        store.report(listener, 0, heard=1.0, plays=1, event="end")
        machine.wall += step
        machine.wait(5)
        assert store.record(listener, 0, Response("human"))
        (answer,) = store.answered_trials()
        assert (answer.seconds, answer.heard) == (10.0 * clips + 5, 1.0)


@pytest.mark.parametrize("clips", [1, 4])
@pytest.mark.parametrize("step", STEPS)
def test_a_clip_opens_after_a_restart_with_another_clock_and_nothing_is_lost(
    tiny_study: Study, answers: Path, step: timedelta, clips: int
) -> None:
    machine, study = Machine(), replace(tiny_study, seconds=10.0)
    study = replace(study, design=study.design.model_copy(update={"must_hear": 1.0}))
    with closing(machine.started(answers)) as store:
        listener = admitted(store)
        store.present(listener, 0, study.clips[0])
        machine.wait(10 * clips)
        store.report(listener, 0, heard=1.0, plays=1, event="end")
    machine.wall += step
    with closing(machine.started(answers)) as store:
        shown_at = store.present(listener, 0, study.clips[0])
        machine.wait(3 * clips)  # no step makes a listener wait longer than what is heard lasts
        assert _is_possible(SimpleNamespace(store=store, study=study), shown_at, clips)
        machine.wait(1)
        assert store.record(listener, 0, Response("human"))
        (answer,) = store.answered_trials()
        assert answer.heard == 1
        assert answer.seconds > 0  # at least until the last sign of life
        assert monitoring.answer_times([answer])["seconds"].min() > 0


def test_no_time_is_made_up_for_an_answer_that_seems_to_come_before_its_clip(tiny_study: Study, answers: Path) -> None:
    machine = Machine()
    with closing(machine.started(answers)) as store:
        listener = admitted(store)
        store.present(listener, 0, tiny_study.clips[0])
    machine.wall -= HOUR
    with closing(machine.started(answers)) as store:
        store.record(listener, 0, Response("human"))
        (answer,) = store.answered_trials()
    assert answer.answered_at >= answer.shown_at
    assert monitoring.answer_times([answer])["seconds"].isna().all()


def test_who_is_at_work_keeps_the_place_when_the_clock_is_set_forward(answers: Path) -> None:
    machine = Machine()
    with closing(machine.started(answers)) as store:
        admitted(store)
        machine.wall += timedelta(days=1)
        machine.wait(60)
        other = store.admit(Agreement("c" * 64), reissue_after=TWO_HOURS)
        found = store.find(other)
        assert found
        assert found.slot == 1
        assert not any(one.extra for one in store.progress())
