"""Silences, drills, shelved alerts, what is out of service."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    for name in ("silences", "drills"):
        recurring = ("weekdays", "hours") if name == "silences" else ()
        op.create_table(
            name,
            _id(),
            *map(_text, ("matcher", "author", "comment")),
            *map(_time, ("starts", "ends")),
            *map(_text, (*recurring, "ended_by")),
        )
        op.create_index(f"{name}_by_end", name, ["ends"])
    to_alerts = sa.ForeignKey("alerts.id", deferrable=True, initially="DEFERRED")
    _put_aside("shelves", _text("fingerprint"), sa.Column("alert_id", sa.Text, to_alerts, nullable=False))
    _put_aside("out_of_service", _text("subject"))


def _put_aside(name: str, *what: sa.Column[str]) -> None:
    written = map(_text, ("author", "comment", "ended_by"))
    op.create_table(name, _id(), *what, *map(_time, ("since", "until")), *written)
    op.create_index(f"{name}_by_end", name, ["until"])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
