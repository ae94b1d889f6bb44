"""F07 over the past: the duty log and the answers to roll calls together, day by day."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.logs.rules import DutyLimits, DutyLog, Period, judge_duty
from alerts.watch.facts import Facts
from alerts.watch.rules.duty_gap import ANSWERED
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import OVERRIDDEN, Limits
from sensors.verdicts import Finding, Verdict

RollCall = tuple[datetime, str]
"""When a roll call ended, and how: what its event's zone says."""


def duty_findings(
    facts: Facts, calls: Iterable[RollCall], limits: Limits, days: Sequence[tuple[datetime, datetime]]
) -> list[Finding]:
    """Return F07's verdicts about a site that keeps a duty log, one for each of the days [start, end)."""
    answers = tuple(at for at, zone in calls if zone in ANSWERED)
    log = DutyLog(entries=facts.duty, began=facts.duty_began, answers=answers)
    site = limits.registry.site.id
    subject, told = Subject(SubjectKind.SITE, site), limits.told("F07", site)
    allowed = DutyLimits(gap_h=limits.value("F07", "gap_h", site), staff=limits.value("F07", "staff", site))
    found = (judge_duty(log, Period(subject=subject, start=start, end=end), allowed) for start, end in days)
    return [_marked(each, told) for each in found]


def _marked(finding: Finding, told: str) -> Finding:
    """Return a fault that says what was overridden for it."""
    if not told or finding.verdict is not Verdict.FAULT:
        return finding
    return replace(finding, evidence={**finding.evidence, OVERRIDDEN: told})
