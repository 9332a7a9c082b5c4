"""The study's journal: when it was served first, registered, closed, reopened and unsealed."""

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.store.records import Happening
from listening_study.store.schema import journal


def log(connection: Connection, event: str, detail: str, now: str) -> None:
    connection.execute(journal.insert().values(event=event, detail=detail, happened_at=now))


def all_of_them(connection: Connection) -> list[Happening]:
    query = sql.select(journal.c.event, journal.c.detail, journal.c.happened_at).order_by(journal.c.sequence)
    return [Happening(**row) for row in connection.execute(query).mappings()]


def is_open(connection: Connection) -> bool:
    """A study is open until it was closed, and closed until it was reopened."""
    last = sql.select(journal.c.event).where(journal.c.event.in_(["closed", "reopened"]))
    return connection.scalar(last.order_by(journal.c.sequence.desc()).limit(1)) != "closed"


def first(connection: Connection, event: str) -> str | None:
    """What was noted when this happened for the first time."""
    details = sql.select(journal.c.detail).where(journal.c.event == event).order_by(journal.c.sequence)
    return connection.scalar(details.limit(1))


def once(connection: Connection, event: str, detail: str, now: str) -> str:
    """Note that this happened, unless it is noted already; returns what was noted first."""
    noted = first(connection, event)
    if noted is None:
        log(connection, event, detail, now)
    return detail if noted is None else noted
