"""The duty log, isolations with their approvals, tests and checks, verified alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    _duty_entries()
    _isolations()
    _isolation_steps()
    _fire_tests()
    _alarm_checks()


def _duty_entries() -> None:
    op.create_table(
        "duty_entries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("present", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("relief", sa.Text, nullable=False),
        sa.Column("panel_normal", sa.Boolean),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("corrects", sa.Text, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
    )
    op.create_index("duty_entries_by_time", "duty_entries", ["site", "at"])
    op.create_index("duty_entries_by_corrected", "duty_entries", ["corrects"])


def _isolations() -> None:
    op.create_table(
        "isolations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("starts", sa.BigInteger, nullable=False),
        sa.Column("planned_end", sa.BigInteger, nullable=False),
        sa.Column("applicant", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
    )
    op.create_index("isolations_by_start", "isolations", ["site", "starts"])


def _isolation_steps() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "isolation_steps",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column(
            "isolation_id",
            sa.Text,
            sa.ForeignKey("isolations.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("planned_end", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("isolation_steps_by_isolation", "isolation_steps", ["isolation_id"])


def _fire_tests() -> None:
    op.create_table(
        "fire_tests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("next_due", sa.Date),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("corrects", sa.Text, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
    )
    op.create_index("fire_tests_by_day", "fire_tests", ["site", "day"])
    op.create_index("fire_tests_by_corrected", "fire_tests", ["corrects"])


def _alarm_checks() -> None:
    op.create_table(
        "alarm_checks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column(
            "alert_id", sa.Text, sa.ForeignKey("alerts.id", deferrable=True, initially="DEFERRED"), nullable=False
        ),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("onset", sa.BigInteger, nullable=False),
        sa.Column("truth", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("corrects", sa.Text, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
    )
    op.create_index("alarm_checks_by_alert", "alarm_checks", ["alert_id"])
    op.create_index("alarm_checks_by_onset", "alarm_checks", ["site", "onset"])
    op.create_index("alarm_checks_by_corrected", "alarm_checks", ["corrects"])
