"""Findings: one row for each time that a rule found fault with a subject."""

from collections.abc import Sequence
from datetime import datetime

from analytics.ledger import FindingAction, FindingRecord
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records.journal import AuditRows
from storage.records.part import by_key
from storage.records.tables import FINDINGS

_NEWEST_FIRST = (FINDINGS.c.started.desc(), FINDINGS.c.id.desc())


class FindingRows(AuditRows):
    """Keeps `analytics.ledger.FindingTransaction`."""

    __slots__ = ()

    def finding(self, finding_id: str) -> FindingRecord | None:
        """Return a finding."""
        row = self._row(by_key(FINDINGS, finding_id))
        return None if row is None else FindingRecord(**row)

    def open_findings(self) -> Sequence[FindingRecord]:
        """Return all findings that have not ended: at most one of a rule and subject."""
        query = FINDINGS.select().where(FINDINGS.c.ended.is_(None)).order_by(*_NEWEST_FIRST)
        return [FindingRecord(**row) for row in self._rows(query)]

    def findings(self, *, open_only: bool = False, limit: int = 500) -> Sequence[FindingRecord]:
        """Return findings, those that began last first."""
        query = FINDINGS.select().order_by(*_NEWEST_FIRST).limit(limit)
        if open_only:
            query = query.where(FINDINGS.c.ended.is_(None))
        return [FindingRecord(**row) for row in self._rows(query)]

    def findings_about(self, rule: str, subject: Subject) -> Sequence[FindingRecord]:
        """Return all findings of this rule about this subject, those that began last first."""
        query = FINDINGS.select().where(FINDINGS.c.rule == rule, FINDINGS.c.subject == subject)
        return [FindingRecord(**row) for row in self._rows(query.order_by(*_NEWEST_FIRST))]

    def save_finding(self, record: FindingRecord, *, action: FindingAction, actor_id: str) -> None:
        """Insert or update a finding by its id."""
        self._save(FINDINGS, record)
        self.note_change(ChangeKind.FINDING, record.id)
        if action is FindingAction.SEEN:
            return
        self.audit(
            actor_id=actor_id,
            action=f"finding.{action}",
            subject=f"finding:{record.id}",
            at=self.clock.now(),
            detail=_detail(record),
        )


def _detail(record: FindingRecord) -> dict[str, str]:
    """Return what must be answered for: what it is about, and what was said or done of it."""
    return {
        "rule": record.rule,
        "subject": str(record.subject),
        "started": record.started.isoformat(),
        "ended": _written(record.ended),
        "item": record.item_id or "",
        "judged": record.judged or "",
        "judged_until": _written(record.judged_until),
    }


def _written(time: datetime | None) -> str:
    return "" if time is None else time.isoformat()
