"""Notices on their way to people: what is due goes out, and what a channel answered is remembered."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from alerts.alarms import ALARMS
from alerts.commands import DETECTION, PANEL, acknowledge, alert_of, clear, message_id, raise_alert
from alerts.model import TRANSITIONS, Alert, AlertAction
from alerts.ports import AlertTransaction
from sensors.clock import Clock
from sensors.signals import Signal

AT_ONCE = 50
"""Notices taken from the outbox at a time."""

AT_ONCE_PACED = 1000
"""The same for a channel that tells many at once: a flood is a few digests, and what is red in it is seen soon."""

REMEMBER_AFTER_S = 0.05
"""Quick answers are remembered together: each commit by itself would make a backlog wait for the disk's other users."""

GIVE_UP_AFTER = timedelta(days=3)
LEAST_ATTEMPTS = 50
"""A notice that a channel did not take for so long and so often is of use to nobody; often as well, for a clock that is
set days ahead has made nothing old. The project's own choice."""

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_ASKED_WAIT = timedelta(hours=1)
"""A receiver may ask for patience (Retry-After), but not for so long that a fire is forgotten."""


class NoticeKind(StrEnum):
    """What a notice tells. REPEATED: still active, sent again by its sensor; ACKNOWLEDGED: silenced at the panel."""

    RAISED = "raised"
    REPEATED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


TOLD_TO_PEOPLE = frozenset({NoticeKind.RAISED, NoticeKind.CLEARED})
"""Kinds that go out to the channels; the others only move the alert in the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One row of the outbox.

    `signal` is the active one behind the alert; `at` is when the event behind this notice was received. `level` is how
    often people were told before without an answer, `drill` the id of the exercise that it is told as a part of,
    `joined` what it may share a message with; `flapping` tells that it comes and goes. `stands_in` says that the row
    cannot be read, and that the signal is a fire alarm in its place.
    """

    number: int
    kind: NoticeKind
    alert_id: str
    signal: Signal
    at: datetime
    attempts: int = 0
    level: int = 0
    drill: str = ""
    joined: str = ""
    flapping: bool = False
    stands_in: bool = False

    @property
    def key(self) -> str:
        """Return what a receiver tells repeated deliveries by; a further level is told anew."""
        level = f":{self.level}" if self.level else ""
        return f"{self.kind}:{self.alert_id}{level}"


class Delivery(StrEnum):
    """What became of one attempt."""

    DONE = "done"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a channel says of one attempt; `wait` is what the receiver asked for, None where it did not."""

    delivery: Delivery
    detail: str = ""
    wait: timedelta | None = None


class Channel(Protocol):
    """A way to people. `name` stays the same between runs, for what was sent is remembered by it."""

    @property
    def name(self) -> str:
        """Return the name under which deliveries are remembered; it holds no secret."""
        ...

    def send(self, notice: Notice) -> Answer:
        """Try once, within a bounded time; failures are answers, not exceptions."""
        ...


@runtime_checkable
class PacedChannel(Protocol):
    """A channel that takes only so much a minute, and tells several notices at once where there are more."""

    def has_room(self, now: datetime) -> bool:
        """Say whether it takes anything now, so that nobody looks for what would only wait."""
        ...

    def batches(self, notices: Sequence[Notice], now: datetime) -> Sequence[Sequence[Notice]]:
        """Return which of these to send now, and which of them together; the others wait for the next look."""
        ...

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        """Try once to tell all of them, within a bounded time."""
        ...


class Outbox(Protocol):
    """Notices made durable together with the events behind them, and what became of each on each channel."""

    def due(self, channel: str, *, now: datetime, limit: int) -> Sequence[Notice]:
        """Return the notices that this channel should try now, in order.

        What is urgent comes first. A notice waits until the earlier ones of its alert are over on this channel.
        """
        ...

    def answered(self, channel: str, attempts: "Sequence[Attempt]") -> None:
        """Remember attempts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, made `at` a time; `again` is when to try once more, None where it is over."""

    notice: Notice
    answer: Answer
    again: datetime | None
    at: datetime


def dispatch(
    outbox: Outbox,
    channel: Channel,
    *,
    clock: Clock,
    due_by: Clock | None = None,
    stopping: Callable[[], bool] = lambda: False,
    steady: Callable[[], float] = time.monotonic,
) -> list[Attempt]:
    """Return the attempts made: everything that was due on a channel, by its own clock where one is given, was tried.

    Attempts are remembered after they were made, so a crash between the two sends notices again and never loses one:
    the last, and those answered within `REMEMBER_AFTER_S` before it.
    """
    attempts: list[Attempt] = []
    remembered, since_s = 0, steady()
    for notices in _batches(outbox, channel, (due_by or clock).now()):
        if stopping():
            break
        answer = _sent(channel, notices)
        at = clock.now()
        attempts += [Attempt(notice=each, answer=answer, again=_again(each, answer, at), at=at) for each in notices]
        if steady() - since_s >= REMEMBER_AFTER_S:
            outbox.answered(channel.name, attempts[remembered:])
            remembered, since_s = len(attempts), steady()
    if remembered < len(attempts):
        outbox.answered(channel.name, attempts[remembered:])
    return attempts


def project(tx: AlertTransaction, notice: Notice) -> Alert | None:
    """Return the alert in the records after this notice; None where it is not known there.

    The same notice twice changes nothing the second time: what is done is not done again.
    """
    clock = _At(notice.at)
    if notice.kind in {NoticeKind.RAISED, NoticeKind.REPEATED}:
        known_as = notice.alert_id if notice.stands_in else None
        return raise_alert(tx, notice.signal, clock=clock, actor=DETECTION, known_as=known_as)
    alert = tx.alert(notice.alert_id)
    action = AlertAction.CLEAR if notice.kind is NoticeKind.CLEARED else AlertAction.ACKNOWLEDGE
    if alert is None or (alert.state, action) not in TRANSITIONS:
        return alert
    if action is AlertAction.CLEAR:
        return clear(tx, alert.id, actor=DETECTION, clock=clock)
    return acknowledge(tx, alert.id, actor=PANEL, clock=clock)


def payload(notice: Notice) -> Mapping[str, Any]:
    """Return what a receiver gets: ids, parameters and the name of the thing in both languages, all JSON."""
    signal = notice.signal
    alert = alert_of(signal)
    name = ALARMS[signal.event].name
    return {
        "version": 1,
        "kind": notice.kind.value,
        "at": notice.at.isoformat(),
        "level": notice.level,
        "drill": bool(notice.drill),
        "alert": {
            "id": notice.alert_id,
            "message": message_id(alert),
            "name": {"zh": name.zh, "en": name.en},
            "rule": signal.rule,
            "severity": signal.severity.value,
            "site": signal.site,
            "subject": str(signal.subject),
            "zone": signal.zone,
            "test": signal.test,
            "doubts": list(signal.doubts),
            "onset": signal.time.isoformat(),
            "received": signal.received.isoformat(),
            "parameters": dict(signal.parameters),
        },
    }


@dataclass(frozen=True, slots=True)
class _At:
    """The time of the event behind a notice, however late it reaches the records."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


def _batches(outbox: Outbox, channel: Channel, now: datetime) -> Sequence[Sequence[Notice]]:
    if isinstance(channel, PacedChannel):
        if not channel.has_room(now):
            return []
        joined = _joined(outbox.due(channel.name, now=now, limit=AT_ONCE_PACED))
        batches = channel.batches([together[0] for together in joined.values()], now)
        return [[each for first in batch for each in joined[_group(first)]] for batch in batches]
    return [(notice,) for notice in outbox.due(channel.name, now=now, limit=AT_ONCE)]


def _joined(notices: Sequence[Notice]) -> Mapping[tuple[object, ...], Sequence[Notice]]:
    """Return notices by what may share one message."""
    found: dict[tuple[object, ...], list[Notice]] = {}
    for notice in notices:
        found.setdefault(_group(notice), []).append(notice)
    return found


def _group(notice: Notice) -> tuple[object, ...]:
    return (notice.kind, notice.level, notice.joined) if notice.joined else (notice.number,)


def _sent(channel: Channel, notices: Sequence[Notice]) -> Answer:
    """Return what the channel answered; one that fails over a notice tries it again, and holds up no other by it."""
    try:
        if isinstance(channel, PacedChannel) and len(notices) > 1:
            return channel.send_together(notices)
        return channel.send(notices[0])
    except Exception as exc:  # noqa: BLE001 - a task's boundary: what no words are found for keeps no fire from people
        return Answer(delivery=Delivery.RETRY, detail=f"the channel failed: {type(exc).__name__}: {exc}"[:200])


def _again(notice: Notice, answer: Answer, now: datetime) -> datetime | None:
    """Return when to try again: doubling waits from a second to five minutes, each drawn from its upper half."""
    is_old = now - notice.at >= GIVE_UP_AFTER and notice.attempts >= LEAST_ATTEMPTS
    if answer.delivery is not Delivery.RETRY or is_old:
        return None
    if answer.wait is not None:
        return now + min(answer.wait, LONGEST_ASKED_WAIT)
    whole = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(notice.attempts, 20))
    return now + whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads attempts out, guards nothing
