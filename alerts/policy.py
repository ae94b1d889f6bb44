"""Who is told of what, and when: the values of `alerts.yaml`, and what holds where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts.engine_rules import EngineRules
from alerts.matching import Matcher
from sensors.hours import Hours
from sensors.verdicts import Severity

EVERYBODY = "everybody"
"""Stands for all channels of the settings, wherever a contact may stand."""

ALL_DAYS = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A time to wait: by the clock, or until the same hour of the nth workday from now."""

    time: timedelta = timedelta(0)
    workdays: int = 0

    @property
    def order(self) -> timedelta:
        """Return what to sort by; a workday counts as a day."""
        return self.time + timedelta(days=self.workdays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One who can be told, by channels under the names that deliveries are remembered by."""

    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A time of the week in which contacts are on duty: from `start` on the weekdays (0 is Monday) for `minutes`."""

    weekdays: frozenset[int]
    start: int
    minutes: int
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedShift:
    """Who is on duty instead of the week's plan on the days from `first` to `last`, from `start` on for `minutes`."""

    first: date
    last: date
    start: int
    minutes: int
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Local days on which a contact is away, `last` included."""

    contact: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is on duty when. The week is covered without a hole; absences and exceptions may make one."""

    name: str
    shifts: tuple[Shift, ...]
    exceptions: tuple[DatedShift, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """From `after` on, counted from when people were first told: tell `to`, or go on as `escalation` says."""

    after: Lapse = Lapse()
    to: tuple[str, ...] = ()
    escalation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is told one after another until somebody acknowledges. The last rung is repeated `times` times."""

    name: str
    rungs: tuple[Rung, ...]
    every: timedelta = timedelta(0)
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which alerts go which way. The first route that matches wins."""

    matcher: Matcher
    escalation: str
    weekdays: frozenset[int] = ALL_DAYS
    hours: Hours = ()
    workday: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """Until when somebody must have acknowledged, looked at it on site, repaired it."""

    acknowledge: Lapse
    verify: Lapse
    repair: Lapse


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A test alert at a local time on weekdays, to be confirmed within `confirm`."""

    name: str
    to: str
    at: time
    weekdays: frozenset[int] = ALL_DAYS
    confirm: timedelta = timedelta(minutes=15)


def _minutes(count: float) -> Lapse:
    return Lapse(time=timedelta(minutes=count))


def _days(count: float) -> Lapse:
    return Lapse(time=timedelta(days=count))


RESPONSE: Mapping[Severity, ResponseTimes] = MappingProxyType(
    {
        Severity.RED: ResponseTimes(acknowledge=_minutes(1), verify=_minutes(3), repair=Lapse()),
        Severity.ORANGE: ResponseTimes(acknowledge=_minutes(15), verify=_minutes(60), repair=_days(1)),
        Severity.YELLOW: ResponseTimes(acknowledge=Lapse(workdays=1), verify=_days(3), repair=_days(7)),
        Severity.BLUE: ResponseTimes(acknowledge=_days(3), verify=_days(7), repair=_days(30)),
    }
)
"""The project's own defaults; `verify` is when the next level is called."""

_NOBODY_ELSE = Rung(to=(EVERYBODY,))
_REPEAT_EVERY = timedelta(minutes=10)
_REPEAT_TIMES = 12

DEFAULT_ESCALATIONS: Mapping[Severity, Escalation] = MappingProxyType(
    {
        Severity.RED: Escalation(
            name="red",
            rungs=(
                _NOBODY_ELSE,
                Rung(after=_minutes(1), to=(EVERYBODY,)),
                Rung(after=_minutes(3), to=(EVERYBODY,)),
            ),
            every=_REPEAT_EVERY,
            times=_REPEAT_TIMES,
        ),
        Severity.ORANGE: Escalation(
            name="orange",
            rungs=(
                _NOBODY_ELSE,
                Rung(after=_minutes(15), to=(EVERYBODY,)),
                Rung(after=_minutes(60), to=(EVERYBODY,)),
            ),
        ),
        Severity.YELLOW: Escalation(name="yellow", rungs=(_NOBODY_ELSE,)),
        Severity.BLUE: Escalation(name="blue", rungs=(_NOBODY_ELSE,)),
    }
)
"""Where no file says otherwise: everybody at once, red again after 1 and 3 minutes and then each 10 for two hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the site wants. Names are resolved: a contact, roster or escalation that is named is there."""

    channels: tuple[str, ...]
    """All there are in the settings."""
    timezone: str = "UTC"
    default_contact: str = EVERYBODY
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    response: Mapping[Severity, ResponseTimes] = field(default_factory=lambda: RESPONSE)
    engine: EngineRules | None = None
    """What holds alerts back; the engine's own defaults where the file says nothing."""
    findings: frozenset[Severity] = frozenset()
    tests: tuple[PlannedTest, ...] = ()

    def engine_rules(self) -> EngineRules:
        """Return what the engine goes by."""
        return self.engine or EngineRules(zone=ZoneInfo(self.timezone))


def tell_everybody(channels: tuple[str, ...], *, timezone: str = "UTC") -> Policy:
    """Return what holds without a file, and where the file cannot be used: every channel hears of everything."""
    return Policy(channels=channels, timezone=timezone)
