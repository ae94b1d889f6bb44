"""Alerts as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from alerts.commands import facts_of
from alerts.model import OPEN_STATES, TRANSITIONS, Alert, AlertAction, AlertState, AlertStep, is_legal
from api.alert_ports import Telling
from api.pages.desk import GRAVITY, Desk
from api.pages.response_views import (
    check_views,
    clock_views,
    first_clock,
    held_text,
    holder,
    level_views,
    tellings_of,
)
from api.pages.views import AlarmView, AlertView, StepView
from api.pages.wording import SYSTEM
from sensors.actors import Permission
from sensors.thresholds import OVERRIDDEN

ICONS: Mapping[str, str] = {"fire": "fire", "smoke": "smoke", "leak": "leak", "forced": "door"}
"""Pictures of events; others take their severity's."""

SHOWN = 200
ON_WALL = 8
ASIDE = timedelta(hours=1)
"""How long the form proposes to put something aside."""


def open_alerts(desk: Desk) -> Sequence[AlertView]:
    """Return the alerts that are not over and seen: those that ring first, then by gravity, the newest first."""
    views = _views(desk, desk.tx.alerts(open_only=True, limit=SHOWN))
    views.sort(key=lambda view: view.onset.iso, reverse=True)
    return sorted(views, key=lambda view: (not view.is_ringing, GRAVITY[view.severity]))


def closed_alerts(desk: Desk) -> Sequence[AlertView]:
    """Return the alerts that are over and seen, the newest first."""
    return _views(desk, [alert for alert in desk.tx.alerts(limit=SHOWN) if alert.state not in OPEN_STATES])


def wall(desk: Desk) -> Sequence[AlertView]:
    """Return what a screen on the wall has room for: what rings, then the gravest, tests and what is held left out."""
    return [view for view in open_alerts(desk) if not view.test and not view.held][:ON_WALL]


def _views(desk: Desk, alerts: Sequence[Alert]) -> list[AlertView]:
    tellings = tellings_of(desk, alerts)
    return [alert_view(desk, alert, tellings.get(alert.id)) for alert in alerts]


def alarm(desk: Desk) -> AlarmView:
    """Return what stands above every page: the alerts that wait for a person; none to who may not read them."""
    if not desk.actor.may(Permission.READ):
        return AlarmView(alerts=[])
    return AlarmView(alerts=[view for view in open_alerts(desk) if view.is_ringing])


def alert_view(desk: Desk, alert: Alert, telling: Telling | None = None) -> AlertView:
    """Return one alert as a list shows it."""
    wording, messages = desk.wording, desk.messages
    event = alert.parameters.get("event", "")
    guidance = f"alert.guidance.{event}"
    is_step = (alert.state, AlertAction.ACKNOWLEDGE) in TRANSITIONS
    return AlertView(
        id=alert.id,
        title=wording.alert_title(alert),
        place=wording.alert_place(alert),
        severity=alert.severity,
        state=alert.state,
        state_text=messages.text(f"alert.state.{alert.state}"),
        onset=wording.exact(alert.onset),
        icon=ICONS.get(event, alert.severity.value),
        device=alert.parameters.get("device", ""),
        doubts=[wording.doubt(doubt) for doubt in alert.doubts],
        test=alert.test,
        guidance=messages.text(guidance) if messages.has(guidance) else _advice(desk, alert),
        can_acknowledge=is_step and desk.actor.may(Permission.ACKNOWLEDGE_ALERT),
        is_drill=telling is not None and bool(telling.drill),
        is_flapping=telling is not None and telling.flapping,
        held=held_text(desk, telling),
        clocks=first_clock(desk, alert) if alert.state is AlertState.RAISED and not alert.test else (),
    )


def _advice(desk: Desk, alert: Alert) -> str:
    facts = facts_of(alert)
    return "" if facts is None else facts.advice.in_language(desk.wording.language)


def _measured(desk: Desk, alert: Alert) -> str:
    """Return what was measured and the limit it was held against, empty where the alert is about no figure."""
    value, limit = (alert.parameters.get(name, "") for name in ("value", "threshold"))
    if not value or not limit:
        return ""
    return desk.messages.text("alert.measured", value=value, limit=limit, unit=alert.parameters.get("unit", ""))


def alert_in_full(desk: Desk, alert: Alert) -> AlertView:
    """Return one alert with its clocks, who was called, what was found on site, and who did what to it."""
    steps, checks = desk.tx.alert_steps(alert.id), desk.tx.alarm_checks_of(alert.id)
    may_put_aside = desk.actor.may(Permission.ACKNOWLEDGE_ALERT)
    telling = tellings_of(desk, [alert]).get(alert.id)
    held_by, held_url = holder(desk, telling)
    return replace(
        alert_view(desk, alert, telling),
        held_by=held_by,
        held_url=held_url,
        clocks=() if alert.test else clock_views(desk, alert, steps, checks),
        levels=level_views(desk, desk.services.alerts.calls(alert.id)),
        checks=check_views(desk, checks),
        can_verify=desk.actor.may(Permission.KEEP_LOG),
        can_shelve=may_put_aside and is_legal(alert, AlertAction.SHELVE),
        can_take_out=may_put_aside and is_legal(alert, AlertAction.TAKE_OUT),
        can_end=may_put_aside and is_legal(alert, AlertAction.CLEAR),
        measured=_measured(desk, alert),
        overridden=alert.parameters.get(OVERRIDDEN, ""),
        subject=str(alert.subject),
        subject_text=desk.wording.subject(alert.subject),
        aside_until=f"{(desk.now + ASIDE).astimezone(desk.messages.zone):%Y-%m-%dT%H:%M}",
        steps=[_step_view(desk, step) for step in steps],
    )


def _step_view(desk: Desk, step: AlertStep) -> StepView:
    return StepView(
        what=desk.messages.text(f"alert.action.{step.action}"),
        who=desk.wording.who(step.actor_id),
        when=desk.wording.exact(step.at),
        note=step.note,
        behalf=step.on_behalf_of,
        kind="system" if step.actor_id.startswith(SYSTEM) else "person",
    )
