"""Answers to alerts from outside the console, and on whose behalf somebody acknowledged."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "alert_replies",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("alert_id", sa.Text),
        sa.Column("code_hash", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("alert_replies_by_recipient", "alert_replies", ["recipient", "at"])
    op.add_column("alert_steps", sa.Column("on_behalf_of", sa.Text, nullable=False, server_default=""))
