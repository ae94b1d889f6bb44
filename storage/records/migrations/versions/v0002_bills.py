"""Bills of electricity, water, gas and heat."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "bills",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("site", "subject", "utility")),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.Column("quantity", sa.Float, nullable=False),
        sa.Column("fee", sa.Float),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
    )
    op.create_index("bills_by_site", "bills", ["site"])
