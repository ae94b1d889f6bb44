"""Tokens of programs, kept as hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column(
            "account_id", sa.Text, sa.ForeignKey("accounts.id", deferrable=True, initially="DEFERRED"), nullable=False
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("last_used", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
        sa.UniqueConstraint("token_hash", name="api_tokens_hash"),
    )
    op.create_index("api_tokens_by_account", "api_tokens", ["account_id"])
