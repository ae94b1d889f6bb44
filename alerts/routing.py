"""From a notice to who is told of it, by which channel and when: pure, by the site's policy."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.dispatch import Notice
from alerts.escalation import IsWorkday, later, levels, monday_to_friday
from alerts.policy import DEFAULT_ESCALATIONS, EVERYBODY, Policy, Route, Rung
from alerts.recurring import end_of, is_within
from alerts.rosters import on_duty
from sensors.alarms import Alarm
from sensors.signals import Signal
from sensors.verdicts import Severity

AT_ONCE = 0
"""The level that is told without waiting for anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One telling: by which channel, at which level, when, and why there; `stands_in` for somebody who is not there."""

    channel: str
    level: int
    due: datetime
    reason: str
    stands_in: bool = False


def plan(
    policy: Policy, notice: Notice, now: datetime, *, is_workday: IsWorkday = monday_to_friday
) -> Sequence[Planned]:
    """Return who is told of a raised alert and when, level after level, if nobody acknowledges.

    Whoever cannot be found is stood in for by the default contact, and that one by everybody: what is raised is told.
    """
    route = route_of(policy, notice.signal, now, is_workday=is_workday)
    found = list[Planned]()
    for level, rung in enumerate(_rungs(policy, route, notice.signal)):
        due = later(now, rung.after, timezone=policy.timezone, is_workday=is_workday)
        if level > AT_ONCE:
            due = quiet_until(policy, notice.signal, due) or due
        reached, reason, stands_in = _reached(policy, rung, due)
        channels = _but_failing(policy, notice.signal, reached)
        found += [Planned(channel=each, level=level, due=due, reason=reason, stands_in=stands_in) for each in channels]
    return found


def still_to_come(planned: Sequence[Planned], *, level: int, since: datetime) -> Sequence[Planned]:
    """Return those of a plan that were not called yet where `level` is the next and due `since` then, numbered on.

    Where the plan is another than it was, its later times count as well as its later levels: rather told once more.
    """
    rest = [each for each in planned if each.level > AT_ONCE and (each.level >= level or each.due >= since)]
    numbers = {old: new for new, old in enumerate(dict.fromkeys(each.level for each in rest), start=level)}
    return [replace(each, level=numbers[each.level]) for each in rest]


def plan_end(told: Collection[str], now: datetime) -> Sequence[Planned]:
    """Return the telling of an end: at once, and only to those who were told of the beginning."""
    return [Planned(channel=each, level=AT_ONCE, due=now, reason="was told of the beginning") for each in sorted(told)]


def route_of(policy: Policy, signal: Signal, at: datetime, *, is_workday: IsWorkday = monday_to_friday) -> Route | None:
    """Return the first route that matches an alert at a time; None where none does."""
    return next((each for each in policy.routes if _matches(policy, each, signal, at, is_workday)), None)


def quiet_until(policy: Policy, signal: Signal, at: datetime) -> datetime | None:
    """Return when the quiet hours that hold an alert back at a time end; None where nothing holds it. Red is free."""
    rules = policy.engine_rules()
    quiet = rules.quiet
    if quiet is None or signal.severity is Severity.RED or signal.severity not in quiet.severities:
        return None
    if not is_within(at, quiet.hours, quiet.weekdays, rules.zone):
        return None
    return end_of(at, quiet.hours, quiet.weekdays, rules.zone)


def everyone_of(policy: Policy, name: str, at: datetime) -> tuple[str, ...]:
    """Return the channels of a contact or of those on duty by a roster; none where nobody is."""
    if name == EVERYBODY:
        return policy.channels
    if name in policy.rosters:
        local = at.astimezone(ZoneInfo(policy.timezone))
        return _once(
            each for contact in on_duty(policy.rosters[name], local) for each in everyone_of(policy, contact, at)
        )
    return policy.contacts[name].channels if name in policy.contacts else ()


def _rungs(policy: Policy, route: Route | None, signal: Signal) -> Sequence[Rung]:
    if signal.event is Alarm.TEST and signal.parameters.get("to"):
        return [Rung(to=(signal.parameters["to"],))]
    if signal.event is Alarm.UNCONFIRMED_TEST:
        # Whoever was to confirm it was not reached: all others are.
        return [Rung(to=(EVERYBODY,))]
    if route is not None:
        found = levels(policy.escalations, route.escalation)
    elif policy.routes or policy.contacts:
        found = [Rung(to=(policy.default_contact,), after=each.after) for each in _default(signal)]
    else:
        found = _default(signal)
    found = found or _default(signal)
    return found[:1] if _needs_no_answer(signal) else found


def _default(signal: Signal) -> Sequence[Rung]:
    escalation = DEFAULT_ESCALATIONS[signal.severity]
    return levels({escalation.name: escalation}, escalation.name)


def _needs_no_answer(signal: Signal) -> bool:
    """Say whether it is a test: it is told once; an unconfirmed one makes an alert of its own."""
    return signal.test or signal.event is Alarm.TEST


def _reached(policy: Policy, rung: Rung, due: datetime) -> tuple[tuple[str, ...], str, bool]:
    """Return the channels of a rung at its time, by whose name, and whether that one stands in for another."""
    found = _once(channel for name in rung.to for channel in everyone_of(policy, name, due))
    if found:
        return found, ", ".join(rung.to), False
    missing = ", ".join(rung.to) or "nobody"
    stand_in = everyone_of(policy, policy.default_contact, due)
    if stand_in:
        return stand_in, f"{policy.default_contact}, for {missing} has nobody there", True
    return policy.channels, f"{EVERYBODY}, for {missing} has nobody there", True


def _but_failing(policy: Policy, signal: Signal, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels without the one that the alert says fails; with it only where there is no other at all."""
    failing = signal.parameters.get("channel", "") if signal.event is Alarm.CHANNEL_FAILS else ""
    others = tuple(each for each in channels if each != failing)
    return others or tuple(each for each in policy.channels if each != failing) or channels


def _matches(policy: Policy, route: Route, signal: Signal, at: datetime, is_workday: IsWorkday) -> bool:
    return (
        route.matcher.matches(signal)
        and is_within(at, route.hours, route.weekdays, ZoneInfo(policy.timezone))
        and (route.workday is None or is_workday(at.astimezone(ZoneInfo(policy.timezone)).date()) == route.workday)
    )


def _once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
