"""A small building for looking at: twelve rooms on two floors, people, doors, circuits, and readings by formula."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.ports import GatewayHealth, IngestHealth, RoomClass, RoomNow, Series, SeriesName
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Name,
    Opening,
    OpeningId,
    OpeningKind,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)

HQ = SiteId("hq")
A = BuildingId("a")
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY_MORNING = datetime(2026, 11, 23, 2, 24, tzinfo=UTC)
"""10:24 at the site."""

OFFICE, SERVICE, EQUIPMENT = RoomCategory.OFFICE, RoomCategory.SERVICE, RoomCategory.EQUIPMENT

ROOMS: Sequence[tuple[str, str, str, RoomCategory, str | None, int, RoomClass]] = (
    ("101", "综合办公室", "General office", OFFICE, None, 6, RoomClass.NORMAL),
    ("102", "接待室", "Reception", SERVICE, "reception", 0, RoomClass.UNDERUSED),
    ("103", "值班室", "Duty room", SERVICE, "duty", 4, RoomClass.NORMAL),
    ("104", "档案室", "Archive", SERVICE, "archive", 0, RoomClass.UNKNOWN),
    ("105", "主任办公室", "Director's office", OFFICE, None, 1, RoomClass.IDLE),
    ("106", "财务科", "Finance", OFFICE, None, 4, RoomClass.UNDERUSED),
    ("201", "规划科", "Planning", OFFICE, None, 5, RoomClass.NORMAL),
    ("202", "第一会议室", "Meeting room 1", SERVICE, "meeting", 0, RoomClass.UNDERUSED),
    ("203", "第二会议室", "Meeting room 2", SERVICE, "meeting", 0, RoomClass.NORMAL),
    ("204", "信息科", "IT", OFFICE, None, 4, RoomClass.NORMAL),
    ("205", "副主任办公室", "Deputy director's office", OFFICE, None, 2, RoomClass.NORMAL),
    ("206", "机房", "Server room", EQUIPMENT, None, 0, RoomClass.UNKNOWN),
)
RESTRICTED = RoomId("a-207")


def registry() -> Registry:
    """The building; room 207 is restricted and shows nowhere."""
    rooms = [_room(*row[:6]) for row in ROOMS]
    hidden = _room("207", "机要室", "Cipher room", SERVICE, None, 2)
    rooms.append(
        Room(
            id=RESTRICTED,
            building=A,
            floor="2",
            name=hidden.name,
            category=SERVICE,
            usable_area_m2=12.0,
            restricted=True,
        )
    )
    return Registry(
        site=Site(
            id=HQ,
            name=Name(zh="机关一号院", en="Compound 1"),
            timezone=ZONE.key,
            working_hours="08:30-12:00,14:00-18:00",
        ),
        buildings={A: Building(id=A, name=Name(zh="主楼", en="Main building"), gross_area_m2=1200.0)},
        rooms={room.id: room for room in rooms},
        circuits={circuit.id: circuit for circuit in _circuits()},
        openings={OpeningId("d-104"): Opening(id=OpeningId("d-104"), kind=OpeningKind.ACCESS, room=RoomId("a-104"))},
        devices={device.id: device for device in _devices()},
    )


def _room(number: str, zh: str, en: str, category: RoomCategory, subtype: str | None, holders: int) -> Room:
    return Room(
        id=RoomId(f"a-{number}"),
        building=A,
        floor=number[0],
        name=Name(zh=f"{number} {zh}", en=f"{number} {en}"),
        category=category,
        subtype=subtype,
        usable_area_m2=24.0,
        holders=tuple(PersonId(f"p{number}-{index}") for index in range(holders)),
    )


def _circuits() -> list[Circuit]:
    first = tuple(RoomId(f"a-10{number}") for number in (1, 2, 3, 6))
    meeting = (RoomId("a-202"), RoomId("a-203"))
    return [
        Circuit(id=CircuitId("c-main"), item=CircuitItem.TOTAL, building=A),
        Circuit(id=CircuitId("c-1f-light"), item=CircuitItem.LIGHTING, parent=CircuitId("c-main"), serves=first),
        Circuit(id=CircuitId("c-2f-plugs"), item=CircuitItem.PLUGS, parent=CircuitId("c-main"), serves=meeting),
    ]


def _devices() -> list[Device]:
    return [
        Device(id=DeviceId("panel1"), placements=(Placement(room=RoomId("a-103")),)),
        Device(id=DeviceId("leak1"), placements=(Placement(room=RoomId("a-206")),)),
        Device(id=DeviceId("aq-204"), placements=(Placement(room=RoomId("a-204")),), metrics=("co2_ppm",)),
    ]


@dataclass(frozen=True, slots=True)
class FormulaRooms:
    """Keeps `api.ports.RoomQueries` by formula: who works when, what they breathe out, what they switch on."""

    clock: Clock

    def rooms_now(self, site: SiteId) -> Sequence[RoomNow]:
        assert site == HQ
        return [self._now(number, use) for number, *_, use in ROOMS]

    def _now(self, number: str, use: RoomClass) -> RoomNow:
        room, now = RoomId(f"a-{number}"), self.clock.now()
        if number in {"104", "206"}:
            return RoomNow(room=room, use=use, power_w=2140.0 if number == "206" else None, last_reading=now)
        if number == "204":
            return RoomNow(room=room, use=use, last_reading=now - timedelta(hours=26))
        occupied = presence(number, now)
        return RoomNow(
            room=room,
            use=use,
            occupied=occupied > 0,
            co2_ppm=1640.0 if number == "203" else co2_ppm(number, now),
            power_w=power_w(number, now),
            last_reading=now - timedelta(seconds=40),
        )

    def room_series(
        self, room: RoomId, names: Sequence[SeriesName], *, start: datetime, end: datetime, points: int
    ) -> Series:
        number = room.removeprefix("a-")
        if number in {"104", "204"}:
            return Series(time_ms=())
        step = (end - start) / points
        times = [start + step * index for index in range(points)]
        formulas = {SeriesName.OCCUPIED: presence, SeriesName.CO2_PPM: co2_ppm, SeriesName.POWER_W: power_w}
        columns = {
            name: tuple(None if _is_gap(number, time) else formulas[name](number, time) for time in times)
            for name in names
        }
        return Series(time_ms=tuple(epoch_ms(time) for time in times), columns=columns)

    def ingest_health(self) -> IngestHealth:
        now = self.clock.now()
        gateways = (
            GatewayHealth(
                gateway="gw1",
                received=48_211,
                accepted=48_190,
                quarantined=0,
                last_received=now - timedelta(seconds=12),
            ),
            GatewayHealth(
                gateway="gw2",
                received=20_032,
                accepted=20_018,
                quarantined=3,
                last_received=now - timedelta(seconds=40),
            ),
        )
        return IngestHealth(ready=True, spooled=14, gateways=gateways, last_reading=now - timedelta(seconds=12))


def _is_gap(number: str, time: datetime) -> bool:
    local = time.astimezone(ZONE)
    return number == "201" and local.weekday() == 5 and 3 <= local.hour < 9


def presence(number: str, time: datetime) -> float:
    """1 while somebody is there: office hours with a lunch, meetings of an hour and a half, a different day each."""
    local = time.astimezone(ZONE)
    if local.weekday() >= 5:
        return 0.0
    hour, turn = local.hour + local.minute / 60, int(number) + local.weekday()
    if number in {"202", "203"}:
        begins = (9.0, 10.0, 14.5, 16.0)[turn % 4]
        return float(begins <= hour < begins + (1.5 if number == "203" else 0.5))
    if number in {"102", "105", "106"} and turn % 3:
        return 0.0
    late = (turn % 5) / 6
    return float(8.4 + late <= hour < 12 + late / 3 or 13.9 <= hour < 17.6 + late)


def co2_ppm(number: str, time: datetime) -> float:
    """Rises towards 1400 ppm while people are there, decays after them."""
    level = 430.0
    for minutes in range(240, -1, -15):
        there = presence(number, time - timedelta(minutes=minutes))
        level += (1400.0 - level) * 0.09 if there else (430.0 - level) * 0.16
    return round(level + 12 * math.sin(time.timestamp() / 2700))


def power_w(number: str, time: datetime) -> float:
    """A base, more while people are there; in meeting room 1 it stays on until the evening."""
    local = time.astimezone(ZONE)
    forgotten = number == "202" and local.weekday() < 5 and 9 <= local.hour < 21
    use = 620.0 if presence(number, time) else 410.0 if forgotten else 0.0
    return round(45.0 + use + 20 * math.sin(time.timestamp() / 900), 1)
