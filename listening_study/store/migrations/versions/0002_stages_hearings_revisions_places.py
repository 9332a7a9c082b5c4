"""Places that can be given to another, invitations, stages with replies, what the player reported, all that was asked,
every submission, the study's journal and the tombstones of those who withdrew.

Written out instead of taken from `schema`: a step must stay what it was when studies were made with it.
"""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"

# What PostgreSQL calls an unnamed constraint; SQLite gives it no name, and one is needed to drop it.
NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}


def upgrade() -> None:
    change_participants()
    change_answers()
    with op.batch_alter_table("presentations") as presentations:
        presentations.add_column(sql.Column("kind", sql.String(16), nullable=False, server_default="main"))
    add_stages()
    add_logs()


def change_participants() -> None:
    op.create_table(
        "milestones",
        sql.Column("participant", sql.Integer, sql.ForeignKey("participants.id"), primary_key=True),
        sql.Column("stage", sql.String(40), primary_key=True),
        sql.Column("passed_at", sql.String(32), nullable=False),
    )
    op.execute(
        "INSERT INTO milestones (participant, stage, passed_at) "
        "SELECT id, 'volume', volume_checked_at FROM participants WHERE volume_checked_at IS NOT NULL"
    )
    with op.batch_alter_table(
        "participants", naming_convention=NAMES, table_kwargs={"sqlite_autoincrement": True}
    ) as participants:
        participants.drop_constraint("participants_slot_key", type_="unique")
        participants.drop_column("volume_checked_at")
        participants.add_column(sql.Column("language", sql.String(8), nullable=False, server_default="en"))
        participants.add_column(sql.Column("seen_at", sql.String(32), nullable=False, server_default=""))
        participants.add_column(sql.Column("replaced_at", sql.String(32)))
    op.create_index(
        "one_holder",
        "participants",
        ["slot"],
        unique=True,
        sqlite_where=sql.text("replaced_at IS NULL"),
        postgresql_where=sql.text("replaced_at IS NULL"),
    )
    last_answer = "SELECT max(answered_at) FROM answers WHERE participant = participants.id"
    op.execute(f"UPDATE participants SET seen_at = coalesce(({last_answer}), consented_at)")  # noqa: S608  two constants


def change_answers() -> None:
    with op.batch_alter_table("answers", table_kwargs={"sqlite_autoincrement": True}) as answers:
        answers.alter_column("answer", existing_type=sql.String(16), nullable=True)
        answers.add_column(sql.Column("confidence", sql.Integer))
        answers.add_column(sql.Column("known", sql.Boolean))
        answers.add_column(sql.Column("rhythm", sql.Integer))
        answers.add_column(sql.Column("melody", sql.Integer))
        answers.add_column(sql.Column("repetitiveness", sql.Integer))
        answers.add_column(sql.Column("comment", sql.Text))
        answers.add_column(sql.Column("consent", sql.String(64), nullable=False, server_default=""))
    op.execute("UPDATE answers SET consent = (SELECT consent FROM participants WHERE id = answers.participant)")


def add_stages() -> None:
    op.create_table(
        "arrivals",
        sql.Column("participant", sql.Integer, sql.ForeignKey("participants.id"), primary_key=True),
        sql.Column("parameter", sql.String(40), primary_key=True),
        sql.Column("value", sql.String(200), nullable=False),
    )
    op.create_table(
        "invitations",
        sql.Column("token_digest", sql.String(64), primary_key=True),
        sql.Column("issued_at", sql.String(32), nullable=False),
        sql.Column("used_at", sql.String(32)),
    )
    op.create_table(
        "replies",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("participant", sql.Integer, sql.ForeignKey("participants.id"), nullable=False),
        sql.Column("stage", sql.String(40), nullable=False),
        sql.Column("question", sql.String(40), nullable=False),
        sql.Column("reply", sql.Text, nullable=False),
        sql.UniqueConstraint("participant", "stage", "question", name="one_reply"),
        sqlite_autoincrement=True,
    )


def add_logs() -> None:
    shown = ["presentations.participant", "presentations.trial"]
    op.create_table(
        "hearings",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("participant", sql.Integer, nullable=False),
        sql.Column("trial", sql.Integer, nullable=False),
        sql.Column("heard", sql.Float, nullable=False),
        sql.Column("plays", sql.Integer, nullable=False),
        sql.Column("event", sql.String(16), nullable=False),
        sql.Column("reported_at", sql.String(32), nullable=False),
        sql.ForeignKeyConstraint(["participant", "trial"], shown),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "revisions",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("participant", sql.Integer, nullable=False),
        sql.Column("trial", sql.Integer, nullable=False),
        sql.Column("submitted", sql.Text, nullable=False),
        sql.Column("kept", sql.Boolean, nullable=False),
        sql.Column("submitted_at", sql.String(32), nullable=False),
        sql.ForeignKeyConstraint(["participant", "trial"], shown),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("event", sql.String(16), nullable=False),
        sql.Column("detail", sql.Text, nullable=False),
        sql.Column("happened_at", sql.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "withdrawals",
        sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("withdrawn_on", sql.String(10), nullable=False),
        sqlite_autoincrement=True,
    )
