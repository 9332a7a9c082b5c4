"""Judgements in the store, SQLite and PostgreSQL, and what older answers become when their database gets the table."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sql
from alembic import command
from alembic.config import Config
from postgres_server import Server, running_postgres

from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import Response
from listening_study.store import Agreement, ClosedError, RefusedError, Store, connection, schema

RATED = [Judgement("a1", "coherency", 4.0), Judgement("a1", "structure", 2.0)]
SCORED = [Judgement("b2", "quality", 100.0), Judgement("a1", "quality", 0.0)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A database of each kind without tables."""
    return (
        tmp_path / "answers.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    )


@pytest.fixture
def store(empty: Path | str) -> Iterator[Store]:
    connection.migrate(empty)
    with closing(Store(empty)) as store:
        yield store


@pytest.fixture
def listener(store: Store) -> int:
    found = store.find(store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2)))
    assert found
    return found.id


def answered(store: Store) -> int:
    return store.progress()[0].answered


def test_judgements_count_their_trial_as_answered_and_are_no_answer_to_human_or_computer(
    store: Store, listener: int
) -> None:
    store.present(listener, 0, "item", "main")
    store.report(listener, 0, heard=1.0, plays=2, event="end")
    assert store.judge(listener, 0, SCORED)
    assert answered(store) == 1
    assert store.answered_trials() == []
    (trial,) = store.judged_trials()
    assert (trial.item, trial.kind, trial.trial, trial.judgements) == ("item", "main", 0, tuple(SCORED))
    assert (trial.heard, trial.plays, trial.consent) == (1.0, 2, "c" * 64)
    assert trial.seconds >= 0
    store.present(listener, 1, "clip")
    store.record(listener, 1, Response("human"))
    assert [one.clip for one in store.answered_trials()] == ["clip"]


def test_the_first_judgements_stay_and_every_submission_is_logged(store: Store, listener: int) -> None:
    store.present(listener, 0, "item")
    assert store.judge(listener, 0, RATED)
    assert not store.judge(listener, 0, [Judgement("a1", "coherency", 1.0)])
    assert not store.record(listener, 0, Response(None))
    (trial,) = store.judged_trials()
    assert trial.judgements == tuple(RATED)
    with store._engine.begin() as reader:
        kept = reader.scalars(sql.select(schema.revisions.c.kept).order_by(schema.revisions.c.sequence)).all()
        positions = reader.scalars(sql.select(schema.judgements.c.position)).all()
    assert kept == [True, False, False]
    assert positions == [1, 1]  # one clip


def test_a_screen_that_would_not_play_has_no_judgements_and_counts(store: Store, listener: int) -> None:
    store.present(listener, 0, "item")
    assert store.record(listener, 0, Response(None))
    assert not store.judge(listener, 0, RATED)
    assert store.judged_trials() == []
    assert answered(store) == 1


@pytest.mark.parametrize(
    "given",
    [
        [],
        [Judgement("a1", "quality", float("nan"))],
        [Judgement("a1", "quality", 101.0)],
        [Judgement("a1", "quality", -1.0)],
        [Judgement("", "quality", 1.0)],
        [Judgement("../a", "quality", 1.0)],
        [Judgement("a1", "Quality; drop", 1.0)],
        [Judgement("a1", "quality", 1.0), Judgement("a1", "quality", 2.0)],
    ],
    ids=str,
)
def test_what_no_page_sends_is_refused_and_stores_nothing(store: Store, listener: int, given: list[Judgement]) -> None:
    store.present(listener, 0, "item")
    with pytest.raises(RefusedError):
        store.judge(listener, 0, given)
    assert answered(store) == 0
    assert store.judged_trials() == []


def test_a_screen_never_shown_and_a_closed_study_take_no_judgements(store: Store, listener: int) -> None:
    with pytest.raises(RefusedError, match="not shown"):
        store.judge(listener, 0, RATED)
    store.present(listener, 0, "item")
    store.close_study()
    with pytest.raises(ClosedError):
        store.judge(listener, 0, RATED)
    assert store.judged_trials() == []


def test_answers_of_before_stay_when_the_database_gets_the_table(empty: Path | str) -> None:
    engine = connection.connect(empty)
    config = Config()
    config.set_main_option("script_location", "listening_study.store:migrations")
    with engine.execution_options(writes="alone").begin() as open_connection:
        config.attributes["connection"] = open_connection
        command.upgrade(config, "0002")
        assert "judgements" not in sql.inspect(open_connection).get_table_names()
        given = {"token_digest": "d", "slot": 0, "consent": "c", "consented_at": "2026", "seen_at": "2026"}
        open_connection.execute(schema.participants.insert().values(**given))
        shown = {"participant": 1, "trial": 0}
        open_connection.execute(schema.presentations.insert().values(**shown, clip="a", shown_at="2026-01-31T10:00"))
        open_connection.execute(
            schema.answers.insert().values(**shown, answer="human", answered_at="2026-01-31T10:01", consent="c")
        )
    engine.dispose()
    connection.migrate(empty)
    with closing(Store(empty)) as store:
        (one,) = store.answered_trials()
        assert (one.clip, one.response.answer, one.seconds) == ("a", "human", 60.0)
        assert store.judged_trials() == []
        store.present(1, 1, "item")
        assert store.judge(1, 1, RATED)
        assert answered(store) == 2
