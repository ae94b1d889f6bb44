"""What people have said about alerts beforehand: silences, drills, shelved alerts, what is out of service.

All of it lives in the records and is mirrored beside the spool, so that it holds while the records are away. None of it
may keep a real fire from people: `alerts.decisions` sees to that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from alerts.matching import Matcher
from sensors.hours import Hours
from sensors.subjects import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that nobody is told of in [starts, ends).

    Where `weekdays` (0 is Monday) or `hours` (local to the site) are given, only then.
    One that was ended early has that as its `ends`, and is kept, with who ended it, for those who ask later.
    """

    id: str
    matcher: Matcher
    author: str
    comment: str
    starts: datetime
    ends: datetime
    weekdays: frozenset[int] = frozenset()
    hours: Hours = ()
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """An exercise (演练) in [starts, ends): alerts that match are told as a drill, and are told all the same."""

    id: str
    matcher: Matcher
    author: str
    comment: str
    starts: datetime
    ends: datetime
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One alert put aside until an instant, by its fingerprint. One that was ended early has that as its `until`."""

    fingerprint: str
    until: datetime
    author: str
    comment: str
    id: str = ""
    alert_id: str = ""
    since: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfService:
    """A subject that is being worked on; `until` is the planned end, after which it alerts again by itself."""

    subject: str
    since: datetime
    until: datetime
    author: str
    comment: str
    id: str = ""
    ended_by: str = ""


WORKED_ON = ("device", "gateway", "room", "opening", "circuit")
"""Parameters that name what may be out of service; a whole building is silenced instead."""


def things_of(subject: Subject, parameters: Mapping[str, str]) -> frozenset[str]:
    """Return what an alert is about, and what it comes from or stands in, as written subjects."""
    places = {f"{name}:{parameters[name]}" for name in WORKED_ON if parameters.get(name)}
    return frozenset({str(subject)} | places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that stands now, as far as it is known. `acknowledged` maps an alert's id to when a person saw it."""

    silences: Sequence[Silence] = ()
    drills: Sequence[Drill] = ()
    shelves: Sequence[Shelf] = ()
    out_of_service: Sequence[OutOfService] = ()
    acknowledged: Mapping[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the mapping against change."""
        object.__setattr__(self, "acknowledged", MappingProxyType(dict(self.acknowledged)))
