"""Places within which the roles of an account count."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("accounts", sa.Column("limits", sa.Text, nullable=False, server_default="[]"))
