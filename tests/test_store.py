"""Nothing answered is lost, doubled or forged."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from clstm.errors import MismatchError, UserError
from listening_study.store import Listener, RefusedError, Store, UnavailableError, connection, schema

CONSENT = "c" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "answers.sqlite"
    connection.migrate(path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path)) as store:
        yield store


def admitted(store: Store) -> Listener:
    listener = store.find(store.admit(CONSENT))
    assert listener
    return listener


def test_a_listener_is_found_by_token_and_by_nothing_else(store: Store) -> None:
    token = store.admit(CONSENT)
    assert store.find(token) == Listener(id=1, slot=0, volume_checked=False, answered=0)
    assert store.find(token[:-1]) is None
    assert store.find("") is None


def test_the_token_itself_is_not_stored(store: Store, path: Path) -> None:
    token = store.admit(CONSENT)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert CONSENT.encode() in written
    assert token.encode() not in written


def test_listeners_who_come_at_once_get_different_slots(path: Path) -> None:
    stores = [Store(path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda turn: stores[turn % 4].admit(CONSENT), range(40)))
    assert sorted(stores[0].find(token).slot for token in tokens) == list(range(40))
    for store in stores:
        store.close()


def test_an_answer_is_there_after_reopening(store: Store, path: Path) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    assert store.record(listener.id, 0, "computer")
    with closing(Store(path)) as again:
        (one,) = again.answered_trials()
    assert (one.sequence, one.participant, one.trial, one.clip, one.answer) == (1, listener.id, 0, "abc", "computer")
    assert one.shown_at <= one.answered_at


def test_an_answer_is_on_disk_before_recording_returns(store: Store, path: Path) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    store.record(listener.id, 0, "human")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("select answer from answers").fetchall() == [("human",)]


def test_a_second_answer_to_a_trial_changes_nothing(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    assert store.record(listener.id, 0, "human")
    assert not store.record(listener.id, 0, "computer")
    assert [one.answer for one in store.answered_trials()] == ["human"]


def test_answers_from_many_tabs_at_once_are_one(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: store.record(listener.id, 0, "human"), range(16)))
    assert sum(stored) == 1
    assert len(store.answered_trials()) == 1


def test_an_answer_to_a_clip_never_shown_is_refused(store: Store) -> None:
    listener, other = admitted(store), admitted(store)
    store.present(other.id, 0, "abc")
    with pytest.raises(RefusedError, match="trial 0 was not shown"):
        store.record(listener.id, 0, "human")


def test_an_answer_that_does_not_exist_is_refused(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with pytest.raises(RefusedError, match="robot"):
        store.record(listener.id, 0, "robot")


@pytest.mark.parametrize("row", [(1, 7, "human"), (1, 0, "robot"), (9, 0, "human")])
def test_the_database_itself_refuses_what_cannot_be(store: Store, row: tuple[int, int, str]) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    insert = sql.text("insert into answers (participant, trial, answer, answered_at) values (:p, :t, :a, 'now')")
    with pytest.raises(sql.exc.IntegrityError), store._engine.begin() as forger:
        forger.execute(insert, dict(zip("pta", row, strict=True)))


def test_a_clip_was_first_shown_once(store: Store) -> None:
    listener = admitted(store)
    assert store.present(listener.id, 0, "abc") == store.present(listener.id, 0, "abc")


def test_a_listener_goes_on_where_they_were(store: Store) -> None:
    token = store.admit(CONSENT)
    store.pass_volume_check(1)
    for trial in range(3):
        store.present(1, trial, f"clip{trial}")
        store.record(1, trial, "human")
    assert store.find(token) == Listener(id=1, slot=0, volume_checked=True, answered=3)


def test_progress_counts_those_who_never_answered(store: Store) -> None:
    admitted(store)
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    store.record(listener.id, 0, "human")
    assert [(one.answered, one.last_answer_at is None) for one in store.progress()] == [(0, True), (1, False)]


def test_every_connection_syncs_fully_and_checks_references(store: Store) -> None:
    with store._engine.connect() as open_connection:
        pragmas = [
            open_connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]


def test_a_locked_database_is_said_and_nothing_is_stored(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    with closing(Store(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(UnavailableError, match="locked"):
            store.admit(CONSENT)
        other.execute("rollback")
        assert store.progress() == []


def test_the_migrations_lead_to_the_schema(path: Path) -> None:
    engine = connection.connect(path)
    with engine.connect() as open_connection:
        context = MigrationContext.configure(open_connection)
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_migrating_again_keeps_the_answers(store: Store, path: Path) -> None:
    admitted(store)
    connection.migrate(path)
    assert len(store.progress()) == 1


def written_by_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("update alembic_version set version_num = '9999'")


def damaged(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 100)


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [(written_by_a_newer_version, MismatchError, "newer version"), (damaged, UserError, "not a database")],
)
def test_a_file_that_cannot_be_used_is_one_line(
    path: Path, harm: Callable[[Path], None], error: type[UserError], message: str
) -> None:
    harm(path)
    with pytest.raises(error, match=message) as raised:
        connection.migrate(path)
    assert "\n" not in str(raised.value)
