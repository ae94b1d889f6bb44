"""Inspections by checklist, and what brings them round."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(meta, [{"key": "last_inspection_number", "value": "0"}])
    _schedules()
    _inspections()


def _schedules() -> None:
    op.create_table(
        "inspection_schedules",
        sa.Column("id", sa.Text, primary_key=True),
        *map(_text, ("site", "checklist", "subject", "floor", "interval", "assignee")),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        _text("made_by"),
        sa.Column("ended", sa.BigInteger),
        sa.Column("opened_to", sa.Date),
    )


def _inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        *map(_text, ("site", "checklist", "name", "category", "subject", "floor", "assignee")),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("opens", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        *map(_text, ("state", "lines", "answers")),
        sa.Column("schedule_id", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("corrects", sa.Text),
        sa.Column("submitted", sa.BigInteger),
        sa.Column("submitted_by", sa.Text),
        sa.Column("overdue_item", sa.Text),
        sa.Column("told", sa.Text),
        _text("why"),
    )
    op.create_index("inspections_by_state", "inspections", ["state", "due"])
    op.create_index("inspections_by_number", "inspections", ["number", "version"], unique=True)
    op.create_index("inspections_by_place", "inspections", ["checklist", "subject", "floor"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
