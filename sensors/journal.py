"""What happened, for two readers: pages that stay live (`Change`), and people who must answer for it (`AuditEntry`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class ChangeKind(StrEnum):
    """What a change is about."""

    ALERT = "alert"
    ITEM = "item"
    PLAN = "plan"
    REPAIR = "repair"
    INSPECTION = "inspection"
    REPORT = "report"
    """Something that people told of a room."""
    ENERGY_REPORT = "energy_report"
    FINDING = "finding"
    READING = "reading"
    ACCOUNT = "account"
    BILL = "bill"
    BOOKING = "booking"
    STANDING = "standing"
    """What holds alerts back: silences, drills, what is shelved or out of service."""
    LOG = "log"
    """What people write down: duty, isolations, tests and checks, alarms verified on site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of `changes`: `id` only grows, `subject` is the record's id (of a reading, the site's)."""

    id: int
    kind: ChangeKind
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row of the audit log, to which rows are only ever added: who did what to what, and when.

    `id` is its number in the chain, upwards from 1; `hash` covers the row and the hash before it.
    """

    id: int
    at: datetime
    actor_id: str
    action: str
    subject: str
    detail: Mapping[str, str] = field(default_factory=dict)
    hash: str = ""

    def __post_init__(self) -> None:
        """Close the detail against change."""
        object.__setattr__(self, "detail", MappingProxyType(dict(self.detail)))
