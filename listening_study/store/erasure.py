"""After a withdrawal: no copy of what was deleted stays in the database's files."""

import sqlite3

import sqlalchemy as sql
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from listening_study.store.admission import OF_ONE_PARTICIPANT
from listening_study.store.records import UnavailableError
from listening_study.store.schema import invitations, participants


def erase(engine: Engine) -> None:
    """Rewrite the tables without what was deleted.

    SQLite overwrites what it deletes (`secure_delete`), but not what it had moved from one page to another before; and
    its write-ahead log has the rows still, so it is emptied. PostgreSQL keeps deleted rows until a table is
    rewritten; its log and its backups are for its administrator to delete.

    Raises `UnavailableError` when others keep the database busy for too long.
    """
    try:
        busy = _rewrite_sqlite(engine) if engine.dialect.name == "sqlite" else _rewrite_postgresql(engine)
    except (sqlite3.OperationalError, OperationalError) as error:
        busy = " ".join(str(error).split())
    if busy:
        raise UnavailableError(
            f"withdrawn, but old copies could not be overwritten yet ({busy}); closing the study does that, too"
        )


def _rewrite_sqlite(engine: Engine) -> str:
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("VACUUM")
        (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return "somebody reads the log" if busy else ""


def _rewrite_postgresql(engine: Engine) -> str:
    names = ", ".join(table.name for table in (*OF_ONE_PARTICIPANT, participants, invitations))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sql.text(f"VACUUM FULL {names}"))
    return ""
