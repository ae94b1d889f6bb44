"""The duty log, isolations with their approvals, tests and checks, verified alarms."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
