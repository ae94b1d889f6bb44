"""A small house: two rooms, a main, a circuit, and devices of several sorts."""

from datetime import date

from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Name,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
)
from tests.rectification.factories import HQ


def house() -> Registry:
    def device(identifier: str, place: Placement, *metrics: str) -> Device:
        return Device(id=DeviceId(identifier), placements=(place,), metrics=metrics)

    devices = [
        device("motion", Placement(room=RoomId("a-201")), "motion"),
        device("light", Placement(room=RoomId("a-201")), "illuminance_lux"),
        device("gone", Placement(room=RoomId("a-201"), until=date(2026, 11, 1)), "motion"),
        device("meter", Placement(circuit=CircuitId("c-plug")), "active_power_w"),
        device("main", Placement(circuit=CircuitId("c-main")), "energy_import_kwh"),
        device("other", Placement(room=RoomId("a-202")), "motion"),
    ]
    rooms = [
        Room(
            id=RoomId(identifier),
            building=BuildingId("a"),
            floor="2",
            name=Name(zh=identifier, en=identifier),
            category=RoomCategory.OFFICE,
            usable_area_m2=18.5,
        )
        for identifier in ("a-201", "a-202")
    ]
    circuits = [
        Circuit(id=CircuitId("c-main"), item=CircuitItem.TOTAL, building=BuildingId("a")),
        Circuit(id=CircuitId("c-plug"), item=CircuitItem.PLUGS, parent=CircuitId("c-main"), serves=(RoomId("a-201"),)),
    ]
    return Registry(
        site=Site(id=HQ, name=Name(zh="院", en="HQ"), timezone="Asia/Shanghai", working_hours="09:00-17:00"),
        buildings={BuildingId("a"): Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main"))},
        rooms={each.id: each for each in rooms},
        circuits={each.id: each for each in circuits},
        devices={each.id: each for each in devices},
    )
