"""Participants and their answers, kept in one SQLite file. Nothing outside this package speaks SQL.

What is stored is in `schema`; the file is brought to the newest schema by `migrate`. Everything is append-only but one
mark, that the volume check was passed. Times are UTC, ISO 8601 with milliseconds. No name and no address is stored, and
of the token in a listener's URL only its SHA-256.

Every write is one transaction, committed to disk (write-ahead log, `synchronous = FULL`) before the function returns.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from clstm.errors import UserError
from listening_study.store.connection import connect
from listening_study.store.schema import Answer, answers, participants, presentations

__all__ = ["Answer", "AnsweredTrial", "Listener", "Progress", "RefusedError", "Store", "UnavailableError"]


class RefusedError(Exception):
    """An answer that cannot be: to a clip this listener was never shown, or neither "human" nor "computer"."""


class UnavailableError(UserError):
    """The database could not be written or read now: locked for too long, or the disk is full. Nothing was stored."""


@dataclass(frozen=True)
class Listener:
    """One participant as the participants' page needs them."""

    id: int
    slot: int  # place in the design
    volume_checked: bool
    answered: int  # how many trials: the next one has this number, from 0


@dataclass(frozen=True)
class AnsweredTrial:
    """One answer, as the analysis needs it."""

    sequence: int  # order of arrival over all participants, from 1
    participant: int
    trial: int  # from 0
    clip: str
    answer: str
    shown_at: str
    answered_at: str


@dataclass(frozen=True)
class Progress:
    """How far one participant is."""

    participant: int
    consented_at: str
    answered: int
    last_answer_at: str | None


class Store:
    """The answers of one study. Safe to share between threads and processes."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = connect(path)
        self._clock = clock

    def close(self) -> None:
        self._engine.dispose()

    def admit(self, consent: str) -> str:
        """Let a new participant in: claims the next free slot and returns their token.

        consent : SHA-256 of the text they agreed to.
        """
        token = secrets.token_urlsafe(16)
        with self._writing() as connection:
            slot = connection.scalar(sql.select(sql.func.coalesce(sql.func.max(participants.c.slot), -1) + 1))
            connection.execute(
                participants.insert().values(
                    token_digest=_digest(token), slot=slot, consent=consent, consented_at=self._now()
                )
            )
        return token

    def find(self, token: str) -> Listener | None:
        """The participant with this token. Looked up by digest, so the time taken tells nothing about tokens."""
        answered = sql.select(sql.func.count()).where(answers.c.participant == participants.c.id).scalar_subquery()
        query = sql.select(
            participants.c.id, participants.c.slot, participants.c.volume_checked_at, answered.label("answered")
        ).where(participants.c.token_digest == _digest(token))
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        return row and Listener(row.id, row.slot, row.volume_checked_at is not None, row.answered)

    def pass_volume_check(self, participant: int) -> None:
        with self._writing() as connection:
            connection.execute(
                participants.update()
                .where(participants.c.id == participant, participants.c.volume_checked_at.is_(None))
                .values(volume_checked_at=self._now())
            )

    def present(self, participant: int, trial: int, clip: str) -> datetime:
        """Note that a clip is on this participant's screen; returns when it first was."""
        with self._writing() as connection:
            shown = sql.select(presentations.c.shown_at).where(
                presentations.c.participant == participant, presentations.c.trial == trial
            )
            first = connection.scalar(shown)
            if first is None:
                first = self._now()
                connection.execute(
                    presentations.insert().values(participant=participant, trial=trial, clip=clip, shown_at=first)
                )
        return datetime.fromisoformat(first)

    def record(self, participant: int, trial: int, answer: str) -> bool:
        """Store an answer to a trial. False when the trial already has one: the first stays.

        Raises `RefusedError` for a trial that was not shown or an answer that does not exist.
        """
        if answer not in list(Answer):
            raise RefusedError(f"the answer {answer!r} is none of {', '.join(Answer)}")
        mine = {"participant": participant, "trial": trial}
        with self._writing() as connection:
            if connection.execute(_where(answers, mine)).first():
                return False
            if not connection.execute(_where(presentations, mine)).first():
                raise RefusedError(f"trial {trial} was not shown to participant {participant}")
            connection.execute(answers.insert().values(**mine, answer=answer, answered_at=self._now()))
        return True

    def answered_trials(self) -> list[AnsweredTrial]:
        """Every answer, in order of arrival."""
        query = (
            sql.select(
                answers.c.sequence,
                answers.c.participant,
                answers.c.trial,
                presentations.c.clip,
                answers.c.answer,
                presentations.c.shown_at,
                answers.c.answered_at,
            )
            .join_from(answers, presentations)
            .order_by(answers.c.sequence)
        )
        with self._reading() as connection:
            return [AnsweredTrial(**row) for row in connection.execute(query).mappings()]

    def progress(self) -> list[Progress]:
        """Every participant, in order of arrival."""
        query = (
            sql.select(
                participants.c.id.label("participant"),
                participants.c.consented_at,
                sql.func.count(answers.c.sequence).label("answered"),
                sql.func.max(answers.c.answered_at).label("last_answer_at"),
            )
            .outerjoin_from(participants, answers, answers.c.participant == participants.c.id)
            .group_by(participants.c.id)
            .order_by(participants.c.id)
        )
        with self._reading() as connection:
            return [Progress(**row) for row in connection.execute(query).mappings()]

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _unavailable_when_it_fails(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _unavailable_when_it_fails(), self._engine.begin() as connection:
            yield connection

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")


@contextmanager
def _unavailable_when_it_fails() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise UnavailableError(f"the answers cannot be reached now ({error.orig}); try again") from error


def _where(table: sql.Table, values: dict[str, int]) -> sql.Select[tuple[int]]:
    return sql.select(table.c.participant).filter_by(**values)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
