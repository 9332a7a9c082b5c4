"""The tables as they are now. `migrations` holds every step that led here."""

from enum import StrEnum

import sqlalchemy as sql


class Answer(StrEnum):
    """What a listener can say a clip was made by."""

    HUMAN = "human"
    COMPUTER = "computer"


metadata = sql.MetaData()

participants = sql.Table(
    "participants",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("token_digest", sql.String(64), nullable=False, unique=True),
    sql.Column("slot", sql.Integer, nullable=False, unique=True),
    sql.Column("consent", sql.String(64), nullable=False),
    sql.Column("consented_at", sql.String(32), nullable=False),
    sql.Column("volume_checked_at", sql.String(32)),
)

# A clip was on a participant's screen. Answers point here, so the database itself refuses one to a clip never shown.
presentations = sql.Table(
    "presentations",
    metadata,
    sql.Column("participant", sql.ForeignKey("participants.id"), primary_key=True),
    sql.Column("trial", sql.Integer, primary_key=True),
    sql.Column("clip", sql.String(32), nullable=False),
    sql.Column("shown_at", sql.String(32), nullable=False),
)

answers = sql.Table(
    "answers",
    metadata,
    sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("participant", sql.Integer, nullable=False),
    sql.Column("trial", sql.Integer, nullable=False),
    sql.Column("answer", sql.String(16), nullable=False),
    sql.Column("answered_at", sql.String(32), nullable=False),
    sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
    sql.UniqueConstraint("participant", "trial", name="one_answer"),
    sql.CheckConstraint("answer in ('human', 'computer')", name="known_answer"),
    sqlite_autoincrement=True,
)
