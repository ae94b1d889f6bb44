"""Plans, what people wrote of items, evidence, repairs, reminders; the look back, seasons and revisions of items."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    _items()
    _particulars()
    _notices()
    _evidence()
    _plans()
    _repairs()
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(meta, [{"key": "last_plan_number", "value": "0"}, {"key": "last_repair_number", "value": "0"}])


def _items() -> None:
    op.add_column("items", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("items", sa.Column("plan_id", sa.Text))
    op.add_column("items", sa.Column("is_apart", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("items", sa.Column("judged_from", sa.BigInteger))
    op.add_column("items", sa.Column("signed_off", sa.BigInteger))
    op.add_column("items", sa.Column("look_back", sa.Date))
    op.add_column("items", sa.Column("looked_back", sa.BigInteger))
    op.add_column("items", sa.Column("looked_back_by", sa.Text))
    op.create_index("items_by_plan", "items", ["plan_id"])
    # What was signed before is told its time; nobody looks back at it, for nobody was told to.
    op.execute(
        "UPDATE items SET signed_off = (SELECT MAX(at) FROM item_steps"
        " WHERE item_steps.item_id = items.id AND item_steps.action = 'sign_off') WHERE state = 'signed_off'"
    )


def _particulars() -> None:
    op.create_table(
        "item_particulars",
        sa.Column("item_id", sa.Text, _to("items.id"), primary_key=True),
        *map(_text, ("source", "source_ref", "title", "problem", "category", "clause", "location", "goal")),
        sa.Column("unit", sa.Text),
        *map(_text, ("leader", "helpers")),
        sa.Column("funds_yuan", sa.Float),
        _text("deadline_kind"),
        sa.Column("progress_pct", sa.Integer),
        *map(_text, ("result", "remark", "contingency")),
    )
    op.create_index("item_particulars_by_source", "item_particulars", ["source", "source_ref"])


def _notices() -> None:
    op.create_table(
        "item_notices",
        _id(),
        _text("key"),
        sa.Column("item_id", sa.Text, _to("items.id"), nullable=False),
        *map(_text, ("kind", "recipient")),
        sa.Column("deadline", sa.Date, nullable=False),
        _time("at"),
        sa.Column("seen", sa.BigInteger),
        sa.UniqueConstraint("key", name="item_notices_once"),
    )
    op.create_index("item_notices_by_recipient", "item_notices", ["recipient", "seen"])


def _evidence() -> None:
    op.create_table(
        "evidence_files",
        _id(),
        sa.Column("item_id", sa.Text, _to("items.id"), nullable=False),
        *map(_text, ("sha256", "name", "media_type")),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        _text("shows"),
        _time("added"),
        _text("added_by"),
        sa.Column("removed", sa.BigInteger),
        sa.Column("removed_by", sa.Text),
        _text("removed_why"),
    )
    op.create_index("evidence_files_by_item", "evidence_files", ["item_id"])
    op.create_index("evidence_files_by_hash", "evidence_files", ["sha256"])


def _plans() -> None:
    op.create_table(
        "plans",
        _id(),
        sa.Column("number", sa.Integer, nullable=False),
        *map(_text, ("site", "title", "state")),
        _time("created"),
        *map(_text, ("created_by", "basis", "goals")),
        sa.Column("first", sa.Date),
        sa.Column("last", sa.Date),
        *map(_text, ("leader", "organisation", "funds")),
        sa.Column("funds_yuan", sa.Float),
        *map(_text, ("phases", "supervision", "cause")),
        sa.Column("issued", sa.BigInteger),
        sa.Column("issued_by", sa.Text),
        sa.Column("closed", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("number", name="plans_number"),
    )
    _steps("plan", "detail")


def _repairs() -> None:
    op.create_table(
        "repairs",
        _id(),
        sa.Column("number", sa.Integer, nullable=False),
        *map(_text, ("site", "subject", "what", "state")),
        _time("reported"),
        _text("reported_by"),
        sa.Column("item_id", sa.Text, _to("items.id")),
        _text("contractor"),
        sa.Column("ordered", sa.BigInteger),
        sa.Column("done", sa.BigInteger),
        sa.Column("cost_yuan", sa.Float),
        _text("result"),
        sa.UniqueConstraint("number", name="repairs_number"),
    )
    op.create_index("repairs_by_item", "repairs", ["item_id"])
    op.create_index("repairs_by_subject", "repairs", ["subject"])
    _steps("repair")


def _steps(of: str, *more: str) -> None:
    """Make the table of what happened to the rows of another."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        f"{of}_steps",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column(f"{of}_id", sa.Text, _to(f"{of}s.id"), nullable=False),
        *map(_text, ("action", "state", "actor_id")),
        _time("at"),
        *map(_text, ("note", *more)),
        sqlite_autoincrement=True,
    )
    op.create_index(f"{of}_steps_by_{of}", f"{of}_steps", [f"{of}_id"])


def _to(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, deferrable=True, initially="DEFERRED")


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
