"""What is broken when, and which rules ought to find it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.errors import InputFault
from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry
from simulators.timeline import Span, clipped

FOREVER_MS = 4_102_444_800_000
"""2100-01-01: the end of a fault that nobody mends."""


class FaultKind(StrEnum):
    """What can be broken. A room nobody uses is a fault here too: somebody ought to see it."""

    IDLE_ROOM = "idle_room"
    LOAD_LEFT_ON = "load_left_on"
    BASE_LOAD = "base_load"
    HIGH_CO2 = "high_co2"
    SILENT_DEVICE = "silent_device"
    GAPS = "gaps"
    FIRE = "fire"
    FORCED_DOOR = "forced_door"


CONCERNS: Mapping[FaultKind, SubjectKind] = MappingProxyType(
    {
        FaultKind.IDLE_ROOM: SubjectKind.ROOM,
        FaultKind.LOAD_LEFT_ON: SubjectKind.ROOM,
        FaultKind.BASE_LOAD: SubjectKind.BUILDING,
        FaultKind.HIGH_CO2: SubjectKind.ROOM,
        FaultKind.SILENT_DEVICE: SubjectKind.DEVICE,
        FaultKind.GAPS: SubjectKind.DEVICE,
        FaultKind.FIRE: SubjectKind.DEVICE,
        FaultKind.FORCED_DOOR: SubjectKind.OPENING,
    }
)
"""What sort of thing each kind is about; a fire is told by the panel that sees it."""

RULES: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {
        FaultKind.IDLE_ROOM: ("S01", "S02"),
        FaultKind.LOAD_LEFT_ON: ("E05",),
        FaultKind.BASE_LOAD: ("E03",),
        FaultKind.HIGH_CO2: ("A01",),
        FaultKind.SILENT_DEVICE: ("G01", "G05"),
        FaultKind.GAPS: ("G05",),
        FaultKind.FIRE: ("F01",),
        FaultKind.FORCED_DOOR: ("D02",),
    }
)
"""The rules that ought to find each kind."""


class FaultPlanError(InputFault):
    """A fault that this building cannot have."""

    def __init__(self, fault: "Fault", reason: str) -> None:
        """Name the fault."""
        super().__init__(f"fault {fault.kind} of {fault.subject}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something broken from `start` on: until `end`, when it goes away by itself, or `mended`, or for good.

    `severity` scales its size, 1.0 being clearly visible. A `near_miss` is too small for any rule to tell.
    """

    kind: FaultKind
    subject: Subject
    start: datetime
    end: datetime | None = None
    mended: datetime | None = None
    severity: float = 1.0
    near_miss: bool = False

    @property
    def span(self) -> Span:
        """Return when it is there, UTC ms."""
        ends = [epoch_ms(moment) for moment in (self.end, self.mended) if moment is not None]
        return epoch_ms(self.start), min(ends, default=FOREVER_MS)


@dataclass(frozen=True, slots=True)
class FaultList:
    """The faults of a simulation, to be asked for by kind and subject."""

    faults: tuple[Fault, ...]

    def of(self, kind: FaultKind, subject: str, bounds: Span) -> list[tuple[Span, float]]:
        """Return when within the bounds a subject has this fault, and how severe it is."""
        return [
            (span, fault.severity)
            for fault in self.faults
            if fault.kind is kind and fault.subject.id == subject
            for span in clipped([fault.span], bounds)
        ]


def checked(faults: Iterable[Fault], registry: Registry) -> FaultList:
    """Return the faults after a look at whether this site can have them. Raises FaultPlanError."""
    known: Mapping[SubjectKind, Collection[str]] = {
        SubjectKind.ROOM: registry.rooms,
        SubjectKind.BUILDING: registry.buildings,
        SubjectKind.DEVICE: registry.devices,
        SubjectKind.OPENING: registry.openings,
    }
    listed = tuple(faults)
    for fault in listed:
        wanted = CONCERNS[fault.kind]
        if fault.subject.kind is not wanted:
            raise FaultPlanError(fault, f"this kind concerns a {wanted}; write {wanted}:ID")
        if fault.subject.id not in known[wanted]:
            raise FaultPlanError(fault, f"the registry has no such {wanted}")
        start, until = fault.span
        if until <= start:
            raise FaultPlanError(fault, "it ends before it starts")
    return FaultList(listed)
