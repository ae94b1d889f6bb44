"""Sets of faults by name, each laid out over the days that are simulated."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sensors.errors import InputFault
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, Placement, Registry, Room, RoomCategory
from simulators.faults import Fault, FaultKind

MENDED_DAYS_BEFORE_END = 15
"""So long a load is found mended by the readings: E05 is verified over 14 days."""
HEATER = 8.0
"""A heater or split air conditioner that is left on takes so many times what E05 puts up with."""
LEAST_DAYS = 28
LEAST_OFFICES = 6


class UnknownScenarioError(InputFault):
    """A name of faults that there is not."""

    def __init__(self, name: str) -> None:
        """Name those that there are."""
        super().__init__(f"--faults: no faults named {name!r}; there are {', '.join(SCENARIOS)}")


class ScenarioTooSmallError(InputFault):
    """The building or the time is too small for a scenario."""


def scenario(name: str, registry: Registry, *, start: datetime, days: int) -> tuple[Fault, ...]:
    """Return the faults of a name. Raises UnknownScenarioError, ScenarioTooSmallError."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(name)
    return SCENARIOS[name](registry, start, days)


def demo_faults(registry: Registry, start: datetime, days: int) -> tuple[Fault, ...]:
    """Return the standard demonstration: `start` is a local midnight, the history ends `days` later.

    An idle shared office; a load left on that is mended, one that is not, and one too small to matter; a stuck
    damper; plant left running at night; a silent sensor, one with gaps; a door forced and a fire.
    """
    shared, offices = _shared(registry), _offices(registry)
    if not shared or len(offices) < LEAST_OFFICES:
        msg = "the demo's faults need a shared office and six others; simulate at least 9 rooms, or take --faults none"
        raise ScenarioTooSmallError(msg)
    if days < LEAST_DAYS:
        msg = f"the demo's faults need {LEAST_DAYS} days; simulate more, or take --faults none"
        raise ScenarioTooSmallError(msg)
    stuffy = next(room for room in offices if len(room.holders) > 1)
    others = [room for room in offices if room.id != stuffy.id]
    return (
        _room_fault(FaultKind.IDLE_ROOM, shared[0], start),
        *_loads(others, start, days),
        _room_fault(FaultKind.HIGH_CO2, stuffy, start + timedelta(days=days // 2)),
        *_building_faults(registry, start + timedelta(days=days // 2 + 2)),
        *_device_faults(registry, others, start, days),
        *_incidents(registry, start, days),
    )


def no_faults(_registry: Registry, _start: datetime, _days: int) -> tuple[Fault, ...]:
    """Return nothing: a building in order."""
    return ()


SCENARIOS: Mapping[str, Callable[[Registry, datetime, int], tuple[Fault, ...]]] = MappingProxyType(
    {"demo": demo_faults, "none": no_faults}
)


def _shared(registry: Registry) -> list[Room]:
    return [room for room in registry.rooms.values() if room.subtype == "shared"]


def _offices(registry: Registry) -> list[Room]:
    offices = (room for room in registry.rooms.values() if room.category is RoomCategory.OFFICE)
    return [room for room in offices if room.subtype != "shared" and not room.restricted and room.holders]


def _room_fault(
    kind: FaultKind, room: Room, start: datetime, mended: datetime | None = None, *, severity: float = 1.5
) -> Fault:
    subject = Subject(SubjectKind.ROOM, room.id)
    return Fault(kind=kind, subject=subject, start=start, mended=mended, severity=severity)


def _loads(rooms: list[Room], start: datetime, days: int) -> tuple[Fault, ...]:
    mended = start + timedelta(days=days - MENDED_DAYS_BEFORE_END)
    lamp = Fault(
        kind=FaultKind.LOAD_LEFT_ON,
        subject=Subject(SubjectKind.ROOM, rooms[2].id),
        start=start + timedelta(days=1),
        severity=0.7,
        near_miss=True,
    )
    return (
        _room_fault(FaultKind.LOAD_LEFT_ON, rooms[0], start + timedelta(days=2), mended, severity=HEATER),
        _room_fault(FaultKind.LOAD_LEFT_ON, rooms[1], start + timedelta(days=days // 3), severity=HEATER),
        lamp,
    )


def _building_faults(registry: Registry, start: datetime) -> tuple[Fault, ...]:
    building = next(iter(registry.buildings))
    return (Fault(kind=FaultKind.BASE_LOAD, subject=Subject(SubjectKind.BUILDING, building), start=start),)


def _device_faults(registry: Registry, rooms: list[Room], start: datetime, days: int) -> tuple[Fault, ...]:
    silent, lossy = _air_sensor(registry, rooms[3]), _air_sensor(registry, rooms[4])
    return (
        Fault(
            kind=FaultKind.SILENT_DEVICE,
            subject=Subject(SubjectKind.DEVICE, silent.id),
            start=start + timedelta(days=days - 4, hours=10),
        ),
        Fault(
            kind=FaultKind.GAPS,
            subject=Subject(SubjectKind.DEVICE, lossy.id),
            start=start + timedelta(days=days - 12),
            end=start + timedelta(days=days - 6),
            severity=3.0,
        ),
    )


def _air_sensor(registry: Registry, room: Room) -> Device:
    place = Placement(room=room.id)
    found = (device for device in registry.devices.values() if place in device.placements)
    return next(device for device in found if "co2_ppm" in device.metrics)


def _incidents(registry: Registry, start: datetime, days: int) -> tuple[Fault, ...]:
    door = next(iter(registry.openings))
    panel = next(device for device in registry.devices.values() if device.id.startswith("panel"))
    fire = start + timedelta(days=days - 3, hours=10, minutes=20)
    forced = start + timedelta(days=days - 5, hours=21, minutes=40)
    return (
        Fault(
            kind=FaultKind.FIRE,
            subject=Subject(SubjectKind.DEVICE, panel.id),
            start=fire,
            end=fire + timedelta(minutes=10),
        ),
        Fault(
            kind=FaultKind.FORCED_DOOR,
            subject=Subject(SubjectKind.OPENING, door),
            start=forced,
            end=forced + timedelta(minutes=8),
        ),
    )
