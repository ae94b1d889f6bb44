"""Who is told of an item's deadline and when: reminded before it, escalated after it, counted in workdays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from rectification.model import Item, ItemState
from rectification.notices import ItemNotice, NoticeKind
from rectification.particulars import NOTHING_WRITTEN, Particulars
from rectification.ports import NoticeTransaction
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms

FIRST_REMINDER = 3
"""Workdays before the deadline; our own choice: time enough to order a part."""

LONG_OVERDUE = 3
"""Workdays after the deadline at which those who manage the plan hear of it; our own choice."""

LOOKED_AHEAD_DAYS = 30
AT_WORK = frozenset({ItemState.DRAFT, ItemState.ASSIGNED, ItemState.IN_PROGRESS})
"""States in which a deadline can still be missed."""

MOST_ITEMS = 100_000

IsWorkday = Callable[[date], bool]
"""Says of a local day whether it is worked, make-up days and holidays considered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The accounts that can be told: all of them, and those who manage the plan."""

    known: frozenset[str]
    managers: tuple[str, ...] = ()


def workdays_between(first: date, last: date, is_workday: IsWorkday) -> int:
    """Return how many days after `first`, up to and with `last`, are worked; not counted beyond a month."""
    days = min((last - first).days, LOOKED_AHEAD_DAYS)
    return sum(is_workday(first + timedelta(days=day)) for day in range(1, days + 1))


def notice_due(item: Item, today: date, is_workday: IsWorkday) -> NoticeKind | None:
    """Return what is to be told of an item's deadline on a local day; None for nothing.

    What was missed while nothing ran is made up for by the latest notice alone.
    """
    if item.deadline is None or item.state not in AT_WORK:
        return None
    if today > item.deadline:
        late = workdays_between(item.deadline, today, is_workday)
        return NoticeKind.OVERDUE_LONG if late >= LONG_OVERDUE else NoticeKind.OVERDUE if late else None
    left = workdays_between(today, item.deadline, is_workday)
    if left == 0:
        return NoticeKind.DUE_TODAY
    if left == 1:
        return NoticeKind.DUE_IN_1
    return NoticeKind.DUE_IN_3 if left <= FIRST_REMINDER else None


def recipients(item: Item, kind: NoticeKind, given: Particulars, people: People) -> tuple[str, ...]:
    """Return the accounts that are told, each once: who answers, who leads, who manages where nobody else is there."""
    answers = (item.responsible,) if item.responsible in people.known else ()
    leads = (given.leader,) if given.leader in people.known else ()
    told: dict[NoticeKind, tuple[str | None, ...]] = {
        NoticeKind.DUE_IN_3: answers,
        NoticeKind.DUE_IN_1: answers,
        NoticeKind.DUE_TODAY: answers,
        NoticeKind.OVERDUE: (*answers, *leads),
        NoticeKind.OVERDUE_LONG: (*leads, *people.managers),
        NoticeKind.LOOK_BACK_DUE: leads,
    }
    above_missing = kind in {NoticeKind.OVERDUE, NoticeKind.LOOK_BACK_DUE} and not leads
    found = told[kind]
    if not found or above_missing:
        found = (*found, *people.managers)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def remind(
    tx: NoticeTransaction, *, today: date, is_workday: IsWorkday, people: People, clock: Clock
) -> tuple[ItemNotice, ...]:
    """Return the notices that are new; each is told once for one deadline, however often this runs."""
    due = [(item, kind, item.deadline) for item, kind in _deadlines(tx, today, is_workday)]
    looks = [(item, NoticeKind.LOOK_BACK_DUE, item.look_back) for item in tx.items_to_look_back_at(today)]
    written = tx.particulars_of([item.id for item, _, _ in (*due, *looks)])
    made = [
        _notice(item, kind, day, recipient, clock)
        for item, kind, day in (*due, *looks)
        if day is not None
        for recipient in recipients(item, kind, written.get(item.id, NOTHING_WRITTEN), people)
    ]
    return tuple(notice for notice in made if tx.add_item_notice(notice))


def _deadlines(tx: NoticeTransaction, today: date, is_workday: IsWorkday) -> Iterator[tuple[Item, NoticeKind]]:
    for item in tx.items(open_only=True, limit=MOST_ITEMS):
        kind = notice_due(item, today, is_workday)
        if kind is not None:
            yield item, kind


def _notice(item: Item, kind: NoticeKind, day: date, recipient: str, clock: Clock) -> ItemNotice:
    now = clock.now()
    return ItemNotice(
        id=new_id(epoch_ms(now)),
        key=f"{item.id}:{kind}:{day.isoformat()}:{recipient}",
        item_id=item.id,
        kind=kind,
        recipient=recipient,
        deadline=day,
        at=now,
    )
