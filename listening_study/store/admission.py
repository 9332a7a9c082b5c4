"""Who takes part: invitations, places in the design, and withdrawal.

A place (slot) is held by one listener. It is given to another when its holder withdrew, or left the study unfinished
and was inactive for long; a holder who comes back then keeps the place's order of clips, as an extra.
"""

import hmac
import secrets
from collections.abc import Iterator
from hashlib import sha256
from itertools import count

import sqlalchemy as sql
from sqlalchemy import Connection, RowMapping

from listening_study.protocol.design import Recruitment
from listening_study.store import journal
from listening_study.store.records import Agreement, ClosedError, FullError, Listener, RefusedError, clean
from listening_study.store.schema import (
    answers,
    arrivals,
    hearings,
    invitations,
    judgements,
    milestones,
    participants,
    presentations,
    replies,
    revisions,
    withdrawals,
)

LONGEST_ARRIVAL = 200  # characters of a crowd platform's parameter
OF_ONE_PARTICIPANT = (
    revisions,
    judgements,
    answers,
    hearings,
    presentations,
    replies,
    milestones,
    arrivals,
)  # before what they point to


def admit(
    connection: Connection,
    agreement: Agreement,
    invitation: str | None,
    registration: str,
    now: str,
    stale: str,
    recruitment: Recruitment | None = None,
) -> str:
    """Let a newcomer in, and return their token.

    stale : unfinished holders of a place who were last active before this time lose it

    One transaction, in which nobody else writes: two newcomers would otherwise claim the same place.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     tokens = [admit(connection, Agreement(consent=""), None, "", now="10:00", stale="08:00") for _ in range(2)]
    ...     [find(connection, token).slot for token in tokens]
    [0, 1]
    """
    if not journal.is_open(connection):
        raise ClosedError("the study is closed and admits nobody")
    if is_full(connection, recruitment):
        raise FullError("the study has enough listeners and admits nobody else")
    if invitation is not None:
        _use(connection, invitation, now)
    journal.once(connection, "registered", registration, now)
    token = invitation or new_token()
    newcomer = participants.insert().values(
        token_digest=digest(token),
        slot=_claim(connection, now, stale),
        language=agreement.language,
        consent=agreement.consent,
        consented_at=now,
        seen_at=now,
    )
    participant = connection.scalar(newcomer.returning(participants.c.id))
    for parameter, value in agreement.arrival.items():
        row = {"participant": participant, "parameter": parameter, "value": clean(value)[:LONGEST_ARRIVAL]}
        connection.execute(arrivals.insert().values(**row))
    return token


def is_full(connection: Connection, recruitment: Recruitment | None) -> bool:
    """Whether enough listeners have answered every trial. One who withdraws makes room again.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     is_full(connection, Recruitment(listeners=1, trials=10)), is_full(connection, None)
    (False, False)
    """
    if recruitment is None:
        return False
    complete = (
        sql.select(answers.c.participant)
        .group_by(answers.c.participant)
        .having(sql.func.count() >= recruitment.trials)
        .subquery()
    )
    return (connection.scalar(sql.select(sql.func.count()).select_from(complete)) or 0) >= recruitment.listeners


def find(connection: Connection, token: str) -> Listener | None:
    """The participant with this token.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     token = admit(connection, Agreement(consent="", language="de"), None, "", now="10:00", stale="08:00")
    ...     find(connection, token).language, find(connection, "another")
    ('de', None)
    """
    row = _with_token(connection, token)
    if row is None:
        return None
    answered = sql.select(sql.func.count()).select_from(answers).where(answers.c.participant == row["id"])
    passed = sql.select(milestones.c.stage).where(milestones.c.participant == row["id"])
    stages = frozenset(connection.scalars(passed))
    return Listener(row["id"], row["slot"], row["language"], row["consent"], connection.scalar(answered) or 0, stages)


def withdraw(connection: Connection, token: str, now: str) -> bool:
    """Remove a participant from every table. All that stays is a tombstone with the day.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     token = admit(connection, Agreement(consent=""), None, "", now="2026-01-31T10:00", stale="")
    ...     withdraw(connection, token, now="2026-01-31T11:00"), find(connection, token)
    (True, None)
    """
    row = _with_token(connection, token)
    if row is None:
        return False
    remove(connection, row["id"], now)
    return True


def remove(connection: Connection, participant: int, now: str) -> None:
    """Delete the rows of one participant, leaving a tombstone with the day."""
    token = sql.select(participants.c.token_digest).where(participants.c.id == participant).scalar_subquery()
    connection.execute(invitations.delete().where(invitations.c.token_digest == token))
    for table in OF_ONE_PARTICIPANT:
        connection.execute(table.delete().where(table.c.participant == participant))
    connection.execute(participants.delete().where(participants.c.id == participant))
    connection.execute(withdrawals.insert().values(withdrawn_on=now[: len("2026-01-31")]))


def invite(connection: Connection, number: int, now: str) -> list[str]:
    tokens = [new_token() for _ in range(number)]
    if tokens:
        rows = [{"token_digest": digest(token), "issued_at": now} for token in tokens]
        connection.execute(invitations.insert(), rows)
    return tokens


def invited(connection: Connection, token: str) -> bool:
    """Whether this token was issued and has not been used.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     (token,) = invite(connection, 1, now="2026-01-31T10:00")
    ...     invited(connection, token), invited(connection, "another")
    (True, False)
    """
    query = sql.select(invitations).where(invitations.c.token_digest == digest(token))
    row = connection.execute(query).mappings().one_or_none()
    return row is not None and _same(row, token) and row["used_at"] is None


def new_token() -> str:
    """16 random bytes as text that does not begin with "-", which a command would read as an option.

    >>> len(new_token())  # characters of 6 bits
    22
    """
    while (token := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return token


def digest(token: str) -> str:
    return sha256(clean(token).encode()).hexdigest()


def _with_token(connection: Connection, token: str) -> RowMapping | None:
    # Looked up by digest: how long that takes tells nothing about other tokens.
    columns = (participants.c.id, participants.c.slot, participants.c.language, participants.c.consent)
    query = sql.select(*columns, participants.c.token_digest).where(participants.c.token_digest == digest(token))
    row = connection.execute(query).mappings().one_or_none()
    return row if row is not None and _same(row, token) else None


def _same(row: RowMapping, token: str) -> bool:
    return hmac.compare_digest(str(row["token_digest"]), digest(token))


def _use(connection: Connection, invitation: str, now: str) -> None:
    if not invited(connection, invitation):
        raise RefusedError("this invitation is unknown or was used")
    used = invitations.update().where(invitations.c.token_digest == digest(invitation))
    connection.execute(used.values(used_at=now))


def _claim(connection: Connection, now: str, stale: str) -> int:
    """The smallest place that is free, or whose holder left; that holder becomes an extra."""
    holders = {row["slot"]: row for row in _holders(connection)}
    for slot in count():
        if slot not in holders:
            return slot
        holder = holders[slot]
        if not holder["finished"] and holder["seen_at"] < stale:
            replaced = participants.update().where(participants.c.id == holder["id"])
            connection.execute(replaced.values(replaced_at=now))
            return slot
    raise AssertionError("there is always another place")


def _holders(connection: Connection) -> Iterator[RowMapping]:
    finished = sql.exists().where(milestones.c.participant == participants.c.id, milestones.c.stage == "finished")
    query = sql.select(participants.c.id, participants.c.slot, participants.c.seen_at, finished.label("finished"))
    yield from connection.execute(query.where(participants.c.replaced_at.is_(None))).mappings()
