"""What a rule can say, and how grave it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.subjects import Subject


class Verdict(StrEnum):
    """Missing data is never a pass and never a fault."""

    FAULT = "fault"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    INSUFFICIENT_DATA = "insufficient_data"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """Four colours, gravest first."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"


Evidence = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule's verdict about a subject over [start, end), with what a person needs to check it.

    `value` and `threshold` are in `unit`; `missing` names the inputs that were absent or too thin.
    `energy_kwh` is what the fault cost over the period, None where that has no meaning.
    """

    rule: str
    subject: Subject
    verdict: Verdict
    start: datetime
    end: datetime
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    severity: Severity | None = None
    missing: tuple[str, ...] = ()
    energy_kwh: float | None = None
    evidence: Evidence = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the evidence against change and refuse an inverted period."""
        if self.end < self.start:
            msg = f"{self.rule} {self.subject}: the period ends before it starts"
            raise ValueError(msg)
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))
