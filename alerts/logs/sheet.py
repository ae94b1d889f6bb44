"""The duty sheet of a day (值班记录表): what was written, what alarmed, what was isolated, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.logs.ports import LogReader
from alerts.logs.rules import DutyLog, Period, judge_duty
from alerts.model import Alert, AlertAction, AlertStep
from sensors.logs import AlarmCheck, DutyEntry, IsolationState, KeptIsolation, valid
from sensors.subjects import Subject, SubjectKind
from sensors.topology import SiteId
from sensors.verdicts import Finding

BEFORE = timedelta(days=1)
"""How far back the log is read, for who was on duty when the day began."""


class SheetReader(LogReader, Protocol):
    """What a sheet is made from."""

    def alert_steps(self, alert_id: str) -> Sequence[AlertStep]:
        """Return the transitions of an alert, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAlarm:
    """An alarm of the day: when somebody acknowledged it, and what was found on site; None where nobody did."""

    alert: Alert
    acknowledged: datetime | None
    check: AlarmCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutySheet:
    """A local day of the control room. `on_duty` are those who were there as it began; `judged` is F07's verdict."""

    site: SiteId
    day: date
    start: datetime
    end: datetime
    on_duty: tuple[str, ...]
    entries: Sequence[DutyEntry]
    alarms: Sequence[SheetAlarm]
    isolations: Sequence[KeptIsolation]
    judged: Finding


def duty_sheet(reader: SheetReader, site: SiteId, day: date, zone: ZoneInfo) -> DutySheet:
    """Return the sheet of a local day; entries that were corrected are left out, their corrections say so."""
    start, end = (datetime.combine(each, time(), tzinfo=zone) for each in (day, day + timedelta(days=1)))
    told = reader.duty_entries(site, since=start - BEFORE, until=end)
    holding = sorted(valid(told), key=lambda each: (each.at, each.entered))
    before = [each for each in holding if each.at < start]
    checks = {each.alert_id: each for each in valid(reader.alarm_checks(site, since=start, until=end))}
    alarms = reader.alerts_begun(site, since=start, until=end)
    log = DutyLog(entries=told, began=reader.first_duty_entry(site))
    return DutySheet(
        site=site,
        day=day,
        start=start,
        end=end,
        on_duty=before[-1].staff if before else (),
        entries=[each for each in holding if each.at >= start],
        alarms=[
            SheetAlarm(alert=each, acknowledged=_seen(reader.alert_steps(each.id)), check=checks.get(each.id))
            for each in alarms
            if not each.test
        ],
        isolations=_standing(reader.isolations(site, since=start), end),
        judged=judge_duty(log, Period(subject=Subject(SubjectKind.SITE, site), start=start, end=end)),
    )


def _seen(steps: Sequence[AlertStep]) -> datetime | None:
    return next((step.at for step in steps if step.action is AlertAction.ACKNOWLEDGE), None)


def _standing(isolations: Sequence[KeptIsolation], end: datetime) -> list[KeptIsolation]:
    never = {IsolationState.REFUSED, IsolationState.WITHDRAWN}
    return [each for each in reversed(isolations) if each.isolation.starts < end and each.state not in never]
