"""Inspections by checklist, and what brings them round."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from rectification.inspections import Inspection, InspectionAction, InspectionState, Schedule
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records.inspection_tables import INSPECTION_SCHEDULES, INSPECTIONS
from storage.records.journal import AuditRows
from storage.records.part import by_key

_NOT_COUNTED = (InspectionState.CANCELLED, InspectionState.SUPERSEDED)


class InspectionRows(AuditRows):
    """Keeps the inspections of `rectification.inspection_ports.InspectionTransaction`."""

    __slots__ = ()

    def schedule(self, schedule_id: str) -> Schedule | None:
        """Return a schedule, an ended one as well."""
        row = self._row(by_key(INSPECTION_SCHEDULES, schedule_id))
        return None if row is None else Schedule(**row)

    def schedules(self) -> Sequence[Schedule]:
        """Return the schedules that stand, the oldest first."""
        standing = INSPECTION_SCHEDULES.select().where(INSPECTION_SCHEDULES.c.ended.is_(None))
        return [Schedule(**row) for row in self._rows(standing.order_by(INSPECTION_SCHEDULES.c.id))]

    def save_schedule(self, schedule: Schedule, *, action: str, actor_id: str, at: datetime) -> None:
        """Insert or update a schedule together with who did what to it."""
        self._save(INSPECTION_SCHEDULES, schedule)
        self.note_change(ChangeKind.INSPECTION, schedule.id)
        self.audit(actor_id=actor_id, action=action, subject=f"inspection_schedule:{schedule.id}", at=at)

    def inspection(self, inspection_id: str) -> Inspection | None:
        """Return an inspection."""
        row = self._row(by_key(INSPECTIONS, inspection_id))
        return None if row is None else Inspection(**row)

    def inspections(self, *, states: Sequence[InspectionState], limit: int = 500) -> Sequence[Inspection]:
        """Return the inspections in some states, those due last first."""
        wanted = INSPECTIONS.select().where(INSPECTIONS.c.state.in_(list(states)))
        newest = wanted.order_by(INSPECTIONS.c.due.desc(), INSPECTIONS.c.number.desc()).limit(limit)
        return [Inspection(**row) for row in self._rows(newest)]

    def inspections_due(self, first: date, last: date) -> Sequence[Inspection]:
        """Return the inspections due on local days, both inclusive, without cancelled ones and older versions."""
        is_due = (INSPECTIONS.c.due >= first, INSPECTIONS.c.due <= last)
        counted = INSPECTIONS.select().where(*is_due, INSPECTIONS.c.state.not_in(_NOT_COUNTED))
        rows = [Inspection(**row) for row in self._rows(counted.order_by(INSPECTIONS.c.due, INSPECTIONS.c.number))]
        standing = {each.id for each in rows if each.submitted is not None}
        return [each for each in rows if each.corrects not in standing]

    def versions_of(self, number: int) -> Sequence[Inspection]:
        """Return all versions of an inspection, the first one first."""
        versions = INSPECTIONS.select().where(INSPECTIONS.c.number == number).order_by(INSPECTIONS.c.version)
        return [Inspection(**row) for row in self._rows(versions)]

    def last_submitted(self, checklist: str, subject: Subject, floor: str) -> Inspection | None:
        """Return the newest inspection of a place by a checklist that was submitted and stands."""
        of_place = (INSPECTIONS.c.subject == subject, INSPECTIONS.c.floor == floor)
        submitted = (INSPECTIONS.c.checklist == checklist, INSPECTIONS.c.state == InspectionState.SUBMITTED)
        newest = INSPECTIONS.select().where(*of_place, *submitted).order_by(INSPECTIONS.c.submitted.desc()).limit(1)
        row = self._row(newest)
        return None if row is None else Inspection(**row)

    def next_inspection_number(self) -> int:
        """Return the number that the next inspection gets; numbers are never used twice."""
        return self._next_number("last_inspection_number")

    def save_inspection(
        self,
        inspection: Inspection,
        action: InspectionAction,
        *,
        actor_id: str,
        at: datetime,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Insert or update an inspection together with who did what to it."""
        self._save(INSPECTIONS, inspection)
        self.note_change(ChangeKind.INSPECTION, inspection.id)
        self.audit(
            actor_id=actor_id,
            action=f"inspection.{action}",
            subject=f"inspection:{inspection.id}",
            at=at,
            detail={"state": inspection.state, "number": str(inspection.number), **(detail or {})},
        )
