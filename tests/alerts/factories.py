"""Events, signals and a small site for the tests of alerts."""

from datetime import datetime
from typing import TypedDict, Unpack

from alerts.event_rules import signal
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingFlag
from sensors.signals import Signal
from sensors.topology import (
    Building,
    BuildingId,
    Device,
    DeviceId,
    Name,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from tests.memory_records import NOON

HQ = SiteId("hq")


class EventFields(TypedDict, total=False):
    """What a test says of an event; the rest is an active fire of panel1 at noon."""

    device: str
    at: datetime
    state: EventState
    id: str
    zone: str
    test: bool
    flags: ReadingFlag
    doubts: tuple[str, ...]


def event(kind: EventType = EventType.FIRE, **fields: Unpack[EventFields]) -> Event:
    at = fields.get("at", NOON)
    return Event(
        site=HQ,
        gateway="gw1",
        device=DeviceId(fields.get("device", "panel1")),
        type=kind,
        state=fields.get("state", EventState.ACTIVE),
        time=at,
        received=at,
        id=fields.get("id"),
        zone=fields.get("zone", ""),
        test=fields.get("test", False),
        flags=fields.get("flags", ReadingFlag.NONE),
        doubts=fields.get("doubts", ()),
    )


def raised(kind: EventType = EventType.FIRE, **fields: Unpack[EventFields]) -> Signal:
    found = signal(event(kind, **fields), registry())
    assert found is not None
    return found


def registry() -> Registry:
    def door(identifier: str, *, rex_wired: bool) -> Opening:
        return Opening(id=OpeningId(identifier), kind=OpeningKind.ACCESS, room=RoomId("a-201"), rex_wired=rex_wired)

    def device(identifier: str, place: Placement) -> Device:
        return Device(id=DeviceId(identifier), placements=(place,), gateway="gw1")

    devices = [
        device("panel1", Placement(building=BuildingId("a"))),
        device("smoke1", Placement(room=RoomId("a-201"))),
        device("leak1", Placement(room=RoomId("a-201"))),
        device("lock1", Placement(opening=OpeningId("d-wired"))),
        device("lock2", Placement(opening=OpeningId("d-unwired"))),
    ]
    doors = [door("d-wired", rex_wired=True), door("d-unwired", rex_wired=False)]
    room = Room(
        id=RoomId("a-201"),
        building=BuildingId("a"),
        floor="2",
        name=Name(zh="201", en="201"),
        category=RoomCategory.OFFICE,
        usable_area_m2=18.5,
    )
    return Registry(
        site=Site(id=HQ, name=Name(zh="院", en="HQ"), timezone="Asia/Shanghai", working_hours="09:00-17:00"),
        buildings={BuildingId("a"): Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main"))},
        rooms={room.id: room},
        openings={each.id: each for each in doors},
        devices={each.id: each for each in devices},
    )
