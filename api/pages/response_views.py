"""How people answer an alert, as its page shows it: clocks that run, who was called and who is next, what holds it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from alerts.decisions import Hold
from alerts.dispatch import NoticeKind
from alerts.escalation import ResponseClock, clocks_of
from alerts.model import Alert, AlertStep
from api.alert_ports import Call, CallState, Telling
from api.pages.desk import Desk
from api.pages.views import CallView, CheckView, ClockView, LevelView, UndeliveredView
from sensors.logs import AlarmCheck, valid
from sensors.subjects import Subject

COUNTED = timedelta(days=1)
"""A clock that runs longer is told in days, which nobody watches pass."""

OWN_REASONS: Mapping[str, str] = {"everybody": "calls.why.everybody", "nobody planned it": "calls.why.unplanned"}
"""Why somebody was called, where it was no contact of the site's own policy."""

CHANNELS = frozenset({"webhook", "dingtalk", "wecom", "wecom_app", "feishu", "sms", "mail", "apprise"})


def clock_views(
    desk: Desk, alert: Alert, steps: Sequence[AlertStep], checks: Sequence[AlarmCheck] = ()
) -> Sequence[ClockView]:
    """Return the clocks of an alert in the order in which they run out."""
    deliveries = desk.services.alerts
    verified = min((check.at for check in checks), default=None)
    clocks = clocks_of(deliveries.policy(), alert, steps, verified=verified, is_workday=deliveries.is_workday)
    return [_clock_view(desk, clock) for clock in clocks if clock.done is not None or clock.due > alert.received]


def first_clock(desk: Desk, alert: Alert) -> Sequence[ClockView]:
    """Return the clock of acknowledging, of an alert that nobody has acknowledged."""
    return [clock for clock in clock_views(desk, alert, ()) if clock.name == "acknowledge"]


def _clock_view(desk: Desk, clock: ResponseClock) -> ClockView:
    left, late, messages = clock.left(desk.now), clock.is_late(desk.now), desk.messages
    runs = clock.done is None
    if runs and abs(left) < COUNTED:
        told = counted(left)
    elif runs:
        told = messages.ago(clock.due, desk.now)
    else:
        told = messages.text("clock.done_late" if late else "clock.done", time=messages.second(clock.done or desk.now))
    return ClockView(
        name=clock.name,
        text=messages.text(f"clock.{clock.name}"),
        due=desk.wording.exact(clock.due),
        left=told,
        is_late=late,
        counts=runs and abs(left) < COUNTED,
    )


def counted(left: timedelta) -> str:
    """Return a time to run as `1:05`, beyond an hour as `2:03:05`; what is over it has a plus sign before it."""
    seconds = abs(round(left.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    told = f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
    return f"+{told}" if left < timedelta(0) else told


def level_views(desk: Desk, calls: Sequence[Call]) -> Sequence[LevelView]:
    """Return the calls of an alert level by level, those that lie ahead last, the end's apart."""
    ordered = sorted(calls, key=lambda call: (call.kind is not NoticeKind.RAISED, call.level, call.channel))
    return [
        _level_view(desk, kind, level, list(same))
        for (kind, level), same in groupby(ordered, key=lambda call: (call.kind, call.level))
    ]


def _level_view(desk: Desk, kind: NoticeKind, level: int, calls: Sequence[Call]) -> LevelView:
    messages, due = desk.messages, min(call.due for call in calls)
    planned = all(call.state is CallState.PLANNED for call in calls)
    title = messages.text("calls.end") if kind is NoticeKind.CLEARED else messages.text("calls.level", level=level + 1)
    return LevelView(
        title=title,
        why=_why(desk, calls[0].why),
        when=desk.wording.exact(due),
        calls=[call_view(desk, call) for call in calls],
        left=counted(due - desk.now) if planned and due - desk.now < COUNTED else "",
    )


def _why(desk: Desk, why: str) -> str:
    return desk.messages.text(OWN_REASONS[why]) if why in OWN_REASONS else why


def call_view(desk: Desk, call: Call) -> CallView:
    """Return one call."""
    state = call.state.value
    return CallView(
        channel=channel_name(desk, call.channel),
        state=state,
        state_text=desk.messages.text(f"calls.state.{state}"),
        when=desk.wording.exact(call.due),
        detail=call.detail if call.state in {CallState.TRYING, CallState.FAILED} else "",
    )


def channel_name(desk: Desk, channel: str) -> str:
    """Return what a channel is called: its kind in words and the name that its owner gave it."""
    kind, _, rest = channel.partition(":")
    named = desk.messages.text(f"channel.{kind}") if kind in CHANNELS else kind
    return " · ".join(filter(None, (named, rest.rpartition(":")[0] or rest)))


def held_text(desk: Desk, telling: Telling | None) -> str:
    """Return why nobody is told of an alert, empty where people are."""
    if telling is None or telling.held is None:
        return ""
    why = desk.messages.text(f"hold.{telling.held}")
    if telling.until is None:
        return desk.messages.text("alert.held", why=why)
    return desk.messages.text("alert.held_until", why=why, until=desk.messages.second(telling.until))


def holder(desk: Desk, telling: Telling | None) -> tuple[str, str]:
    """Return what holds an alert in words, with the address to look at it; nothing where it holds itself."""
    if telling is None or telling.held not in HOLDERS:
        return "", ""
    return HOLDERS[telling.held](desk, telling.by)


def _silence(desk: Desk, by: str) -> tuple[str, str]:
    silence = desk.tx.silence(by)
    if silence is None:
        return "", ""
    return f"{silence.comment} · {desk.wording.who(silence.author)}", f"/alerts/standing#standing-{silence.id}"


def _cause(desk: Desk, by: str) -> tuple[str, str]:
    cause = desk.tx.alert(by)
    return ("", "") if cause is None else (_title(desk, cause), f"/alerts/{cause.id}")


def _out_of_service(desk: Desk, by: str) -> tuple[str, str]:
    return desk.wording.subject(Subject.parse(by)), "/alerts/standing"


HOLDERS: Mapping[Hold | None, Callable[[Desk, str], tuple[str, str]]] = {
    Hold.SILENCED: _silence,
    Hold.SUPPRESSED: _cause,
    Hold.OUT_OF_SERVICE: _out_of_service,
}
"""What a decision's `by` names, where that is something else than the alert itself."""


def tellings_of(desk: Desk, alerts: Collection[Alert]) -> Mapping[str, Telling]:
    """Return what was decided of alerts, asked once for all of them."""
    return desk.services.alerts.tellings([alert.id for alert in alerts]) if alerts else {}


def check_views(desk: Desk, checks: Sequence[AlarmCheck]) -> Sequence[CheckView]:
    """Return what was found on site, the last word of each."""
    return [
        CheckView(
            text=desk.messages.text(f"truth.{check.truth}"),
            who=check.by,
            when=desk.wording.exact(check.at),
            note=check.note,
        )
        for check in valid(checks)
    ]


def undelivered(desk: Desk) -> Sequence[UndeliveredView]:
    """Return the calls that were given up, the newest first."""
    views = []
    for call in desk.services.alerts.undelivered():
        alert = desk.tx.alert(call.alert_id)
        title = call.alert_id if alert is None else _title(desk, alert)
        views.append(
            UndeliveredView(number=call.number, alert_id=call.alert_id, title=title, call=call_view(desk, call))
        )
    return views


def _title(desk: Desk, alert: Alert) -> str:
    return f"{desk.wording.alert_title(alert)} · {desk.wording.alert_place(alert)}"
