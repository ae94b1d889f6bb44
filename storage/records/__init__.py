"""Records: people, findings, alerts, items, what was done to them and by whom, in SQLite or PostgreSQL."""

from storage.records.errors import (
    AuditSealedError,
    RecordsAwayError,
    RecordsBusyError,
    RecordsError,
    RecordsRefusedError,
    RecordsTooNewError,
    RecordsUnreachableError,
)
from storage.records.store import SqlRecords
from storage.records.transaction import RecordsTransaction

__all__ = [
    "AuditSealedError",
    "RecordsAwayError",
    "RecordsBusyError",
    "RecordsError",
    "RecordsRefusedError",
    "RecordsTooNewError",
    "RecordsTransaction",
    "RecordsUnreachableError",
    "SqlRecords",
]
