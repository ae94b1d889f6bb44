"""From when on a finding could have been known: the earliest instant at which its rule had enough to say it.

A finding's period begins with what it is about, which for a rule that looks back is long before anybody could know.
Where the rule is not in the table its finding is taken as known only when its period was over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.verdicts import Finding
from simulators.days import IsWorkday

BALANCE_DAYS = 5
"""E11 compares five workdays: its finding reaches back four days before the day of its verdict."""


@dataclass(frozen=True, slots=True)
class SiteDays:
    """The site's clock and which of its days are worked."""

    zone: ZoneInfo
    is_workday: IsWorkday

    def day_after(self, moment: datetime, days: int) -> datetime:
        """Return the local midnight so many days after the day of a moment."""
        day = moment.astimezone(self.zone).date() + timedelta(days=days)
        return datetime.combine(day, time(), tzinfo=self.zone)

    def night_after(self, moment: datetime, workdays: int) -> datetime:
        """Return the end of the local day that follows so many workdays from the day of a moment on."""
        day, left = moment.astimezone(self.zone).date(), workdays
        for _ in range(366):
            left -= self.is_workday(day)
            if left <= 0:
                break
            day += timedelta(days=1)
        return datetime.combine(day + timedelta(days=2), time(), tzinfo=self.zone)


def known_at(finding: Finding, days: SiteDays) -> datetime:
    """Return when a finding could first have been known, not before it began."""
    known = KNOWN[finding.rule](finding, days) if finding.rule in KNOWN else finding.end
    return max(known, finding.start)


def _days_of(rule: str, parameter: str = "window_days") -> "Known":
    length = int(CATALOGUE[rule].parameter(parameter))
    return lambda finding, days: days.day_after(finding.start, length)


def _after(length: timedelta) -> "Known":
    return lambda finding, _: finding.start + length


def _mean(rule: str, **units: str) -> "Known":
    """Return the end of the first mean over a limit: the rule's time in a unit and the parameter that says it."""
    return _after(timedelta(**{unit: CATALOGUE[rule].parameter(parameter) for unit, parameter in units.items()}))


def _limit(rule: str, **units: str) -> "Known":
    """Return the beginning plus the rule's limit, a parameter in a unit."""
    ((unit, parameter),) = units.items()
    return _after(timedelta(**{unit: CATALOGUE[rule].parameter(parameter)}))


def _at_once(finding: Finding, _days: SiteDays) -> datetime:
    return finding.start


def _next_day(finding: Finding, days: SiteDays) -> datetime:
    return days.day_after(finding.start, 1)


def _silence(finding: Finding, _days: SiteDays) -> datetime:
    """Return the last word plus what a device may be silent, which is the finding's threshold in minutes."""
    return finding.start + timedelta(minutes=finding.threshold or 0.0)


def _tampered(finding: Finding, _days: SiteDays) -> datetime:
    """Return the instant itself, but for the drift of a clock, which takes a day to tell."""
    return finding.start + timedelta(days=finding.unit == "s/d")


def _waste(finding: Finding, days: SiteDays) -> datetime:
    """Return the midnight after the waste reached its limit, as if it had grown evenly over the finding's period."""
    limit_kwh = CATALOGUE["E05"].parameter("energy_kwh")
    share = min(limit_kwh / finding.energy_kwh, 1.0) if finding.energy_kwh else 1.0
    return days.day_after(finding.start + share * (finding.end - finding.start), 1)


def _nights(finding: Finding, days: SiteDays) -> datetime:
    return days.night_after(finding.start, int(CATALOGUE["E03"].parameter("nights_hold")))


Known = Callable[[Finding, SiteDays], datetime]
KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "S01": _next_day,
        "S02": _days_of("S02"),
        "S03": _days_of("S03"),
        "S04": _days_of("S04"),
        "S05": _days_of("S05"),
        "S06": _days_of("S06"),
        "E03": _nights,
        "E04": lambda finding, days: days.day_after(finding.start, 28),
        "E05": _waste,
        "E06": _mean("E06", hours="mean_h"),
        "E07": _mean("E07", hours="mean_h"),
        "E08": _limit("E08", minutes="both_on_min"),
        "E09": _mean("E09", hours="mean_h"),
        "E10": _days_of("E10"),
        "E12": _days_of("E12"),
        "W01": _days_of("W01", "nights"),
        "E11": lambda finding, days: days.day_after(finding.start, BALANCE_DAYS),
        "A01": _mean("A01", hours="mean_h"),
        "A02": _mean("A02", hours="steady_h"),
        "A03": _mean("A03", hours="mean_h"),
        "A04": _mean("A04", hours="hcho_mean_h"),
        "A05": _mean("A05", hours="mean_h"),
        "A06": _mean("A06", hours="mean_h"),
        "A07": _mean("A07", minutes="mean_min"),
        "A08": _mean("A08", hours="mean_h"),
        "G01": _silence,
        "G02": _mean("G02", hours="window_h"),
        "G03": _days_of("G03"),
        "G04": _after(timedelta(minutes=CATALOGUE["G04"].parameter("within_min"))),
        "G05": _next_day,
        "F01": _limit("F01", seconds="acknowledge_s"),
        "F02": _at_once,
        "F03": _limit("F03", hours="open_h"),
        "F05": _limit("F05", minutes="unapproved_min"),
        "F06": _limit("F06", minutes="manual_min"),
        "F07": _limit("F07", hours="gap_h"),
        "F08": _limit("F08", hours="repair_h"),
        "F09": _limit("F09", seconds="open_s"),
        "F10": _limit("F10", seconds="release_s"),
        "F12": _at_once,
        "L01": _limit("L01", minutes="mean_min"),
        "L03": _limit("L03", minutes="mean_min"),
        "D01": _limit("D01", seconds="held_s"),
        "D02": _at_once,
        "D03": _at_once,
        "D04": _silence,
        "D06": _tampered,
        "L02": _days_of("L02"),
        "L04": _mean("L04", minutes="hold_min"),
        "L05": _mean("L05", minutes="mean_min"),
        "L06": _mean("L06", minutes="mean_min"),
    }
)
"""Rules that judge days are known at the midnight that ends the day, those that look back when the window is full."""
