"""What can be done to alerts: each a step in the table of transitions, by an actor who may, in one transaction."""

from dataclasses import replace

from alerts.alarms import ALARMS, AlarmFacts
from alerts.model import (
    TRANSITIONS,
    Alert,
    AlertAction,
    AlertState,
    AlertStep,
    IllegalAlertStepError,
    alert_id,
    is_legal,
    is_real_fire_alert,
)
from alerts.ports import AlertTransaction
from sensors.actors import Actor, Permission, system_actor
from sensors.alarms import Alarm
from sensors.clock import Clock
from sensors.signals import Signal

DETECTION = system_actor("detection")
"""Who raises what sensors report, and clears what they report as over."""

PANEL = system_actor("panel")
"""Whoever stands at a fire panel and silences it."""


class UnknownAlertError(LookupError):
    """No alert has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no alert {identifier!r}; look at the list of alerts")


def raise_alert(
    tx: AlertTransaction, signal: Signal, *, clock: Clock, actor: Actor = DETECTION, known_as: str | None = None
) -> Alert:
    """Return the alert of a signal: a new one, or the one that this signal or an earlier one has raised already.

    `known_as` is the id that people were told, where it does not follow from the signal.
    """
    raised = alert_of(signal)
    if known_as is not None:
        raised = replace(raised, id=known_as)
    known = tx.alert(raised.id) or tx.open_alert(signal.mark)
    if known is not None:
        return known
    first = AlertStep(
        alert_id=raised.id, action=AlertAction.RAISE, state=raised.state, actor_id=actor.id, at=clock.now()
    )
    tx.save_alert(raised, first)
    return raised


def acknowledge(
    tx: AlertTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "", on_behalf_of: str = ""
) -> Alert:
    """Return the alert as seen by the actor, or by whom the actor speaks for, who called the control room.

    Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError.
    """
    return step(tx, identifier, AlertAction.ACKNOWLEDGE, actor=actor, clock=clock, note=note, on_behalf_of=on_behalf_of)


def clear(tx: AlertTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> Alert:
    """Return the alert as over: the sensor said so, or a person who may acknowledge it did.

    Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError.
    """
    return step(tx, identifier, AlertAction.CLEAR, actor=actor, clock=clock, note=note)


class NoteNeededError(ValueError):
    """An alert is ended by a person without a word why."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("write why the alert is over while its sensor does not say so")


class FireUnseenError(Exception):
    """A real fire is to be ended that nobody has looked at."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("acknowledge the fire, or write down what was found on site, before you end it")


def end(tx: AlertTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str, is_verified: bool) -> Alert:
    """Return the alert as seen and over by a person's word; `is_verified` says that somebody looked on site.

    Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError, NoteNeededError, FireUnseenError.
    """
    actor.must(Permission.ACKNOWLEDGE_ALERT)
    alert = tx.alert(identifier)
    if alert is None:
        raise UnknownAlertError(identifier)
    if not note.strip():
        raise NoteNeededError
    if not is_legal(alert, AlertAction.CLEAR):
        raise IllegalAlertStepError(alert.state, AlertAction.CLEAR)
    if alert.state is AlertState.RAISED:
        if is_real_fire_alert(alert) and not is_verified:
            raise FireUnseenError
        acknowledge(tx, identifier, actor=actor, clock=clock, note=note)
    return clear(tx, identifier, actor=actor, clock=clock, note=note)


def alert_of(signal: Signal) -> Alert:
    """Return the alert that an active signal raises; its id says that twice the same is once."""
    return Alert(
        id=alert_id(signal.mark, signal.time),
        fingerprint=signal.mark,
        site=signal.site,
        rule=signal.rule,
        subject=signal.subject,
        severity=signal.severity,
        onset=signal.time,
        received=signal.received,
        state=AlertState.RAISED,
        zone=signal.zone,
        test=signal.test,
        doubts=signal.doubts,
        parameters=signal.parameters,
    )


def facts_of(alert: Alert) -> AlarmFacts | None:
    """Return what is known of what an alert is about; None where another version called it otherwise."""
    event = alert.parameters.get("event", "")
    return ALARMS[Alarm(event)] if event in Alarm.__members__.values() else None


def message_id(alert: Alert) -> str:
    """Return the id of the message that names the alert: `alert.fire`, `alert.smoke`, `alert.leak`, `alert.forced`."""
    return f"alert.{alert.parameters.get('event', alert.rule)}"


def step(
    tx: AlertTransaction,
    identifier: str,
    action: AlertAction,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
    on_behalf_of: str = "",
) -> Alert:
    """Return the alert after one step of the table, by an actor who may, recorded.

    Raises NotPermittedError, UnknownAlertError, IllegalAlertStepError.
    """
    actor.must(Permission.ACKNOWLEDGE_ALERT)
    alert = tx.alert(identifier)
    if alert is None:
        raise UnknownAlertError(identifier)
    if not is_legal(alert, action):
        raise IllegalAlertStepError(alert.state, action)
    moved = replace(alert, state=TRANSITIONS[alert.state, action])
    taken = AlertStep(
        alert_id=identifier,
        action=action,
        state=moved.state,
        actor_id=actor.id,
        at=clock.now(),
        note=note.strip(),
        on_behalf_of=on_behalf_of.strip(),
    )
    tx.save_alert(moved, taken)
    return moved
