from dataclasses import replace
from datetime import date, timedelta

import pytest

from sensors.events import EventState, EventType
from sensors.topology import Absence, PersonId, RoomId
from simulators.days import working_spans
from simulators.people import house_day
from simulators.timeline import joined
from tests.simulators.worlds import MONDAY, building, local, minutes, series, ticks

SATURDAY = date(2026, 10, 24)
MAKE_UP_SATURDAY = date(2026, 10, 10)
WORK = working_spans(building().site)


@pytest.mark.parametrize("seed", range(5))
def test_no_room_ever_holds_more_people_than_seats(seed: int) -> None:
    registry = building()
    told = series(ticks(registry, 3, seed=seed))
    counters = {key: values for key, values in told.items() if key[1] == "people_count"}
    assert len(counters) >= 5
    for (device, _), counts in counters.items():
        room = registry.rooms[RoomId(f"a-{device.removeprefix('occ-')}")]
        assert max(counts.values()) <= (room.capacity or 1)
        assert min(counts.values()) == 0


def test_utilisation_by_the_readings_is_that_of_the_schedule() -> None:
    registry, seed = building(), 3
    told = series(ticks(registry, 1, seed=seed, step=timedelta(minutes=1)))["occ-201", "presence"]
    planned = joined(
        span
        for cleaning in (True, False)
        for span in house_day(registry, seed, MONDAY).spans(RoomId("a-201"), cleaning=cleaning)
    )
    wanted = sum(minutes(span, WORK) for span in planned)
    shown = sum(told[local(MONDAY, minute / 60)] for start, end in WORK for minute in range(start, end))
    assert wanted > 200
    assert shown == wanted


def test_nobody_is_in_two_rooms_at_once() -> None:
    registry = building()
    for offset in range(5):
        house = house_day(registry, 2, MONDAY + timedelta(days=offset))
        people = [stay for stay in house.stays if not stay.cleaning]
        for minute in range(0, 24 * 60, 5):
            inside = sum(start <= minute < end for start, end in (stay.span for stay in people))
            come = sum(p.inward for p in house.passages if p.minute <= minute)
            gone = sum(not p.inward for p in house.passages if p.minute <= minute)
            assert inside <= come - gone


def test_a_day_of_rest_is_empty_and_a_make_up_workday_is_not() -> None:
    told = series(ticks(building(), 7))["occ-305", "people_count"]
    on_saturday = [count for time, count in told.items() if local(SATURDAY) <= time < local(SATURDAY, 24)]
    assert len(on_saturday) == 288
    assert max(on_saturday) == 0
    assert house_day(building(), 1, MAKE_UP_SATURDAY).stays


def test_someone_on_leave_does_not_come() -> None:
    registry = building()
    holder = PersonId("p003")
    leave = replace(registry.people[holder], absences=(Absence(first=MONDAY, last=MONDAY),))
    away = replace(registry, people={**registry.people, holder: leave})
    assert house_day(registry, 1, MONDAY).spans(RoomId("a-202"), cleaning=False)
    assert house_day(away, 1, MONDAY).spans(RoomId("a-202"), cleaning=False) == []


def test_idle_room_sees_its_cleaner_only() -> None:
    room = RoomId("a-205")
    house = house_day(building(), 1, MONDAY, idle={room})
    assert house.spans(room, cleaning=False) == []
    assert len(house.spans(room, cleaning=True)) == 1


def test_who_comes_in_by_card_leaves_by_the_button() -> None:
    events = [event for tick in ticks(building(), 1) for event in tick.events]
    kinds = [event.type for event in events]
    assert kinds.count(EventType.GRANTED) == kinds.count(EventType.EXIT_REQUEST) > 20
    assert {event.state for event in events} == {EventState.MOMENTARY}
    assert len({event.id for event in events}) == len(events)
    assert [event.time for event in events] == sorted(event.time for event in events)
