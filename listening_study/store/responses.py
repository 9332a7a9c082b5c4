"""What one participant does: passing stages, being shown clips, hearing and answering them.

Everything is append-only. What a page sends again, because of a reload, a second tab or a request that was repeated,
changes nothing; what a page cannot have sent is refused.

The times of one participant never go back: where the clock is behind their last sign of life, because it was set or is
another server's, the time of that sign counts on.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.store import journal
from listening_study.store.records import LONGEST_TEXT, ClosedError, RefusedError, Response, clean
from listening_study.store.schema import (
    Answer,
    answers,
    hearings,
    milestones,
    participants,
    presentations,
    replies,
    revisions,
)

SEEN_EVERY = timedelta(minutes=1)  # a page shown again within this is no news
MOST_PLAYS = 10_000  # more is not a listener
_RANGES = {"confidence": 4, "rhythm": 5, "melody": 5, "repetitiveness": 5}  # from 1


def choose_language(connection: Connection, participant: int, language: str, now: str) -> None:
    _, now = _take_turn(connection, participant, now)
    _update(connection, participant, language=language, seen_at=now)


def pass_stage(connection: Connection, participant: int, stage: str, given: Mapping[str, str], now: str) -> bool:
    """Note that a stage was passed, with its replies. False when it was already: the first replies stay."""
    texts = {question: _checked_text(f"the reply to {question!r}", reply) for question, reply in given.items()}
    _, now = _take_turn(connection, participant, now)
    row = {"participant": participant, "stage": stage}
    if connection.execute(sql.select(milestones).filter_by(**row)).first():
        return False
    connection.execute(milestones.insert().values(**row, passed_at=now))
    for question, reply in texts.items():
        connection.execute(replies.insert().values(**row, question=question, reply=reply))
    _update(connection, participant, seen_at=now)
    return True


def present(connection: Connection, participant: int, trial: int, clip: str, kind: str, now: str) -> datetime:
    """Note that a clip is on this participant's screen; returns when it first was."""
    seen_at, now = _take_turn(connection, participant, now)
    answered = _answered(connection, participant)
    if trial != answered:
        raise RefusedError(f"trial {trial} is not the next of participant {participant}, who answered {answered}")
    row = {"participant": participant, "trial": trial}
    shown = connection.execute(sql.select(presentations).filter_by(**row)).one_or_none()
    if shown is None:
        connection.execute(presentations.insert().values(**row, clip=clip, kind=kind, shown_at=now))
    elif shown.clip != clip:
        raise RefusedError(f"trial {trial} of participant {participant} has another clip")
    if shown is None or datetime.fromisoformat(now) - datetime.fromisoformat(seen_at) > SEEN_EVERY:
        _update(connection, participant, seen_at=now)
    return datetime.fromisoformat(shown.shown_at if shown else now)


def report(
    connection: Connection, participant: int, trial: int, heard: float, plays: int, event: str, now: str
) -> None:
    """Append what the player says: the share heard and the plays begun so far, and why it says so now."""
    if not (math.isfinite(heard) and 0 <= heard <= 1):
        raise RefusedError(f"a share of {heard} cannot have been heard; it is between 0 and 1")
    if not 0 <= plays <= MOST_PLAYS:
        raise RefusedError(f"{plays} plays cannot be")
    if not re.fullmatch("[a-z-]{1,16}", event):
        raise RefusedError("the player has no such event")
    _, now = _take_turn(connection, participant, now)
    _refuse_unless_shown(connection, participant, trial)
    row = {"participant": participant, "trial": trial, "heard": heard, "plays": plays, "event": event}
    connection.execute(hearings.insert().values(**row, reported_at=now))
    _update(connection, participant, seen_at=now)


def heard(connection: Connection, participant: int, trial: int) -> float:
    """The largest share of the clip that the player has reported."""
    query = sql.select(sql.func.max(hearings.c.heard)).filter_by(participant=participant, trial=trial)
    return connection.scalar(query) or 0.0


def record(connection: Connection, participant: int, trial: int, response: Response, now: str) -> bool:
    """Store an answer. False when the trial has one already: the first stays, the submission is logged."""
    response = _checked(response)
    _, now = _take_turn(connection, participant, now)
    _refuse_unless_shown(connection, participant, trial)
    row = {"participant": participant, "trial": trial}
    kept = connection.execute(sql.select(answers.c.sequence).filter_by(**row)).first() is None
    if kept:
        if not journal.is_open(connection):
            raise ClosedError("the study is closed and takes no answers")
        consent = sql.select(participants.c.consent).where(participants.c.id == participant).scalar_subquery()
        connection.execute(answers.insert().values(**row, **asdict(response), consent=consent, answered_at=now))
    submitted = json.dumps(asdict(response), ensure_ascii=False)
    connection.execute(revisions.insert().values(**row, submitted=submitted, kept=kept, submitted_at=now))
    _update(connection, participant, seen_at=now)
    return kept


def _take_turn(connection: Connection, participant: int, now: str) -> tuple[str, str]:
    """One at a time for one participant, as SQLite has it for all. Returns when they were last seen, and the time."""
    query = sql.select(participants.c.seen_at).where(participants.c.id == participant)
    seen_at = connection.scalar(query.with_for_update())
    if seen_at is None:
        raise RefusedError(f"there is no participant {participant}")
    return seen_at, max(now, seen_at)  # both in UTC and in one form


def _update(connection: Connection, participant: int, **values: str) -> None:
    connection.execute(participants.update().where(participants.c.id == participant).values(**values))


def _answered(connection: Connection, participant: int) -> int:
    query = sql.select(sql.func.count()).select_from(answers).where(answers.c.participant == participant)
    return connection.scalar(query) or 0


def _refuse_unless_shown(connection: Connection, participant: int, trial: int) -> None:
    # Only the next trial and those before it can have been shown: no other number reaches the database.
    possible = 0 <= trial <= _answered(connection, participant)
    query = sql.select(presentations.c.trial).filter_by(participant=participant, trial=trial)
    if not (possible and connection.execute(query).first()):
        raise RefusedError(f"trial {trial} was not shown to participant {participant}")


def _checked(response: Response) -> Response:
    if response.answer is not None and response.answer not in list(Answer):
        raise RefusedError(f"the answer {response.answer!r} is none of {', '.join(Answer)}")
    for name, largest in _RANGES.items():
        value = getattr(response, name)
        if value is not None and (type(value) is not int or not 1 <= value <= largest):
            raise RefusedError(f"{name} {value!r} is not between 1 and {largest}")
    if response.known is not None and type(response.known) is not bool:
        raise RefusedError(f"known {response.known!r} is neither yes nor no")
    if response.comment is None:
        return response
    return replace(response, comment=_checked_text("the comment", response.comment) or None)


def _checked_text(what: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise RefusedError(f"{what} has {len(text)} characters, more than {LONGEST_TEXT}")
    return clean(text)
