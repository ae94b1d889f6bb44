"""The rules that judge what people wrote down: F04 (false alarms), F07 (duty), F11 (tests and checks).

Each returns verdicts about one period. What was never written down is no pass: it is insufficient data.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from sensors.catalogue import CATALOGUE
from sensors.logs import (
    AlarmTruth,
    DutyEntry,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
    valid,
)
from sensors.subjects import Subject
from sensors.thresholds import CATALOGUED as CATALOGUE_LIMITS
from sensors.thresholds import OVERRIDDEN, LimitsOf
from sensors.verdicts import Evidence, Finding, Verdict

LOG_RULES = frozenset({"F04", "F11"})
"""The rules that need neither readings nor events, only the logs."""

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

CHECKS = frozenset({FireTestKind.QUARTERLY_CHECK, FireTestKind.MONTHLY_CHECK, FireTestKind.ANNUAL_TEST})
"""What counts as a check within the quarter: a yearly test looks at more."""

MONTHS_A_QUARTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is judged: a subject over [start, end), by the limits of each subject."""

    subject: Subject
    start: datetime
    end: datetime
    limits: LimitsOf = CATALOGUE_LIMITS

    def verdict(
        self,
        rule: str,
        verdict: Verdict,
        *,
        missing: tuple[str, ...] = (),
        measured: tuple[float, float, str] | None = None,
        subject: Subject | None = None,
        evidence: Evidence | None = None,
    ) -> Finding:
        """Return a verdict about the period; `measured` is value, threshold, unit."""
        value, threshold, unit = measured or (None, None, "")
        about = subject or self.subject
        overridden = self.limits.told_at(rule, about) if verdict is Verdict.FAULT else ""
        return Finding(
            rule=rule,
            subject=about,
            verdict=verdict,
            start=self.start,
            end=self.end,
            value=value,
            threshold=threshold,
            unit=unit,
            missing=missing,
            evidence={**(evidence or {}), **({OVERRIDDEN: overridden} if overridden else {})},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLog:
    """The duty log about a period and the day before it; `answers` are when somebody answered a roll call (查岗)."""

    entries: Sequence[DutyEntry]
    began: datetime | None
    answers: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLimits:
    """How long nobody need show that they are there, h, and how many are to be on duty; the catalogue's by default."""

    gap_h: float = CATALOGUE["F07"].parameter("gap_h")
    staff: float = CATALOGUE["F07"].parameter("staff")


CATALOGUED = DutyLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody showed that they were there."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it lasted, to the minute, for the log is written to the minute."""
        return (self.end - self.start) // MINUTE * MINUTE


def judge_duty(log: DutyLog, period: Period, allowed: DutyLimits = CATALOGUED) -> Finding:
    """Return F07's verdict: a gap of more than 2 h without an entry or an answered roll call, or fewer than 2 on duty.

    Source: GB 25201, as the catalogue has it.
    """
    if log.began is None or log.began >= period.end:
        return period.verdict("F07", Verdict.INSUFFICIENT_DATA, missing=("duty_log",))
    gap = longest_gap(log, period)
    least = least_staff(log, period)
    gap_h = gap.length / HOUR
    evidence: Evidence = {
        "gap_h": round(gap_h, 2),
        "gap_from": gap.start.isoformat(),
        "gap_to": gap.end.isoformat(),
        "staff_least": least,
        "entries": sum(period.start <= each.at < period.end for each in valid(log.entries)),
    }
    if gap_h > allowed.gap_h:
        return period.verdict("F07", Verdict.FAULT, measured=(gap_h, allowed.gap_h, "h"), evidence=evidence)
    if least is None:
        return period.verdict("F07", Verdict.INSUFFICIENT_DATA, missing=("duty_log",), evidence=evidence)
    verdict = Verdict.FAULT if least < allowed.staff else Verdict.PASS
    return period.verdict("F07", verdict, measured=(least, allowed.staff, "people"), evidence=evidence)


def longest_gap(log: DutyLog, period: Period) -> Gap:
    """Return the longest time without a sign of anybody that ends in the period, or is open at its end."""
    signs = sorted({*(_shown(each) for each in valid(log.entries)), *log.answers})
    before = [sign for sign in signs if sign <= period.start][-1:]
    begin = before or [max(period.start, log.began or period.start)]
    marks = [*begin, *(sign for sign in signs if period.start < sign < period.end), period.end]
    gaps = [Gap(start=start, end=end) for start, end in pairwise(marks)]
    return max(gaps, key=lambda gap: gap.length)


def least_staff(log: DutyLog, period: Period) -> int | None:
    """Return the fewest people on duty in the period as the log has it; None where it names nobody before its end."""
    told = sorted((each for each in valid(log.entries) if each.at < period.end), key=lambda each: each.at)
    before = [each for each in told if each.at <= period.start][-1:]
    counted = [len(each.staff) for each in (*before, *(each for each in told if each.at > period.start))]
    return min(counted, default=None)


def _shown(entry: DutyEntry) -> datetime:
    """Return when an entry shows that somebody was there: what was written late, when it was written."""
    return entry.entered if entry.is_late else entry.at


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAlarm:
    """A fire alarm that was no test, and what somebody found on site; None where nobody has said."""

    subject: Subject
    zone: str
    onset: datetime
    truth: AlarmTruth | None


def judge_false_alarms(alarms: Sequence[JudgedAlarm], period: Period, *, ever_verified: bool) -> list[Finding]:
    """Return F04's verdicts: about the site over the period's day, and about each device over 30 days to its end.

    `alarms` are those of the 30 days. Where too many are unverified to call it a pass, it is insufficient data.
    """
    if not ever_verified:
        return [period.verdict("F04", Verdict.INSUFFICIENT_DATA, missing=("verifications",))]
    today = [each for each in alarms if period.start <= each.onset < period.end]
    site = _counted(today, period, limit=period.limits.at("F04", "site_per_day", period.subject), is_reached=False)
    since = period.end - timedelta(days=CATALOGUE["F04"].parameter("detector_days"))
    by_device: defaultdict[Subject, list[JudgedAlarm]] = defaultdict(list)
    for each in alarms:
        if since <= each.onset < period.end:
            by_device[each.subject].append(each)
    return [site, *(_of_device(device, told, period) for device, told in sorted(by_device.items()))]


def _of_device(device: Subject, alarms: Sequence[JudgedAlarm], period: Period) -> Finding:
    """Return the verdict about the worst detector of a device: a panel tells its detectors apart by zone."""
    own = replace(period, subject=device)
    limit = period.limits.at("F04", "detector_count", device)
    zones: defaultdict[str, list[JudgedAlarm]] = defaultdict(list)
    for each in alarms:
        zones[each.zone].append(each)
    found = {zone: _counted(told, own, limit=limit, is_reached=True, zone=zone) for zone, told in sorted(zones.items())}
    ranks = (Verdict.FAULT, Verdict.INSUFFICIENT_DATA, Verdict.PASS)
    return min(found.values(), key=lambda each: (ranks.index(each.verdict), -(each.value or 0)))


def _counted(
    alarms: Iterable[JudgedAlarm], period: Period, *, limit: float, is_reached: bool, zone: str = ""
) -> Finding:
    told = Counter(each.truth for each in alarms)
    false, unknown = told[AlarmTruth.FALSE], told[None]

    def is_fault(count: int) -> bool:
        return count >= limit if is_reached else count > limit

    evidence: Evidence = {"false_alarms": false, "unverified_alarms": unknown, "zone": zone or None}
    measured = (float(false), limit, "alarms")
    if is_fault(false):
        return period.verdict("F04", Verdict.FAULT, measured=measured, evidence=evidence)
    if is_fault(false + unknown):
        missing = ("verifications",)
        return period.verdict("F04", Verdict.INSUFFICIENT_DATA, missing=missing, measured=measured, evidence=evidence)
    return period.verdict("F04", Verdict.PASS, measured=measured, evidence=evidence)


def judge_tests(tests: Sequence[FireTest], period: Period, *, today: date) -> list[Finding]:
    """Return F11's verdicts, one for each subject that was ever tested: the last test and check of each system.

    What failed has shown nothing and does not count. A day that somebody wrote down as due counts as well.
    """
    held = [each for each in valid(tests) if each.day <= today]
    if not held:
        return [period.verdict("F11", Verdict.INSUFFICIENT_DATA, missing=("fire_tests",))]
    subjects = sorted({each.subject for each in held})
    return [_of_subject([each for each in held if each.subject == subject], period, today) for subject in subjects]


def _of_subject(tests: Sequence[FireTest], period: Period, today: date) -> Finding:
    subject = tests[0].subject
    allowed = {name: int(period.limits.at("F11", name, subject)) for name in ("test_days", "check_quarters")}
    lateness = list(_late(tests, today, **allowed))
    worst = max((each for each in lateness if each.days is not None), key=lambda each: each.over, default=None)
    if worst is not None and worst.over > 0:
        measured = (float(worst.days or 0), float(worst.allowed), "d")
        return period.verdict("F11", Verdict.FAULT, subject=subject, measured=measured, evidence=_told(worst))
    if any(each.days is None for each in lateness):
        return period.verdict("F11", Verdict.INSUFFICIENT_DATA, subject=subject, missing=("fire_tests",))
    evidence = {} if worst is None else _told(worst)
    return period.verdict("F11", Verdict.PASS, subject=subject, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lateness:
    """How long ago a system was last tested or checked, of how many days allowed."""

    system: FireSystem
    what: str
    days: int | None
    allowed: int
    last: date | None

    @property
    def over(self) -> int:
        return (self.days or 0) - self.allowed


def _told(late: _Lateness) -> Mapping[str, str | int | None]:
    last = None if late.last is None else late.last.isoformat()
    return {"system": late.system.value, "what_is_due": late.what, "last_done": last, "days_over": max(late.over, 0)}


def _late(tests: Sequence[FireTest], today: date, *, test_days: int, check_quarters: int) -> Iterator[_Lateness]:
    """Yield how late each system is; what was done to all of them was done to each."""
    named = {each.system for each in tests} - {FireSystem.ALL} or {FireSystem.ALL}
    for system in sorted(named):
        done = [
            each
            for each in tests
            if each.system in {system, FireSystem.ALL} and each.result is not FireTestResult.FAILED
        ]
        tested = _last(done, frozenset({FireTestKind.ANNUAL_TEST}))
        yield _lateness(system, "test", tested, today, test_days)
        checked = _last(done, CHECKS)
        months = check_quarters * MONTHS_A_QUARTER
        allowed = 0 if checked is None else (_months_later(checked.day, months) - checked.day).days
        yield _lateness(system, "check", checked, today, allowed)


def _last(tests: Iterable[FireTest], kinds: frozenset[FireTestKind]) -> FireTest | None:
    return max((each for each in tests if each.kind in kinds), key=lambda each: each.day, default=None)


def _lateness(system: FireSystem, what: str, last: FireTest | None, today: date, allowed: int) -> _Lateness:
    if last is None:
        return _Lateness(system=system, what=what, days=None, allowed=allowed, last=None)
    if last.next_due is not None:
        allowed = min(allowed, (last.next_due - last.day).days)
    return _Lateness(system=system, what=what, days=(today - last.day).days, allowed=allowed, last=last.day)


def _months_later(day: date, months: int) -> date:
    """Return the same day so many months later, the last of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
