"""Records in memory: what the commands need of a transaction, kept as plainly as can be. Nothing is rolled back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts.model import ACTIVE_STATES, Alert, AlertState, AlertStep
from alerts.standing import Standing
from analytics.ledger import FindingAction, FindingRecord
from rectification.model import ENDED_STATES, Item, ItemStep
from sensors.subjects import Subject

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@dataclass(slots=True)
class HandClock:
    """A clock that stands until it is moved."""

    instant: datetime = NOON

    def now(self) -> datetime:
        return self.instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


@dataclass(slots=True)
class MemoryRecords:
    """Keeps the ports of alerts, rectification and the ledger; each is its own transaction."""

    alert_rows: dict[str, Alert] = field(default_factory=dict)
    alert_log: list[AlertStep] = field(default_factory=list)
    item_rows: dict[str, Item] = field(default_factory=dict)
    item_log: list[ItemStep] = field(default_factory=list)
    finding_rows: dict[str, FindingRecord] = field(default_factory=dict)
    finding_log: list[tuple[str, FindingAction, str]] = field(default_factory=list)
    outbox: dict[tuple[str, str], str] = field(default_factory=dict)

    @contextmanager
    def transaction(self) -> Iterator["MemoryRecords"]:
        yield self

    @contextmanager
    def reading(self) -> Iterator["MemoryRecords"]:
        yield self

    def close(self) -> None:
        pass

    def alert(self, alert_id: str) -> Alert | None:
        return self.alert_rows.get(alert_id)

    def open_alert(self, fingerprint: str) -> Alert | None:
        alike = [each for each in self.alert_rows.values() if each.fingerprint == fingerprint]
        found = [each for each in alike if each.state in ACTIVE_STATES]
        return max(found, key=lambda each: each.onset, default=None)

    def alerts(self, *, open_only: bool = False, limit: int = 200) -> Sequence[Alert]:
        wanted = [each for each in self.alert_rows.values() if not open_only or each.state is not AlertState.CLEARED]
        return sorted(wanted, key=lambda each: each.onset, reverse=True)[:limit]

    def alert_steps(self, alert_id: str) -> Sequence[AlertStep]:
        return [each for each in self.alert_log if each.alert_id == alert_id]

    def alert_steps_after(self, number: int, *, limit: int) -> Sequence[tuple[int, AlertStep]]:
        return list(enumerate(self.alert_log, start=1))[number : number + limit]

    def newest_alert_step(self) -> int:
        return len(self.alert_log)

    def standing(self, now: datetime) -> Standing:
        assert now.tzinfo is not None
        return Standing()

    def save_alert(self, alert: Alert, step: AlertStep) -> None:
        self.alert_rows[alert.id] = alert
        self.alert_log.append(step)

    def enqueue(self, *, kind: str, subject_id: str, payload: str, at: datetime) -> None:
        assert at.tzinfo is not None
        self.outbox.setdefault((kind, subject_id), payload)

    def item(self, item_id: str) -> Item | None:
        return self.item_rows.get(item_id)

    def items(self, *, open_only: bool = False, limit: int = 500) -> Sequence[Item]:
        wanted = [each for each in self.item_rows.values() if not open_only or each.state not in ENDED_STATES]
        return sorted(wanted, key=lambda each: each.number, reverse=True)[:limit]

    def items_about(self, rule: str, subject: Subject) -> Sequence[Item]:
        return [each for each in self.items() if (each.rule, each.subject) == (rule, subject)]

    def item_steps(self, item_id: str) -> Sequence[ItemStep]:
        return [each for each in self.item_log if each.item_id == item_id]

    def next_item_number(self) -> int:
        return len(self.item_rows) + 1

    def save_item(self, item: Item, step: ItemStep) -> None:
        self.item_rows[item.id] = item
        self.item_log.append(step)

    def finding(self, finding_id: str) -> FindingRecord | None:
        return self.finding_rows.get(finding_id)

    def open_findings(self) -> Sequence[FindingRecord]:
        return self.findings(open_only=True)

    def findings(self, *, open_only: bool = False, limit: int = 500) -> Sequence[FindingRecord]:
        wanted = [each for each in self.finding_rows.values() if not open_only or each.ended is None]
        return sorted(wanted, key=lambda each: each.started, reverse=True)[:limit]

    def findings_about(self, rule: str, subject: Subject) -> Sequence[FindingRecord]:
        return [each for each in self.findings() if each.key == (rule, subject)]

    def save_finding(self, record: FindingRecord, *, action: FindingAction, actor_id: str) -> None:
        self.finding_rows[record.id] = record
        self.finding_log.append((record.id, action, actor_id))
