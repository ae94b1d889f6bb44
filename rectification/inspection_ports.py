"""What the commands over inspections need from the records."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from rectification.inspections import Inspection, InspectionAction, InspectionState, Schedule
from rectification.ports import SheetTransaction
from sensors.subjects import Subject


class InspectionTransaction(SheetTransaction, Protocol):
    """One transaction over inspections, what brings them round, and the items that come of them."""

    def schedule(self, schedule_id: str) -> Schedule | None:
        """Return a schedule, an ended one as well."""
        ...

    def schedules(self) -> Sequence[Schedule]:
        """Return the schedules that stand, the oldest first."""
        ...

    def save_schedule(self, schedule: Schedule, *, action: str, actor_id: str, at: datetime) -> None:
        """Insert or update a schedule together with who did what to it."""
        ...

    def inspection(self, inspection_id: str) -> Inspection | None:
        """Return an inspection."""
        ...

    def inspections(self, *, states: Sequence[InspectionState], limit: int = 500) -> Sequence[Inspection]:
        """Return the inspections in some states, those due last first."""
        ...

    def inspections_due(self, first: date, last: date) -> Sequence[Inspection]:
        """Return the inspections due on local days, both inclusive, without cancelled ones and older versions."""
        ...

    def versions_of(self, number: int) -> Sequence[Inspection]:
        """Return all versions of an inspection, the first one first."""
        ...

    def last_submitted(self, checklist: str, subject: Subject, floor: str) -> Inspection | None:
        """Return the newest inspection of a place by a checklist that was submitted and stands."""
        ...

    def next_inspection_number(self) -> int:
        """Return the number that the next inspection gets; numbers are never used twice."""
        ...

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
        ...
