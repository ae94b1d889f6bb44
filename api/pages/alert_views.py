"""Alerts as pages show them."""

from collections.abc import Mapping, Sequence

from alerts.commands import facts_of
from alerts.model import OPEN_STATES, TRANSITIONS, Alert, AlertAction
from api.pages.desk import GRAVITY, Desk
from api.pages.views import AlarmView, AlertView, StepView
from api.pages.wording import SYSTEM
from sensors.actors import Permission

ICONS: Mapping[str, str] = {"fire": "fire", "smoke": "smoke", "leak": "leak", "forced": "door"}
"""Pictures of events; others take their severity's."""

SHOWN = 200


def open_alerts(desk: Desk) -> Sequence[AlertView]:
    """Return the alerts that are not over and seen: those that ring first, then by gravity, the newest first."""
    views = [alert_view(desk, alert) for alert in desk.tx.alerts(open_only=True, limit=SHOWN)]
    views.sort(key=lambda view: view.onset.iso, reverse=True)
    return sorted(views, key=lambda view: (not view.is_ringing, GRAVITY[view.severity]))


def closed_alerts(desk: Desk) -> Sequence[AlertView]:
    """Return the alerts that are over and seen, the newest first."""
    alerts = desk.tx.alerts(limit=SHOWN)
    return [alert_view(desk, alert) for alert in alerts if alert.state not in OPEN_STATES]


def alarm(desk: Desk) -> AlarmView:
    """Return what stands above every page: the alerts that wait for a person."""
    return AlarmView(alerts=[view for view in open_alerts(desk) if view.is_ringing])


def alert_view(desk: Desk, alert: Alert, *, steps: Sequence[StepView] = ()) -> AlertView:
    """Return one alert."""
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
        steps=steps,
    )


def _advice(desk: Desk, alert: Alert) -> str:
    facts = facts_of(alert)
    return "" if facts is None else facts.advice.in_language(desk.wording.language)


def alert_with_steps(desk: Desk, alert: Alert) -> AlertView:
    """Return one alert with who did what to it and when."""
    steps = [
        StepView(
            what=desk.messages.text(f"alert.action.{step.action}"),
            who=desk.wording.who(step.actor_id),
            when=desk.wording.exact(step.at),
            note=step.note,
            kind="system" if step.actor_id.startswith(SYSTEM) else "person",
        )
        for step in desk.tx.alert_steps(alert.id)
    ]
    return alert_view(desk, alert, steps=steps)
