"""What a row of the records is about, and whether somebody with limits sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.matching import Matcher
from alerts.standing import Drill, OutOfService, Shelf, Silence
from api.ports import RecordsTransaction
from api.security.held import HeldActor
from rectification.plans import Plan
from sensors.journal import Change, ChangeKind
from sensors.reach import Reach
from sensors.subjects import Subject, SubjectKind


@dataclass(frozen=True, slots=True)
class Limited:
    """What a rule works with: the whole transaction, who asks, and what they reach at this moment."""

    tx: RecordsTransaction
    actor: HeldActor
    reach: Callable[[], Reach]

    def sees(self, subject: Subject) -> bool:
        """Say whether a subject is within reach."""
        return self.reach().sees(subject)

    def sees_place(self, thing: Any) -> bool:  # noqa: ANN401 - whatever has a subject
        """Say whether what a row is about is within reach."""
        return self.sees(thing.subject)

    def sees_room(self, thing: Any) -> bool:  # noqa: ANN401 - whatever has a room
        """Say whether the room of a row is within reach."""
        return self.sees(Subject(SubjectKind.ROOM, thing.room))

    def sees_item(self, item_id: str | None) -> bool:
        """Say whether an item is within reach; of one that is not there nothing can be told."""
        item = None if item_id is None else self.tx.item(item_id)
        return item is None or self.sees_place(item)

    def sees_alert(self, alert_id: str) -> bool:
        """Say whether an alert is within reach."""
        alert = self.tx.alert(alert_id)
        return alert is not None and self.sees_place(alert)

    def sees_repair(self, repair_id: str) -> bool:
        """Say whether a repair is within reach."""
        repair = self.tx.repair(repair_id)
        return repair is None or self.sees_place(repair)

    def sees_report(self, report_id: str) -> bool:
        """Say whether what people reported is within reach."""
        report = self.tx.report(report_id)
        return report is None or self.sees_room(report)

    def sees_isolation(self, isolation_id: str) -> bool:
        """Say whether an isolation is within reach."""
        kept = self.tx.isolation(isolation_id)
        return kept is None or self.sees_place(kept.isolation)

    def sees_plan(self, plan: Plan) -> bool:
        """Say whether all of a plan is within reach: its texts speak of every item; an empty one is its author's."""
        items = self.tx.items_of_plan(plan.id)
        return all(map(self.sees_place, items)) if items else plan.created_by == self.actor.id

    def sees_plan_of(self, plan_id: str) -> bool:
        """Say whether a plan is within reach, or not there."""
        plan = self.tx.plan(plan_id)
        return plan is None or self.sees_plan(plan)

    def sees_matched(self, matcher: Matcher) -> bool:
        """Say whether a matcher names places, and only such within reach."""
        named = [Subject.parse(each) for each in matcher.subjects]
        named += [Subject(SubjectKind.BUILDING, each) for each in matcher.buildings]
        return bool(named) and all(map(self.sees, named))

    def sees_standing(self, thing: Silence | Drill | Shelf | OutOfService) -> bool:
        """Say whether what holds alerts back does so within reach only."""
        if isinstance(thing, Shelf):
            return self.sees_alert(thing.alert_id)
        if isinstance(thing, OutOfService):
            return self.sees(Subject.parse(thing.subject))
        return self.sees_matched(thing.matcher)

    def sees_change(self, change: Change) -> bool:
        """Say whether a change may be told of."""
        looked_up = _CHANGED.get(change.kind)
        return change.kind is ChangeKind.READING if looked_up is None else looked_up(self, change.subject)


def _sees_finding(limited: Limited, finding_id: str) -> bool:
    finding = limited.tx.finding(finding_id)
    return finding is not None and limited.sees_place(finding)


def _sees_inspection(limited: Limited, inspection_id: str) -> bool:
    inspection = limited.tx.inspection(inspection_id)
    return inspection is not None and limited.sees_place(inspection)


def _sees_held_back(limited: Limited, key: str) -> bool:
    tx = limited.tx
    found = tx.silence(key) or tx.drill(key) or tx.out_of_service(key)
    return limited.sees_alert(key) if found is None else limited.sees_standing(found)


def _sees_log(limited: Limited, key: str) -> bool:
    found = limited.tx.fire_test(key) or limited.tx.alarm_check(key)
    kept = limited.tx.isolation(key)
    return limited.sees_place(found) if found is not None else kept is not None and limited.sees_isolation(key)


_CHANGED: Mapping[ChangeKind, Callable[[Limited, str], bool]] = {
    ChangeKind.ALERT: Limited.sees_alert,
    ChangeKind.ITEM: lambda limited, key: limited.tx.item(key) is not None and limited.sees_item(key),
    ChangeKind.REPAIR: lambda limited, key: limited.tx.repair(key) is not None and limited.sees_repair(key),
    ChangeKind.REPORT: lambda limited, key: limited.tx.report(key) is not None and limited.sees_report(key),
    ChangeKind.PLAN: lambda limited, key: limited.tx.plan(key) is not None and limited.sees_plan_of(key),
    ChangeKind.FINDING: _sees_finding,
    ChangeKind.INSPECTION: _sees_inspection,
    ChangeKind.STANDING: _sees_held_back,
    ChangeKind.LOG: _sees_log,
}
