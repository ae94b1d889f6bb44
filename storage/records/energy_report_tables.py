"""The tables of the energy reports."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from rectification.energy_reports import ReportAction, ReportState
from storage.records.columns import NUMBER, UtcMs, Written
from storage.records.tables import METADATA

ENERGY_REPORTS = Table(
    "energy_reports",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Written(ReportState), nullable=False),
    Column("figures", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("drafted", UtcMs, nullable=False),
    Column("prepared_by", Text),
    Column("reviewed", UtcMs),
    Column("reviewed_by", Text),
    Column("issued", UtcMs),
    Column("issued_by", Text),
    UniqueConstraint("site", "period", "version", name="energy_reports_version"),
)
"""`figures` is JSON as text: the digest is of its very letters."""

ENERGY_REPORT_STEPS = Table(
    "energy_report_steps",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("report_id", Text, nullable=False),
    Column("action", Written(ReportAction), nullable=False),
    Column("state", Written(ReportState), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", UtcMs, nullable=False),
    Column("note", Text, nullable=False),
    Index("energy_report_steps_by_report", "report_id"),
    sqlite_autoincrement=True,
)
