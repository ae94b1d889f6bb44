"""What counts as telling of a personal room: the room, its door, a device in it, a circuit that serves it alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.privacy import is_personal, is_restricted, tells_of_presence
from sensors.actors import Role
from sensors.subjects import Subject
from sensors.topology import (
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Registry,
    RoomId,
)
from tests.api.bench import Bench, registry
from tests.api.records import finding


def circuit(identifier: str, *rooms: str) -> Circuit:
    return Circuit(id=CircuitId(identifier), item=CircuitItem.PLUGS, serves=tuple(RoomId(room) for room in rooms))


def furnished() -> Registry:
    alone, shared = circuit("c-alone", "a-202"), circuit("c-shared", "a-201", "a-202")
    moved = Device(id=DeviceId("co2"), placements=(Placement(room=RoomId("a-201")), Placement(room=RoomId("a-202"))))
    return replace(
        registry(),
        circuits={each.id: each for each in (alone, shared, circuit("c-total"), circuit("c-secret", "a-203"))},
        devices={moved.id: moved},
        openings={OpeningId("d1"): Opening(id=OpeningId("d1"), kind=OpeningKind.ACCESS, room=RoomId("a-202"))},
    )


@pytest.mark.parametrize(
    ("subject", "personal"),
    [
        ("room:a-201", False),
        ("room:a-202", True),
        ("circuit:c-alone", True),
        ("circuit:c-shared", False),
        ("circuit:c-total", False),
        ("device:co2", True),
        ("device:none", False),
        ("opening:d1", True),
        ("building:a", False),
    ],
)
def test_subject_tells_of_a_person_where_all_its_rooms_are_personal(subject: str, *, personal: bool) -> None:
    assert is_personal(furnished(), Subject.parse(subject)) is personal


@pytest.mark.parametrize(
    ("subject", "restricted"), [("room:a-203", True), ("circuit:c-secret", True), ("room:a-201", False)]
)
def test_subject_is_restricted_where_any_of_its_rooms_is(subject: str, *, restricted: bool) -> None:
    assert is_restricted(furnished(), Subject.parse(subject)) is restricted


def test_what_the_registry_tells_of_a_personal_room_is_no_attendance() -> None:
    room = Subject.parse("room:a-202")
    told = {rule: tells_of_presence(furnished(), rule, room) for rule in ("S02", "S05", "S07", "S08", "E05", "X99")}
    assert told == {"S02": True, "S05": True, "S07": False, "S08": False, "E05": True, "X99": True}


def test_the_order_of_findings_does_not_tell_the_figure_of_a_personal_room(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    finding(bench, subject="room:a-202", identifier="dear", energy_kwh=1_000.0)
    finding(bench, subject="room:a-201", identifier="cheap", energy_kwh=1.0)
    page = bench.signed_in(Role.VIEWER).client.get("/findings", headers={"Accept": "text/html"}).text
    assert 0 < page.index("/rooms/a-201") < page.index("/rooms/a-202")
    assert "1,000" not in page
