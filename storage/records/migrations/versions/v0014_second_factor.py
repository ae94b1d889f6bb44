"""The second step of signing in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("accounts", sa.Column("totp_secret", sa.Text, nullable=False, server_default=""))
    op.add_column("accounts", sa.Column("totp_step", sa.BigInteger))
    op.add_column("accounts", sa.Column("recovery", sa.Text, nullable=False, server_default="[]"))
