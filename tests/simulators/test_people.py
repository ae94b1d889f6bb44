from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from sensors.events import EventState, EventType
from sensors.topology import Absence, PersonId, Registry, RoomId
from simulators.days import chinese_workday, is_near_rest, working_spans
from simulators.grid import DayGrid
from simulators.people import AT_DESK, OUTSIDE, People, PeopleDay
from simulators.rooms import Rooms
from tests.simulators.worlds import MONDAY, ZONE, building, local, series, ticks, world

SATURDAY = date(2026, 10, 24)
MAKE_UP_SATURDAY = date(2026, 10, 10)
WORK = working_spans(building().site)


def house(
    registry: Registry, day: date = MONDAY, *, seed: int = 1, idle: Collection[RoomId] = (), near_holiday: bool = False
) -> PeopleDay:
    people = People(registry, Rooms.of(registry), seed)
    return people.day(DayGrid.of(day, ZONE), worked=True, near_holiday=near_holiday, idle=frozenset(idle))


def column(registry: Registry, room: str) -> int:
    return list(registry.rooms).index(RoomId(room))


@pytest.mark.parametrize("seed", range(5))
def test_no_room_ever_holds_more_people_than_seats(seed: int) -> None:
    registry = building(24)
    seats = np.array([room.capacity or 1 for room in registry.rooms.values()])
    for offset in range(5):
        present = house(registry, MONDAY + timedelta(days=offset), seed=seed).present
        assert (present.max(axis=0) <= seats).all()
        assert present.min() == 0


def test_utilisation_by_the_readings_is_that_of_the_schedule() -> None:
    registry, seed = building(), 3
    told = series(ticks(registry, 1, seed=seed, step=timedelta(minutes=1)))["occ-201", "presence"]
    present = house(registry, seed=seed).present[:, column(registry, "a-201")] > 0
    wanted = sum(int(present[start:end].sum()) for start, end in WORK)
    shown = sum(told[local(MONDAY, minute / 60)] for start, end in WORK for minute in range(start, end))
    assert wanted > 200
    assert shown == wanted


def test_utilisation_by_the_counts_is_that_of_the_places_and_the_visitors() -> None:
    registry = building()
    day = house(registry)
    staff = sum(int((day.place == number).sum()) for number in range(len(registry.rooms)))
    guests = sum(meeting.visitors * (meeting.end - meeting.start) for meeting in day.meetings)
    assert int(day.workers.sum()) == staff + guests


def test_presence_at_the_desk_is_the_share_that_the_chain_was_given() -> None:
    registry = building(100)
    day = house(registry)
    comes = (day.place != OUTSIDE).any(axis=1)
    meeting = np.isin(day.place, [n for n, room in enumerate(registry.rooms.values()) if room.is_meeting_room])
    morning = slice(9 * 60 + 30, 11 * 60 + 30)
    at_desk = (day.place[comes, morning] >= 0) & ~meeting[comes, morning]
    assert at_desk.sum() / (~meeting[comes, morning]).sum() == pytest.approx(AT_DESK, abs=0.05)


def test_nobody_who_is_in_a_room_is_outside_and_passages_tell_who_is_in_house() -> None:
    registry = building()
    for offset in range(5):
        day = house(registry, MONDAY + timedelta(days=offset), seed=2)
        for minute in range(0, 24 * 60, 5):
            guests = sum(m.visitors for m in day.meetings if m.start - 5 <= minute < m.end + 5)
            within = int((day.place[:, minute] != OUTSIDE).sum()) + guests
            assert within == sum(1 if inward else -1 for at, inward in day.passages if at <= minute)


def test_whoever_meets_is_at_one_meeting_and_was_in_house() -> None:
    day = house(building(48))
    assert len(day.meetings) > 5
    for meeting in day.meetings:
        assert len(meeting.members) >= 2
        assert (day.place[list(meeting.members), meeting.start : meeting.end] == meeting.room).all()


def test_visitors_come_to_meetings_only_where_seats_are_left() -> None:
    registry = building(48)
    meetings = [meeting for offset in range(5) for meeting in house(registry, MONDAY + timedelta(days=offset)).meetings]
    assert sum(meeting.visitors for meeting in meetings) > 3
    assert all(len(meeting.members) + meeting.visitors <= 10 for meeting in meetings)


def test_a_day_of_rest_is_empty_and_a_make_up_workday_is_not() -> None:
    told = series(ticks(building(), 7))["occ-305", "people_count"]
    on_saturday = [count for time, count in told.items() if local(SATURDAY) <= time < local(SATURDAY, 24)]
    assert len(on_saturday) == 288
    assert max(on_saturday) == 0
    assert world(building(), start=local(MAKE_UP_SATURDAY)).day.people.present.any()


def test_spring_festival_is_empty_and_the_days_about_it_are_thin() -> None:
    registry = building(60)
    eve, within = date(2026, 2, 13), date(2026, 2, 18)
    assert not world(registry, start=local(within)).day.people.present.any()
    assert is_near_rest(eve, chinese_workday, workdays=2, rest_days=5)
    assert not is_near_rest(date(2026, 3, 11), chinese_workday, workdays=2, rest_days=5)
    usual, thin = (
        int((house(registry, eve, near_holiday=near).place >= 0).any(axis=1).sum()) for near in (False, True)
    )
    assert thin < 0.8 * usual


def test_someone_on_leave_does_not_come() -> None:
    registry = building()
    holder = PersonId("p003")
    leave = replace(registry.people[holder], absences=(Absence(first=MONDAY, last=MONDAY),))
    away = replace(registry, people={**registry.people, holder: leave})
    at = column(registry, "a-202")
    assert house(registry).workers[:, at].any()
    assert not house(away).workers[:, at].any()


def test_idle_room_sees_its_cleaner_only() -> None:
    registry = building()
    at = column(registry, "a-205")
    day = house(registry, idle={RoomId("a-205")})
    assert not day.workers[:, at].any()
    assert int(np.diff(day.cleaners[:, at], prepend=0).clip(min=0).sum()) == 1


def test_cleaners_keep_to_their_hours() -> None:
    minutes = np.flatnonzero(house(building()).cleaners.any(axis=1))
    assert 6 * 60 + 30 <= minutes.min() < minutes.max() < 7 * 60 + 30


def test_who_comes_in_by_card_leaves_by_the_button() -> None:
    events = [event for tick in ticks(building(), 1) for event in tick.events]
    kinds = [event.type for event in events]
    assert kinds.count(EventType.GRANTED) == kinds.count(EventType.EXIT_REQUEST) > 20
    assert {event.state for event in events} == {EventState.MOMENTARY}
    assert len({event.id for event in events}) == len(events)
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_day_without_pause_or_with_odd_hours_can_be_lived() -> None:
    registry = building()
    for hours in ("00:00-24:00", "20:00-23:30", "09:00-10:00"):
        odd = replace(registry, site=replace(registry.site, working_hours=hours))
        assert house(odd).present.shape == (1440, len(registry.rooms))
