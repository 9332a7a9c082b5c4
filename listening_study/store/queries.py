"""What the researcher reads: every answer, how far everybody is, every reply."""

from dataclasses import fields

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import Response
from listening_study.store.records import AnsweredTrial, JudgedTrial, ListenerProgress, Reply
from listening_study.store.schema import (
    answers,
    hearings,
    invitations,
    judgements,
    milestones,
    participants,
    presentations,
    replies,
)

_RESPONSE = tuple(field.name for field in fields(Response))


def answered_trials(connection: Connection) -> list[AnsweredTrial]:
    """Every answer but those that are judgements, in order of arrival."""
    hearing = _heard_before_answering()
    query = (
        sql.select(
            answers,
            presentations.c.clip,
            presentations.c.kind,
            presentations.c.shown_at,
            sql.func.coalesce(hearing.c.heard, 0.0).label("heard"),
            sql.func.coalesce(hearing.c.plays, 0).label("plays"),
        )
        .join_from(answers, presentations)
        .outerjoin(hearing, hearing.c.sequence == answers.c.sequence)
        .where(~_judged())
        .order_by(answers.c.sequence)
    )
    return [
        AnsweredTrial(
            sequence=row["sequence"],
            participant=row["participant"],
            trial=row["trial"],
            clip=row["clip"],
            kind=row["kind"],
            response=Response(**{name: row[name] for name in _RESPONSE}),
            heard=row["heard"],
            plays=row["plays"],
            consent=row["consent"],
            shown_at=row["shown_at"],
            answered_at=row["answered_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def judged_trials(connection: Connection) -> list[JudgedTrial]:
    """Every screen with judgements, in order of arrival."""
    given: dict[tuple[int, int], list[Judgement]] = {}
    for row in connection.execute(sql.select(judgements).order_by(judgements.c.sequence)):
        given.setdefault((row.participant, row.trial), []).append(Judgement(row.clip, row.attribute, row.value))
    hearing = _heard_before_answering()
    query = (
        sql.select(
            answers,
            presentations.c.clip,
            presentations.c.kind,
            presentations.c.shown_at,
            sql.func.coalesce(hearing.c.heard, 0.0).label("heard"),
            sql.func.coalesce(hearing.c.plays, 0).label("plays"),
        )
        .join_from(answers, presentations)
        .outerjoin(hearing, hearing.c.sequence == answers.c.sequence)
        .where(_judged())
        .order_by(answers.c.sequence)
    )
    return [
        JudgedTrial(
            sequence=row.sequence,
            participant=row.participant,
            trial=row.trial,
            item=row.clip,
            kind=row.kind,
            judgements=tuple(given[row.participant, row.trial]),
            heard=row.heard,
            plays=row.plays,
            consent=row.consent,
            shown_at=row.shown_at,
            answered_at=row.answered_at,
        )
        for row in connection.execute(query)
    ]


def _judged() -> sql.ColumnElement[bool]:
    """Whether an answer is there only because judgements are."""
    same = sql.and_(judgements.c.participant == answers.c.participant, judgements.c.trial == answers.c.trial)
    return sql.exists().where(same)


def _heard_before_answering() -> sql.Subquery:
    """For each answer, the share heard and the plays begun. What was heard after answering does not count."""
    same_trial = sql.and_(hearings.c.participant == answers.c.participant, hearings.c.trial == answers.c.trial)
    return (
        sql.select(
            answers.c.sequence,
            sql.func.max(hearings.c.heard).label("heard"),
            sql.func.max(hearings.c.plays).label("plays"),
        )
        .join_from(answers, hearings, same_trial)
        .where(hearings.c.reported_at <= answers.c.answered_at)
        .group_by(answers.c.sequence)
        .subquery()
    )


def progress(connection: Connection) -> list[ListenerProgress]:
    """Every participant, in order of arrival."""
    passed: dict[int, dict[str, str]] = {}
    for participant, stage, when in connection.execute(sql.select(milestones)):
        passed.setdefault(participant, {})[stage] = when
    answered = sql.select(sql.func.count()).where(answers.c.participant == participants.c.id).scalar_subquery()
    query = sql.select(participants, answered.label("answered")).order_by(participants.c.id)
    return [
        ListenerProgress(
            participant=row.id,
            slot=row.slot,
            language=row.language,
            consented_at=row.consented_at,
            seen_at=row.seen_at,
            answered=row.answered,
            extra=row.replaced_at is not None,
            stages=frozenset(passed.get(row.id, ())),
            passed_at=max(passed.get(row.id, {}).values(), default=""),
        )
        for row in connection.execute(query)
    ]


def all_replies(connection: Connection) -> list[Reply]:
    """Every reply, in order of arrival."""
    query = sql.select(replies).order_by(replies.c.sequence)
    return [Reply(**row) for row in connection.execute(query).mappings()]


def invitations_issued_and_used(connection: Connection) -> tuple[int, int]:
    query = sql.select(sql.func.count(invitations.c.issued_at), sql.func.count(invitations.c.used_at))
    issued, used = connection.execute(query).one()
    return issued, used
