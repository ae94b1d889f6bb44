"""Records in memory: what the commands need of a transaction, kept as plainly as can be. Nothing is rolled back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from alerts.model import ACTIVE_STATES, Alert, AlertState, AlertStep
from alerts.standing import Standing
from analytics.ledger import FindingAction, FindingRecord
from rectification.evidence import EvidenceFile
from rectification.model import ENDED_STATES, Item, ItemState, ItemStep
from rectification.notices import ItemNotice
from rectification.particulars import Particulars
from rectification.plans import Plan, PlanStep
from rectification.repairs import Repair, RepairStep
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
    particulars_rows: dict[str, Particulars] = field(default_factory=dict)
    evidence_rows: dict[str, EvidenceFile] = field(default_factory=dict)
    plan_rows: dict[str, Plan] = field(default_factory=dict)
    plan_log: list[PlanStep] = field(default_factory=list)
    repair_rows: dict[str, Repair] = field(default_factory=dict)
    repair_log: list[RepairStep] = field(default_factory=list)
    notice_rows: dict[str, ItemNotice] = field(default_factory=dict)
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

    def particulars(self, item_id: str) -> Particulars | None:
        return self.particulars_rows.get(item_id)

    def particulars_of(self, item_ids: Collection[str]) -> Mapping[str, Particulars]:
        return {key: value for key, value in self.particulars_rows.items() if key in item_ids}

    def save_particulars(self, item_id: str, particulars: Particulars) -> None:
        self.particulars_rows[item_id] = particulars

    def evidence_files(self, item_id: str) -> Sequence[EvidenceFile]:
        return [each for each in self.evidence_rows.values() if each.item_id == item_id]

    def evidence_file(self, file_id: str) -> EvidenceFile | None:
        return self.evidence_rows.get(file_id)

    def save_evidence_file(self, file: EvidenceFile) -> None:
        self.evidence_rows[file.id] = file

    def is_evidence(self, sha256: str) -> bool:
        return any(each.sha256 == sha256 and each.removed is None for each in self.evidence_rows.values())

    def plan(self, plan_id: str) -> Plan | None:
        return self.plan_rows.get(plan_id)

    def plans(self, *, limit: int = 200) -> Sequence[Plan]:
        return sorted(self.plan_rows.values(), key=lambda each: each.number, reverse=True)[:limit]

    def items_of_plan(self, plan_id: str) -> Sequence[Item]:
        return sorted(
            (each for each in self.item_rows.values() if each.plan_id == plan_id), key=lambda each: each.number
        )

    def plan_steps(self, plan_id: str) -> Sequence[PlanStep]:
        return [each for each in self.plan_log if each.plan_id == plan_id]

    def next_plan_number(self) -> int:
        return len(self.plan_rows) + 1

    def save_plan(self, plan: Plan, step: PlanStep) -> None:
        self.plan_rows[plan.id] = plan
        self.plan_log.append(step)

    def repair(self, repair_id: str) -> Repair | None:
        return self.repair_rows.get(repair_id)

    def repairs(self, *, limit: int = 200) -> Sequence[Repair]:
        return sorted(self.repair_rows.values(), key=lambda each: each.number, reverse=True)[:limit]

    def repairs_of_item(self, item_id: str) -> Sequence[Repair]:
        return [each for each in self.repair_rows.values() if each.item_id == item_id]

    def repairs_about(self, subject: Subject) -> Sequence[Repair]:
        return [each for each in self.repairs() if each.subject == subject]

    def repair_steps(self, repair_id: str) -> Sequence[RepairStep]:
        return [each for each in self.repair_log if each.repair_id == repair_id]

    def next_repair_number(self) -> int:
        return len(self.repair_rows) + 1

    def save_repair(self, repair: Repair, step: RepairStep) -> None:
        self.repair_rows[repair.id] = repair
        self.repair_log.append(step)

    def item_notices(self, recipient: str, *, limit: int = 100) -> Sequence[ItemNotice]:
        told = [each for each in self.notice_rows.values() if each.recipient == recipient and each.seen is None]
        return sorted(told, key=lambda each: each.at, reverse=True)[:limit]

    def items_to_look_back_at(self, day: date) -> Sequence[Item]:
        signed = [each for each in self.item_rows.values() if each.state is ItemState.SIGNED_OFF]
        due = [each for each in signed if each.look_back is not None and each.look_back <= day]
        return sorted((each for each in due if each.looked_back is None), key=lambda each: each.number)

    def add_item_notice(self, notice: ItemNotice) -> bool:
        return self.notice_rows.setdefault(notice.key, notice) is notice

    def see_item_notices(self, recipient: str, *, item_id: str, at: datetime) -> int:
        mine = [each for each in self.item_notices(recipient) if each.item_id == item_id]
        self.notice_rows |= {each.key: replace(each, seen=at) for each in mine}
        return len(mine)

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
