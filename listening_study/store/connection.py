"""How the store talks to its database, SQLite or PostgreSQL, and how that is brought to the newest schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from clstm.runtime.errors import MismatchError, MissingToolError, UserError
from listening_study.protocol.private_files import make_private, narrow
from listening_study.store.records import UnavailableError

PATIENCE = 10  # seconds to wait for another writer
_LOCK = 5_539_011  # PostgreSQL's advisory locks are numbers; any that only this package uses


def connect(address: Path | str) -> Engine:
    """An engine on a SQLite file, existing or new, or on the database of a URL. Use `migrate` before the first query.

    Raises `UserError` for a URL that is none or of another kind of database.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        engine = sql.create_engine(url, connect_args={"timeout": PATIENCE}, pool_timeout=PATIENCE)
        event.listen(engine, "do_connect", _keep_private)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine
    patience = {"connect_timeout": PATIENCE, "options": f"-c lock_timeout={PATIENCE}s"}
    try:
        # A connection is tried before it is used: the server may have restarted in between.
        engine = sql.create_engine(url, connect_args=patience, pool_pre_ping=True, pool_timeout=PATIENCE)
    except ModuleNotFoundError as error:
        raise MissingToolError(
            "the driver for PostgreSQL is not installed; install it with: pip install 'psycopg[binary]'"
        ) from error
    event.listen(engine, "begin", _queue)
    return engine


def database_url(address: Path | str) -> URL:
    """The address as SQLAlchemy wants it.

    >>> database_url("answers.sqlite").drivername, database_url("postgres://user@host/study").drivername
    ('sqlite', 'postgresql+psycopg')
    """
    if isinstance(address, Path) or "://" not in address:
        return URL.create("sqlite", database=str(address))
    try:
        url = sql.make_url(address.replace("postgres://", "postgresql://", 1))
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        name = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UserError(
            "--database is not the address of a database; give one like postgresql+psycopg://user@host/name"
        ) from error
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise UserError(f"--database: answers cannot be kept in {name}; give a postgresql+psycopg:// address, or none")
    return url


@contextmanager
def unavailable_when_it_fails() -> Iterator[None]:
    """What the database cannot do now becomes one error, `UnavailableError`; forged data and our mistakes do not.

    >>> with unavailable_when_it_fails():
    ...     raise sqlite3.DatabaseError("disk full")
    Traceback (most recent call last):
    listening_study.store.records.UnavailableError: the answers cannot be reached now (disk full); try again
    """
    try:
        yield
    except NoConnectionFreeError as error:
        raise UnavailableError("the answers cannot be reached now (too many at once); try again") from error
    except DBAPIError as error:
        broken = type(error) is DatabaseError  # SQLite's word for a damaged file
        if broken or isinstance(error, OperationalError) or error.connection_invalidated:
            reason = " ".join(str(error.orig).split())
            raise UnavailableError(f"the answers cannot be reached now ({reason}); try again") from error
        raise
    except sqlite3.DatabaseError as error:  # from the driver itself, which copies and rewrites files
        raise UnavailableError(f"the answers cannot be reached now ({error}); try again") from error


def _keep_private(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
    # SQLite would create the file with the permissions of the umask. Its other files get those of the database.
    name = str(arguments[0])
    if name.startswith((":", "file:")):
        return
    with suppress(OSError):  # SQLite meets the same error, and describes it better
        make_private(Path(name))
    for beside in ("-wal", "-shm", "-journal"):
        narrow(Path(name + beside))


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions by itself, too late for reads and never for changes of the schema.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: SQLite may refuse one that reads first and asks for the lock later (SQLITE_BUSY).
    writes = connection.get_execution_options().get("writes", "")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _queue(connection: Connection) -> None:
    # PostgreSQL allows concurrent writers. Claiming a place, and opening and closing the study, must exclude all
    # others, as every writer does in SQLite; the remaining writers share the lock.
    match connection.get_execution_options().get("writes", ""):
        case "alone":
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_LOCK)))
        case "beside":
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock_shared(_LOCK)))


def migrate(address: Path | str) -> None:
    """Create the tables or bring them to the newest schema, all steps in one transaction.

    Raises `MismatchError` for a schema newer than ours, `UserError` for a database that cannot be used.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    shown = database_url(address).render_as_string() if isinstance(address, str) else address
    engine = connect(address)
    config = Config()
    config.set_main_option("script_location", "listening_study.store:migrations")
    try:
        with engine.execution_options(writes="alone").connect() as connection:
            driver = connection.connection.dbapi_connection
            if isinstance(driver, sqlite3.Connection):
                # SQLite changes a table by building it again, and for a moment answers point to nothing.
                driver.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                if isinstance(driver, sqlite3.Connection) and driver.execute("PRAGMA foreign_key_check").fetchone():
                    raise UserError(f"{shown} is damaged: answers without a participant; restore it from a backup")
    except CommandError as error:
        raise MismatchError(f"{shown} was written by a newer version ({error}); use that version") from error
    except DatabaseError as error:
        reason = " ".join(str(error.orig).split())
        raise UserError(
            f"{shown} cannot be used ({reason}); is it damaged, read-only, in use or not running?"
        ) from error
    finally:
        engine.dispose()
