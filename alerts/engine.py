"""What becomes of a notice: told now, or held back, and then by what and until when. Pure: it asks, and does nothing.

A real fire is told before anything else is looked at. Everything else passes the table of reasons in its order; the
first that applies holds it. Where a clock was set back or something is not known, people are told.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alarms import ALARMS
from alerts.decisions import Decision, Hold
from alerts.dispatch import TOLD_TO_PEOPLE, Notice, NoticeKind
from alerts.engine_rules import NO_TIME, EngineRules
from alerts.flapping import flapping_since, quiet_at
from alerts.inhibition import explained_by
from alerts.model import is_real_fire
from alerts.past import Edge, Past, Told
from alerts.recurring import end_of, is_within
from alerts.standing import Standing, things_of
from sensors.alarms import Alarm
from sensors.signals import Signal
from sensors.verdicts import Severity

LOOK_BACK = timedelta(hours=6)
"""How far back edges are looked at. What flaps for longer is known to from those that are left."""

NOBODY_TOLD = "nobody_told"
QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One notice with all that is known when it is judged.

    `at` is the instant that counts: now, or, of a beginning whose end has come meanwhile, the end.
    """

    notice: Notice
    standing: Standing
    past: Past
    rules: EngineRules
    now: datetime
    at: datetime
    edges: tuple[Edge, ...]
    told: Told | None
    flapping: datetime | None

    @property
    def signal(self) -> Signal:
        """The signal behind the alert."""
        return self.notice.signal

    @property
    def is_end(self) -> bool:
        """Say whether the notice tells of an end."""
        return self.notice.kind is NoticeKind.CLEARED


Reason = Callable[[Case], Decision | None]


def decide(notice: Notice, standing: Standing, past: Past, rules: EngineRules, now: datetime) -> Decision:
    """Return what becomes of a notice. The same asked twice is answered the same, and nothing is raised.

    A held decision names what holds it (`by`), and when to look again; without that instant it is over for good.
    """
    if notice.kind not in TOLD_TO_PEOPLE:
        return Decision()
    if is_told_at_once(notice.signal):
        return Decision(drill=drill_of(notice, standing, now))
    case = _case(notice, standing, past, rules, now)
    held = next((held for reason in _reasons(case) if (held := reason(case)) is not None), None)
    if held is None:
        return _told(case)
    is_over = not case.is_end and past.ended(notice.alert_id) is not None
    return replace(held, held=Hold.OVER, look_again=None) if is_over else held


def is_told_at_once(signal: Signal) -> bool:
    """Say whether nothing holds it: a real fire, and a test of the way itself."""
    return is_real_fire(signal) or signal.event is Alarm.TEST


def drill_of(notice: Notice, standing: Standing, now: datetime) -> str:
    """Return the exercise that a notice belongs to: it came in during it, and it is not over. In doubt it is real."""
    for drill in standing.drills:
        if drill.starts <= notice.at and now < drill.ends and drill.matcher.matches(notice.signal):
            return drill.id
    return ""


def tell_again(notice: Notice, standing: Standing, past: Past, rules: EngineRules) -> datetime | None:
    """Return when an alert that people were told of is to be told once more; None where it is seen or over."""
    told = past.last_told(notice.signal.mark)
    if told is None or told.kind is not NoticeKind.RAISED or past.ended(notice.alert_id) is not None:
        return None
    return None if notice.alert_id in standing.acknowledged else told.at + rules.grouping.repeat


def _case(notice: Notice, standing: Standing, past: Past, rules: EngineRules, now: datetime) -> Case:
    edges = tuple(past.edges(notice.signal.mark, since=now - LOOK_BACK))
    ended = None if notice.kind is NoticeKind.CLEARED else past.ended(notice.alert_id)
    at = now if ended is None else min(now, ended)
    return Case(
        notice=notice,
        standing=standing,
        past=past,
        rules=rules,
        now=now,
        at=at,
        edges=edges,
        told=past.last_told(notice.signal.mark),
        flapping=flapping_since(edges, rules.flapping, at),
    )


def _reasons(case: Case) -> tuple[Reason, ...]:
    return REASONS_OF_AN_END if case.is_end else REASONS


def _out_of_service(case: Case) -> Decision | None:
    concerned = things_of(case.signal.subject, {**case.signal.parameters, "device": case.signal.device})
    for out in case.standing.out_of_service:
        if out.subject in concerned and out.since <= case.at < out.until:
            return Decision(held=Hold.OUT_OF_SERVICE, by=out.subject, look_again=out.until)
    return None


def _shelved(case: Case) -> Decision | None:
    for shelf in case.standing.shelves:
        if shelf.fingerprint == case.signal.mark and case.at < shelf.until:
            return Decision(held=Hold.SHELVED, by=shelf.fingerprint, look_again=shelf.until)
    return None


def _silenced(case: Case) -> Decision | None:
    zone = case.rules.zone
    for silence in case.standing.silences:
        stands = silence.starts <= case.at < silence.ends and silence.matcher.matches(case.signal)
        if stands and is_within(case.at, silence.hours, silence.weekdays, zone):
            until = min(silence.ends, end_of(case.at, silence.hours, silence.weekdays, zone))
            return Decision(held=Hold.SILENCED, by=silence.id, look_again=until)
    return None


def _suppressed(case: Case) -> Decision | None:
    cause = explained_by(case.signal, case.past, case.rules.inhibitions)
    if cause is None:
        return None
    return Decision(held=Hold.SUPPRESSED, by=cause.alert_id, look_again=case.now + case.rules.look_every)


def _flapping(case: Case) -> Decision | None:
    """Hold what comes and goes once people were told so; the one that tells them passes."""
    if case.flapping is None or (not case.is_end and _tells_of_flapping(case)):
        return None
    again = quiet_at(case.edges, case.rules.flapping, case.at)
    return Decision(held=Hold.FLAPPING, by=case.signal.mark, look_again=again)


def _still_on(case: Case) -> Decision | None:
    """Hold what people believe to be on anyway, until the first telling of it should have been answered."""
    told = case.told
    is_known = told is not None and told.kind is NoticeKind.RAISED and told.alert_id != case.notice.alert_id
    if told is None or not is_known or _tells_of_flapping(case):
        return None
    until = told.at + case.rules.answer.get(case.signal.severity, NO_TIME)
    if not told.at <= case.at < until:
        return None
    return Decision(held=Hold.SETTLING, by=told.alert_id, look_again=until)


def _settling(case: Case) -> Decision | None:
    wait = case.rules.settle.get(case.signal.event, NO_TIME)
    if _tells_of_flapping(case):
        return None
    return _waiting(case, wait, by=case.signal.event)


def _staying_over(case: Case) -> Decision | None:
    """Hold an end until it lasts; one that did not is not told at all."""
    wait = case.rules.clear_after_of.get(case.signal.event, case.rules.clear_after)
    end = case.notice.at
    for edge in case.edges:
        if edge.kind is NoticeKind.RAISED and edge.alert_id != case.notice.alert_id and end <= edge.at < end + wait:
            return Decision(held=Hold.OVER, by=edge.alert_id)
    return _waiting(case, wait, by=case.signal.event)


def _waiting(case: Case, wait: timedelta, *, by: str) -> Decision | None:
    begun = case.notice.at
    if not begun <= case.at < begun + wait:
        return None
    return Decision(held=Hold.SETTLING, by=by, look_again=begun + wait)


def _unknown_beginning(case: Case) -> Decision | None:
    """Drop the end of what nobody was told of."""
    if case.told is not None and case.told.kind is NoticeKind.RAISED:
        return None
    is_this = case.told is not None and case.told.alert_id == case.notice.alert_id
    return None if is_this else Decision(held=Hold.OVER, by=NOBODY_TOLD)


def _quiet(case: Case) -> Decision | None:
    quiet, severity = case.rules.quiet, case.signal.severity
    if quiet is None or severity is Severity.RED or severity not in quiet.severities:
        return None
    if not is_within(case.at, quiet.hours, quiet.weekdays, case.rules.zone):
        return None
    until = end_of(case.at, quiet.hours, quiet.weekdays, case.rules.zone)
    return Decision(held=Hold.QUIET, by=QUIET_HOURS, look_again=until)


REASONS: tuple[Reason, ...] = (
    _out_of_service,
    _shelved,
    _silenced,
    _suppressed,
    _flapping,
    _still_on,
    _settling,
    _quiet,
)
"""Why people are not told that something began, in order: what people said, what explains it, how it behaves, when."""

REASONS_OF_AN_END: tuple[Reason, ...] = (
    _unknown_beginning,
    _out_of_service,
    _shelved,
    _silenced,
    _flapping,
    _staying_over,
    _quiet,
)
"""Why people are not told that something is over, in order."""


def _tells_of_flapping(case: Case) -> bool:
    """Say whether this notice is the one that tells people that it comes and goes."""
    since, told = case.flapping, case.told
    if since is None:
        return False
    return told is None or told.at < since or told.alert_id == case.notice.alert_id


def _told(case: Case) -> Decision:
    drill = drill_of(case.notice, case.standing, case.now)
    group = group_of(case.signal, case.rules, drill)
    return Decision(
        drill=drill,
        group=group,
        group_until=_group_until(case, group),
        flapping=not case.is_end and _tells_of_flapping(case),
    )


def group_of(signal: Signal, rules: EngineRules, drill: str = "") -> str:
    """Return what a notice has in common with those it may be told together with; red is told by itself.

    A drill and a test never share a message with what is real.
    """
    if signal.severity is Severity.RED:
        return ""
    own = {
        "kind": ALARMS[signal.event].kind.value,
        "rule": signal.rule,
        "severity": signal.severity.value,
        "event": signal.event.value,
    }
    named = [own.get(name, signal.parameters.get(name, "")) for name in rules.grouping.by]
    return "|".join((signal.site, *named, "test" if signal.test else "", drill))


def _group_until(case: Case, group: str) -> datetime | None:
    """Return when the group has waited long enough; None where this one waits for nobody."""
    if not group:
        return None
    known, severity = case.past.group(group), case.signal.severity
    wait = case.rules.grouping.wait.get(severity, NO_TIME)
    interval = case.rules.grouping.interval.get(severity, NO_TIME)
    until = (known.waiting_since or case.now) + wait
    if known.last_told is not None and known.last_told <= case.now < known.last_told + interval:
        until = known.last_told + interval
    # A clock that was set back makes nobody wait longer than the longest wait.
    until = min(until, case.now + max(wait, interval))
    return until if until > case.now else None
