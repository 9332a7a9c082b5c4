"""Participants and their answers, in a SQLite file or a PostgreSQL database. All SQL is in this package.

What is stored is in `schema`; the database is brought to the newest schema by `connection.migrate`. Everything is
append-only except a participant's language and last activity; withdrawal is the one exception, and it leaves a
tombstone. Times are UTC, ISO 8601 with milliseconds. No name and no address is stored, and of the token in a listener's
URL only its SHA-256.

Every write is one transaction, committed to disk (SQLite: write-ahead log, `synchronous = FULL`) before the function
returns. One that raises `UnavailableError` stored nothing, except when the connection broke at the very moment of the
commit; as all that a participant sends may be sent twice, they just try again.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.protocol.design import Recruitment
from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import Response
from listening_study.store import admission, backup, connection, crowd, erasure, journal, queries, responses
from listening_study.store.clock import SteadyClock
from listening_study.store.records import (
    LONGEST_TEXT,
    Agreement,
    AnsweredTrial,
    Arrival,
    ClosedError,
    FullError,
    JournalEntry,
    JudgedTrial,
    Listener,
    ListenerProgress,
    RefusedError,
    Reply,
    UnavailableError,
)
from listening_study.store.schema import Answer, withdrawals

__all__ = [
    "LONGEST_TEXT",
    "Agreement",
    "Answer",
    "AnsweredTrial",
    "Arrival",
    "ClosedError",
    "FullError",
    "JournalEntry",
    "JudgedTrial",
    "Judgement",
    "Listener",
    "ListenerProgress",
    "RefusedError",
    "Reply",
    "Response",
    "Store",
    "UnavailableError",
]


class Store:
    """The answers of one study. Safe to share between threads and processes.

    address : a SQLite file, or an SQLAlchemy URL such as postgresql+psycopg://user@host/name
    clock : the time now, with its time zone; left out: one that does not step when the system's is set
    """

    def __init__(self, address: Path | str, clock: Callable[[], datetime] | None = None) -> None:
        self._engine = connection.connect(address)
        self._clock = clock or SteadyClock()
        # SQLite has one writer at a time, and others poll until it is free: within one process they queue instead.
        self._turn = threading.Lock() if self._engine.dialect.name == "sqlite" else None

    def close(self) -> None:
        self._engine.dispose()

    def now(self) -> datetime:
        """The time that would be stored."""
        return self._clock()

    # --- who takes part ---

    def admit(
        self,
        agreement: Agreement,
        *,
        reissue_after: timedelta,
        invitation: str | None = None,
        registration: str = "",
        recruitment: Recruitment | None = None,
    ) -> str:
        """Let a newcomer in: claims a place in the design and returns their token, the invitation where there is one.

        The place is the smallest that is free, or whose holder is unfinished and was inactive for `reissue_after`; that
        holder is an extra from then on. The first admission ever notes `registration`, the hash of
        what was registered. Raises `ClosedError`, `FullError` once there are enough listeners by `recruitment`, and
        `RefusedError` for an invitation that is unknown or was used.
        """
        stale = _iso(self._clock() - reissue_after)
        with self._writing(alone=True) as open_connection:
            return admission.admit(
                open_connection, agreement, invitation, registration, self._now(), stale, recruitment
            )

    def find(self, token: str) -> Listener | None:
        """The participant with this token."""
        with self._reading() as open_connection:
            return admission.find(open_connection, token)

    def invite(self, count: int) -> list[str]:
        """Issue tokens that each let one listener in."""
        with self._writing() as open_connection:
            return admission.invite(open_connection, count, self._now())

    def invited(self, token: str) -> bool:
        """Whether this token was issued and has not been used."""
        with self._reading() as open_connection:
            return admission.invited(open_connection, token)

    def invitations(self) -> tuple[int, int]:
        """How many were issued, and how many of them used."""
        with self._reading() as open_connection:
            return queries.invitations_issued_and_used(open_connection)

    def withdraw(self, token: str) -> bool:
        """Remove all that is stored of a participant, beyond recovery, and free the place. False for unknown tokens.

        Raises `UnavailableError` when the rows are gone but old copies of them could not be overwritten yet; doing it
        again overwrites them, though it returns False.
        """
        with self._writing(alone=True) as open_connection:
            known = admission.withdraw(open_connection, token, self._now())
        with connection.unavailable_when_it_fails(), self._queue():
            erasure.erase(self._engine)
        return known

    # --- what a recruiting platform's link says of them ---

    def arrival(self, participant: int) -> dict[str, str]:
        """The stored parameters of one participant's link, by name."""
        with self._reading() as open_connection:
            return crowd.of(open_connection, participant)

    def arrivals(self) -> list[Arrival]:
        """The stored parameters of every participant's link."""
        with self._reading() as open_connection:
            return crowd.every(open_connection)

    def withdraw_arrived(self, parameter: str, value: str) -> int:
        """As `withdraw`, of every participant whose link had this value; returns how many."""
        with self._writing(alone=True) as open_connection:
            known = crowd.withdraw(open_connection, parameter, value, self._now())
        with connection.unavailable_when_it_fails(), self._queue():
            erasure.erase(self._engine)
        return known

    def delete_arrivals(self, until: date | None) -> None:
        """Delete all parameters of links once this day (UTC) has come; nothing before it, or without a day.

        Old copies in the database's files are overwritten as after a withdrawal, or when the study is closed.
        """
        if until is None or self._clock().astimezone(UTC).date() < until or not self.arrivals():
            return
        with self._writing(alone=True) as open_connection:
            crowd.delete(open_connection, self._now())
        with suppress(UnavailableError), connection.unavailable_when_it_fails(), self._queue():
            erasure.erase(self._engine)

    def withdrawals(self) -> int:
        """How many withdrew."""
        with self._reading() as open_connection:
            return open_connection.scalar(sql.select(sql.func.count()).select_from(withdrawals)) or 0

    # --- what a participant does ---

    def choose_language(self, participant: int, language: str) -> None:
        with self._writing() as open_connection:
            responses.choose_language(open_connection, participant, language, self._now())

    def pass_stage(self, participant: int, stage: str, replies: Mapping[str, str] = {}) -> bool:
        """Note that a stage was passed, with its replies. False when it was already: the first replies stay."""
        with self._writing() as open_connection:
            return responses.pass_stage(open_connection, participant, stage, replies, self._now())

    def present(self, participant: int, trial: int, clip: str, kind: str = "main") -> datetime:
        """Note that a clip is on this participant's screen; returns when it first was.

        Raises `RefusedError` for any trial but the first unanswered, or another clip than it had before.
        """
        with self._writing() as open_connection:
            return responses.present(open_connection, participant, trial, clip, kind, self._now())

    def report(self, participant: int, trial: int, *, heard: float, plays: int, event: str) -> None:
        """Append a report of the player. Raises `RefusedError` for a trial not shown and for impossible values.

        heard : share of the clip so far, 0..1
        plays : times started from the beginning so far
        event : what caused the report: play, pause, end, error
        """
        with self._writing() as open_connection:
            responses.report(open_connection, participant, trial, heard, plays, event, self._now())

    def heard(self, participant: int, trial: int) -> float:
        """The largest share of the clip that the player has reported, 0 without a report."""
        with self._reading() as open_connection:
            return responses.heard(open_connection, participant, trial)

    def record(self, participant: int, trial: int, response: Response) -> bool:
        """Store an answer to a trial. False when the trial has one already: the first stays, both are logged.

        Raises `RefusedError` for a trial not shown or an impossible response, `ClosedError` for a new answer to a
        study that is closed.
        """
        with self._writing() as open_connection:
            return responses.record(open_connection, participant, trial, response, self._now())

    def judge(self, participant: int, trial: int, judgements: Sequence[Judgement]) -> bool:
        """Store the judgements of a screen, and count its trial as answered. False when it was: the first stay.

        Refuses as `record` does; whether the values fit the task, `protocol.items.fault` says.
        """
        with self._writing() as open_connection:
            return responses.judge(open_connection, participant, trial, judgements, self._now())

    # --- what the researcher decides ---

    def close_study(self) -> None:
        """Admit nobody and take no answers from now on. What a withdrawal could not overwrite yet is overwritten."""
        with self._writing(alone=True) as open_connection:
            if journal.is_open(open_connection):
                journal.log(open_connection, "closed", "", self._now())
        with suppress(UnavailableError), connection.unavailable_when_it_fails(), self._queue():
            erasure.erase(self._engine)

    def reopen(self) -> None:
        with self._writing(alone=True) as open_connection:
            if not journal.is_open(open_connection):
                journal.log(open_connection, "reopened", "", self._now())

    def note_full(self, recruitment: Recruitment) -> None:
        """Note in the journal that there are enough listeners, once, if there are."""
        with self._writing(alone=True) as open_connection:
            if admission.is_full(open_connection, recruitment):
                journal.once(open_connection, "full", f"{recruitment.listeners} complete listeners", self._now())

    def serve(self, order: str) -> str:
        """Note the hash of the order that listeners are served with; returns the first that was."""
        with self._writing(alone=True) as open_connection:
            return journal.once(open_connection, "served", order, self._now())

    def log(self, event: str, detail: str = "") -> None:
        """Append to the study's journal."""
        with self._writing(alone=True) as open_connection:
            journal.log(open_connection, event, detail, self._now())

    def backup(self, path: Path) -> None:
        """Copy the answers of a study, which may be running, into one SQLite file; checked, and whole or not at all.

        Raises `UserError` for another database than SQLite, which has its own tools.
        """
        with connection.unavailable_when_it_fails():
            backup.save(self._engine, path)

    # --- what the researcher reads ---

    def is_open(self) -> bool:
        with self._reading() as open_connection:
            return journal.is_open(open_connection)

    def is_full(self, recruitment: Recruitment | None) -> bool:
        """Whether there are enough listeners: newcomers are not admitted, and those who have begun go on."""
        with self._reading() as open_connection:
            return admission.is_full(open_connection, recruitment)

    def registered(self) -> str | None:
        """The hash of the registration when the first listener came; None before."""
        with self._reading() as open_connection:
            return journal.first(open_connection, "registered")

    def served(self) -> str | None:
        """The hash of the order that the study was first served with; None before, and in old studies."""
        with self._reading() as open_connection:
            return journal.first(open_connection, "served")

    def journal(self) -> list[JournalEntry]:
        with self._reading() as open_connection:
            return journal.entries(open_connection)

    def answered_trials(self) -> list[AnsweredTrial]:
        """Every answer to human or computer, and every clip that would not play, in order of arrival."""
        with self._reading() as open_connection:
            return queries.answered_trials(open_connection)

    def judged_trials(self) -> list[JudgedTrial]:
        """Every screen with judgements, in order of arrival."""
        with self._reading() as open_connection:
            return queries.judged_trials(open_connection)

    def progress(self) -> list[ListenerProgress]:
        """Every participant, in order of arrival."""
        with self._reading() as open_connection:
            return queries.progress(open_connection)

    def replies(self) -> list[Reply]:
        """Every reply to a stage's questions, in order of arrival."""
        with self._reading() as open_connection:
            return queries.all_replies(open_connection)

    @contextmanager
    def _writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """One transaction. `alone`: without other writers, also on PostgreSQL, which would allow them."""
        engine = self._engine.execution_options(writes="alone" if alone else "beside")
        with connection.unavailable_when_it_fails(), self._queue(), engine.begin() as open_connection:
            yield open_connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with connection.unavailable_when_it_fails(), self._engine.begin() as open_connection:
            yield open_connection

    @contextmanager
    def _queue(self) -> Iterator[None]:
        if self._turn is None:
            yield
        elif self._turn.acquire(timeout=connection.PATIENCE):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise UnavailableError("the answers cannot be reached now (too many at once); try again")

    def _now(self) -> str:
        return _iso(self._clock())


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
