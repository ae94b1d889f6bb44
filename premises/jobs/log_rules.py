"""The rules over the records, judged once a day: what people wrote down, and how good the alarms were (G06).

What a record shows as mended is verified by it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from alerts import quality
from alerts.episodes import AlertHistory, episodes
from alerts.logs.ports import LogReader
from alerts.logs.rules import (
    LOG_RULES,
    JudgedAlarm,
    Period,
    judge_false_alarms,
    judge_tests,
)
from premises.jobs.daily import Building, DailyTransaction, propose_items, record
from rectification.model import Item, ItemState
from rectification.verification import Checked, Verified, check_items, settle
from sensors.catalogue import CATALOGUE
from sensors.clock import Clock
from sensors.logs import valid
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import NO_OVERRIDES, Limits, Overrides
from sensors.topology import Registry, SiteId
from sensors.verdicts import Finding, Verdict

DAYS = 7
"""How many days are judged anew each night: what was written late still counts. The project's own choice."""

DAY = timedelta(days=1)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
FIRE_RULE = "F01"
"""The rule of the alarms that can be false: fire, and standalone smoke detectors."""


JUDGED = LOG_RULES | {quality.RULE}
"""What is judged here."""

Told = Mapping[str, Sequence[datetime]]
"""When each contact was told of an alert."""


class TellsWho(Protocol):
    """Knows who was told of how much."""

    def __call__(self, *, since: datetime, until: datetime) -> Told:
        """Return when each contact was told that an alert began, in [since, until)."""
        ...


def nobody_told(*, since: datetime, until: datetime) -> Told:  # noqa: ARG001 - the port's
    """Return that nobody was told of anything."""
    return {}


class RecordsReader(LogReader, AlertHistory, Protocol):
    """The logs and the alerts."""


class LogDayTransaction(DailyTransaction, RecordsReader, Protocol):
    """Findings, items, logs and alerts in one transaction."""


class LogRecords(Protocol):
    """The part of the records that these rules read and write."""

    def transaction(self) -> AbstractContextManager[LogDayTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRules:
    """Judges by local days what people wrote down at a site, and how good its alarms were."""

    records: LogRecords
    building: Callable[[], Building]
    clock: Clock
    told: TellsWho = nobody_told
    thresholds: Callable[[Registry], Overrides] = lambda _registry: NO_OVERRIDES

    def nightly(self) -> Mapping[str, object]:
        """Return in numbers what the last days' logs came to: findings, drafts for the plan, items verified."""
        building = self.building()
        today = self._today(building)
        told = self.verdicts(JUDGED, today - DAYS * DAY, today - DAY)
        at = from_epoch_ms(building.calendar.midnight_ms(today))
        recorded = record(told, at=at, records=self.records, building=building)
        proposed = propose_items(records=self.records, building=building, clock=self.clock)
        moved = self._verify(building)
        return {"new": len(recorded.new), "ended": len(recorded.ended), "proposed": len(proposed), "moved": len(moved)}

    def verdicts(self, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        """Return the verdicts over local days, both inclusive, as the logs stand now."""
        building = self.building()
        days = [first + number * DAY for number in range((last - first).days + 1)]
        overrides = self.thresholds(building.registry)
        with self.records.transaction() as tx:
            found = [each for day in days for each in judge_day(tx, building, day, overrides, self.told)]
        return [each for each in found if each.rule in rules]

    def _verify(self, building: Building) -> tuple[Item, ...]:
        """Return the items that the logs moved. A test that was made up for is shown by its record at once."""
        with self.records.transaction() as tx:
            waiting = [
                item
                for item in tx.items(open_only=True)
                if item.rule in JUDGED and item.state is ItemState.REPORTED_DONE
            ]
        zone = building.calendar.zone
        lasting = [item for item in waiting if item.rule != "F11"]
        checked = list(check_items(lasting, self.verdicts, clock=self.clock, zone=zone, devices_of=lambda _: ()))
        checked += self._made_up([item for item in waiting if item.rule == "F11"], building)
        with self.records.transaction() as tx:
            return settle(tx, checked, clock=self.clock)

    def _made_up(self, items: Sequence[Item], building: Building) -> list[Checked]:
        today = self._today(building)
        told = {each.subject: each for each in self.verdicts({"F11"}, today, today)} if items else {}
        now = self.clock.now()
        passed = [(item, told.get(item.subject)) for item in items]
        return [
            Checked(item=item, outcome=Verified(since=item.reported_done or item.opened, until=now, proof=found))
            for item, found in passed
            if found is not None and found.verdict is Verdict.PASS
        ]

    def _today(self, building: Building) -> date:
        return building.calendar.local_day(epoch_ms(self.clock.now()))


def judge_day(
    tx: RecordsReader,
    building: Building,
    day: date,
    overrides: Overrides = NO_OVERRIDES,
    told: TellsWho = nobody_told,
) -> list[Finding]:
    """Return the verdicts of all rules over the logs and the alerts about one local day, by what is overridden then."""
    site, calendar = building.registry.site.id, building.calendar
    start, end = (from_epoch_ms(calendar.midnight_ms(each)) for each in (day, day + DAY))
    limits = Limits(overrides.on(day), building.registry)
    period = Period(subject=Subject(SubjectKind.SITE, site), start=start, end=end, limits=limits)
    tests = judge_tests(tx.fire_tests(site), period, today=day)
    return [*_false_alarms(tx, period), *tests, *_quality(tx, period, told)]


def _quality(tx: AlertHistory, period: Period, told: TellsWho) -> list[Finding]:
    site, start, end = SiteId(period.subject.id), period.start, period.end
    known = episodes(tx, site, start=start, end=end)
    found = quality.quality(known, told(since=start, until=end), start=start, end=end, site=site, limits=period.limits)
    return quality.findings(found, site=site, heard={each.subject for each in known})


def _false_alarms(tx: LogReader, period: Period) -> list[Finding]:
    site = SiteId(period.subject.id)
    since = period.end - timedelta(days=CATALOGUE["F04"].parameter("detector_days"))
    truths = {each.alert_id: each.truth for each in valid(tx.alarm_checks(site, since=since, until=period.end))}
    alarms = [
        JudgedAlarm(subject=each.subject, zone=each.zone, onset=each.onset, truth=truths.get(each.id))
        for each in tx.alerts_begun(site, since=since, until=period.end)
        if each.rule == FIRE_RULE and not each.test
    ]
    ever = bool(truths) or bool(tx.alarm_checks(site, since=BEGINNING, until=period.end))
    return judge_false_alarms(alarms, period, ever_verified=ever)
