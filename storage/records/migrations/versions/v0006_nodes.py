"""Which node may send, and what was sent by whom."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
