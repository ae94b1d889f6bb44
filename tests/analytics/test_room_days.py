"""Overtime, closures and cleaning of single days, in the rules that speak of working hours."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from analytics.calendar import ChangedHolidays, ListedHolidays, WeekdaysOnly, WorkCalendar
from analytics.room_days import CLOSED_RULES
from sensors.catalogue import CATALOGUE
from sensors.day_changes import Away, DayChange, DayChanges, Scope
from sensors.hours import parse_hours
from sensors.topology import CircuitItem, DepartmentId, Person, PersonId, Registry
from sensors.verdicts import Finding, Verdict
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    about,
    analysed,
    batch,
    circuit,
    days_from,
    in_office,
    local,
    meter,
    metered,
    office,
    registry,
    room_device,
    sampled,
    site,
)

ROOM = "room:a-201"
FOUR_WEEKS = days_from(MONDAY, 28)
NINE_WEEKS = days_from(MONDAY, 63)
SATURDAY = MONDAY + timedelta(days=5)
Changes = tuple[DayChange, ...]
HERE = Scope(room=A201)


def change(first: date, last: date, hours: str = "", scope: Scope = HERE, reason: str = "") -> DayChange:
    return DayChange(
        first=first, last=last, scope=scope, hours=parse_hours(hours), source="order 1", who="p1", reason=reason
    )


def changed(
    *, overtime: Changes = (), closures: Changes = (), cleaning: Changes = (), absences: tuple[Away, ...] = ()
) -> ChangedHolidays:
    changes = DayChanges(overtime=overtime, closures=closures, cleaning=cleaning, absences=absences)
    return ChangedHolidays(WeekdaysOnly(), changes)


def two_offices() -> Registry:
    devices = [room_device("cam", A201, "presence"), room_device("cam2", A202, "presence")]
    return registry(rooms=[office(), office(A202)], devices=devices)


def one(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_overtime_is_worked_on_a_day_of_rest_and_only_by_the_room_that_has_it() -> None:
    place = two_offices()
    calendar = WorkCalendar(place.site, changed(overtime=(change(SATURDAY, SATURDAY, "09:00-12:00"),)))
    own, other = (calendar.of_room(place.rooms[room]).day_frame(SATURDAY, SATURDAY) for room in (A201, A202))
    assert (own["work_h"].item(), other["work_h"].item()) == (3.0, 0.0)


def test_a_site_that_is_closed_has_no_workday() -> None:
    closed = change(MONDAY, MONDAY + timedelta(days=1), scope=Scope(), reason="power cut")
    frame = WorkCalendar(site(), changed(closures=(closed,))).day_frame(MONDAY, SATURDAY)
    assert frame["work_h"].to_list() == [0.0, 0.0, 8.0, 8.0, 8.0, 0.0]


def test_overtime_that_fills_lunch_is_no_lunch() -> None:
    calendar = WorkCalendar(site(), changed(overtime=(change(MONDAY, MONDAY, "12:00-13:00", Scope()),)))
    frame = calendar.frame(MONDAY, MONDAY)
    hours = {part["start_ms"]: (part["working"], part["lunch"]) for part in frame.iter_rows(named=True)}
    noon = calendar.midnight_ms(MONDAY) + 12 * 3_600_000
    assert (hours[noon], hours[noon + 3_600_000]) == ((True, False), (False, True))


def test_use_in_overtime_counts_in_s02() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", FOUR_WEEKS, lambda t: float(18 <= t.hour < 22))
    evenings = changed(overtime=(change(FOUR_WEEKS[0], FOUR_WEEKS[-1], "18:00-22:00"),))
    place = two_offices()
    plain = one(about(analysed(place, readings, "S02"), ROOM))
    overtime = one(about(analysed(place, readings, "S02", holidays=evenings), ROOM))
    assert (plain.verdict, plain.value) == (Verdict.FAULT, 0.0)
    # 28 evenings of 4 h, 20 workdays of 8 h
    assert overtime.verdict is Verdict.PASS
    assert overtime.value == pytest.approx(100 * 112 / 272, abs=0.001)


def test_a_closed_room_is_not_judged_by_its_use_and_the_reason_is_told() -> None:
    readings = batch()
    for camera in ("cam", "cam2"):
        sampled(readings, camera, "presence", FOUR_WEEKS, lambda _t: 0.0)
    closed = changed(closures=(change(FOUR_WEEKS[0], FOUR_WEEKS[-1], reason="renovation"),))
    found = analysed(two_offices(), readings, "S02", holidays=closed)
    here = one(about(found, ROOM))
    assert (here.verdict, here.missing) == (Verdict.NOT_APPLICABLE, ("closed: renovation",))
    assert (here.start, here.end) == (local(FOUR_WEEKS[0]), local(FOUR_WEEKS[-1] + timedelta(days=1)))
    assert one(about(found, "room:a-202")).verdict is Verdict.FAULT


def test_a_fault_ends_where_the_room_was_closed() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", NINE_WEEKS, lambda _t: 0.0)
    closed_from = NINE_WEEKS[49]
    closed = changed(closures=(change(closed_from, NINE_WEEKS[-1], reason="renovation"),))
    found = {each.verdict: each for each in about(analysed(two_offices(), readings, "S02", holidays=closed), ROOM)}
    assert found[Verdict.FAULT].end == local(closed_from)
    assert found[Verdict.NOT_APPLICABLE].start == local(closed_from)


def test_days_on_which_a_room_was_closed_do_not_make_it_idle() -> None:
    place = two_offices()
    held = replace(place.rooms[A201], holders=(PersonId("p1"),))
    person = Person(id=PersonId("p1"), name="p1")
    place = replace(place, rooms={**place.rooms, A201: held}, people={person.id: person})
    readings = batch()
    shut = NINE_WEEKS[7]
    sampled(readings, "cam", "presence", NINE_WEEKS, lambda t: in_office(t) if t.date() < shut else 0.0)
    closed = changed(closures=(change(shut, NINE_WEEKS[-4], reason="renovation"),))
    last = [
        each
        for each in about(analysed(place, readings, "S01", holidays=closed), ROOM)
        if each.end > local(NINE_WEEKS[-3])
    ]
    assert [each.verdict for each in last] == [Verdict.PASS]
    assert one(about(analysed(place, readings, "S01"), ROOM)).verdict is Verdict.FAULT


def test_cleaning_at_other_hours_is_no_presence() -> None:
    place = two_offices()
    readings = batch()
    sampled(readings, "cam", "presence", NINE_WEEKS, lambda t: float(t.hour == 19))
    cleaned = changed(cleaning=(change(NINE_WEEKS[0], NINE_WEEKS[-1], "19:00-20:00"),))
    assert one(about(analysed(place, readings, "S01"), ROOM)).verdict is Verdict.PASS
    assert one(about(analysed(place, readings, "S01", holidays=cleaned), ROOM)).verdict is Verdict.FAULT


def test_a_department_that_is_away_makes_no_idle_office() -> None:
    place = two_offices()
    held = replace(place.rooms[A201], holders=(PersonId("p1"),))
    person = Person(id=PersonId("p1"), name="p1", department=DepartmentId("d1"))
    place = replace(place, rooms={**place.rooms, A201: held}, people={person.id: person})
    readings = batch()
    left = NINE_WEEKS[14]
    sampled(readings, "cam", "presence", NINE_WEEKS, lambda t: in_office(t) if t.date() < left else 0.0)
    away = Away(first=left, last=NINE_WEEKS[-1], department=DepartmentId("d1"), source="order 2", who="p2")
    holidays = changed(absences=(away,))
    assert one(about(analysed(place, readings, "S01", holidays=holidays), ROOM)).verdict is Verdict.PASS


def test_where_the_calendar_has_ended_nothing_is_judged_and_the_reason_is_the_calendar() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", NINE_WEEKS, lambda _t: 0.0)
    ended = ListedHolidays(years=frozenset({2025}), exceptions={})
    metered(readings, "m", NINE_WEEKS, lambda _t: 5000.0)
    metered(readings, "m1", NINE_WEEKS, lambda _t: 3000.0)
    circuits = [circuit("main", CircuitItem.TOTAL), circuit("c1", CircuitItem.PLUGS, parent="main")]
    place = two_offices()
    devices = [*place.devices.values(), meter("m", "main"), meter("m1", "c1")]
    place = registry(rooms=place.rooms.values(), circuits=circuits, devices=devices)
    subjects = {"S01": ROOM, "S02": ROOM, "E03": "building:a", "E04": "building:a", "E11": "circuit:main"}
    for rule, subject in subjects.items():
        finding = one(about(analysed(place, readings, rule, holidays=ended), subject))
        assert (rule, finding.verdict, finding.missing) == (rule, Verdict.INSUFFICIENT_DATA, ("site.calendar",))


def test_a_fault_stands_to_the_last_day_of_the_calendar_and_no_further() -> None:
    readings = batch()
    new_year = days_from(date(2025, 11, 3), 70)
    sampled(readings, "cam", "presence", new_year, lambda _t: 0.0)
    ended = ListedHolidays(years=frozenset({2025}), exceptions={})
    found = {each.verdict: each for each in about(analysed(two_offices(), readings, "S01", holidays=ended), ROOM)}
    assert found[Verdict.FAULT].end == local(date(2026, 1, 1))
    assert found[Verdict.INSUFFICIENT_DATA].missing == ("site.calendar",)


def test_the_rules_of_use_and_comfort_are_rules_of_the_catalogue() -> None:
    assert CATALOGUE.keys() >= CLOSED_RULES


def test_a_closed_room_is_not_judged_by_its_temperature() -> None:
    assert {"A05", "E06", "E07"} <= CLOSED_RULES
