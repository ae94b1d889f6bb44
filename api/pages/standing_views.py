"""What holds alerts back, as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.matching import Matcher
from alerts.standing import Drill, OutOfService, Shelf, Silence
from api.pages.desk import Desk
from api.pages.views import Choice, Moment
from sensors.actors import Permission
from sensors.alarms import AlarmKind
from sensors.hours import Hours
from sensors.subjects import Subject, SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """One thing that stands: what is meant, who said so, from when until when, why, and how to end it."""

    id: str
    kind: str
    meant: str
    author: str
    comment: str
    since: Moment
    until: Moment
    state: str
    tone: str
    recurs: str = ""
    end_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPage:
    """The page: drills first, for they relabel; then what keeps people from being told."""

    rows: Sequence[StandingRow]
    kinds: Sequence[Choice]
    weekdays: Sequence[Choice]
    places: Sequence[Choice]
    subjects: Sequence[Choice]
    can_act: bool
    can_drill: bool


def standing_page(desk: Desk) -> StandingPage:
    """Return what stands, will stand, or stood until a day ago, with what the forms choose from."""
    found = desk.tx.standing(desk.now)
    rows = [
        *(_drill(desk, each) for each in found.drills),
        *(_silence(desk, each) for each in found.silences),
        *(_out(desk, each) for each in found.out_of_service),
        *(_shelf(desk, each) for each in found.shelves),
    ]
    text, things = desk.messages.text, _choices(desk, _things(desk))
    return StandingPage(
        rows=sorted(rows, key=lambda row: row.tone == "none"),
        kinds=[Choice(id=each.value, name=text(f"alarm.kind.{each}")) for each in AlarmKind],
        weekdays=[Choice(id=str(day), name=_weekday(desk, day)) for day in range(7)],
        places=[*_choices(desk, _buildings(desk)), *things],
        subjects=things,
        can_act=desk.actor.may(Permission.ACKNOWLEDGE_ALERT),
        can_drill=desk.actor.may(Permission.HOLD_DRILL),
    )


def _silence(desk: Desk, silence: Silence) -> StandingRow:
    return _row(
        desk,
        silence,
        kind="silence",
        meant=_meant(desk, silence.matcher),
        span=(silence.starts, silence.ends),
        end_path=f"/alerts/standing/silences/{silence.id}/end",
        recurs=_recurs(desk, silence.weekdays, silence.hours),
    )


def _drill(desk: Desk, drill: Drill) -> StandingRow:
    path = f"/alerts/standing/drills/{drill.id}/end"
    meant = _meant(desk, drill.matcher)
    return _row(desk, drill, kind="drill", meant=meant, span=(drill.starts, drill.ends), end_path=path)


def _out(desk: Desk, out: OutOfService) -> StandingRow:
    path = f"/alerts/standing/out-of-service/{out.id}/end"
    meant = desk.wording.subject(Subject.parse(out.subject))
    return _row(desk, out, kind="out_of_service", meant=meant, span=(out.since, out.until), end_path=path)


def _shelf(desk: Desk, shelf: Shelf) -> StandingRow:
    alert = desk.tx.alert(shelf.alert_id)
    meant = shelf.fingerprint if alert is None else desk.wording.alert_title(alert)
    place = "" if alert is None else desk.wording.alert_place(alert)
    path = f"/alerts/standing/shelves/{shelf.alert_id}/end"
    span = (shelf.since or desk.now, shelf.until)
    return _row(desk, shelf, kind="shelf", meant=" · ".join(filter(None, (meant, place))), span=span, end_path=path)


def _row(
    desk: Desk,
    thing: Silence | Drill | OutOfService | Shelf,
    *,
    kind: str,
    meant: str,
    span: tuple[datetime, datetime],
    end_path: str,
    recurs: str = "",
) -> StandingRow:
    since, until = span
    state, tone = _state(since, until, desk.now)
    may_end = tone != "none" and desk.actor.may(Permission.ACKNOWLEDGE_ALERT)
    return StandingRow(
        id=thing.id,
        kind=desk.messages.text(f"standing.kind.{kind}"),
        meant=meant,
        author=desk.wording.who(thing.author),
        comment=thing.comment,
        since=desk.wording.moment(since),
        until=desk.wording.moment(until),
        state=desk.messages.text(f"standing.state.{state}"),
        tone=tone,
        recurs=recurs,
        end_path=end_path if may_end else "",
    )


def _state(since: datetime, until: datetime, now: datetime) -> tuple[str, str]:
    if until <= now:
        return "over", "none"
    return ("coming", "blue") if now < since else ("stands", "yellow")


def _meant(desk: Desk, matcher: Matcher) -> str:
    """Return what a matcher asks for, in words."""
    text, subject = desk.messages.text, desk.wording.subject
    named = [
        *(text(f"alarm.kind.{each}") for each in sorted(matcher.kinds)),
        *(text(f"severity.{each}") for each in sorted(matcher.severities)),
        *(desk.wording.rule(each) for each in sorted(matcher.rules)),
        *(subject(Subject(SubjectKind.BUILDING, each)) for each in sorted(matcher.buildings)),
        *(subject(Subject(SubjectKind.GATEWAY, each)) for each in sorted(matcher.gateways)),
        *(subject(Subject.parse(each)) for each in sorted(matcher.subjects)),
        *(text("standing.zone_named", zone=each) for each in sorted(matcher.zones)),
    ]
    return " · ".join(named)


def _recurs(desk: Desk, weekdays: frozenset[int], hours: Hours) -> str:
    days = desk.messages.joined([_weekday(desk, day) for day in sorted(weekdays)])
    spans = ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in hours)
    return " ".join(filter(None, (days, spans)))


def _weekday(desk: Desk, day: int) -> str:
    """Return the name of a weekday of which 0 is Monday; the catalogues begin with Sunday, as browsers do."""
    return desk.messages.text(f"weekday.{(day + 1) % 7}")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _buildings(desk: Desk) -> list[Subject]:
    return [Subject(SubjectKind.BUILDING, each) for each in desk.wording.registry.buildings]


def _things(desk: Desk) -> list[Subject]:
    """Return what can be worked on: gateways, and devices that report events and measure nothing."""
    devices = desk.wording.registry.devices.values()
    gateways = sorted({each.gateway for each in devices if each.gateway})
    found = [Subject(SubjectKind.GATEWAY, each) for each in gateways]
    return found + [Subject(SubjectKind.DEVICE, each.id) for each in devices if not each.metrics]


def _choices(desk: Desk, subjects: Sequence[Subject]) -> list[Choice]:
    return [Choice(id=str(each), name=desk.wording.subject(each)) for each in subjects]
