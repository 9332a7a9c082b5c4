"""Judgements of screens with other tasks than human or computer.

Written out instead of taken from `schema`: a step must stay what it was when studies were made with it.
"""

import sqlalchemy as sql
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "judgements",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("participant", sql.Integer, nullable=False),
        sql.Column("trial", sql.Integer, nullable=False),
        sql.Column("position", sql.Integer, nullable=False),
        sql.Column("clip", sql.String(32), nullable=False),
        sql.Column("attribute", sql.String(40), nullable=False),
        sql.Column("value", sql.Float, nullable=False),
        sql.ForeignKeyConstraint(["participant", "trial"], ["presentations.participant", "presentations.trial"]),
        sql.UniqueConstraint("participant", "trial", "clip", "attribute", name="one_judgement"),
        sqlite_autoincrement=True,
    )
