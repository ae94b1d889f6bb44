"""What is broken when, and which rules ought to find it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sensors.errors import InputFault
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import Registry
from simulators.fault_kinds import FaultKind
from simulators.generators import CONCERNS, LASTS
from simulators.places import has_subject
from simulators.timeline import Span, clipped

__all__ = ["FOREVER_MS", "Fault", "FaultKind", "FaultList", "FaultPlanError", "checked"]

FOREVER_MS = 4_102_444_800_000
"""2100-01-01: the end of a fault that nobody mends."""


class FaultPlanError(InputFault):
    """A fault that this building cannot have."""

    def __init__(self, fault: "Fault", reason: str) -> None:
        """Name the fault."""
        super().__init__(f"fault {fault.kind} of {fault.subject}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something broken from `start` on: until `end`, when it goes away by itself, or `mended`, or for good.

    `severity` is what the rule measures ÷ its limit: 2.0 is gross, 1.05 just beyond. A `near_miss` stays inside
    (0.9 and the like), or is a harmless thing that looks like the fault. `rule` is the one that was asked for, where
    a kind is found by several.
    """

    kind: FaultKind
    subject: Subject
    start: datetime
    end: datetime | None = None
    mended: datetime | None = None
    severity: float = 1.5
    near_miss: bool = False
    rule: str | None = None

    @property
    def span(self) -> Span:
        """Return when it is there, UTC ms."""
        ends = [epoch_ms(moment) for moment in (self.end, self.mended) if moment is not None]
        return epoch_ms(self.start), min(ends, default=FOREVER_MS)

    @property
    def over(self) -> datetime | None:
        """Return when it is gone, None where it is for good."""
        return min((moment for moment in (self.end, self.mended) if moment is not None), default=None)


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


def with_length(fault: Fault) -> Fault:
    """Return the fault with the end that its severity gives it, where its rule counts time and nobody gave an end."""
    if fault.over is not None or fault.kind not in LASTS:
        return fault
    return replace(fault, end=fault.start + LASTS[fault.kind] * fault.severity)


def checked(faults: Iterable[Fault], registry: Registry) -> FaultList:
    """Return the faults after a look at whether this site can have them. Raises FaultPlanError."""
    listed = tuple(with_length(fault) for fault in faults)
    for fault in listed:
        wanted = CONCERNS[fault.kind]
        if fault.subject.kind is not wanted:
            raise FaultPlanError(fault, f"this kind concerns a {wanted}; write {wanted}:ID")
        if not has_subject(registry, fault.subject):
            raise FaultPlanError(fault, f"the registry has no such {fault.subject.kind}")
        start, until = fault.span
        if until <= start:
            raise FaultPlanError(fault, "it ends before it starts")
    return FaultList(listed)
