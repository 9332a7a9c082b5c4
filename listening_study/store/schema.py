"""The tables as they are now. `migrations` holds every step that led here."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sql

from listening_study.protocol.questions import FORMS, Question, ReplyKind


class Answer(StrEnum):
    """What a listener can say a clip was made by."""

    HUMAN = "human"
    COMPUTER = "computer"


metadata = sql.MetaData()
_REPLIES: dict[ReplyKind, type[sql.types.TypeEngine[Any]]] = {
    ReplyKind.OPTIONS: sql.Integer,
    ReplyKind.SCALE: sql.Integer,
    ReplyKind.YES: sql.Boolean,
    ReplyKind.TEXT: sql.Text,
}


def _sequence() -> sql.Column[int]:
    """Order of arrival, from 1; a number is never given twice, not even after a withdrawal."""
    return sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True)


def _participant() -> sql.Column[int]:
    return sql.Column("participant", sql.ForeignKey("participants.id"), nullable=False)


# Times are UTC, ISO 8601 with milliseconds, in columns of 32 characters.
participants = sql.Table(
    "participants",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("token_digest", sql.String(64), nullable=False, unique=True),
    sql.Column("slot", sql.Integer, nullable=False),
    sql.Column("language", sql.String(8), nullable=False, server_default="en"),
    sql.Column("consent", sql.String(64), nullable=False),  # SHA-256 of what was agreed to
    sql.Column("consented_at", sql.String(32), nullable=False),
    sql.Column("seen_at", sql.String(32), nullable=False, server_default=""),  # last activity
    sql.Column("replaced_at", sql.String(32)),  # when the slot was given to another: from then on an extra
    sqlite_autoincrement=True,
)
# One listener holds a slot; those who were replaced keep its number.
sql.Index(
    "one_holder",
    participants.c.slot,
    unique=True,
    sqlite_where=participants.c.replaced_at.is_(None),
    postgresql_where=participants.c.replaced_at.is_(None),
)

# Parameters of a crowd platform's link, where the study stores them and participants were informed.
arrivals = sql.Table(
    "arrivals",
    metadata,
    sql.Column("participant", sql.ForeignKey("participants.id"), primary_key=True),
    sql.Column("parameter", sql.String(40), primary_key=True),
    sql.Column("value", sql.String(200), nullable=False),
)

# Links issued beforehand. `used_at` is set when a participant begins with one.
invitations = sql.Table(
    "invitations",
    metadata,
    sql.Column("token_digest", sql.String(64), primary_key=True),
    sql.Column("issued_at", sql.String(32), nullable=False),
    sql.Column("used_at", sql.String(32)),
)

# Stages that were passed: background, volume, headphones, practice-0, break-20, interview, ...
milestones = sql.Table(
    "milestones",
    metadata,
    sql.Column("participant", sql.ForeignKey("participants.id"), primary_key=True),
    sql.Column("stage", sql.String(40), primary_key=True),
    sql.Column("passed_at", sql.String(32), nullable=False),
)

# What was replied on such a stage, question by question.
replies = sql.Table(
    "replies",
    metadata,
    _sequence(),
    _participant(),
    sql.Column("stage", sql.String(40), nullable=False),
    sql.Column("question", sql.String(40), nullable=False),
    sql.Column("reply", sql.Text, nullable=False),
    sql.UniqueConstraint("participant", "stage", "question", name="one_reply"),
    sqlite_autoincrement=True,
)

# A clip was on a participant's screen. Answers point here, so the database itself refuses one to a clip never shown.
presentations = sql.Table(
    "presentations",
    metadata,
    sql.Column("participant", sql.ForeignKey("participants.id"), primary_key=True),
    sql.Column("trial", sql.Integer, primary_key=True),
    sql.Column("clip", sql.String(32), nullable=False),
    sql.Column("kind", sql.String(16), nullable=False, server_default="main"),
    sql.Column("shown_at", sql.String(32), nullable=False),
)

# What the player reported, as it came: append-only.
hearings = sql.Table(
    "hearings",
    metadata,
    _sequence(),
    sql.Column("participant", sql.Integer, nullable=False),
    sql.Column("trial", sql.Integer, nullable=False),
    sql.Column("heard", sql.Float, nullable=False),  # share of the clip heard so far, 0..1
    sql.Column("plays", sql.Integer, nullable=False),  # times started from the beginning so far
    sql.Column("event", sql.String(16), nullable=False),  # play, pause, end, error
    sql.Column("reported_at", sql.String(32), nullable=False),
    sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
    sqlite_autoincrement=True,
)

answers = sql.Table(
    "answers",
    metadata,
    _sequence(),
    sql.Column("participant", sql.Integer, nullable=False),
    sql.Column("trial", sql.Integer, nullable=False),
    sql.Column("answer", sql.String(16)),  # null: it would not play on this device; or judged otherwise
    *(sql.Column(str(question), _REPLIES[FORMS[question].kind]) for question in Question),
    sql.Column("consent", sql.String(64), nullable=False, server_default=""),
    sql.Column("answered_at", sql.String(32), nullable=False),
    sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
    sql.UniqueConstraint("participant", "trial", name="one_answer"),
    sql.CheckConstraint("answer in ('human', 'computer')", name="known_answer"),
    sqlite_autoincrement=True,
)

# What was judged on a screen with another task than human or computer; its row in `answers` counts the trial as done.
judgements = sql.Table(
    "judgements",
    metadata,
    _sequence(),
    sql.Column("participant", sql.Integer, nullable=False),
    sql.Column("trial", sql.Integer, nullable=False),
    sql.Column("position", sql.Integer, nullable=False),  # of the clip, in the order judged, from 1
    sql.Column("clip", sql.String(32), nullable=False),
    sql.Column("attribute", sql.String(40), nullable=False),
    sql.Column("value", sql.Float, nullable=False),
    sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
    sql.UniqueConstraint("participant", "trial", "clip", "attribute", name="one_judgement"),
    sqlite_autoincrement=True,
)

# Every submission of an answer, also those that changed nothing: a second tab, a repeated request. Append-only.
revisions = sql.Table(
    "revisions",
    metadata,
    _sequence(),
    sql.Column("participant", sql.Integer, nullable=False),
    sql.Column("trial", sql.Integer, nullable=False),
    sql.Column("submitted", sql.Text, nullable=False),  # JSON
    sql.Column("kept", sql.Boolean, nullable=False),  # whether it became the answer
    sql.Column("submitted_at", sql.String(32), nullable=False),
    sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
    sqlite_autoincrement=True,
)

# What happened to the study: served, registered, audited, full, payments, ids deleted, closed, reopened, unsealed.
journal = sql.Table(
    "journal",
    metadata,
    _sequence(),
    sql.Column("event", sql.String(16), nullable=False),
    sql.Column("detail", sql.Text, nullable=False),
    sql.Column("happened_at", sql.String(32), nullable=False),
    sqlite_autoincrement=True,
)

# All that remains of a participant who withdrew.
withdrawals = sql.Table(
    "withdrawals",
    metadata,
    _sequence(),
    sql.Column("withdrawn_on", sql.String(10), nullable=False),  # the day
    sqlite_autoincrement=True,
)
