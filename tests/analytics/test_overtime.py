"""Overtime that was approved for single rooms, in the rules over the meters of their building."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from analytics.calendar import ChangedHolidays, WeekdaysOnly
from analytics.rules.after_hours import YEAR_DAYS
from sensors.day_changes import DayChange, DayChanges, Scope
from sensors.hours import parse_hours
from sensors.readings import ReadingBatch
from sensors.topology import BuildingId, CircuitItem, Registry
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
    meter,
    metered,
    office,
    registry,
)

DAYS = days_from(MONDAY, 28)
LAST_SEASON = days_from(MONDAY - timedelta(days=YEAR_DAYS + 14), 56)
Load = Callable[[datetime], float]


def building() -> Registry:
    return registry(
        rooms=[office(), office(A202)], circuits=[circuit("main", CircuitItem.TOTAL)], devices=[meter("m-main", "main")]
    )


def overtime(hours: str, scope: Scope, *, closed: bool = False) -> ChangedHolidays:
    entry = DayChange(first=DAYS[0], last=DAYS[-1], scope=scope, hours=parse_hours(hours), source="order 1", who="p1")
    closure = DayChange(first=DAYS[0], last=DAYS[-1], scope=scope, source="order 2", who="p1", reason="renovation")
    return ChangedHolidays(WeekdaysOnly(), DayChanges(overtime=(entry,), closures=(closure,) if closed else ()))


def used(at_night_w: float, *, late: range) -> Load:
    """Return 20 kW in working hours, and 2 kW outside them but in the hours that are `late`."""

    def power_w(time: datetime) -> float:
        if time.hour in late:
            return at_night_w
        return 20_000.0 if time.weekday() < 5 and 8 <= time.hour < 18 else 2000.0

    return power_w


def latest(rule: str, readings: ReadingBatch, holidays: ChangedHolidays | None = None) -> Finding:
    found = analysed(building(), readings, rule, holidays=holidays, first=DAYS[-7], last=DAYS[-1])
    return about(found, "building:a")[-1]


def nights(late: range) -> ReadingBatch:
    readings = batch()
    metered(readings, "m-main", DAYS, used(18_000.0, late=late))
    return readings


def test_a_night_of_overtime_in_one_room_is_no_base_load() -> None:
    readings, approved = nights(range(3)), overtime("00:00-03:00", Scope(room=A201))
    plain, with_overtime = latest("E03", readings), latest("E03", readings, approved)
    assert (plain.verdict, with_overtime.verdict) == (Verdict.FAULT, Verdict.PASS)
    assert with_overtime.evidence["night_w"] == 2000.0


def test_overtime_of_the_whole_site_is_no_base_load_either() -> None:
    assert latest("E03", nights(range(3)), overtime("00:00-03:00", Scope())).verdict is Verdict.PASS


def test_hours_of_the_night_without_overtime_are_judged_on() -> None:
    assert latest("E03", nights(range(5)), overtime("00:00-03:00", Scope(room=A201))).verdict is Verdict.FAULT


def test_a_night_that_is_overtime_throughout_gives_no_verdict() -> None:
    found = latest("E03", nights(range(5)), overtime("00:00-05:00", Scope(room=A201)))
    assert found.verdict is Verdict.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    "approved",
    [overtime("00:00-03:00", Scope(building=BuildingId("b"))), overtime("00:00-03:00", Scope(room=A201), closed=True)],
    ids=["elsewhere", "in a closed room"],
)
def test_overtime_elsewhere_or_in_a_closed_room_excuses_nothing(approved: ChangedHolidays) -> None:
    assert latest("E03", nights(range(3)), approved).verdict is Verdict.FAULT


def two_years(now: Load, days: list[date] = DAYS) -> ReadingBatch:
    readings = batch()
    stand = metered(readings, "m-main", LAST_SEASON, used(2000.0, late=range(18, 22)))
    metered(readings, "m-main", days, now, start_kwh=stand)
    return readings


def test_evenings_of_overtime_in_one_room_are_no_use_after_hours() -> None:
    readings = two_years(used(8000.0, late=range(18, 22)))
    approved = overtime("18:00-22:00", Scope(room=A201))
    plain, with_overtime = latest("E04", readings), latest("E04", readings, approved)
    assert (plain.verdict, with_overtime.verdict, with_overtime.value) == (Verdict.FAULT, Verdict.PASS, 0.0)


def test_what_rises_beside_overtime_is_found() -> None:
    readings = two_years(used(10_000.0, late=range(18, 24)))
    assert latest("E04", readings, overtime("18:00-22:00", Scope(room=A201))).verdict is Verdict.FAULT
