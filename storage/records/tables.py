"""The tables of the records as the code sees them. Where a value has a table, columns are named as its fields.

The schema itself is made by the numbered migrations; a test holds both to be the same.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from alerts.model import AlertAction, AlertState
from alerts.replies import ReplyOutcome
from analytics.ledger import Judgement
from rectification.evidence import MediaType, Shows
from rectification.model import ItemAction, ItemState
from rectification.notices import NoticeKind
from rectification.particulars import DeadlineKind, Source
from rectification.plans import PlanAction, PlanState
from rectification.repairs import RepairAction, RepairState
from sensors.bills import Utility
from sensors.journal import ChangeKind
from sensors.logs import AlarmTruth, DutyKind, FireSystem, FireTestKind, FireTestResult, IsolationAction
from sensors.verdicts import Severity
from storage.records.columns import (
    NUMBER,
    UtcMs,
    Written,
    hours_column,
    limits_column,
    mapping_column,
    matcher_column,
    phases_column,
    roles_column,
    scopes_column,
    subject_column,
    weekdays_column,
    words_column,
)

METADATA = MetaData()


class MessageState(StrEnum):
    """What became of a message in the outbox."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


def _of(column: str) -> ForeignKey:
    """Return a reference that is looked at when the transaction ends, so that its rows may come in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


META = Table("meta", METADATA, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))
"""Single values: the head of the audit chain, the last number given to an item."""

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("severity", Written(Severity), nullable=False),
    Column("onset", UtcMs, nullable=False),
    Column("received", UtcMs, nullable=False),
    Column("state", Written(AlertState), nullable=False),
    Column("zone", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("doubts", words_column(), nullable=False),
    Column("parameters", mapping_column(), nullable=False),
    Index("alerts_by_fingerprint", "fingerprint"),
    Index("alerts_by_onset", "onset"),
    Index("alerts_by_state", "state"),
)
ALERT_STEPS = Table(
    "alert_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("alert_id", Text, _of("alerts.id"), nullable=False),
    Column("action", Written(AlertAction), nullable=False),
    Column("state", Written(AlertState), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Column("on_behalf_of", Text, nullable=False, server_default=""),
    Index("alert_steps_by_alert", "alert_id"),
    sqlite_autoincrement=True,
)
ALERT_REPLIES = Table(
    "alert_replies",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("recipient", Text, nullable=False),
    Column("outcome", Written(ReplyOutcome), nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("alert_id", Text),
    Column("code_hash", Text, nullable=False),
    Index("alert_replies_by_recipient", "recipient", "at"),
    sqlite_autoincrement=True,
)

LEASES = Table(
    "leases",
    METADATA,
    Column("site", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("until", UtcMs, nullable=False),
)
ALERT_DELIVERIES = Table(
    "alert_deliveries",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    UniqueConstraint("key", "channel", name="alert_deliveries_once"),
    Index("alert_deliveries_by_time", "at"),
    sqlite_autoincrement=True,
)

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("matcher", matcher_column(), nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("starts", UtcMs, nullable=False),
    Column("ends", UtcMs, nullable=False),
    Column("weekdays", weekdays_column(), nullable=False),
    Column("hours", hours_column(), nullable=False),
    Column("ended_by", Text, nullable=False),
    Index("silences_by_end", "ends"),
)
DRILLS = Table(
    "drills",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("matcher", matcher_column(), nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("starts", UtcMs, nullable=False),
    Column("ends", UtcMs, nullable=False),
    Column("ended_by", Text, nullable=False),
    Index("drills_by_end", "ends"),
)
SHELVES = Table(
    "shelves",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("alert_id", Text, _of("alerts.id"), nullable=False),
    Column("since", UtcMs, nullable=False),
    Column("until", UtcMs, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Index("shelves_by_end", "until"),
)
OUT_OF_SERVICE = Table(
    "out_of_service",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("since", UtcMs, nullable=False),
    Column("until", UtcMs, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Index("out_of_service_by_end", "until"),
)

ITEMS = Table(
    "items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("site", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("severity", Written(Severity), nullable=False),
    Column("state", Written(ItemState), nullable=False),
    Column("opened", UtcMs, nullable=False),
    Column("fault_from", UtcMs, nullable=False),
    Column("responsible", Text),
    Column("deadline", Date),
    Column("measure", Text, nullable=False),
    Column("reported_by", Text),
    Column("reported_done", UtcMs),
    Column("verified", UtcMs),
    Column("signed_off_by", Text),
    Column("recurrence_of", Text, _of("items.id")),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("plan_id", Text),
    Column("is_apart", Boolean, nullable=False, server_default=false()),
    Column("judged_from", UtcMs),
    Column("signed_off", UtcMs),
    Column("look_back", Date),
    Column("looked_back", UtcMs),
    Column("looked_back_by", Text),
    UniqueConstraint("number", name="items_number"),
    Index("items_by_rule_and_subject", "rule", "subject"),
    Index("items_by_state", "state"),
    Index("items_by_plan", "plan_id"),
)
ITEM_STEPS = Table(
    "item_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("item_id", Text, _of("items.id"), nullable=False),
    Column("action", Written(ItemAction), nullable=False),
    Column("state", Written(ItemState), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("item_steps_by_item", "item_id"),
    sqlite_autoincrement=True,
)

ITEM_PARTICULARS = Table(
    "item_particulars",
    METADATA,
    Column("item_id", Text, _of("items.id"), primary_key=True),
    Column("source", Written(Source), nullable=False),
    Column("source_ref", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("unit", Text),
    Column("leader", Text, nullable=False),
    Column("helpers", words_column(), nullable=False),
    Column("funds_yuan", Float),
    Column("deadline_kind", Written(DeadlineKind), nullable=False),
    Column("progress_pct", Integer),
    Column("result", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("contingency", Text, nullable=False),
    Index("item_particulars_by_source", "source", "source_ref"),
)
ITEM_NOTICES = Table(
    "item_notices",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("item_id", Text, _of("items.id"), nullable=False),
    Column("kind", Written(NoticeKind), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("deadline", Date, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("seen", UtcMs),
    UniqueConstraint("key", name="item_notices_once"),
    Index("item_notices_by_recipient", "recipient", "seen"),
)
EVIDENCE_FILES = Table(
    "evidence_files",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("item_id", Text, _of("items.id"), nullable=False),
    Column("sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Written(MediaType), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("shows", Written(Shows), nullable=False),
    Column("added", UtcMs, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("removed", UtcMs),
    Column("removed_by", Text),
    Column("removed_why", Text, nullable=False),
    Index("evidence_files_by_item", "item_id"),
    Index("evidence_files_by_hash", "sha256"),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("site", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Written(PlanState), nullable=False),
    Column("created", UtcMs, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("goals", Text, nullable=False),
    Column("first", Date),
    Column("last", Date),
    Column("leader", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("funds", Text, nullable=False),
    Column("funds_yuan", Float),
    Column("phases", phases_column(), nullable=False),
    Column("supervision", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("issued", UtcMs),
    Column("issued_by", Text),
    Column("closed", UtcMs),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("number", name="plans_number"),
)
PLAN_STEPS = Table(
    "plan_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("plan_id", Text, _of("plans.id"), nullable=False),
    Column("action", Written(PlanAction), nullable=False),
    Column("state", Written(PlanState), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("plan_steps_by_plan", "plan_id"),
    sqlite_autoincrement=True,
)
REPAIRS = Table(
    "repairs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("site", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("what", Text, nullable=False),
    Column("state", Written(RepairState), nullable=False),
    Column("reported", UtcMs, nullable=False),
    Column("reported_by", Text, nullable=False),
    Column("item_id", Text, _of("items.id")),
    Column("contractor", Text, nullable=False),
    Column("ordered", UtcMs),
    Column("done", UtcMs),
    Column("cost_yuan", Float),
    Column("result", Text, nullable=False),
    UniqueConstraint("number", name="repairs_number"),
    Index("repairs_by_item", "item_id"),
    Index("repairs_by_subject", "subject"),
)
REPAIR_STEPS = Table(
    "repair_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("repair_id", Text, _of("repairs.id"), nullable=False),
    Column("action", Written(RepairAction), nullable=False),
    Column("state", Written(RepairState), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Index("repair_steps_by_repair", "repair_id"),
    sqlite_autoincrement=True,
)

_STILL_OPEN = text("ended IS NULL")

FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("severity", Written(Severity), nullable=False),
    Column("started", UtcMs, nullable=False),
    Column("last_seen", UtcMs, nullable=False),
    Column("ended", UtcMs),
    Column("value", Float),
    Column("threshold", Float),
    Column("unit", Text, nullable=False),
    Column("energy_kwh", Float),
    Column("evidence", mapping_column(), nullable=False),
    Column("item_id", Text, _of("items.id")),
    Column("judged", Written(Judgement)),
    Column("judged_by", Text),
    Column("judged_at", UtcMs),
    Column("judged_until", UtcMs),
    Index("findings_by_rule_and_subject", "rule", "subject"),
    Index("findings_by_start", "started"),
    # One open period at most, whoever writes.
    Index(
        "findings_open", "site", "rule", "subject", unique=True, sqlite_where=_STILL_OPEN, postgresql_where=_STILL_OPEN
    ),
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", roles_column(), nullable=False),
    Column("created", UtcMs, nullable=False),
    Column("password_changed", UtcMs, nullable=False),
    Column("disabled", UtcMs),
    Column("person", Text),
    Column("limits", limits_column(), nullable=False, server_default="[]"),
    Column("totp_secret", Text, nullable=False, server_default=""),
    Column("totp_step", BigInteger),
    Column("recovery", words_column(), nullable=False, server_default="[]"),
    Column("sign_on", Text),
    UniqueConstraint("user_name", name="accounts_user_name"),
    Index("accounts_sign_on", "sign_on", unique=True),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", Text, _of("accounts.id"), nullable=False),
    Column("created", UtcMs, nullable=False),
    Column("seen", UtcMs, nullable=False),
    Index("sessions_by_account", "account_id"),
)
SET_UP_TOKENS = Table(
    "set_up_tokens",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("created", UtcMs, nullable=False),
    Column("expires", UtcMs, nullable=False),
    Column("account_id", Text, _of("accounts.id")),
    Column("used", UtcMs),
)
API_TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("account_id", Text, _of("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", scopes_column(), nullable=False),
    Column("created", UtcMs, nullable=False),
    Column("expires", UtcMs, nullable=False),
    Column("last_used", UtcMs),
    Column("revoked", UtcMs),
    UniqueConstraint("token_hash", name="api_tokens_hash"),
    Index("api_tokens_by_account", "account_id"),
)
SIGN_IN_FAILURES = Table(
    "sign_in_failures",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Index("sign_in_failures_by_key", "key", "at"),
    Index("sign_in_failures_by_time", "at"),
    sqlite_autoincrement=True,
)

BILLS = Table(
    "bills",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("utility", Written(Utility), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("quantity", Float, nullable=False),
    Column("fee", Float),
    Column("note", Text, nullable=False),
    Column("entered", UtcMs, nullable=False),
    Column("entered_by", Text, nullable=False),
    Index("bills_by_site", "site"),
)

BOOKINGS = Table(
    "bookings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("start", UtcMs, nullable=False),
    Column("end", UtcMs, nullable=False),
    Index("bookings_by_start", "site", "start"),
)

DUTY_ENTRIES = Table(
    "duty_entries",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("kind", Written(DutyKind), nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("present", words_column(), nullable=False),
    Column("entered", UtcMs, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("relief", words_column(), nullable=False),
    Column("panel_normal", Boolean),
    Column("note", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("void", Boolean, nullable=False),
    Index("duty_entries_by_time", "site", "at"),
    Index("duty_entries_by_corrected", "corrects"),
)
ISOLATIONS = Table(
    "isolations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts", UtcMs, nullable=False),
    Column("planned_end", UtcMs, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("entered", UtcMs, nullable=False),
    Column("zone", Text, nullable=False),
    Index("isolations_by_start", "site", "starts"),
)
ISOLATION_STEPS = Table(
    "isolation_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("isolation_id", Text, _of("isolations.id"), nullable=False),
    Column("action", Written(IsolationAction), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Column("planned_end", UtcMs),
    Index("isolation_steps_by_isolation", "isolation_id"),
    sqlite_autoincrement=True,
)
FIRE_TESTS = Table(
    "fire_tests",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("kind", Written(FireTestKind), nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("system", Written(FireSystem), nullable=False),
    Column("day", Date, nullable=False),
    Column("by", Text, nullable=False),
    Column("result", Written(FireTestResult), nullable=False),
    Column("entered", UtcMs, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("next_due", Date),
    Column("note", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("void", Boolean, nullable=False),
    Index("fire_tests_by_day", "site", "day"),
    Index("fire_tests_by_corrected", "corrects"),
)
ALARM_CHECKS = Table(
    "alarm_checks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("alert_id", Text, _of("alerts.id"), nullable=False),
    Column("subject", subject_column(), nullable=False),
    Column("zone", Text, nullable=False),
    Column("onset", UtcMs, nullable=False),
    Column("truth", Written(AlarmTruth), nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("by", Text, nullable=False),
    Column("entered", UtcMs, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("void", Boolean, nullable=False),
    Index("alarm_checks_by_alert", "alert_id"),
    Index("alarm_checks_by_onset", "site", "onset"),
    Index("alarm_checks_by_corrected", "corrects"),
)

CHANGES = Table(
    "changes",
    METADATA,
    # Numbers are never given twice, not even after old rows went, for clients resume by them.
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("kind", Written(ChangeKind), nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Index("changes_by_time", "at"),
    sqlite_autoincrement=True,
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("at", UtcMs, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", mapping_column(), nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("state", Written(MessageState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", UtcMs, nullable=False),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("kind", "subject_id", name="outbox_once"),
    Index("outbox_due", "state", "next_attempt"),
    sqlite_autoincrement=True,
)
