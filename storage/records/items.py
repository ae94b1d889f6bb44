"""Items of the rectification plan: their steps, what people wrote of them, their evidence, what was told of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, Text, select, type_coerce

from rectification.evidence import EvidenceFile
from rectification.model import ENDED_STATES, Item, ItemState, ItemStep
from rectification.notices import ItemNotice
from rectification.particulars import Particulars
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records.inspection_tables import INSPECTIONS
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of, row_of
from storage.records.report_tables import REPORTS
from storage.records.tables import EVIDENCE_FILES, ITEM_NOTICES, ITEM_PARTICULARS, ITEM_STEPS, ITEMS

_STEP = fields_of(ITEM_STEPS, "number")
_PARTICULARS = fields_of(ITEM_PARTICULARS, "item_id")
_AT_ONCE = 500


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
        return self._next_number("last_item_number")

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

    def particulars(self, item_id: str) -> Particulars | None:
        """Return what people wrote of an item; None where they wrote nothing."""
        row = self._row(select(*_PARTICULARS).where(ITEM_PARTICULARS.c.item_id == item_id))
        return None if row is None else Particulars(**row)

    def particulars_of(self, item_ids: Collection[str]) -> Mapping[str, Particulars]:
        """Return what people wrote of several items; those of which they wrote nothing are not in it."""
        wanted = sorted(set(item_ids))
        rows = [
            dict(row)
            for start in range(0, len(wanted), _AT_ONCE)
            for row in self._rows(_particulars_among(wanted[start : start + _AT_ONCE]))
        ]
        return {row.pop("item_id"): Particulars(**row) for row in rows}

    def save_particulars(self, item_id: str, particulars: Particulars) -> None:
        """Insert or update what people wrote of an item; the step beside it says who and what."""
        values = {column.name: getattr(particulars, column.name) for column in _PARTICULARS}
        of_item = ITEM_PARTICULARS.c.item_id == item_id
        if self._write(ITEM_PARTICULARS.update().where(of_item).values(values)).rowcount == 0:
            self._write(ITEM_PARTICULARS.insert().values(item_id=item_id, **values))

    def evidence_files(self, item_id: str) -> Sequence[EvidenceFile]:
        """Return the files of an item, those taken away as well, in the order in which they came."""
        query = EVIDENCE_FILES.select().where(EVIDENCE_FILES.c.item_id == item_id).order_by(EVIDENCE_FILES.c.id)
        return [EvidenceFile(**row) for row in self._rows(query)]

    def evidence_file(self, file_id: str) -> EvidenceFile | None:
        """Return a file."""
        row = self._row(by_key(EVIDENCE_FILES, file_id))
        return None if row is None else EvidenceFile(**row)

    def save_evidence_file(self, file: EvidenceFile) -> None:
        """Insert or update a file; the step beside it says who and why."""
        self._save(EVIDENCE_FILES, file)

    def is_evidence(self, sha256: str) -> bool:
        """Say whether a file that stands, or the photo of a report or of an inspection, has this hash."""
        named = (EVIDENCE_FILES.c.sha256 == sha256, EVIDENCE_FILES.c.removed.is_(None))
        shown = type_coerce(INSPECTIONS.c.answers, Text).contains(sha256, autoescape=True)
        queries = (
            select(EVIDENCE_FILES.c.id).where(*named),
            select(REPORTS.c.id).where(REPORTS.c.photo == sha256),
            select(INSPECTIONS.c.id).where(shown),
        )
        return any(self._row(query.limit(1)) is not None for query in queries)

    def item_notices(self, recipient: str, *, limit: int = 100) -> Sequence[ItemNotice]:
        """Return what an account was told and has not put aside, the newest first."""
        query = ITEM_NOTICES.select().where(ITEM_NOTICES.c.recipient == recipient, ITEM_NOTICES.c.seen.is_(None))
        newest = query.order_by(ITEM_NOTICES.c.at.desc(), ITEM_NOTICES.c.id.desc()).limit(limit)
        return [ItemNotice(**row) for row in self._rows(newest)]

    def items_to_look_back_at(self, day: date) -> Sequence[Item]:
        """Return the signed items that were to be looked at again by a day and were not, by number."""
        due = (ITEMS.c.state == ItemState.SIGNED_OFF, ITEMS.c.look_back <= day, ITEMS.c.looked_back.is_(None))
        return [Item(**row) for row in self._rows(ITEMS.select().where(*due).order_by(ITEMS.c.number))]

    def add_item_notice(self, notice: ItemNotice) -> bool:
        """Insert a notice unless its key is there; say whether it was new."""
        if self._row(select(ITEM_NOTICES.c.id).where(ITEM_NOTICES.c.key == notice.key)) is not None:
            return False
        self._write(ITEM_NOTICES.insert().values(row_of(ITEM_NOTICES, notice)))
        self.note_change(ChangeKind.ITEM, notice.item_id)
        return True

    def see_item_notices(self, recipient: str, *, item_id: str, at: datetime) -> int:
        """Put aside what an account was told of an item; return how many that was."""
        unseen = (
            ITEM_NOTICES.c.recipient == recipient,
            ITEM_NOTICES.c.item_id == item_id,
            ITEM_NOTICES.c.seen.is_(None),
        )
        return self._write(ITEM_NOTICES.update().where(*unseen).values(seen=at)).rowcount


def _particulars_among(item_ids: Sequence[str]) -> Select[Any]:
    return ITEM_PARTICULARS.select().where(ITEM_PARTICULARS.c.item_id.in_(item_ids))


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
        "plan": item.plan_id or "",
        "note": step.note,
        "evidence": step.evidence,
    }
