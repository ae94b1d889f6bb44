"""The tables of people's reports and of the codes of rooms."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from rectification.evidence import MediaType
from rectification.reports import ReportCategory, ReportState
from storage.records.columns import NUMBER, UtcMs, Written
from storage.records.tables import METADATA

REPORTS = Table(
    "reports",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("category", Written(ReportCategory), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("received", UtcMs, nullable=False),
    Column("state", Written(ReportState), nullable=False),
    Column("photo", Text),
    Column("photo_type", Written(MediaType)),
    Column("photo_bytes", Integer, nullable=False),
    Column("came_by", Text, nullable=False),
    Column("item_id", Text),
    Column("moderated", UtcMs),
    Column("moderated_by", Text),
    Column("reason", Text, nullable=False),
    UniqueConstraint("number", name="reports_number"),
    Index("reports_by_state", "state", "received"),
    Index("reports_by_photo", "photo"),
    Index("reports_by_mark", "came_by"),
)
REPORT_CONTACTS = Table(
    "report_contacts",
    METADATA,
    Column("report_id", Text, primary_key=True),
    Column("contact", Text, nullable=False),
)
"""Personal data, in a table of its own so that it can be erased while the report stays."""

REPORT_SENDINGS = Table(
    "report_sendings",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Index("report_sendings_by_key", "key", "at"),
    sqlite_autoincrement=True,
)
ROOM_CODES = Table(
    "room_codes",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("made", UtcMs, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("revoked", UtcMs),
    Column("revoked_by", Text),
    Index("room_codes_by_room", "room"),
)
