"""How the store talks to SQLite, and how a file is brought to the newest schema."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DatabaseError

from clstm.errors import MismatchError, UserError

PATIENCE = 10  # seconds to wait for another writer


def connect(path: Path) -> Engine:
    """An engine on an existing or new SQLite file. Use `migrate` before the first query."""
    engine = sql.create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions by itself, too late for reads and never for changes of the schema.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that read first and asked for the lock later could be turned away.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrate(path: Path) -> None:
    """Create the file or bring it to the newest schema, each step in a transaction of its own.

    Raises `MismatchError` for a schema newer than ours, `UserError` for a file that cannot be used.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    engine = connect(path)
    config = Config()
    config.set_main_option("script_location", "listening_study.store:migrations")
    try:
        with engine.execution_options(writes=True).connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise MismatchError(f"{path} was written by a newer version ({error}); use that version") from error
    except DatabaseError as error:
        raise UserError(f"{path} cannot be used ({error.orig}); is it damaged, read-only or in use?") from error
    finally:
        engine.dispose()
