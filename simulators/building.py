"""A building to simulate: rooms, people, circuits and devices as a registry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle

from sensors.errors import InputFault
from sensors.topology import (
    Absence,
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    ClimateZone,
    Department,
    DepartmentId,
    Device,
    DeviceId,
    EnergyClass,
    Name,
    Opening,
    OpeningId,
    OpeningKind,
    Person,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from simulators import equipment as further
from simulators.climate import Climate
from simulators.equipment import Equipment

KUNMING_M = 1890.0
"""The altitude of Kunming, for sites in thin air."""

SITE = SiteId("hq")
BUILDING = BuildingId("a")
MAIN = CircuitId("c-main")
MAIN_GATEWAY = "gw-main"
DOOR = OpeningId("d-main")

INTERVAL_S = 300.0
ROOMS_PER_FLOOR = 6
FIRST_FLOOR = 2
MOST_ROOMS = 5000
GROSS_PER_USABLE = 1.6
"""Gross area ÷ usable area of the rooms: corridors, stairs, walls. The project's own choice."""

_DEPARTMENTS = (
    ("admin", "行政处", "Administration"),
    ("finance", "财务处", "Finance"),
    ("planning", "规划处", "Planning"),
)
_FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN_NAMES = (
    "敏",
    "伟",
    "静",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "霞",
    "平",
    "建华",
    "志强",
)
_OFFICE_M2 = {1: 14.0, 2: 22.0, 3: 30.0, 4: 38.0}
_SPECIAL = {3: "meeting", 4: "shared", 7: "server"}
"""Which rooms of the first dozen are no ordinary offices; of each later dozen, one is a meeting room."""
_OFFICES = (2, 1, 4, 2, 3, 1, 2, 4, 1)
"""Holders of the offices, over and over."""
_HOLDERS = {"shared": 2}
_LEAVE_EVERY = 7
"""One in so many people has a week of leave in the registry."""


class BuildingSizeError(InputFault):
    """A number of rooms that no building is made of."""

    def __init__(self, rooms: int) -> None:
        """Say what is possible."""
        super().__init__(f"--rooms {rooms}: simulate 1 to {MOST_ROOMS} rooms")


def office_building(
    rooms: int,
    *,
    start: date,
    altitude_m: float | None = None,
    calendar: str = "cn",
    equipment: Equipment = Equipment.USUAL,
    climate: Climate | None = None,
) -> Registry:
    """Return a site with one building of so many rooms; weeks of leave are laid out from `start` on.

    Twelve rooms hold nine offices of one to four people, a shared office, a meeting room and a server room with a
    meter of its own. It stands in the mild zone, at sea level or where `altitude_m` says, or in the city of a
    `climate`. Raises BuildingSizeError.
    """
    if not 1 <= rooms <= MOST_ROOMS:
        raise BuildingSizeError(rooms)
    kinds = list(_kinds(rooms))
    placed = [_room(index, kind, holders) for index, (kind, holders) in enumerate(kinds)]
    people = {holder: _person(holder, room, start) for room in placed for holder in room.holders}
    house = [*_house_circuits(), *(further.house_circuits(BUILDING, MAIN) if equipment is Equipment.FULL else ())]
    circuits = [*house, *(circuit for room in placed for circuit in _room_circuits(room))]
    in_rooms = placed if equipment is not Equipment.METERS else []
    devices = [*_house_devices(), *(device for room in in_rooms for device in _room_devices(room))]
    meters = [_meter(circuit) for circuit in circuits]
    openings = [Opening(id=DOOR, kind=OpeningKind.ACCESS, rex_wired=True, release_on_fire=True)]
    if equipment is Equipment.FULL:
        openings += further.openings(placed)
        equipped = map(further.with_known_clock, map(further.with_fine_air, devices))
        devices = [*equipped, *further.devices(placed, BUILDING, MAIN_GATEWAY)]
        meters = further.meters_with_phases(meters, circuits)
    devices += meters
    return Registry(
        site=_site(altitude_m, calendar) if climate is None else _site_in(climate, calendar),
        departments={d.id: d for d in (_department(*names) for names in _DEPARTMENTS)},
        people=people,
        buildings={BUILDING: _building(placed, len(people))},
        rooms={room.id: room for room in placed},
        circuits={circuit.id: circuit for circuit in circuits},
        openings={opening.id: opening for opening in openings},
        devices={device.id: device for device in devices},
    )


def _site(altitude_m: float | None, calendar: str) -> Site:
    return Site(
        id=SITE,
        name=Name(zh="机关一号院", en="Compound 1"),
        timezone="Asia/Shanghai",
        working_hours="08:30-12:00,14:00-18:00",
        cleaning_hours="06:30-07:30",
        calendar=calendar,
        altitude_m=altitude_m,
        climate_zone=ClimateZone.MILD,
    )


def _site_in(climate: Climate, calendar: str) -> Site:
    return replace(_site(climate.altitude_m, calendar), climate_zone=climate.zone)


def _department(identifier: str, zh: str, en: str) -> Department:
    return Department(id=DepartmentId(identifier), name=Name(zh=zh, en=en))


def _building(rooms: list[Room], headcount: int) -> Building:
    usable_m2 = sum(room.usable_area_m2 for room in rooms)
    return Building(
        id=BUILDING,
        name=Name(zh="主楼", en="Main building"),
        gross_area_m2=round(usable_m2 * GROSS_PER_USABLE, 1),
        headcount=headcount,
        energy_class=EnergyClass.B,
    )


def _kinds(rooms: int) -> Iterator[tuple[str, tuple[PersonId, ...]]]:
    """Yield the kind of each room and who holds it."""
    sizes, number = cycle(_OFFICES), 1
    for index in range(rooms):
        dozen, place = divmod(index, 12)
        special = _SPECIAL.get(place, "office")
        kind = special if not dozen or special == "meeting" else "office"
        count = next(sizes) if kind == "office" else _HOLDERS.get(kind, 0)
        yield kind, tuple(PersonId(f"p{one:03d}") for one in range(number, number + count))
        number += count


def _room(index: int, kind: str, holders: tuple[PersonId, ...]) -> Room:
    floor, place = divmod(index, ROOMS_PER_FLOOR)
    number = f"{floor + FIRST_FLOOR}{place + 1:02d}"
    zh, en, category, area_m2, capacity = _shape(kind, number, len(holders))
    department = _DEPARTMENTS[index % len(_DEPARTMENTS)][0] if holders else None
    return Room(
        id=RoomId(f"a-{number}"),
        building=BUILDING,
        floor=str(floor + FIRST_FLOOR),
        name=Name(zh=zh, en=en),
        category=category,
        subtype=None if kind == "office" else {"server": "server_room"}.get(kind, kind),
        usable_area_m2=area_m2,
        capacity=capacity,
        department=None if department is None else DepartmentId(department),
        holders=holders,
    )


def _shape(kind: str, number: str, holders: int) -> tuple[str, str, RoomCategory, float, int | None]:
    if kind == "meeting":
        return f"{number}会议室", f"Meeting room {number}", RoomCategory.SERVICE, 45.0, 10
    if kind == "shared":
        return f"{number}共享办公室", f"Shared office {number}", RoomCategory.OFFICE, 32.0, 4
    if kind == "server":
        return f"{number}机房", f"Server room {number}", RoomCategory.EQUIPMENT, 18.0, None
    return f"{number}办公室", f"Office {number}", RoomCategory.OFFICE, _OFFICE_M2[holders], holders


def _person(person: PersonId, room: Room, start: date) -> Person:
    number = int(person[1:])
    family = _FAMILY_NAMES[number % len(_FAMILY_NAMES)]
    given = _GIVEN_NAMES[(number * 5 + number // 17) % len(_GIVEN_NAMES)]
    first = start + timedelta(days=7 * (1 + number // _LEAVE_EVERY % 4) - start.weekday())
    leave = (Absence(first=first, last=first + timedelta(days=6)),) if number % _LEAVE_EVERY == 0 else ()
    roles = ("facility_manager",) if number == 1 else ()
    return Person(id=person, name=family + given, department=room.department, roles=roles, absences=leave)


def _house_circuits() -> Iterator[Circuit]:
    yield Circuit(id=MAIN, item=CircuitItem.TOTAL, building=BUILDING, rated_a=400.0, ct_ratio=1.0)
    for identifier, item in (
        ("c-hvac", CircuitItem.HVAC),
        ("c-corridor", CircuitItem.LIGHTING),
        ("c-power", CircuitItem.POWER),
    ):
        yield Circuit(id=CircuitId(identifier), item=item, building=BUILDING, parent=MAIN)


def _room_circuits(room: Room) -> Iterator[Circuit]:
    number, main = room.id.removeprefix("a-"), MAIN
    yield Circuit(id=CircuitId(f"c-{number}-light"), item=CircuitItem.LIGHTING, parent=main, serves=(room.id,))
    if room.category is RoomCategory.EQUIPMENT:
        item, name = CircuitItem.SERVER_ROOM, "server"
    else:
        item, name = CircuitItem.PLUGS, "plugs"
    always_on = item is CircuitItem.SERVER_ROOM
    yield Circuit(id=CircuitId(f"c-{number}-{name}"), item=item, parent=main, serves=(room.id,), always_on=always_on)


def _room_devices(room: Room) -> Iterator[Device]:
    number, place = room.id.removeprefix("a-"), (Placement(room=room.id),)
    gateway = f"gw-{room.floor}"
    seats = room.capacity or 0
    yield Device(
        id=DeviceId(f"occ-{number}"),
        placements=place,
        # a counter where more than two sit, a presence sensor where one or two do
        metrics=("people_count",) if seats > 2 else ("presence",),  # noqa: PLR2004 - the privacy rule's own number
        gateway=gateway,
        interval_s=INTERVAL_S,
    )
    server = room.category is RoomCategory.EQUIPMENT
    yield Device(
        id=DeviceId(f"aq-{number}"),
        placements=place,
        metrics=("temperature_c", "relative_humidity_pct")
        if server
        else ("co2_ppm", "temperature_c", "relative_humidity_pct"),
        gateway=gateway,
        interval_s=INTERVAL_S,
        pressure_compensated=None if server else True,
    )


def _meter(circuit: Circuit) -> Device:
    floor = circuit.id.split("-")[1][:-2]
    return Device(
        id=DeviceId(f"m-{circuit.id.removeprefix('c-')}"),
        placements=(Placement(circuit=circuit.id),),
        metrics=("active_power_w", "energy_import_kwh"),
        gateway=f"gw-{floor}" if floor.isdigit() else MAIN_GATEWAY,
        interval_s=INTERVAL_S,
    )


def _house_devices() -> Iterator[Device]:
    yield Device(
        id=DeviceId("door-main"),
        placements=(Placement(opening=DOOR),),
        metrics=("open",),
        gateway=MAIN_GATEWAY,
        interval_s=INTERVAL_S,
    )
    yield Device(
        id=DeviceId("panel-1"),
        placements=(Placement(building=BUILDING),),
        metrics=("voltage_v",),
        gateway=MAIN_GATEWAY,
        interval_s=INTERVAL_S,
    )
