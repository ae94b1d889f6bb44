"""The hourly look at deadlines: who is to be told is told once, in the console and over the channels named for it."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from alerts.dispatch import Answer, Delivery
from analytics.calendar import DayKind, WorkCalendar
from premises.jobs.daily import Building
from premises.notices.item_notices import Due, Teller
from rectification.inspections import Inspection
from rectification.notices import OF_INSPECTIONS, ItemNotice, NoticeKind
from rectification.particulars import NOTHING_WRITTEN, title_of
from rectification.ports import NoticeTransaction
from rectification.reminders import People, remind
from sensors.accounts import Account
from sensors.actors import Permission
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.topology import Name
from storage.records.outbox import OutboxMessage

KIND = "item_notices"
"""Of messages in the records' outbox."""

NOT_BEFORE_HOUR = 8
"""Nobody is told of a deadline at night. Our own choice."""

FIRST_WAIT = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=2)
"""A reminder that old is of no use; the next one says more."""

SATURDAY = 5


class ReminderTransaction(NoticeTransaction, Protocol):
    """Items, notices, accounts and the outbox in one transaction."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts."""
        ...

    def inspection(self, inspection_id: str) -> Inspection | None:
        """Return an inspection."""
        ...

    def enqueue(self, *, kind: str, subject_id: str, payload: str, at: datetime) -> None:
        """Put a message into the outbox, unless one of this kind and subject is there already."""
        ...

    def due_messages(self, *, now: datetime, limit: int = 50) -> Sequence[OutboxMessage]:
        """Return the messages that should be tried now."""
        ...

    def message_delivered(self, message: int) -> None:
        """Note that a message was taken."""
        ...

    def message_failed(self, message: int, *, error: str, again: datetime | None) -> None:
        """Note an attempt in vain; `again` is when to try once more, None gives the message up."""
        ...


class ReminderRecords(Protocol):
    """The part of the records that reminders use."""

    def transaction(self) -> AbstractContextManager[ReminderTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Everything that is told of deadlines. Restarted at any point it tells nothing twice in the console."""

    records: ReminderRecords
    building: Callable[[], Building]
    clock: Clock
    tellers: Sequence[Teller] = ()

    def hourly(self) -> Mapping[str, object]:
        """Return in numbers what was told; nothing before the morning."""
        calendar = self.building().calendar
        now = self.clock.now()
        if now.astimezone(calendar.zone).hour < NOT_BEFORE_HOUR:
            return {}
        new = self._reminded(calendar, now)
        return {"told": len(new), "sent": self._sent(now)}

    def _reminded(self, calendar: WorkCalendar, now: datetime) -> tuple[ItemNotice, ...]:
        today = calendar.local_day(epoch_ms(now))
        with self.records.transaction() as tx:
            new = remind(
                tx,
                today=today,
                is_workday=lambda day: is_workday(calendar, day),
                people=people_of(tx.accounts()),
                clock=self.clock,
            )
            for teller in self.tellers if new else ():
                key = f"{teller.carrier.name}|{new[0].id}"
                tx.enqueue(kind=KIND, subject_id=key, payload=_payload(new), at=now)
        return new

    def _sent(self, now: datetime) -> int:
        """Send what waits, outside of any transaction; remember what became of it."""
        by_name = {teller.carrier.name: teller for teller in self.tellers}
        with self.records.transaction() as tx:
            waiting = [
                (message, _due(tx, message.payload)) for message in tx.due_messages(now=now) if message.kind == KIND
            ]
        sent = 0
        for message, due in waiting:
            teller = by_name.get(message.subject_id.partition("|")[0])
            answer = _told(teller, message.subject_id, due)
            sent += answer.delivery is Delivery.DONE
            with self.records.transaction() as tx:
                _remember(tx, message, answer, now)
        return sent


def people_of(accounts: Sequence[Account]) -> People:
    """Return who can be told: accounts that may sign in, and which of them manage the plan."""
    able = [account for account in accounts if account.disabled is None]
    managers = tuple(account.id for account in able if account.actor().may(Permission.MANAGE_ITEM))
    return People(known=frozenset(account.id for account in able), managers=managers)


def is_workday(calendar: WorkCalendar, day: date) -> bool:
    """Say whether a local day is worked; beyond the calendar's end, Monday to Friday."""
    kind = calendar.kind(day)
    return day.weekday() < SATURDAY if kind is DayKind.UNKNOWN else kind is DayKind.WORKDAY


def _payload(notices: Sequence[ItemNotice]) -> str:
    told = dict.fromkeys((notice.item_id, notice.kind.value, notice.deadline.isoformat()) for notice in notices)
    return json.dumps(list(told))


def _due(tx: ReminderTransaction, payload: str) -> list[Due]:
    found = []
    for identifier, kind, day in json.loads(payload):
        told = NoticeKind(kind)
        named = _inspection_named(tx, identifier) if told in OF_INSPECTIONS else _item_named(tx, identifier)
        if named is not None:
            number, title = named
            found.append(Due(number=number, title=title, kind=told, day=date.fromisoformat(day)))
    return found


def _item_named(tx: ReminderTransaction, item_id: str) -> tuple[int, Name] | None:
    item = tx.item(item_id)
    return None if item is None else (item.number, title_of(item, tx.particulars(item.id) or NOTHING_WRITTEN))


def _inspection_named(tx: ReminderTransaction, inspection_id: str) -> tuple[int, Name] | None:
    found = tx.inspection(inspection_id)
    return None if found is None else (found.number, found.name)


def _told(teller: Teller | None, key: str, due: Sequence[Due]) -> Answer:
    if teller is None or not due:
        return Answer(delivery=Delivery.DEAD, detail="the channel or the items are not there any more")
    return teller.carrier.carry(teller.message(key, due))


def _remember(tx: ReminderTransaction, message: OutboxMessage, answer: Answer, now: datetime) -> None:
    if answer.delivery is Delivery.DONE:
        tx.message_delivered(message.id)
        return
    is_over = answer.delivery is Delivery.DEAD or now - message.at > GIVE_UP_AFTER
    again = None if is_over else now + (answer.wait or FIRST_WAIT * 2 ** min(message.attempts, 4))
    tx.message_failed(message.id, error=answer.detail, again=again)
