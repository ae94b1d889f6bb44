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
