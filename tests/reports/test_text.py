"""The answer on a terminal tells what the page tells, and of personal rooms no more than it."""

from dataclasses import replace

import pytest

from reports.messages import Language
from reports.text import render_text
from sensors.topology import CircuitItem, Person, PersonId, Registry
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    analysed,
    batch,
    circuit,
    days_from,
    meter,
    metered,
    office,
    registry,
    room_device,
    sampled,
)

DAYS = days_from(MONDAY, 28)


def two_rooms(*, holders: tuple[PersonId, ...] = ()) -> Registry:
    devices = [meter("m", "light"), room_device("one", A201, "presence"), room_device("two", A202, "presence")]
    rooms = [replace(office(A201), holders=holders), office(A202)]
    place = registry(rooms=rooms, circuits=[circuit("light", CircuitItem.LIGHTING, A202)], devices=devices)
    return replace(place, people={holder: Person(id=holder, name=holder) for holder in holders})


def told(place: Registry, language: Language) -> str:
    readings = batch()
    metered(readings, "m", DAYS, lambda _t: 600.0)
    sampled(readings, "one", "presence", DAYS, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 10))
    sampled(readings, "two", "presence", DAYS, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 12))
    return render_text(analysed(place, readings, "S02", "E05"), language)


@pytest.mark.parametrize(("language", "verdict"), [("zh", "低效"), ("en", "Underused")])
def test_each_room_has_its_figure_and_class(language: Language, verdict: str) -> None:
    lines = told(two_rooms(), language).splitlines()
    line = next(line for line in lines if "12.5%" in line and "a-201" in line)
    assert verdict in line
    assert any("37.5%" in line and "a-202" in line for line in lines)
    assert any("403.2 kWh" in line for line in lines)


def test_a_room_with_two_holders_shows_no_figure() -> None:
    text = told(two_rooms(holders=(PersonId("p1"), PersonId("p2"))), "en")
    assert "12.5%" not in text
    assert "a-201" in text


@pytest.mark.parametrize(("language", "why"), [("zh", "一至两人使用，不列数字"), ("en", "figures withheld: one")])
def test_of_a_personal_room_the_reason_is_told(language: Language, why: str) -> None:
    lines = told(two_rooms(holders=(PersonId("p1"),)), language).splitlines()
    assert [why in line for line in lines if "a-201" in line] == [True]


def lit_by_day(*, weeks: int, place: Registry, language: Language) -> str:
    """Return the line of E05 about a light that burns all day over room a-202, in use from nine to twelve."""
    days = days_from(MONDAY, 7 * weeks)
    readings = batch()
    metered(readings, "m", days, lambda t: 2000.0 if 8 <= t.hour < 18 else 0.0)
    sampled(readings, "two", "presence", days, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 12))
    lines = render_text(analysed(place, readings, "E05"), language).splitlines()
    return lines[next(number for number, line in enumerate(lines) if "E05" in line) + 1]


@pytest.mark.parametrize(("language", "why"), [("zh", "不列数字和期间"), ("en", "figures and periods are withheld")])
def test_of_a_finding_that_tells_of_a_person_the_reason_is_told(language: Language, why: str) -> None:
    place = two_rooms(holders=(PersonId("p1"),))
    rooms = {**place.rooms, A202: replace(place.rooms[A202], holders=(PersonId("p1"),))}
    line = lit_by_day(weeks=2, place=replace(place, rooms=rooms), language=language)
    assert why in line
    assert "W/m²" not in line


@pytest.mark.parametrize(("language", "more"), [("zh", "此前另有3次"), ("en", "and 3 earlier")])
def test_the_last_finding_is_told_with_how_many_came_before(language: Language, more: str) -> None:
    line = lit_by_day(weeks=4, place=two_rooms(), language=language)
    assert "W/m²" in line
    assert line.endswith(more)


def test_a_single_finding_has_none_before() -> None:
    line = lit_by_day(weeks=1, place=two_rooms(), language="en")
    assert line.endswith("W/m²")
