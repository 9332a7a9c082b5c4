"""The study's journal: when it was first served, registered, audited, closed, reopened and unsealed."""

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.store.records import JournalEntry
from listening_study.store.schema import journal


def log(connection: Connection, event: str, detail: str, now: str) -> None:
    connection.execute(journal.insert().values(event=event, detail=detail, happened_at=now))


def entries(connection: Connection) -> list[JournalEntry]:
    query = sql.select(journal.c.event, journal.c.detail, journal.c.happened_at).order_by(journal.c.sequence)
    return [JournalEntry(**row) for row in connection.execute(query).mappings()]


def is_open(connection: Connection) -> bool:
    """A study is open until it was closed, and closed until it was reopened.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     journal.metadata.create_all(connection)
    ...     log(connection, "closed", "", now="2026-01-31T10:00:00.000+00:00")
    ...     is_open(connection)
    False
    """
    last = sql.select(journal.c.event).where(journal.c.event.in_(["closed", "reopened"]))
    return connection.scalar(last.order_by(journal.c.sequence.desc()).limit(1)) != "closed"


def first(connection: Connection, event: str) -> str | None:
    """The detail of the first entry for this event; None without one.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     journal.metadata.create_all(connection)
    ...     log(connection, "registered", "a1", now="2026-01-31T10:00:00.000+00:00")
    ...     log(connection, "registered", "b2", now="2026-02-01T10:00:00.000+00:00")
    ...     first(connection, "registered")
    'a1'
    """
    details = sql.select(journal.c.detail).where(journal.c.event == event).order_by(journal.c.sequence)
    return connection.scalar(details.limit(1))


def once(connection: Connection, event: str, detail: str, now: str) -> str:
    """Log the event unless it is in the journal already; returns the detail of its first entry.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     journal.metadata.create_all(connection)
    ...     [once(connection, "served", order, now="2026-01-31T10:00:00.000+00:00") for order in ("a1", "b2")]
    ['a1', 'a1']
    """
    noted = first(connection, event)
    if noted is None:
        log(connection, event, detail, now)
    return detail if noted is None else noted
