from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sensors.topology import DeviceId, Name, Placement, RoomCategory, RoomId
from simulators import registry_text
from simulators.building import KUNMING_M, BuildingSizeError, office_building
from simulators.climate import CLIMATES
from simulators.equipment import Equipment
from storage.registry_file import load_registry
from tests.simulators.worlds import MONDAY, building


@pytest.mark.parametrize("rooms", [1, 2, 12, 40, 130])
def test_written_registry_reads_back_as_it_was(rooms: int, tmp_path: Path) -> None:
    registry = building(rooms, altitude_m=KUNMING_M)
    path = tmp_path / "registry.yaml"
    path.write_text(registry_text(registry), encoding="utf-8")
    assert load_registry(path) == registry
    assert len(registry.rooms) == rooms


def test_moved_devices_and_odd_names_read_back(tmp_path: Path) -> None:
    registry = building()
    moved = replace(
        registry.devices[DeviceId("aq-201")],
        placements=(
            Placement(room=RoomId("a-201"), until=date(2026, 11, 1)),
            Placement(room=RoomId("a-202"), since=date(2026, 11, 1)),
        ),
        pressure_compensated=False,
    )
    odd = replace(registry.rooms[RoomId("a-201")], name=Name(zh='"0201": #, {}', en="NO"))
    changed = replace(registry, devices={**registry.devices, moved.id: moved}, rooms={**registry.rooms, odd.id: odd})
    path = tmp_path / "registry.yaml"
    path.write_text(registry_text(changed), encoding="utf-8")
    assert load_registry(path) == changed


def test_twelve_rooms_hold_what_the_rules_look_at() -> None:
    registry = building()
    offices = [room for room in registry.rooms.values() if room.category is RoomCategory.OFFICE]
    assert {len(room.holders) for room in offices} == {1, 2, 3, 4}
    assert [room.id for room in registry.rooms.values() if room.is_meeting_room] == ["a-204"]
    assert [room.id for room in offices if room.subtype == "shared"] == ["a-205"]
    servers = [circuit for circuit in registry.circuits.values() if circuit.always_on]
    assert [circuit.serves for circuit in servers] == [("a-302",)]


def test_fully_equipped_building_reads_back_as_it_was(tmp_path: Path) -> None:
    registry = office_building(24, start=MONDAY, equipment=Equipment.FULL, climate=CLIMATES["kunming"])
    path = tmp_path / "registry.yaml"
    path.write_text(registry_text(registry), encoding="utf-8")
    assert load_registry(path) == registry
    assert registry.site.altitude_m == KUNMING_M


@pytest.mark.parametrize("rooms", [0, -1, 5001])
def test_building_of_no_size_is_refused(rooms: int) -> None:
    with pytest.raises(BuildingSizeError, match="1 to 5000"):
        office_building(rooms, start=MONDAY)
