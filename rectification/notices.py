"""What people are told of an item's deadline: reminded before it, and after it who answers above hears of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What is told. Before the deadline and on its day whoever answers for the item, after it those above as well."""

    DUE_IN_3 = "due_in_3"
    """Three workdays are left."""
    DUE_IN_1 = "due_in_1"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    """The deadline has passed: to whoever answers for it, and the leader."""
    OVERDUE_LONG = "overdue_long"
    """Three workdays have passed since: to those who manage the plan."""
    LOOK_BACK_DUE = "look_back_due"
    """It is time to look again at what was signed off."""
    INSPECTION_DUE = "inspection_due"
    """An inspection is to be done today: to whoever does it."""
    INSPECTION_OVERDUE = "inspection_overdue"
    """Its day has passed: to whoever does it, and those who manage the plan."""


OF_INSPECTIONS = frozenset({NoticeKind.INSPECTION_DUE, NoticeKind.INSPECTION_OVERDUE})
"""What is told of inspections; the console tells it from the inspections themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNotice:
    """One thing told to one account, once: `key` says which, so that no restart tells it again."""

    id: str
    key: str
    item_id: str
    kind: NoticeKind
    recipient: str
    deadline: date
    at: datetime
    seen: datetime | None = None
