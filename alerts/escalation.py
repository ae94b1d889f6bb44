"""Level after level: what an escalation comes to with its repeats, and the clocks that people answer against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerts.model import Alert, AlertAction, AlertStep
from alerts.policy import Escalation, Lapse, Policy, Rung

MOST_LEVELS = 64
"""Of one alert, repeats included; nobody is called more often than that. The project's own choice."""

SATURDAY = 5
LONGEST_HOLIDAY_DAYS = 30
"""A calendar that knows no workday for so long is not believed."""

IsWorkday = Callable[[date], bool]


def monday_to_friday(day: date) -> bool:
    """Say whether a day is worked where nothing better is known."""
    return day.weekday() < SATURDAY


def levels(escalations: Mapping[str, Escalation], name: str) -> Sequence[Rung]:
    """Return the rungs of an escalation in order, those that it goes on with and all repeats included.

    The first is told at once whatever the file says, so that nobody waits for the first word.
    """
    found = _unfolded(escalations, name, {}, depth=0)
    return [replace(found[0], after=Lapse()), *found[1:]] if found else []


def cycle(escalations: Mapping[str, Escalation]) -> Sequence[str]:
    """Return the names along the first loop, its first name again at the end; empty where there is none."""
    without_loop = set[str]()
    for name in escalations:
        found = _loop_from(escalations, name, (), without_loop)
        if found:
            return found
    return ()


def later(start: datetime, lapse: Lapse, *, timezone: str, is_workday: IsWorkday) -> datetime:
    """Return when a lapse after `start` is over."""
    end = start + lapse.time
    if not lapse.workdays:
        return end
    local = end.astimezone(ZoneInfo(timezone))
    left, passed = lapse.workdays, 0
    while left and passed < LONGEST_HOLIDAY_DAYS:
        local += timedelta(days=1)
        passed += 1
        left -= is_workday(local.date())
    return local.astimezone(UTC)


class ClockName(StrEnum):
    """What people must have done by a time."""

    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseClock:
    """One clock of an alert. `done` is when it was stopped, None while it runs."""

    name: ClockName
    due: datetime
    done: datetime | None = None

    def is_late(self, now: datetime) -> bool:
        """Say whether it was stopped too late, or runs beyond its time."""
        return (self.done or now) > self.due

    def left(self, now: datetime) -> timedelta:
        """Return the time that is left; below zero where it is late."""
        return self.due - (self.done or now)


def clocks_of(
    policy: Policy,
    alert: Alert,
    steps: Sequence[AlertStep],
    *,
    verified: datetime | None = None,
    is_workday: IsWorkday = monday_to_friday,
) -> Sequence[ResponseClock]:
    """Return the clocks of an alert in the order of `ClockName`, from when it was received.

    What is over needs no acknowledging, looking or repairing any more, so its end stops every clock. `verified` is when
    the log says that somebody was on site.
    """
    times = policy.response[alert.severity]
    ended = _first(steps, AlertAction.CLEAR)
    looked_at = _earlier(verified, ended)
    stopped = {
        ClockName.ACKNOWLEDGE: (times.acknowledge, _earlier(_first(steps, AlertAction.ACKNOWLEDGE), looked_at)),
        ClockName.VERIFY: (times.verify, looked_at),
        ClockName.REPAIR: (times.repair, ended),
    }
    return [
        ResponseClock(
            name=name,
            due=later(alert.received, lapse, timezone=policy.timezone, is_workday=is_workday),
            done=done,
        )
        for name, (lapse, done) in stopped.items()
    ]


def _first(steps: Sequence[AlertStep], action: str) -> datetime | None:
    return min((step.at for step in steps if step.action == action), default=None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _unfolded(
    escalations: Mapping[str, Escalation], name: str, known: dict[str, Sequence[Rung]], *, depth: int
) -> Sequence[Rung]:
    """Return the first rungs of an escalation in order of time.

    Each escalation is unfolded once, and no further than it can count: who goes on with the same one many times over
    would else keep everybody waiting for a plan.
    """
    if depth >= MOST_LEVELS or name not in escalations:
        return []
    if name not in known:
        escalation, found = escalations[name], list[Rung]()
        for rung in escalation.rungs:
            following = _unfolded(escalations, rung.escalation, known, depth=depth + 1) if rung.escalation else ()
            found += [replace(each, after=_sum(rung.after, each.after)) for each in following]
            found += [] if rung.escalation else [rung]
        whole = found + _repeats(escalation, found)
        known[name] = sorted(whole, key=lambda each: each.after.order)[:MOST_LEVELS]
    return known[name]


def _repeats(escalation: Escalation, found: Sequence[Rung]) -> list[Rung]:
    if not found or not escalation.every:
        return []
    last = found[-1]
    count = min(escalation.times, MOST_LEVELS)
    return [
        replace(last, after=_sum(last.after, Lapse(time=escalation.every * number))) for number in range(1, count + 1)
    ]


def _sum(one: Lapse, other: Lapse) -> Lapse:
    return Lapse(time=one.time + other.time, workdays=one.workdays + other.workdays)


def _loop_from(
    escalations: Mapping[str, Escalation], name: str, way: tuple[str, ...], without_loop: set[str]
) -> tuple[str, ...]:
    if name in way:
        return (*way[way.index(name) :], name)
    if name in without_loop:
        return ()
    following = [rung.escalation for rung in escalations[name].rungs if rung.escalation in escalations]
    for each in following:
        found = _loop_from(escalations, each, (*way, name), without_loop)
        if found:
            return found
    without_loop.add(name)
    return ()
