"""What people wrote down that the rules over events must know: isolations, the duty log, alarms verified on site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from alerts.logs.ports import LogReader
from sensors.logs import AlarmCheck, DutyEntry, IsolationAction, IsolationState, KeptIsolation, valid
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.subjects import SubjectKind
from sensors.topology import SiteId

LOOK_BACK = timedelta(days=2)
"""How far back what was written down matters to what stands now."""
MOST_ENTRIES = 100_000
"""Twenty years of entries every two hours: none is left out."""

GONE = frozenset({IsolationState.REQUESTED, IsolationState.REFUSED, IsolationState.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was written down, as far as it is known; not `known` where the records could not be asked just now.

    What is not known never keeps a rule from speaking: it speaks with a doubt.
    """

    known: bool = False
    isolations: Sequence[KeptIsolation] = ()
    duty: Sequence[DutyEntry] = ()
    checks: Sequence[AlarmCheck] = ()
    duty_began: datetime | None = None
    """When the duty log begins; None where the site keeps none."""

    def isolation(self, device: str, zone: str, at_ms: int) -> KeptIsolation | None:
        """Return the approved isolation that covers a zone of a device at an instant, the one that ends last."""
        covering = [each for each in self.isolations if _covers(each, device, zone, at_ms)]
        return max(covering, key=lambda each: each.planned_end, default=None)

    def verified_ms(self, device: str, zone: str, since_ms: int) -> int | None:
        """Return when somebody first looked on site at an alarm that began then, None where nobody wrote so."""
        looks = (epoch_ms(each.at) for each in valid(self.checks) if _is_about(each, device, zone, since_ms))
        return min(looks, default=None)

    def rounds(self) -> Sequence[DutyEntry]:
        """Return the entries of the duty log that show somebody present, in order of time."""
        return sorted((each for each in valid(self.duty) if not each.is_late), key=lambda each: each.at)


NO_FACTS = Facts()
"""Nothing is known of what people wrote down."""


class FactSource(Protocol):
    """Where an analysis learns what people wrote down."""

    def facts(self, site: SiteId, *, start_ms: int, end_ms: int) -> Facts:
        """Return what matters to [start_ms, end_ms); not `known` where nobody can say."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts that are the same whenever they are asked for."""

    told: Facts

    def facts(self, site: SiteId, *, start_ms: int, end_ms: int) -> Facts:  # noqa: ARG002 - the port's
        """Return them."""
        return self.told


def read_facts(reader: LogReader, site: SiteId, *, since: datetime, until: datetime) -> Facts:
    """Return what the records say that matters to [since, until)."""
    before = since - LOOK_BACK
    return Facts(
        known=True,
        isolations=tuple(reader.isolations(site, since=before, limit=MOST_ENTRIES)),
        duty=tuple(reader.duty_entries(site, since=before, until=until, limit=MOST_ENTRIES)),
        checks=tuple(reader.alarm_checks(site, since=before, until=until)),
        duty_began=reader.first_duty_entry(site),
    )


def _covers(kept: KeptIsolation, device: str, zone: str, at_ms: int) -> bool:
    about, approved = kept.isolation, kept.step(IsolationAction.APPROVE)
    if kept.state in GONE or approved is None:
        return False
    ended = kept.step(IsolationAction.END)
    at = from_epoch_ms(at_ms)
    return (
        about.starts <= at
        and approved.at <= at
        and (ended is None or at <= ended.at)
        and (about.subject.kind is not SubjectKind.DEVICE or about.subject.id == device)
        and (not about.zone or about.zone == zone)
    )


def _is_about(check: AlarmCheck, device: str, zone: str, since_ms: int) -> bool:
    same_place = check.subject.id == device and check.zone == zone
    return same_place and epoch_ms(check.onset) <= since_ms <= epoch_ms(check.at)
