"""Who an account is at the house's own sign-on."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("accounts", sa.Column("sign_on", sa.Text))
    op.create_index("accounts_sign_on", "accounts", ["sign_on"], unique=True)
