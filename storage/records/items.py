"""Items of the rectification plan and their steps."""

from collections.abc import Sequence

from sqlalchemy import select

from rectification.model import ENDED_STATES, Item, ItemStep
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of
from storage.records.tables import ITEM_STEPS, ITEMS, META

_STEP = fields_of(ITEM_STEPS, "number")
_LAST_NUMBER = "last_item_number"


class ItemRows(AuditRows):
    """Keeps `rectification.ports.ItemTransaction`."""

    __slots__ = ()

    def item(self, item_id: str) -> Item | None:
        """Return an item."""
        row = self._row(by_key(ITEMS, item_id))
        return None if row is None else Item(**row)

    def items(self, *, open_only: bool = False, limit: int = 500) -> Sequence[Item]:
        """Return items, the newest first."""
        query = ITEMS.select().order_by(ITEMS.c.number.desc()).limit(limit)
        if open_only:
            query = query.where(ITEMS.c.state.not_in(sorted(ENDED_STATES)))
        return [Item(**row) for row in self._rows(query)]

    def items_about(self, rule: str, subject: Subject) -> Sequence[Item]:
        """Return all items about this rule and subject, the newest first."""
        query = ITEMS.select().where(ITEMS.c.rule == rule, ITEMS.c.subject == subject)
        return [Item(**row) for row in self._rows(query.order_by(ITEMS.c.number.desc()))]

    def item_steps(self, item_id: str) -> Sequence[ItemStep]:
        """Return the transitions of an item, in order."""
        query = select(*_STEP).where(ITEM_STEPS.c.item_id == item_id).order_by(ITEM_STEPS.c.number)
        return [ItemStep(**row) for row in self._rows(query)]

    def next_item_number(self) -> int:
        """Return the number that the next item gets in its site's ledger; numbers are never used twice."""
        last = self.connection.execute(select(META.c.value).where(META.c.key == _LAST_NUMBER)).scalar_one()
        number = int(last) + 1
        self._write(META.update().where(META.c.key == _LAST_NUMBER).values(value=str(number)))
        return number

    def save_item(self, item: Item, step: ItemStep) -> None:
        """Insert or update an item together with the step that led there."""
        self._save(ITEMS, item)
        self._add(ITEM_STEPS, step)
        self.note_change(ChangeKind.ITEM, item.id)
        self.audit(
            actor_id=step.actor_id,
            action=f"item.{step.action}",
            subject=f"item:{item.id}",
            at=step.at,
            detail=_detail(item, step),
        )


def _detail(item: Item, step: ItemStep) -> dict[str, str]:
    """Return what must be answered for: what it is about, who has to do what by when, and what was said."""
    return {
        "number": str(item.number),
        "rule": item.rule,
        "subject": str(item.subject),
        "state": step.state,
        "responsible": item.responsible or "",
        "deadline": item.deadline.isoformat() if item.deadline else "",
        "measure": item.measure,
        "note": step.note,
        "evidence": step.evidence,
    }
