"""Small worlds for the tests, and what their readings say."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sensors.readings import ReadingBatch
from sensors.subjects import Subject
from sensors.topology import Registry
from simulators.building import office_building
from simulators.faults import Fault, FaultKind
from simulators.timeline import Span
from simulators.world import Tick, World

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 10, 19)
FIVE_MINUTES = timedelta(minutes=5)
Series = dict[tuple[str, str], dict[datetime, float]]


def local(day: date, hour: float = 0.0) -> datetime:
    return (datetime.combine(day, time(), tzinfo=ZONE) + timedelta(hours=hour)).astimezone(UTC)


def building(rooms: int = 12, *, altitude_m: float | None = None) -> Registry:
    return office_building(rooms, start=MONDAY, altitude_m=altitude_m)


def broken(kind: FaultKind, subject: str, start: datetime, end: datetime | None = None, size: float = 1.0) -> Fault:
    return Fault(kind=kind, subject=Subject.parse(subject), start=start, end=end, severity=size)


def world(registry: Registry, *, seed: int = 1, faults: Sequence[Fault] = (), start: datetime | None = None) -> World:
    return World(registry, seed, start or local(MONDAY), faults)


def ticks(registry: Registry, days: float, *, seed: int = 1, step: timedelta = FIVE_MINUTES) -> list[Tick]:
    return list(world(registry, seed=seed).run(local(MONDAY, 24 * days), step))


def series(found: Iterable[Tick]) -> Series:
    told: Series = {}
    for tick in found:
        batch = tick.readings
        for device, metric, value in zip(batch.device, batch.metric, batch.value, strict=True):
            told.setdefault((device, metric), {})[tick.time] = value
    return told


def all_readings(registry: Registry, found: Iterable[Tick]) -> ReadingBatch:
    batch = ReadingBatch(site=registry.site.id)
    for tick in found:
        batch.extend(tick.readings)
    return batch


def minutes(span: Span, within: Sequence[Span]) -> int:
    return sum(max(min(span[1], end) - max(span[0], start), 0) for start, end in within)
