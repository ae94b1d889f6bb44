"""People's reports, how to reach who sent them, how many came, and the codes of rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    _reports()
    op.create_table(
        "report_contacts",
        sa.Column("report_id", sa.Text, primary_key=True),
        sa.Column("contact", sa.Text, nullable=False),
    )
    _sendings()
    _codes()


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Text, primary_key=True),
        *map(_text, ("number", "site", "room", "category", "text", "language")),
        sa.Column("received", sa.BigInteger, nullable=False),
        _text("state"),
        sa.Column("photo", sa.Text),
        sa.Column("photo_type", sa.Text),
        sa.Column("photo_bytes", sa.Integer, nullable=False),
        _text("came_by"),
        sa.Column("item_id", sa.Text),
        sa.Column("moderated", sa.BigInteger),
        sa.Column("moderated_by", sa.Text),
        _text("reason"),
        sa.UniqueConstraint("number", name="reports_number"),
    )
    op.create_index("reports_by_state", "reports", ["state", "received"])
    op.create_index("reports_by_photo", "reports", ["photo"])
    op.create_index("reports_by_mark", "reports", ["came_by"])


def _sendings() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "report_sendings",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        _text("key"),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("report_sendings_by_key", "report_sendings", ["key", "at"])


def _codes() -> None:
    op.create_table(
        "room_codes",
        sa.Column("token", sa.Text, primary_key=True),
        *map(_text, ("site", "room")),
        sa.Column("made", sa.BigInteger, nullable=False),
        _text("made_by"),
        sa.Column("revoked", sa.BigInteger),
        sa.Column("revoked_by", sa.Text),
    )
    op.create_index("room_codes_by_room", "room_codes", ["room"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
