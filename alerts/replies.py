"""Answers from outside the intranet: a code sent to one recipient acknowledges its alert, once and for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from alerts.codes import alerts_meant, code_hash, codes_in
from alerts.commands import acknowledge
from alerts.model import TRANSITIONS, Alert, AlertAction
from alerts.ports import AlertTransaction
from sensors.actors import Actor
from sensors.clock import Clock

WRONG_ANSWERS = 5
WITHIN = timedelta(minutes=15)
"""So many wrong codes of one recipient in this time, and nothing more is looked at until it is over. Our own choice."""

CODES_IN_ONE_ANSWER = 3
OPEN_ALERTS = 2000
"""The newest open alerts that a code is looked for among; who has more acknowledges in the console."""


class ReplyOutcome(StrEnum):
    """What became of an answer. ALREADY: somebody, perhaps the same person, has acknowledged before."""

    ACKNOWLEDGED = "acknowledged"
    ALREADY = "already"
    NO_CODE = "no_code"
    WRONG_CODE = "wrong_code"
    EXPIRED = "expired"
    TOO_MANY = "too_many"


COUNTED = frozenset({ReplyOutcome.WRONG_CODE, ReplyOutcome.EXPIRED})
"""What counts as an attempt to guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReply:
    """One answer, without its text: of the code only a keyed hash is kept."""

    recipient: str
    outcome: ReplyOutcome
    at: datetime
    alert_id: str | None = None
    code_hash: str = ""


class ReplyTransaction(AlertTransaction, Protocol):
    """A transaction over alerts that also remembers answers."""

    def alert_replies(self, recipient: str, *, since: datetime) -> Sequence[AlertReply]:
        """Return the answers of a recipient at or after `since`, in order."""
        ...

    def add_alert_reply(self, reply: AlertReply) -> None:
        """Remember an answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRules:
    """The key that the codes are made by, and how long after an alert its code acknowledges it."""

    key: bytes
    valid: timedelta


def answer_by_code(
    tx: ReplyTransaction, text: str, *, recipient: str, actor: Actor, rules: CodeRules, clock: Clock, note: str
) -> AlertReply:
    """Return what became of an answer of a recipient (the name of the channel that its codes were sent over).

    `note` says in the step by which way the answer came. Raises NotPermittedError where the actor may not acknowledge.
    """
    now = clock.now()
    if _guesses(tx, recipient, now):
        return AlertReply(recipient=recipient, outcome=ReplyOutcome.TOO_MANY, at=now)
    codes = codes_in(text)[:CODES_IN_ONE_ANSWER]
    alert = _meant(tx, codes, recipient, rules.key)
    outcome = _outcome(codes, alert, now, rules.valid)
    if alert is not None and outcome is ReplyOutcome.ACKNOWLEDGED:
        acknowledge(tx, alert.id, actor=actor, clock=clock, note=note)
    reply = AlertReply(
        recipient=recipient,
        outcome=outcome,
        at=now,
        alert_id=None if alert is None else alert.id,
        code_hash=code_hash(rules.key, codes[0]) if codes else "",
    )
    tx.add_alert_reply(reply)
    return reply


def addressed(tx: ReplyTransaction, text: str, *, recipients: Sequence[str], rules: CodeRules, clock: Clock) -> str:
    """Return which of one person's recipients an answer is for: whose code it brings, the first where it brings none.

    One that has guessed too often answers for all of them, so that several channels are no more guesses.
    """
    now = clock.now()
    codes = codes_in(text)[:CODES_IN_ONE_ANSWER]
    guessing = (each for each in recipients if _guesses(tx, each, now))
    meant = (each for each in recipients[1:] if _meant(tx, codes, each, rules.key) is not None)
    return next(guessing, None) or next(meant, recipients[0])


def _guesses(tx: ReplyTransaction, recipient: str, now: datetime) -> bool:
    before = tx.alert_replies(recipient, since=now - WITHIN)
    return sum(each.outcome in COUNTED for each in before) >= WRONG_ANSWERS


def _meant(tx: ReplyTransaction, codes: Sequence[str], recipient: str, key: bytes) -> Alert | None:
    """Return the one alert that the codes mean; None for none, and for several, since nobody can tell which."""
    alerts = {alert.id: alert for alert in tx.alerts(open_only=True, limit=OPEN_ALERTS)}
    found = {identifier for code in codes for identifier in alerts_meant(key, code, recipient, alerts)}
    return alerts[found.pop()] if len(found) == 1 else None


def _outcome(codes: Sequence[str], alert: Alert | None, now: datetime, valid: timedelta) -> ReplyOutcome:
    if not codes:
        return ReplyOutcome.NO_CODE
    if alert is None:
        return ReplyOutcome.WRONG_CODE
    if now - alert.received >= valid:
        return ReplyOutcome.EXPIRED
    if (alert.state, AlertAction.ACKNOWLEDGE) not in TRANSITIONS:
        return ReplyOutcome.ALREADY
    return ReplyOutcome.ACKNOWLEDGED
