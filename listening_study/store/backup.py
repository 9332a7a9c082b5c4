"""Backing up a study that may be running."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing
from clstm.runtime.names import readable
from listening_study.protocol.private_files import make_private


def save(engine: Engine, path: Path) -> None:
    """Copy all tables into one SQLite file through SQLite's backup interface, in one moment of the database.

    Raises `UserError` when the copy is damaged, would replace the original, or the database is no SQLite file.
    """
    if engine.dialect.name != "sqlite":
        raise UserError(f"answers in {engine.dialect.name} are backed up with its own tool, such as pg_dump")
    if Path(engine.url.database or "").resolve() == path.resolve():
        raise UserError(f"{path} is the database of the answers; choose another file for the copy")
    if path.exists() and not _is_a_copy(path):
        raise UserError(
            f"{readable(path)} exists and is not a copy of a study's answers; give another name, or remove it"
        )
    with replacing(path) as temporary:
        make_private(temporary)
        with closing(sqlite3.connect(temporary, isolation_level=None)) as copy:
            with engine.connect() as connection:
                original = connection.connection.dbapi_connection
                assert isinstance(original, sqlite3.Connection)
                original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file that holds all, not three
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise UserError(f"{engine.url.database} is damaged, and so is its copy; restore an older backup")


def _is_a_copy(path: Path) -> bool:
    """Whether a file is a database that holds answers, an older copy; or empty."""
    if not path.is_file():
        return False
    if not path.stat().st_size:
        return True
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchall())
    except sqlite3.Error:
        return False
