"""Energy reports: versions of a period with their frozen figures, and what happened to each."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "energy_reports",
        sa.Column("id", sa.Text, primary_key=True),
        *map(_text, ("site", "period")),
        sa.Column("version", sa.Integer, nullable=False),
        *map(_text, ("state", "figures", "digest", "reason")),
        sa.Column("drafted", sa.BigInteger, nullable=False),
        sa.Column("prepared_by", sa.Text),
        sa.Column("reviewed", sa.BigInteger),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("issued", sa.BigInteger),
        sa.Column("issued_by", sa.Text),
        sa.UniqueConstraint("site", "period", "version", name="energy_reports_version"),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "energy_report_steps",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        *map(_text, ("report_id", "action", "state", "actor_id")),
        sa.Column("at", sa.BigInteger, nullable=False),
        _text("note"),
        sqlite_autoincrement=True,
    )
    op.create_index("energy_report_steps_by_report", "energy_report_steps", ["report_id"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
