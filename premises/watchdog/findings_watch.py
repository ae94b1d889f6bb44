"""New findings of the colours that the site wants to hear of at once: an alert as long as the finding stands."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from analytics.ledger import FindingRecord
from premises.watchdog.faults import Fault
from sensors.alarms import Alarm
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, RoomId
from sensors.verdicts import Severity

LOOK_EVERY_S = 60.0
"""How long after an analysis its findings are told at the latest: they took hours or days to be found."""


class OpenFindings(Protocol):
    """The part of the records that is asked."""

    def open_findings(self) -> Sequence[FindingRecord]:
        """Return all findings that have not ended."""
        ...


@dataclass(slots=True, kw_only=True)
class FindingsWatch:
    """`colours` are those of the policy as it stands. A finding that a person has put aside is none."""

    reading: Callable[[], AbstractContextManager[OpenFindings]]
    colours: Callable[[], frozenset[Severity]]
    registry: Callable[[], Registry]
    steady: Callable[[], float]
    _found: Collection[Fault] = ()
    _colours: frozenset[Severity] = frozenset()
    _looked_s: float | None = field(default=None)

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.FINDING})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return the findings that stand, as they were within the last minute."""
        colours, now_s = self.colours(), self.steady()
        is_fresh = self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S
        if not is_fresh or colours != self._colours:
            self._found = self._standing(colours, now) if colours else ()
            self._colours, self._looked_s = colours, now_s
        return self._found

    def _standing(self, colours: frozenset[Severity], now: datetime) -> list[Fault]:
        site = self.registry().site.id
        with self.reading() as records:
            return [
                self._fault(record)
                for record in records.open_findings()
                if record.site == site and record.severity in colours and not record.is_put_aside(now)
            ]

    def _fault(self, record: FindingRecord) -> Fault:
        return Fault(
            alarm=Alarm.FINDING,
            about=record.rule,
            since=record.started,
            subject=record.subject,
            severity=record.severity,
            parameters={"finding": record.id, "rule": record.rule, **self._place(record.subject)},
        )

    def _place(self, subject: Subject) -> Mapping[str, str]:
        """Return where it is, by the names that routes and messages know."""
        if subject.kind is SubjectKind.BUILDING:
            return {"building": subject.id}
        room = self.registry().rooms.get(RoomId(subject.id)) if subject.kind is SubjectKind.ROOM else None
        return {} if room is None else {"room": room.id, "building": room.building}
