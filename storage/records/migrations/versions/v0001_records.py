"""The first records: alerts, items, findings, accounts, changes, the sealed audit log, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STILL_OPEN = sa.text("ended IS NULL")
NOBODY_YET = "0" * 64

SEAL_SQLITE = """
CREATE TRIGGER audit_no_{what} BEFORE {what} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is sealed: rows are only ever added'); END
"""
SEAL_POSTGRESQL = """
CREATE FUNCTION audit_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is sealed: rows are only ever added'; END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE PROCEDURE audit_sealed();
"""


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    _meta()
    _alerts()
    _items()
    _findings()
    _accounts()
    _changes()
    _audit()
    _outbox()
    _seal()


def _text(name: str, *more: sa.ForeignKey) -> sa.Column[str]:
    return sa.Column(name, sa.Text, *more, nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column("number", NUMBER, primary_key=True, autoincrement=True)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _to(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, deferrable=True, initially="DEFERRED")


def _meta() -> None:
    meta = op.create_table("meta", sa.Column("key", sa.Text, primary_key=True), _text("value"))
    op.bulk_insert(meta, [{"key": "audit_head", "value": NOBODY_YET}, {"key": "last_item_number", "value": "0"}])


def _alerts() -> None:
    op.create_table(
        "alerts",
        _id(),
        *map(_text, ("fingerprint", "site", "rule", "subject", "severity")),
        *map(_time, ("onset", "received")),
        *map(_text, ("state", "zone")),
        sa.Column("test", sa.Boolean, nullable=False),
        *map(_text, ("doubts", "parameters")),
    )
    op.create_index("alerts_by_fingerprint", "alerts", ["fingerprint"])
    op.create_index("alerts_by_onset", "alerts", ["onset"])
    op.create_index("alerts_by_state", "alerts", ["state"])
    op.create_table(
        "alert_steps",
        _number(),
        _text("alert_id", _to("alerts.id")),
        *map(_text, ("action", "state", "actor_id")),
        _time("at"),
        _text("note"),
        sqlite_autoincrement=True,
    )
    op.create_index("alert_steps_by_alert", "alert_steps", ["alert_id"])


def _items() -> None:
    op.create_table(
        "items",
        _id(),
        sa.Column("number", sa.Integer, nullable=False),
        *map(_text, ("site", "rule", "subject", "severity", "state")),
        *map(_time, ("opened", "fault_from")),
        sa.Column("responsible", sa.Text),
        sa.Column("deadline", sa.Date),
        _text("measure"),
        sa.Column("reported_by", sa.Text),
        sa.Column("reported_done", sa.BigInteger),
        sa.Column("verified", sa.BigInteger),
        sa.Column("signed_off_by", sa.Text),
        sa.Column("recurrence_of", sa.Text, _to("items.id")),
        sa.UniqueConstraint("number", name="items_number"),
    )
    op.create_index("items_by_rule_and_subject", "items", ["rule", "subject"])
    op.create_index("items_by_state", "items", ["state"])
    op.create_table(
        "item_steps",
        _number(),
        _text("item_id", _to("items.id")),
        *map(_text, ("action", "state", "actor_id")),
        _time("at"),
        *map(_text, ("note", "evidence")),
        sqlite_autoincrement=True,
    )
    op.create_index("item_steps_by_item", "item_steps", ["item_id"])


def _findings() -> None:
    op.create_table(
        "findings",
        _id(),
        *map(_text, ("site", "rule", "subject", "severity")),
        *map(_time, ("started", "last_seen")),
        sa.Column("ended", sa.BigInteger),
        sa.Column("value", sa.Float),
        sa.Column("threshold", sa.Float),
        _text("unit"),
        sa.Column("energy_kwh", sa.Float),
        _text("evidence"),
        sa.Column("item_id", sa.Text, _to("items.id")),
        sa.Column("judged", sa.Text),
        sa.Column("judged_by", sa.Text),
        sa.Column("judged_at", sa.BigInteger),
        sa.Column("judged_until", sa.BigInteger),
    )
    op.create_index("findings_by_rule_and_subject", "findings", ["rule", "subject"])
    op.create_index("findings_by_start", "findings", ["started"])
    op.create_index(
        "findings_open",
        "findings",
        ["site", "rule", "subject"],
        unique=True,
        sqlite_where=STILL_OPEN,
        postgresql_where=STILL_OPEN,
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        _id(),
        *map(_text, ("user_name", "name", "password_hash", "roles")),
        *map(_time, ("created", "password_changed")),
        sa.Column("disabled", sa.BigInteger),
        sa.Column("person", sa.Text),
        sa.UniqueConstraint("user_name", name="accounts_user_name"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text, primary_key=True),
        _text("account_id", _to("accounts.id")),
        *map(_time, ("created", "seen")),
    )
    op.create_index("sessions_by_account", "sessions", ["account_id"])
    op.create_table(
        "set_up_tokens",
        sa.Column("token_hash", sa.Text, primary_key=True),
        *map(_time, ("created", "expires")),
        sa.Column("account_id", sa.Text, _to("accounts.id")),
        sa.Column("used", sa.BigInteger),
    )
    op.create_table("sign_in_failures", _number(), _text("key"), _time("at"), sqlite_autoincrement=True)
    op.create_index("sign_in_failures_by_key", "sign_in_failures", ["key", "at"])
    op.create_index("sign_in_failures_by_time", "sign_in_failures", ["at"])


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *map(_text, ("kind", "subject")),
        _time("at"),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_by_time", "changes", ["at"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        _time("at"),
        *map(_text, ("actor_id", "action", "subject", "detail", "prev_hash", "hash")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        *map(_text, ("kind", "subject_id", "payload")),
        _time("at"),
        _text("state"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _time("next_attempt"),
        _text("last_error"),
        sa.UniqueConstraint("kind", "subject_id", name="outbox_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_due", "outbox", ["state", "next_attempt"])


def _seal() -> None:
    """Let the database itself forbid changes to the audit log."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(SEAL_SQLITE.format(what=what))
    else:
        op.execute(SEAL_POSTGRESQL)
