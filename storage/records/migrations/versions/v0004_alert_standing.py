"""Silences, drills, shelved alerts, what is out of service."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
