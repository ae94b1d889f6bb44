"""S04 to S06: bookings to which nobody came, rooms too large for their groups, buildings too empty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from analytics.calendar import DayKind, WeekdaysOnly
from analytics.runs import Analysis, Request, analyse
from sensors.bookings import Booking
from sensors.readings import ReadingBatch
from sensors.topology import BuildingId, Device, DeviceId, PersonId, Placement, Registry, Room, RoomId, SiteId
from sensors.verdicts import Finding, Verdict
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import (
    A201,
    A202,
    HQ,
    MONDAY,
    about,
    analysed,
    batch,
    days_from,
    local,
    office,
    registry,
    room_device,
    sampled,
)

ROOM = "room:a-201"
FOUR_WEEKS = days_from(MONDAY, 28)
WORKDAYS = [day for day in FOUR_WEEKS if day.weekday() < 5]
NINE_WEEKS = days_from(MONDAY, 63)


def last(analysis: Analysis, rule: str, subject: str = ROOM) -> Finding:
    return max((each for each in about(analysis, subject) if each.rule == rule), key=lambda each: each.end)


@dataclass(frozen=True, slots=True)
class Ended:
    """A calendar whose last day is the third Friday."""

    @staticmethod
    def kind(day: date) -> DayKind:
        """Return the kind of a weekday; UNKNOWN of what comes after."""
        return WeekdaysOnly().kind(day) if day <= FOUR_WEEKS[18] else DayKind.UNKNOWN


def meeting_room(seats: int | None = 10) -> Room:
    return replace(office(subtype="meeting"), capacity=seats)


# --- S04: no-shows


class Booked:
    """Bookings of a-201 at nine on so many workdays."""

    def __init__(self, days: Sequence[date], hour: float = 9.0) -> None:
        self._all = [
            Booking(site=HQ, room=A201, start=local(day, hour), end=local(day, hour + 1), key=str(day)) for day in days
        ]

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        assert site == HQ
        return [each for each in self._all if start_ms <= each.start.timestamp() * 1000 < end_ms]


def came_on(days: set[date], from_minute: int = 0) -> Callable[[datetime], float]:
    """Somebody is there from nine on, or so many minutes later, for half an hour."""
    return lambda t: float(t.date() in days and from_minute <= (t.hour - 9) * 60 + t.minute < 30)


def no_show_run(presence: Callable[[datetime], float | None], booked: Sequence[date] = WORKDAYS) -> Finding:
    store = MemoryReadingStore()
    readings = batch()
    sampled(readings, "cam", "presence", FOUR_WEEKS, presence)
    store.append(readings)
    analysis = analyse(
        registry=registry(rooms=[meeting_room()], devices=[room_device("cam", A201, "presence")]),
        holidays=WeekdaysOnly(),
        store=store,
        request=Request(rules=("S04",)),
        bookings=Booked(booked),
    )
    return last(analysis, "S04")


def test_s04_a_quarter_of_the_bookings_unused_is_a_fault_with_its_figure() -> None:
    finding = no_show_run(came_on(set(WORKDAYS[:15])))
    assert (finding.verdict, finding.value, finding.threshold, finding.unit) == (Verdict.FAULT, 25.0, 20, "%")
    assert finding.evidence == {"bookings": 20, "bookings_counted": 20, "no_shows": 5}


def test_s04_a_fifth_unused_passes() -> None:
    finding = no_show_run(came_on(set(WORKDAYS[:16])))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 20.0)


def test_s04_who_comes_in_the_fifteenth_minute_has_come_and_who_comes_later_has_not() -> None:
    assert no_show_run(came_on(set(WORKDAYS), from_minute=10)).value == 0.0
    assert no_show_run(came_on(set(WORKDAYS), from_minute=15)).value == 100.0


def test_s04_bookings_of_which_nothing_is_known_do_not_count() -> None:
    dark = set(WORKDAYS[12:])
    finding = no_show_run(lambda t: None if t.date() in dark and 7 <= t.hour < 12 else came_on(set(WORKDAYS))(t))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.0)
    assert (finding.evidence["bookings"], finding.evidence["bookings_counted"]) == (20, 12)


def test_s04_few_bookings_are_no_verdict() -> None:
    finding = no_show_run(came_on(set()), booked=WORKDAYS[:9])
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert finding.missing == ("bookings while it was known whether somebody was there",)


def test_s04_without_bookings_or_sensor_is_not_applicable() -> None:
    assert no_show_run(came_on(set()), booked=[]).missing == ("bookings",)
    blind = registry(rooms=[meeting_room(), office(A202)], devices=[room_device("cam", A202, "presence")])
    readings = batch()
    sampled(readings, "cam", "presence", FOUR_WEEKS, came_on(set()))
    assert last(analysed(blind, readings, "S04"), "S04").missing == ("presence|people_count|motion",)


# --- S05: oversized rooms


def counted(room: Room, people: Callable[[datetime], float | None]) -> tuple[Registry, ReadingBatch]:
    place = registry(rooms=[room], devices=[room_device("cam", A201, "people_count")])
    readings = batch()
    sampled(readings, "cam", "people_count", FOUR_WEEKS, people)
    return place, readings


def meetings_of(people: Callable[[datetime], int]) -> Callable[[datetime], float]:
    """From nine to ten on workdays, with so many at the most, in the middle; two at its ends."""

    def count(t: datetime) -> float:
        if t.weekday() >= 5 or t.hour != 9:
            return 0.0
        return float(people(t)) if 20 <= t.minute < 40 else 2.0

    return count


def test_s05_the_median_of_the_largest_groups_is_held_against_the_seats() -> None:
    place, readings = counted(meeting_room(20), meetings_of(lambda t: 5 if t.weekday() < 3 else 12))
    finding = last(analysed(place, readings, "S05"), "S05")
    assert (finding.verdict, finding.value, finding.threshold) == (Verdict.FAULT, 0.25, 0.3)
    assert finding.evidence == {"uses": 20, "median_people": 5.0, "capacity": 20, "coverage_pct": 100.0}


def test_s05_three_in_ten_seats_passes() -> None:
    place, readings = counted(meeting_room(20), meetings_of(lambda _: 6))
    finding = last(analysed(place, readings, "S05"), "S05")
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.3)


def test_s05_and_s06_say_nothing_of_days_that_the_calendar_does_not_reach() -> None:
    place, made = counted(meeting_room(20), meetings_of(lambda _: 5))
    finding = last(analysed(place, made, "S05", holidays=Ended()), "S05")
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("site.calendar",))
    readings = batch()
    sampled(readings, "gate", "people_count", NINE_WEEKS, present(30.0))
    used = analysed(building(100, office(), devices=[COUNTER]), readings, "S06", holidays=Ended())
    finding = last(used, "S06", "building:a")
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("site.calendar",))


def test_s05_a_short_break_does_not_part_a_use() -> None:
    place, readings = counted(
        meeting_room(20), lambda t: 0.0 if t.hour == 9 and 30 <= t.minute < 40 else meetings_of(lambda _: 4)(t)
    )
    assert last(analysed(place, readings, "S05"), "S05").evidence["uses"] == 20


def test_s05_in_an_office_people_come_and_go_and_the_day_is_the_use() -> None:
    desks = replace(office(), capacity=4)
    place, readings = counted(desks, lambda t: (2.0 if t.hour == 14 else 1.0) if t.hour in {8, 10, 14, 17} else 0.0)
    finding = last(analysed(place, readings, "S05"), "S05")
    assert (finding.verdict, finding.value, finding.evidence["uses"]) == (Verdict.PASS, 0.5, 28)


def test_s05_few_uses_and_thin_counts_are_no_verdict() -> None:
    rare = counted(meeting_room(20), lambda t: 2.0 if t.weekday() == 0 and t.hour == 9 else 0.0)
    assert last(analysed(*rare, "S05"), "S05").verdict is Verdict.INSUFFICIENT_DATA
    thin = counted(meeting_room(20), lambda t: None if t.hour >= 15 else meetings_of(lambda _: 2)(t))
    assert last(analysed(*thin, "S05"), "S05").verdict is Verdict.INSUFFICIENT_DATA


def test_s05_needs_seats_and_a_count() -> None:
    assert last(analysed(*counted(meeting_room(None), meetings_of(lambda _: 2)), "S05"), "S05").missing == (
        "room.capacity",
    )


# --- S06: building use


def building(headcount: int | None, *rooms: Room, devices: Sequence[Device]) -> Registry:
    bare = registry(rooms=rooms, devices=devices)
    return replace(bare, buildings={BuildingId("a"): replace(bare.buildings[BuildingId("a")], headcount=headcount)})


def present(number: float) -> Callable[[datetime], float]:
    return lambda t: number if t.weekday() < 5 and 9 <= t.hour < 17 else 0.0


COUNTER = Device(
    id=DeviceId("gate"), placements=(Placement(building=BuildingId("a")),), metrics=("people_count",), interval_s=300
)


@pytest.mark.parametrize(("peak", "verdict"), [(59, Verdict.FAULT), (60, Verdict.PASS)])
def test_s06_a_counter_of_the_building_gives_the_peak(peak: int, verdict: Verdict) -> None:
    readings = batch()
    sampled(readings, "gate", "people_count", NINE_WEEKS, present(peak))
    finding = last(analysed(building(100, office(), devices=[COUNTER]), readings, "S06"), "S06", "building:a")
    assert (finding.verdict, finding.value, finding.threshold, finding.unit) == (verdict, peak, 60, "%")
    assert finding.evidence["counted_by"] == "building"


def rooms_counted(headcount: int, first: float, second: str = "people_count") -> Finding:
    """Room a-201 has a counter, a-202 with four seats what is named; both count at the same time."""
    rooms = [replace(office(A201), capacity=10), replace(office(A202), capacity=4)]
    devices = [room_device("one", A201, "people_count"), room_device("two", A202, second)]
    readings = batch()
    sampled(readings, "one", "people_count", NINE_WEEKS, present(first))
    sampled(readings, "two", second, NINE_WEEKS, present(1.0 if second == "presence" else 2.0))
    analysis = analysed(building(headcount, *rooms, devices=devices), readings, "S06")
    return last(analysis, "S06", "building:a")


def test_s06_the_rooms_of_a_building_are_added_up_at_each_time() -> None:
    finding = rooms_counted(10, 3.0)  # 3 + 2 of 10
    assert (finding.verdict, finding.value) == (Verdict.FAULT, 50.0)
    assert (finding.evidence["peak_at_least"], finding.evidence["peak_at_most"]) == (5.0, 5.0)


def test_s06_an_occupied_room_without_a_counter_leaves_a_range() -> None:
    assert rooms_counted(20, 7.0, "presence").verdict is Verdict.FAULT  # at most 7 + 4 of 20
    assert rooms_counted(12, 7.0, "presence").verdict is Verdict.PASS  # at least 7 + 1 of 12
    between = rooms_counted(15, 7.0, "presence")  # 8 to 11 of 15
    assert (between.verdict, between.missing) == (
        Verdict.INSUFFICIENT_DATA,
        ("people_count of the building, or of enough of its rooms",),
    )


def test_s06_a_room_that_nothing_watches_may_be_full() -> None:
    rooms = [replace(office(A201), capacity=10), replace(office(A202), capacity=8)]
    readings = batch()
    sampled(readings, "one", "people_count", NINE_WEEKS, present(3.0))
    place = building(10, *rooms, devices=[room_device("one", A201, "people_count")])
    assert last(analysed(place, readings, "S06"), "S06", "building:a").verdict is Verdict.INSUFFICIENT_DATA


def test_s06_a_room_without_a_number_of_seats_may_hold_anybody_until_it_is_counted() -> None:
    readings = batch()
    sampled(readings, "one", "people_count", NINE_WEEKS, present(3.0))
    devices = [room_device("one", A201, "people_count")]
    alone = last(analysed(building(10, office(A201), devices=devices), readings, "S06"), "S06", "building:a")
    assert (alone.verdict, alone.value) == (Verdict.FAULT, 30.0)
    both = building(10, office(A201), office(A202), devices=devices)
    finding = last(analysed(both, readings, "S06"), "S06", "building:a")
    assert (finding.verdict, finding.evidence["peak_at_most"]) == (Verdict.INSUFFICIENT_DATA, None)


def test_s06_two_weeks_are_no_verdict_and_no_headcount_is_not_applicable() -> None:
    readings = batch()
    sampled(readings, "gate", "people_count", days_from(MONDAY, 14), present(10.0))
    short = analysed(building(100, office(), devices=[COUNTER]), readings, "S06")
    assert last(short, "S06", "building:a").verdict is Verdict.INSUFFICIENT_DATA
    uncounted = analysed(building(None, office(), devices=[COUNTER]), readings, "S06")
    assert last(uncounted, "S06", "building:a").missing == ("building.headcount",)


def test_s06_holders_stand_in_for_seats_that_nobody_wrote_down() -> None:
    room = replace(office(RoomId("a-203")), holders=(PersonId("p1"), PersonId("p2")))
    readings = batch()
    sampled(readings, "one", "people_count", NINE_WEEKS, present(3.0))
    place = building(10, office(A201), room, devices=[room_device("one", A201, "people_count")])
    finding = last(analysed(place, readings, "S06"), "S06", "building:a")
    assert (finding.verdict, finding.value) == (Verdict.FAULT, 50.0)  # at most 3 + 2
    assert finding.start < finding.end - timedelta(days=28)
