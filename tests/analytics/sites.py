"""A small site and its readings, made by hand so that every number can be checked by hand."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.calendar import Holidays, WeekdaysOnly
from analytics.runs import Analysis, Request, analyse
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.subjects import Subject
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
    SiteId,
)
from sensors.verdicts import Finding
from storage.readings.memory import MemoryReadingStore

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 2)
STEP = timedelta(minutes=5)
HQ = SiteId("hq")
A201, A202 = RoomId("a-201"), RoomId("a-202")
OFFICE_DAY = range(8, 18)


def name(text: str) -> Name:
    return Name(zh=text, en=text)


def site(working_hours: str = "08:00-12:00,14:00-18:00", calendar: str = "none") -> Site:
    return Site(id=HQ, name=name("hq"), timezone="Asia/Shanghai", working_hours=working_hours, calendar=calendar)


def office(room: RoomId = A201, *, area_m2: float = 20.0, subtype: str | None = None) -> Room:
    return Room(
        id=room,
        building=BuildingId("a"),
        floor="2",
        name=name(room),
        category=RoomCategory.OFFICE if subtype is None else RoomCategory.SERVICE,
        subtype=subtype,
        usable_area_m2=area_m2,
    )


def room_device(device: str, room: RoomId, *metrics: str, interval_s: float | None = 300) -> Device:
    return Device(
        id=DeviceId(device), placements=(Placement(room=room),), metrics=tuple(metrics), interval_s=interval_s
    )


def meter(device: str, circuit: str, metric: str = "energy_import_kwh") -> Device:
    placements = (Placement(circuit=CircuitId(circuit)),)
    return Device(id=DeviceId(device), placements=placements, metrics=(metric,), interval_s=300)


def circuit(identifier: str, item: CircuitItem, *serves: RoomId, parent: str | None = None) -> Circuit:
    return Circuit(
        id=CircuitId(identifier),
        item=item,
        building=BuildingId("a"),
        serves=tuple(serves),
        parent=None if parent is None else CircuitId(parent),
    )


def registry(
    *,
    rooms: Iterable[Room] = (),
    circuits: Iterable[Circuit] = (),
    devices: Iterable[Device] = (),
    at: Site | None = None,
) -> Registry:
    building = Building(id=BuildingId("a"), name=name("a"), gross_area_m2=1000.0)
    return Registry(
        site=at or site(),
        buildings={building.id: building},
        rooms={room.id: room for room in rooms},
        circuits={one.id: one for one in circuits},
        devices={device.id: device for device in devices},
    )


def local(day: date, hour: float = 0.0) -> datetime:
    return (datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour)).astimezone(UTC)


def sampled(
    batch: ReadingBatch, device: str, metric: str, days: Iterable[date], value: Callable[[datetime], float | None]
) -> None:
    """Add a sample every five minutes of the days; `value` is given the local time, None leaves the sample out."""
    for day in days:
        start = local(day)
        for step in range(288):
            time = start + step * STEP
            found = value(time.astimezone(ZONE))
            if found is not None:
                batch.add(epoch_ms(time), device, metric, found)


def metered(
    batch: ReadingBatch, device: str, days: Iterable[date], power_w: Callable[[datetime], float], start_kwh: float = 0.0
) -> float:
    """Add a register every five minutes that counts this power; return where it stands at the end."""
    register = start_kwh
    last = None
    for day in days:
        for step in range(288):
            time = local(day) + step * STEP
            batch.add(epoch_ms(time), device, "energy_import_kwh", register)
            register += power_w(time.astimezone(ZONE)) / 1000 * STEP / timedelta(hours=1)
            last = time + STEP
    if last is not None:
        batch.add(epoch_ms(last), device, "energy_import_kwh", register)
    return register


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(count)]


def in_office(time: datetime) -> float:
    return float(time.weekday() < 5 and time.hour in OFFICE_DAY)


def batch() -> ReadingBatch:
    return ReadingBatch(site=HQ)


def analysed(
    place: Registry,
    readings: ReadingBatch,
    *rules: str,
    holidays: Holidays | None = None,
    first: date | None = None,
    last: date | None = None,
    now_ms: int | None = None,
) -> Analysis:
    store = MemoryReadingStore()
    store.append(readings)
    request = Request(rules=rules, first=first, last=last, now_ms=now_ms)
    return analyse(registry=place, holidays=holidays or WeekdaysOnly(), store=store, request=request)


def about(analysis: Analysis, subject: str) -> list[Finding]:
    return [finding for finding in analysis.findings if finding.subject == Subject.parse(subject)]


def with_quality(readings: ReadingBatch, quality: Quality) -> ReadingBatch:
    return replace(readings, quality=bytearray([quality] * len(readings)))
