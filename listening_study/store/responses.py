"""What one participant does: passing stages, being shown clips, hearing and answering them.

Everything is append-only. A repeated message, from a reload, a second tab or a repeated request, changes nothing; one
that our page cannot have sent is refused.

The times of one participant never go back: where the clock is behind their last activity, because it was set or is
another server's, the time of that activity is used.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import FORMS, Question, ReplyKind, Response
from listening_study.store import journal
from listening_study.store.records import LONGEST_TEXT, ClosedError, RefusedError, clean
from listening_study.store.schema import (
    Answer,
    answers,
    hearings,
    judgements,
    milestones,
    participants,
    presentations,
    replies,
    revisions,
)

SEEN_EVERY = timedelta(minutes=1)  # a page shown again within this time writes nothing: reloads are free
MOST_PLAYS = 10_000  # more is not a listener
HIGHEST_VALUE = 100  # of a judgement


def choose_language(connection: Connection, participant: int, language: str, now: str) -> None:
    _, now = _lock(connection, participant, now)
    _update(connection, participant, language=language, seen_at=now)


def pass_stage(connection: Connection, participant: int, stage: str, given: Mapping[str, str], now: str) -> bool:
    """Note that a stage was passed, with its replies. False when it was already: the first replies stay.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     _ = connection.execute(participants.insert().values(token_digest="", slot=0, consent="", consented_at=""))
    ...     [pass_stage(connection, 1, "volume", {"device": reply}, now="10:00") for reply in ("0", "2")]
    [True, False]
    """
    texts = {question: _checked_text(f"the reply to {question!r}", reply) for question, reply in given.items()}
    _, now = _lock(connection, participant, now)
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
    seen_at, now = _lock(connection, participant, now)
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
    """Append a report of the player: the share heard and the plays begun so far, and the event that caused it."""
    if not (math.isfinite(heard) and 0 <= heard <= 1):
        raise RefusedError(f"a share of {heard} cannot have been heard; it is between 0 and 1")
    if not 0 <= plays <= MOST_PLAYS:
        raise RefusedError(f"{plays} plays cannot be")
    if not re.fullmatch("[a-z-]{1,16}", event):
        raise RefusedError("the player has no such event")
    _, now = _lock(connection, participant, now)
    _refuse_unless_shown(connection, participant, trial)
    row = {"participant": participant, "trial": trial, "heard": heard, "plays": plays, "event": event}
    connection.execute(hearings.insert().values(**row, reported_at=now))
    _update(connection, participant, seen_at=now)


def heard(connection: Connection, participant: int, trial: int) -> float:
    """The largest share of the clip that the player has reported.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     _ = connection.execute(participants.insert().values(token_digest="", slot=0, consent="", consented_at=""))
    ...     _ = present(connection, 1, 0, "a", "main", now="2026-01-31T10:00:00+00:00")
    ...     for share in (0.25, 1.0, 0.5):
    ...         report(connection, 1, 0, share, 1, "pause", now="2026-01-31T10:00:15+00:00")
    ...     heard(connection, 1, 0)
    1.0
    """
    query = sql.select(sql.func.max(hearings.c.heard)).filter_by(participant=participant, trial=trial)
    return connection.scalar(query) or 0.0


def record(connection: Connection, participant: int, trial: int, response: Response, now: str) -> bool:
    """Store an answer. False when the trial has one already: the first stays, the submission is logged.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     _ = connection.execute(participants.insert().values(token_digest="", slot=0, consent="", consented_at=""))
    ...     _ = present(connection, 1, 0, "a", "main", now="2026-01-31T10:00:00+00:00")
    ...     [record(connection, 1, 0, Response(answer), now="2026-01-31T10:00:15") for answer in ("human", "computer")]
    [True, False]
    """
    response = _checked(response)
    return _answer(connection, participant, trial, response, asdict(response), now)


def judge(connection: Connection, participant: int, trial: int, given: Sequence[Judgement], now: str) -> bool:
    """Store the judgements of a screen, and count its trial as answered. False when it was: the first stay.

    >>> with sql.create_engine("sqlite://").connect() as connection:
    ...     participants.metadata.create_all(connection)
    ...     _ = connection.execute(participants.insert().values(token_digest="", slot=0, consent="", consented_at=""))
    ...     _ = present(connection, 1, 0, "item", "main", now="2026-01-31T10:00:00+00:00")
    ...     one = [Judgement("a", "musicality", 5)]
    ...     [judge(connection, 1, 0, one, now="2026-01-31T10:00:15+00:00") for _ in range(2)]
    [True, False]
    """
    _check_judgements(given)
    submitted = {"judgements": [asdict(one) for one in given]}
    kept = _answer(connection, participant, trial, Response(answer=None), submitted, now)
    clips = list(dict.fromkeys(one.clip for one in given))
    for one in given if kept else ():
        row = {"participant": participant, "trial": trial, "position": clips.index(one.clip) + 1}
        connection.execute(judgements.insert().values(**row, **asdict(one)))
    return kept


def _answer(
    connection: Connection, participant: int, trial: int, response: Response, submitted: Mapping[str, Any], now: str
) -> bool:
    """Store one answer to a trial that was shown, unless it has one; log what was submitted."""
    _, now = _lock(connection, participant, now)
    _refuse_unless_shown(connection, participant, trial)
    row = {"participant": participant, "trial": trial}
    kept = connection.execute(sql.select(answers.c.sequence).filter_by(**row)).first() is None
    if kept:
        if not journal.is_open(connection):
            raise ClosedError("the study is closed and takes no answers")
        consent = sql.select(participants.c.consent).where(participants.c.id == participant).scalar_subquery()
        connection.execute(answers.insert().values(**row, **asdict(response), consent=consent, answered_at=now))
    log = {**row, "submitted": json.dumps(submitted, ensure_ascii=False), "kept": kept, "submitted_at": now}
    connection.execute(revisions.insert().values(**log))
    _update(connection, participant, seen_at=now)
    return kept


def _lock(connection: Connection, participant: int, now: str) -> tuple[str, str]:
    """Lock the participant's row until the transaction ends, and return when they were last active, and the time.

    What follows reads and then writes: on PostgreSQL two tabs could otherwise both find a trial unanswered. SQLite has
    one writer at a time anyway.
    """
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
    # Only the next trial and those before it can have been shown: a forged number, however large, reaches no query.
    possible = 0 <= trial <= _answered(connection, participant)
    query = sql.select(presentations.c.trial).filter_by(participant=participant, trial=trial)
    if not (possible and connection.execute(query).first()):
        raise RefusedError(f"trial {trial} was not shown to participant {participant}")


def _check_judgements(given: Sequence[Judgement]) -> None:
    """Raises `RefusedError` for what no page of ours sends, whatever the task."""
    if not given:
        raise RefusedError("nothing was judged")
    if len({(one.clip, one.attribute) for one in given}) < len(given):
        raise RefusedError("a clip was judged twice")
    for one in given:
        if not (re.fullmatch("[0-9A-Za-z_-]{1,32}", one.clip) and re.fullmatch("[a-z][a-z0-9_]{0,39}", one.attribute)):
            raise RefusedError("there is no such clip or attribute")
        if not (math.isfinite(one.value) and 0 <= one.value <= HIGHEST_VALUE):
            raise RefusedError(f"a judgement of {one.value} cannot be; it is between 0 and {HIGHEST_VALUE}")


def _checked(response: Response) -> Response:
    """The response as it is stored. Raises `RefusedError` for a value that no page of ours sends."""
    if response.answer is not None and response.answer not in list(Answer):
        raise RefusedError(f"the answer {response.answer!r} is not one of {', '.join(Answer)}")
    given = {question: getattr(response, question) for question in Question}
    return replace(response, **{str(name): _checked_reply(name, reply) for name, reply in given.items()})


def _checked_reply(question: Question, reply: Any) -> Any:
    form = FORMS[question]
    if reply is None:
        return None
    match form.kind:
        case ReplyKind.OPTIONS | ReplyKind.SCALE:
            # `type`, not `isinstance`: True is an int, and would be stored as 1.
            if type(reply) is not int or not 1 <= reply <= form.highest:
                raise RefusedError(f"{question} {reply!r} is not between 1 and {form.highest}")
        case ReplyKind.YES:
            if type(reply) is not bool:
                raise RefusedError(f"{question} {reply!r} is neither yes nor no")
        case ReplyKind.TEXT:
            return _checked_text(f"the {question}", reply) or None
    return reply


def _checked_text(what: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise RefusedError(f"{what} has {len(text)} characters, more than {LONGEST_TEXT}")
    return clean(text)
