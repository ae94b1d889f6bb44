"""The hourly look at inspections: opened when their period begins, told of when due, a finding when long overdue."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from premises.jobs.daily import Building
from premises.jobs.reminders import KIND, NOT_BEFORE_HOUR, is_workday
from premises.notices.item_notices import Teller
from rectification.checklists import Checklists
from rectification.commands import Deadlines
from rectification.inspection_ports import InspectionTransaction
from rectification.inspection_rounds import Today, open_rounds, remind_of_inspections, report_overdue
from rectification.inspections import Inspection
from sensors.clock import Clock
from sensors.readings import epoch_ms


class RoundsTransaction(InspectionTransaction, Protocol):
    """Inspections and the outbox in one transaction."""

    def enqueue(self, *, kind: str, subject_id: str, payload: str, at: datetime) -> None:
        """Put a message into the outbox, unless one of this kind and subject is there already."""
        ...


class RoundsRecords(Protocol):
    """The part of the records that inspections use."""

    def transaction(self) -> AbstractContextManager[RoundsTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRounds:
    """Everything that happens to inspections by the clock. Run again at any point it does nothing twice.

    It runs before the reminders, which send what it puts into the outbox.
    """

    records: RoundsRecords
    building: Callable[[], Building]
    checklists: Callable[[], Checklists]
    deadline: Deadlines
    clock: Clock
    tellers: Sequence[Teller] = ()

    def hourly(self) -> Mapping[str, object]:
        """Return in numbers what was opened, told and reported; nothing is told before the morning."""
        building = self.building()
        calendar, now = building.calendar, self.clock.now()
        today = Today(
            day=calendar.local_day(epoch_ms(now)),
            is_workday=lambda day: is_workday(calendar, day),
            registry=building.registry,
            checklists=self.checklists(),
            clock=self.clock,
        )
        with self.records.transaction() as tx:
            opened = open_rounds(tx, today)
            if now.astimezone(calendar.zone).hour < NOT_BEFORE_HOUR:
                return {"opened": len(opened)}
            told = remind_of_inspections(tx, today)
            overdue = report_overdue(tx, today, self.deadline)
            self._tell(tx, told)
        return {"opened": len(opened), "told": len(told), "overdue": len(overdue)}

    def _tell(self, tx: RoundsTransaction, told: Sequence[Inspection]) -> None:
        payload = json.dumps([(each.id, each.told, each.due.isoformat()) for each in told])
        for teller in self.tellers if told else ():
            key = f"{teller.carrier.name}|{told[0].id}:{told[0].told}"
            tx.enqueue(kind=KIND, subject_id=key, payload=payload, at=self.clock.now())
