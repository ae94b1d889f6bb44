"""F07 over the past: the duty log and the answers to roll calls together, day by day."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.logs.rules import DutyLog, Period, judge_duty
from alerts.watch.facts import Facts
from alerts.watch.rules.duty_gap import ANSWERED
from sensors.subjects import Subject, SubjectKind
from sensors.topology import SiteId
from sensors.verdicts import Finding

RollCall = tuple[datetime, str]
"""When a roll call ended, and how: what its event's zone says."""


def duty_findings(
    facts: Facts, calls: Iterable[RollCall], site: SiteId, days: Sequence[tuple[datetime, datetime]]
) -> list[Finding]:
    """Return F07's verdicts about a site that keeps a duty log, one for each of the days [start, end)."""
    answers = tuple(at for at, zone in calls if zone in ANSWERED)
    log = DutyLog(entries=facts.duty, began=facts.duty_began, answers=answers)
    subject = Subject(SubjectKind.SITE, site)
    return [judge_duty(log, Period(subject=subject, start=start, end=end)) for start, end in days]
