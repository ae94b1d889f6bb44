"""What the engine asks of what was before: edges of an alert, what is open, what people were told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.dispatch import NoticeKind
from sensors.alarms import Alarm
from sensors.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """That an alert began (RAISED) or was over (CLEARED); `at` is when the notice of it came in."""

    kind: NoticeKind
    alert_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That it was decided to tell people of a beginning (RAISED) or an end (CLEARED)."""

    kind: NoticeKind
    alert_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPast:
    """Since when the first of a group's notices waits, None where none does; when the group was last told."""

    waiting_since: datetime | None = None
    last_told: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert whose cause lasts, with the signal that raised it."""

    alert_id: str
    signal: Signal


class Past(Protocol):
    """What was before. Whatever is not known is answered as if it had not been: then people are told."""

    def edges(self, mark: str, *, since: datetime) -> Sequence[Edge]:
        """Return the beginnings and ends of one fingerprint at or after `since`, in order."""
        ...

    def ended(self, alert_id: str) -> datetime | None:
        """Return when this alert was over, None while it is open."""
        ...

    def open_alerts(self, alarms: frozenset[Alarm]) -> Iterable[OpenAlert]:
        """Return the open alerts about any of these, tests left out."""
        ...

    def last_told(self, mark: str) -> Told | None:
        """Return what it was last decided to tell people of this fingerprint, whether or not it has arrived."""
        ...

    def group(self, key: str) -> GroupPast:
        """Return what is known of a group."""
        ...
