"""What a building can be equipped with beyond the usual: further sensors, meters with phases, doors, leak sensors."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from sensors.topology import (
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Direction,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Room,
    RoomCategory,
)

INTERVAL_S = 300.0
CONTACT_HEARTBEAT_S = 3600.0
"""Contacts and leak sensors speak when something changes, and once an hour otherwise."""

PHASE_METRICS = (
    "voltage_v",
    "current_a",
    "power_factor",
    "residual_current_ma",
    "cable_temperature_c",
    "reactive_import_kvarh",
)
CONTACT_OF = {OpeningKind.ACCESS: "door", OpeningKind.FIRE_CLOSED: "fire-door", OpeningKind.WINDOW: "window"}
"""What the id of a contact begins with."""
FINE_AIR = ("pm2_5_ugm3", "hcho_mgm3")


GATE = OpeningId("d-gate")


class Equipment(StrEnum):
    """How well a building is equipped: with meters alone, for the rules on rooms and energy, or with all there is."""

    METERS = "meters"
    USUAL = "usual"
    FULL = "full"


def house_circuits(building: BuildingId, main: CircuitId) -> Iterator[Circuit]:
    """Yield the circuits of charging points and of solar panels."""
    yield Circuit(id=CircuitId("c-charging"), item=CircuitItem.CHARGING, building=building, parent=main, rated_a=100.0)
    yield Circuit(id=CircuitId("c-pv"), item=CircuitItem.PV, building=building, parent=main, rated_a=100.0)


def openings(rooms: Sequence[Room]) -> Iterator[Opening]:
    """Yield a side door, a gate with readers on both sides, each floor's fire door, and each room's window."""
    yield Opening(id=OpeningId("d-side"), kind=OpeningKind.ACCESS, rex_wired=True, release_on_fire=True)
    yield Opening(id=GATE, kind=OpeningKind.ACCESS, room=rooms[0].id)
    for floor in dict.fromkeys(room.floor for room in rooms):
        yield Opening(id=OpeningId(f"f-{floor}"), kind=OpeningKind.FIRE_CLOSED)
    for room in rooms:
        if room.category is not RoomCategory.EQUIPMENT:
            number = room.id.removeprefix("a-")
            yield Opening(id=OpeningId(f"w-{number}"), kind=OpeningKind.WINDOW, room=room.id)


def meters_with_phases(meters: Sequence[Device], circuits: Sequence[Circuit]) -> list[Device]:
    """Return the meters with those of the building's own circuits measuring phases, and export where there is PV."""
    own = {circuit.id: circuit for circuit in circuits if not circuit.serves}
    return [_with_phases(meter, own) for meter in meters]


def devices(rooms: Sequence[Room], building: BuildingId, gateway: str) -> Iterator[Device]:
    """Yield what a fully equipped building has beside the usual."""
    for room in rooms:
        yield from _of_room(room)
    for opening in openings(rooms):
        if opening.id != GATE:
            yield _contact(opening, gateway)
    yield from _gate_readers(gateway)
    yield Device(
        id=DeviceId("counter-1"),
        placements=(Placement(building=building),),
        metrics=("people_count",),
        gateway=gateway,
        interval_s=INTERVAL_S,
    )
    yield Device(
        id=DeviceId("water-1"),
        placements=(Placement(building=building),),
        metrics=("water_m3",),
        gateway=gateway,
        interval_s=INTERVAL_S,
    )
    yield Device(
        id=DeviceId("outdoor-1"),
        placements=(Placement(building=building),),
        metrics=("temperature_c", "relative_humidity_pct", "pm2_5_ugm3", "co2_ppm"),
        gateway=gateway,
        interval_s=INTERVAL_S,
        pressure_compensated=True,
        outdoor=True,
    )


def _gate_readers(gateway: str) -> Iterator[Device]:
    """Yield the readers on both sides of the gate, which say nothing but which card they read."""
    for direction in Direction:
        yield Device(
            id=DeviceId(f"gate-{direction}"),
            placements=(Placement(opening=GATE),),
            gateway=gateway,
            direction=direction,
        )


def with_known_clock(device: Device) -> Device:
    """Return a fire panel that tells by how much its clock is ahead."""
    return replace(device, metrics=(*device.metrics, "clock_offset_s")) if device.id.startswith("panel") else device


def with_fine_air(device: Device) -> Device:
    """Return an air sensor that also measures particles and formaldehyde."""
    return replace(device, metrics=(*device.metrics, *FINE_AIR)) if "co2_ppm" in device.metrics else device


def _with_phases(meter: Device, own: dict[CircuitId, Circuit]) -> Device:
    circuit = next((own[place.circuit] for place in meter.placements if place.circuit in own), None)
    if circuit is None:
        return meter
    exports = circuit.item in {CircuitItem.TOTAL, CircuitItem.PV}
    export = ("energy_export_kwh",) if exports else ()
    return replace(meter, metrics=(*meter.metrics, *export, *PHASE_METRICS))


def _of_room(room: Room) -> Iterator[Device]:
    number, place, gateway = room.id.removeprefix("a-"), (Placement(room=room.id),), f"gw-{room.floor}"
    if room.category is RoomCategory.EQUIPMENT:
        yield Device(
            id=DeviceId(f"leak-{number}"),
            placements=place,
            metrics=("battery_pct",),
            gateway=gateway,
            heartbeat_s=CONTACT_HEARTBEAT_S,
        )
        return
    yield Device(
        id=DeviceId(f"env-{number}"),
        placements=place,
        metrics=("illuminance_lux", "sound_level_dba"),
        gateway=gateway,
        interval_s=INTERVAL_S,
        lux_factor=1.0,
    )
    yield Device(
        id=DeviceId(f"th-{number}"),
        placements=place,
        metrics=("setpoint_c", "hvac_on"),
        gateway=gateway,
        interval_s=INTERVAL_S,
    )


def _contact(opening: Opening, gateway: str) -> Device:
    number = opening.id.partition("-")[2]
    is_door = opening.kind is OpeningKind.ACCESS
    return Device(
        id=DeviceId(f"{CONTACT_OF[opening.kind]}-{number}"),
        placements=(Placement(opening=opening.id),),
        metrics=("open", "locked") if is_door else ("open",),
        gateway=gateway,
        interval_s=INTERVAL_S if is_door else None,
        heartbeat_s=None if is_door else CONTACT_HEARTBEAT_S,
    )
