"""Deadlines are told before, on the day and after, in workdays, once each; seasons are waited for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rectification import commands, recurring
from rectification.model import Item, ItemState, judged_since
from rectification.notices import NoticeKind
from rectification.particulars import Particulars
from rectification.reminders import People, notice_due, remind, workdays_between
from rectification.seasons import await_seasons, await_unjudged, resume_seasons
from rectification.verification import Checked, NotYet, Reason
from sensors.topology import ClimateZone, Name, Site
from tests.memory_records import HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER, OTHER_MANAGER
from tests.rectification.factories import HQ, FaultSaid, brought_to, drafted

MONDAY = date(2026, 11, 23)
PEOPLE = People(known=frozenset({MANAGER.id, OTHER_MANAGER.id, OFFICER.id}), managers=(MANAGER.id, OTHER_MANAGER.id))
COLD = Site(
    id=HQ,
    name=Name(zh="一号院", en="Compound 1"),
    timezone="Asia/Shanghai",
    working_hours="09:00-17:00",
    climate_zone=ClimateZone.SEVERE_COLD_AND_COLD,
)


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def due_on(deadline: date, *, state: ItemState = ItemState.ASSIGNED) -> tuple[MemoryRecords, HandClock, Item]:
    tx, clock = MemoryRecords(), HandClock()
    item = replace(brought_to(state, tx, clock), deadline=deadline)
    tx.item_rows[item.id] = item
    return tx, clock, item


def told(tx: MemoryRecords, clock: HandClock, today: date) -> list[tuple[NoticeKind, str]]:
    made = remind(tx, today=today, is_workday=weekdays, people=PEOPLE, clock=clock)
    return [(notice.kind, notice.recipient) for notice in made]


@pytest.mark.parametrize(
    ("days_on", "kind"),
    [
        (-5, None),
        (-4, None),
        (-3, NoticeKind.DUE_IN_3),
        (-2, NoticeKind.DUE_IN_3),
        (-1, NoticeKind.DUE_IN_1),
        (0, NoticeKind.DUE_TODAY),
        (1, None),
        (2, None),
        (3, NoticeKind.OVERDUE),
        (4, NoticeKind.OVERDUE),
        (5, NoticeKind.OVERDUE_LONG),
        (60, NoticeKind.OVERDUE_LONG),
    ],
)
def test_a_deadline_on_a_friday_is_counted_in_workdays(days_on: int, kind: NoticeKind | None) -> None:
    friday = date(2026, 11, 27)
    _, _, item = due_on(friday)
    assert notice_due(item, friday + timedelta(days=days_on), weekdays) is kind


def test_a_make_up_day_counts_and_a_holiday_does_not() -> None:
    made_up, holiday = date(2026, 11, 28), date(2026, 11, 30)

    def worked(day: date) -> bool:
        return day == made_up or (weekdays(day) and day != holiday)

    assert workdays_between(date(2026, 11, 27), date(2026, 12, 1), worked) == 2
    _, _, item = due_on(date(2026, 12, 1))
    assert notice_due(item, made_up, worked) is NoticeKind.DUE_IN_1


def test_each_notice_is_told_once_however_often_somebody_looks() -> None:
    tx, clock, _ = due_on(MONDAY)
    assert told(tx, clock, MONDAY) == [(NoticeKind.DUE_TODAY, OFFICER.id)]
    assert told(tx, clock, MONDAY) == []
    assert [notice.kind for notice in tx.item_notices(OFFICER.id)] == [NoticeKind.DUE_TODAY]


def test_after_the_deadline_the_leader_hears_and_then_those_who_manage() -> None:
    tx, clock, item = due_on(MONDAY)
    tx.save_particulars(item.id, Particulars(leader=OTHER_MANAGER.id))
    assert told(tx, clock, MONDAY + timedelta(days=1)) == [
        (NoticeKind.OVERDUE, OFFICER.id),
        (NoticeKind.OVERDUE, OTHER_MANAGER.id),
    ]
    assert told(tx, clock, MONDAY + timedelta(days=3)) == [
        (NoticeKind.OVERDUE_LONG, OTHER_MANAGER.id),
        (NoticeKind.OVERDUE_LONG, MANAGER.id),
    ]


@pytest.mark.parametrize("leader", ["", "王局长"])
def test_where_no_account_leads_those_who_manage_hear_at_once(leader: str) -> None:
    tx, clock, item = due_on(MONDAY)
    tx.save_particulars(item.id, Particulars(leader=leader))
    assert {who for _, who in told(tx, clock, MONDAY + timedelta(days=1))} == {OFFICER.id, *PEOPLE.managers}


def test_what_nobody_answers_for_is_told_to_those_who_manage() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    assert item.deadline is not None
    assert {who for _, who in told(tx, clock, item.deadline)} == set(PEOPLE.managers)


def test_a_deadline_that_was_moved_is_told_anew() -> None:
    tx, clock, item = due_on(MONDAY)
    told(tx, clock, MONDAY)
    tx.item_rows[item.id] = replace(item, deadline=MONDAY + timedelta(days=1))
    assert told(tx, clock, MONDAY + timedelta(days=1)) == [(NoticeKind.DUE_TODAY, OFFICER.id)]


@pytest.mark.parametrize("state", [ItemState.REPORTED_DONE, ItemState.VERIFIED, ItemState.SIGNED_OFF])
def test_what_is_reported_done_is_not_overdue(state: ItemState) -> None:
    tx, clock, _ = due_on(MONDAY, state=state)
    assert told(tx, clock, MONDAY + timedelta(days=9)) == []


def test_a_look_back_is_told_when_it_is_due_and_not_after_it_was_held() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.SIGNED_OFF, tx, clock)
    assert item.look_back is not None
    assert told(tx, clock, item.look_back - timedelta(days=1)) == []
    assert {kind for kind, _ in told(tx, clock, item.look_back)} == {NoticeKind.LOOK_BACK_DUE}
    recurring.look_back(tx, item.id, actor=OTHER_MANAGER, clock=clock, note="holds")
    assert told(tx, clock, item.look_back + timedelta(days=1)) == []


def test_a_notice_is_put_aside_by_whom_it_was_told_to() -> None:
    tx, clock, item = due_on(MONDAY)
    told(tx, clock, MONDAY)
    assert tx.see_item_notices(MANAGER.id, item_id=item.id, at=clock.now()) == 0
    assert tx.see_item_notices(OFFICER.id, item_id=item.id, at=clock.now()) == 1
    assert tx.item_notices(OFFICER.id) == []


def reported(rule: str, found: datetime, done: datetime) -> tuple[MemoryRecords, HandClock, Item]:
    tx, clock = MemoryRecords(), HandClock(instant=found)
    item = brought_to(ItemState.IN_PROGRESS, tx, clock, FaultSaid(rule=rule, started=found))
    clock.instant = done
    return tx, clock, commands.report_done(tx, item.id, actor=OFFICER, clock=clock)


def awaited(tx: MemoryRecords, clock: HandClock) -> Sequence[Item]:
    return await_seasons(tx, site=COLD, zone=UTC, clock=clock)


JANUARY, APRIL, JULY = (datetime(2027, month, 10, 4, tzinfo=UTC) for month in (1, 4, 7))
NOVEMBER = datetime(2027, 11, 16, 4, tzinfo=UTC)


@pytest.mark.parametrize("rule", ["E07", "A05", "A06"])
@pytest.mark.parametrize("done", [APRIL, JULY])
def test_what_was_found_in_winter_waits_for_a_winter_to_be_proven(rule: str, done: datetime) -> None:
    tx, clock, item = reported(rule, JANUARY, done)
    [waiting] = awaited(tx, clock)
    assert (waiting.id, waiting.state) == (item.id, ItemState.AWAITING_SEASON)
    assert resume_seasons(tx, site=COLD, zone=UTC, clock=clock) == ()
    clock.instant = NOVEMBER
    [resumed] = resume_seasons(tx, site=COLD, zone=UTC, clock=clock)
    assert (resumed.state, judged_since(resumed)) == (ItemState.REPORTED_DONE, NOVEMBER)
    assert resumed.reported_done == done
    assert awaited(tx, clock) == ()


@pytest.mark.parametrize(("rule", "found"), [("E07", JANUARY), ("E06", JULY), ("E05", JANUARY)])
def test_what_is_reported_in_its_season_or_knows_none_does_not_wait(rule: str, found: datetime) -> None:
    tx, clock, _ = reported(rule, found, found + timedelta(days=1))
    assert awaited(tx, clock) == ()


def test_a_window_that_the_season_cut_off_is_watched_in_the_next() -> None:
    tx, clock, item = reported("E07", JANUARY, datetime(2027, 3, 14, 4, tzinfo=UTC))
    clock.instant = APRIL
    assert awaited(tx, clock) == (), "it was reported in season: the window decides first"
    silent = NotYet(reason=Reason.NOT_APPLICABLE, since=item.opened, until=APRIL)
    [waiting] = await_unjudged(tx, [Checked(item=item, outcome=silent)], site=COLD, zone=UTC, clock=clock)
    assert waiting.state is ItemState.AWAITING_SEASON
    assert tx.item_log[-1].evidence


def test_what_does_not_apply_within_its_season_is_left_where_it_is() -> None:
    tx, clock, item = reported("E07", JANUARY, JANUARY + timedelta(days=1))
    silent = NotYet(reason=Reason.NOT_APPLICABLE, since=item.opened, until=clock.now())
    assert await_unjudged(tx, [Checked(item=item, outcome=silent)], site=COLD, zone=UTC, clock=clock) == ()


def test_what_comes_back_while_it_waits_is_sent_back_to_work() -> None:
    tx, clock, _ = reported("E07", JANUARY, APRIL)
    [waiting] = awaited(tx, clock)
    back = commands.refute(tx, waiting.id, evidence="{}", clock=clock)
    assert (back.state, back.judged_from, back.reported_done) == (ItemState.IN_PROGRESS, None, None)
