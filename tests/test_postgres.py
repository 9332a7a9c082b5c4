"""A study whose answers are in a real PostgreSQL: what can break there, and what cannot break any more."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sql
from patience import PATIENCE
from postgres_server import Server, running_postgres

from clstm.runtime.errors import UserError
from listening_study.protocol.questions import Response
from listening_study.store import Agreement, Listener, Store, UnavailableError, connection

pytestmark = pytest.mark.slow

COMMENT = "the left hand wobbles like a tired zebrafinch"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def address(server: Server) -> str:
    address = server.new_database()
    connection.migrate(address)
    return address


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with closing(Store(address)) as store:
        yield store


def admitted(store: Store) -> Listener:
    listener = store.find(store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2)))
    assert listener
    return listener


def test_a_server_that_died_is_said_and_one_that_is_back_is_used_at_once(server: Server, store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    server.kill(signal.SIGKILL)
    try:
        with pytest.raises(UnavailableError, match="cannot be reached now"):
            store.record(listener.id, 0, Response("human"))
    finally:
        server.start()
    assert store.answered_trials() == []
    assert store.record(listener.id, 0, Response("human"))


def test_a_server_that_dies_amid_a_transaction_stores_nothing_of_it(server: Server, store: Store) -> None:
    listener = admitted(store)
    server_is_gone = pytest.raises(UnavailableError, match="cannot be reached now")
    with server_is_gone, store._writing() as open_connection:
        open_connection.execute(sql.text("update participants set language = 'de'"))
        server.kill()
        server.start()
        open_connection.execute(sql.text("update participants set language = 'es'"))
    assert [one.language for one in store.progress()] == [listener.language]


def test_a_connection_cut_while_nobody_used_it_goes_unnoticed(store: Store) -> None:
    listener = admitted(store)
    with closing(Store(store._engine.url.render_as_string(hide_password=False))) as other, other._reading() as cutter:
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
        assert cutter.execute(sql.text(cut + "pg_backend_pid()")).all() == [(True,)]
    assert store.pass_stage(listener.id, "volume")


def test_who_waits_too_long_for_another_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1)
    with closing(Store(address)) as store, closing(Store(address)) as other:
        listener = admitted(store)
        with other._writing(alone=True), pytest.raises(UnavailableError, match="lock timeout"):
            store.pass_stage(listener.id, "volume")
        assert store.pass_stage(listener.id, "volume")


def test_two_replicas_are_one_study(address: str) -> None:
    with closing(Store(address)) as one, closing(Store(address)) as other:
        token = one.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2))
        one.present(1, 0, "abc")
        assert one.record(1, 0, Response("human"))
        there = other.find(token)
        assert there
        assert there.answered == 1
        assert not other.record(1, 0, Response("computer"))
        other.close_study()
        assert not one.is_open()


def test_participants_do_not_wait_for_each_other(address: str) -> None:
    with closing(Store(address)) as store, ThreadPoolExecutor(1) as pool:
        first, second = admitted(store), admitted(store)
        with store._writing() as open_connection:
            open_connection.execute(sql.text(f"select 1 from participants where id = {first.id} for update"))
            assert pool.submit(store.pass_stage, second.id, "volume").result(timeout=PATIENCE)


def test_withdrawal_leaves_no_copy_in_the_tables(server: Server, store: Store) -> None:
    def tables() -> bytes:
        with store._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as open_connection:
            open_connection.execute(sql.text("checkpoint"))
        return b"".join(file.read_bytes() for file in (server.folder / "data" / "base").rglob("*") if file.is_file())

    token = store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2))
    store.present(1, 0, "abc")
    store.record(1, 0, Response("human", comment=COMMENT))
    assert COMMENT.encode() in tables()
    assert store.withdraw(token)
    assert COMMENT.encode() not in tables()


def test_a_backup_names_postgresqls_own_tool(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="pg_dump"):
        store.backup(tmp_path / "copy.sqlite")
    assert list(tmp_path.iterdir()) == []
