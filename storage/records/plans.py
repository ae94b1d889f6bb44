"""Plans and repairs, each with its steps."""

from collections.abc import Sequence

from sqlalchemy import select

from rectification.model import Item
from rectification.plans import Plan, PlanStep
from rectification.repairs import Repair, RepairStep
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of
from storage.records.tables import ITEMS, PLAN_STEPS, PLANS, REPAIR_STEPS, REPAIRS

_PLAN_STEP = fields_of(PLAN_STEPS, "number")
_REPAIR_STEP = fields_of(REPAIR_STEPS, "number")


class PlanRows(AuditRows):
    """Keeps the plans and repairs of `rectification.ports.PlanTransaction`."""

    __slots__ = ()

    def plan(self, plan_id: str) -> Plan | None:
        """Return a plan."""
        row = self._row(by_key(PLANS, plan_id))
        return None if row is None else Plan(**row)

    def plans(self, *, limit: int = 200) -> Sequence[Plan]:
        """Return plans, the newest first."""
        return [Plan(**row) for row in self._rows(PLANS.select().order_by(PLANS.c.number.desc()).limit(limit))]

    def items_of_plan(self, plan_id: str) -> Sequence[Item]:
        """Return the items of a plan, by number."""
        return [
            Item(**row) for row in self._rows(ITEMS.select().where(ITEMS.c.plan_id == plan_id).order_by(ITEMS.c.number))
        ]

    def plan_steps(self, plan_id: str) -> Sequence[PlanStep]:
        """Return what happened to a plan, in order."""
        query = select(*_PLAN_STEP).where(PLAN_STEPS.c.plan_id == plan_id).order_by(PLAN_STEPS.c.number)
        return [PlanStep(**row) for row in self._rows(query)]

    def next_plan_number(self) -> int:
        """Return the number that the next plan gets; numbers are never used twice."""
        return self._next_number("last_plan_number")

    def save_plan(self, plan: Plan, step: PlanStep) -> None:
        """Insert or update a plan together with the step that led there."""
        self._save(PLANS, plan)
        self._add(PLAN_STEPS, step)
        self.note_change(ChangeKind.PLAN, plan.id)
        told = {"number": str(plan.number), "title": plan.title, "state": step.state, "note": step.note}
        self.audit(
            actor_id=step.actor_id,
            action=f"plan.{step.action}",
            subject=f"plan:{plan.id}",
            at=step.at,
            detail=told | {"detail": step.detail},
        )

    def repair(self, repair_id: str) -> Repair | None:
        """Return a repair."""
        row = self._row(by_key(REPAIRS, repair_id))
        return None if row is None else Repair(**row)

    def repairs(self, *, limit: int = 200) -> Sequence[Repair]:
        """Return repairs, the newest first."""
        return [Repair(**row) for row in self._rows(REPAIRS.select().order_by(REPAIRS.c.number.desc()).limit(limit))]

    def repairs_of_item(self, item_id: str) -> Sequence[Repair]:
        """Return the repairs of an item, by number."""
        query = REPAIRS.select().where(REPAIRS.c.item_id == item_id).order_by(REPAIRS.c.number)
        return [Repair(**row) for row in self._rows(query)]

    def repairs_about(self, subject: Subject) -> Sequence[Repair]:
        """Return the repairs of a subject, the newest first."""
        query = REPAIRS.select().where(REPAIRS.c.subject == subject).order_by(REPAIRS.c.number.desc())
        return [Repair(**row) for row in self._rows(query)]

    def repair_steps(self, repair_id: str) -> Sequence[RepairStep]:
        """Return what happened to a repair, in order."""
        query = select(*_REPAIR_STEP).where(REPAIR_STEPS.c.repair_id == repair_id).order_by(REPAIR_STEPS.c.number)
        return [RepairStep(**row) for row in self._rows(query)]

    def next_repair_number(self) -> int:
        """Return the number that the next repair gets; numbers are never used twice."""
        return self._next_number("last_repair_number")

    def save_repair(self, repair: Repair, step: RepairStep) -> None:
        """Insert or update a repair together with the step that led there."""
        self._save(REPAIRS, repair)
        self._add(REPAIR_STEPS, step)
        self.note_change(ChangeKind.REPAIR, repair.id)
        self.audit(
            actor_id=step.actor_id,
            action=f"repair.{step.action}",
            subject=f"repair:{repair.id}",
            at=step.at,
            detail=_repair_detail(repair, step),
        )


def _repair_detail(repair: Repair, step: RepairStep) -> dict[str, str]:
    """Return what must be answered for: what was mended by whom at what cost, and what was said."""
    return {
        "number": str(repair.number),
        "item": repair.item_id or "",
        "subject": str(repair.subject),
        "what": repair.what,
        "state": step.state,
        "contractor": repair.contractor,
        "cost_yuan": "" if repair.cost_yuan is None else f"{repair.cost_yuan:.2f}",
        "note": step.note,
    }
