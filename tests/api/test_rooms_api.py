"""Rooms over HTTP: the shared as they are, the personal by their use alone, the restricted not at all."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.ports import SeriesName
from sensors.actors import Role
from tests.api.bench import NOON, Bench, code


def test_rooms_are_listed_by_what_may_be_shown(tmp_path: Path) -> None:
    shared, personal = Bench(tmp_path).signed_in(Role.VIEWER).get("/rooms").json()
    assert (shared["id"], shared["occupied"], shared["people"], shared["co2_ppm"]) == ("a-201", True, 3, 900.0)
    assert shared["last_reading"] == "2026-11-23T12:00:00Z"
    assert (personal["id"], personal["personal"], personal["use"]) == ("a-202", True, "idle")
    measured = ("occupied", "people", "co2_ppm", "temperature_c", "power_w", "last_reading")
    assert {personal[name] for name in measured} == {None}


def test_one_room_is_shown_likewise(tmp_path: Path) -> None:
    viewer = Bench(tmp_path).signed_in(Role.VIEWER)
    assert viewer.get("/rooms/a-201").json()["occupied"] is True
    assert viewer.get("/rooms/a-202").json()["occupied"] is None
    assert code(viewer.get("/rooms/a-203")) == "not_found"
    assert code(viewer.get("/rooms/none")) == "not_found"


def test_series_covers_the_last_week_and_everything_unless_asked_otherwise(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = bench.signed_in(Role.VIEWER).get("/rooms/a-201/series").json()
    assert answer["time_ms"] == [0, 1000]
    assert answer["columns"]["co2_ppm"] == [1.0, None]
    assert bench.rooms.asked == [("a-201", tuple(SeriesName), NOON - timedelta(days=7), NOON, 1000)]


def test_series_is_cut_to_what_is_asked(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = "/rooms/a-201/series?names=co2_ppm&start=2026-11-22T20:00:00%2B08:00&points=50"
    assert list(bench.signed_in(Role.VIEWER).get(path).json()["columns"]) == ["co2_ppm"]
    assert bench.rooms.asked == [("a-201", (SeriesName.CO2_PPM,), NOON - timedelta(days=1), NOON, 50)]


@pytest.mark.parametrize(
    ("room", "problem"), [("a-202", "personal_room"), ("a-203", "not_found"), ("none", "not_found")]
)
def test_series_that_may_not_be_shown_is_not_even_asked_for(tmp_path: Path, room: str, problem: str) -> None:
    bench = Bench(tmp_path)
    assert code(bench.signed_in(Role.FACILITY_MANAGER).get(f"/rooms/{room}/series")) == problem
    assert bench.rooms.asked == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("start=2026-11-24T00:00:00Z", "period"),
        ("start=2020-01-01T00:00:00Z", "period"),
        ("start=2026-11-22T00:00:00", "invalid"),
        ("points=1", "invalid"),
        ("names=weather", "invalid"),
    ],
)
def test_period_that_cannot_be_is_refused(tmp_path: Path, query: str, problem: str) -> None:
    assert code(Bench(tmp_path).signed_in(Role.VIEWER).get(f"/rooms/a-201/series?{query}")) == problem


def test_way_in_tells_what_waits(tmp_path: Path) -> None:
    health = Bench(tmp_path).signed_in(Role.VIEWER).get("/ingest").json()
    assert (health["ready"], health["spooled"]) == (True, 3)
    assert health["gateways"][0]["quarantined"] == 1


def test_api_describes_itself(tmp_path: Path) -> None:
    described = Bench(tmp_path).signed_in(Role.VIEWER).get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/rooms" in described["paths"]
