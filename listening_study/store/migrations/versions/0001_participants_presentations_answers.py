"""Participants, what they were shown, what they answered.

Written out instead of taken from `schema`: a step must stay what it was when studies were made with it.
"""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "participants",
        sql.Column("id", sql.Integer, primary_key=True),
        sql.Column("token_digest", sql.String(64), nullable=False, unique=True),
        sql.Column("slot", sql.Integer, nullable=False, unique=True),
        sql.Column("consent", sql.String(64), nullable=False),
        sql.Column("consented_at", sql.String(32), nullable=False),
        sql.Column("volume_checked_at", sql.String(32)),
    )
    op.create_table(
        "presentations",
        sql.Column("participant", sql.Integer, sql.ForeignKey("participants.id"), primary_key=True),
        sql.Column("trial", sql.Integer, primary_key=True),
        sql.Column("clip", sql.String(32), nullable=False),
        sql.Column("shown_at", sql.String(32), nullable=False),
    )
    op.create_table(
        "answers",
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
