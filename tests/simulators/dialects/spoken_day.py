"""A simulated morning as native gateways tell it and as those of another format do, each through the pipeline."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.dialects.desk import Dialects, GatewayOptions
from ingest.messages import Message
from ingest.pipeline import Pipeline
from sensors.events import Event, EventState, EventType
from sensors.intake import SpoolEntry
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import Device, DeviceId, Placement, Registry
from simulators.building import office_building
from simulators.dialects.dialect import Dialect
from simulators.dialects.spoken import Said, Value, said_at
from simulators.equipment import Equipment
from simulators.native import Gateways, messages
from simulators.world import Tick
from tests.ingest.intake import spool_in
from tests.simulators.worlds import MONDAY, local, world

STEP = timedelta(minutes=15)
HOURS = 11.0
"""Beyond 08:00 local, midnight UTC, when gateways start anew."""
EXACT = 1e-6
"""How far conversions between units may stray, of the value."""
GATEWAY = "other"
Series = Mapping[tuple[str, str, str], Sequence[tuple[int, float]]]


def registry() -> Registry:
    """Return a building with all sensors, and with detectors that stand alone."""
    whole = office_building(2, start=MONDAY, equipment=Equipment.FULL)
    detectors = (
        Device(id=DeviceId("smoke-1"), placements=(Placement(),), metrics=("battery_pct", "temperature_c")),
        Device(id=DeviceId("leak-1"), placements=(Placement(),), metrics=("battery_pct",)),
    )
    return replace(whole, devices={**whole.devices, **{each.id: each for each in detectors}})


@cache
def ticks() -> tuple[Tick, ...]:
    """Return the morning: the building's, a test and a fire of the smoke detector, a leak."""
    found = world(registry()).run(local(MONDAY, HOURS), STEP)
    return tuple(_with_detectors(tick, number) for number, tick in enumerate(found))


def _with_detectors(tick: Tick, number: int) -> Tick:
    batch = ReadingBatch(site=tick.readings.site)
    batch.extend(tick.readings)
    for device, metric, value in (
        ("smoke-1", "battery_pct", 97.0),
        ("smoke-1", "temperature_c", 21.0),
        ("leak-1", "battery_pct", 80.0 - number // 20),
    ):
        batch.add(epoch_ms(tick.time), device, metric, value)
    told = {
        5: ("smoke-1", EventType.SMOKE, EventState.ACTIVE, True),
        10: ("smoke-1", EventType.SMOKE, EventState.ACTIVE, False),
        12: ("smoke-1", EventType.SMOKE, EventState.CLEARED, False),
        20: ("leak-1", EventType.LEAK, EventState.ACTIVE, False),
        22: ("leak-1", EventType.LEAK, EventState.CLEARED, False),
    }.get(number)
    events = tick.events if told is None else (*tick.events, _event(tick, *told))
    return replace(tick, readings=batch, events=events)


def _event(tick: Tick, device: str, kind: EventType, state: EventState, test: bool) -> Event:  # noqa: FBT001 - the event's
    return Event(
        site=tick.readings.site,
        gateway="gw",
        device=DeviceId(device),
        type=kind,
        state=state,
        time=tick.time - timedelta(seconds=90),
        received=tick.time,
        id=f"{device}-{epoch_ms(tick.time)}",
        test=test,
    )


def saids() -> Iterator[Said]:
    for tick in ticks():
        yield from said_at(tick)


@cache
def native() -> tuple[Message, ...]:
    """Return the morning in the native contract."""
    gateways = Gateways(registry(), boot="b1")
    told = [(epoch_ms(tick.time), message) for tick in ticks() for message in messages(tick, gateways)]
    return tuple(Message(topic, payload, time_ms) for time_ms, (topic, payload) in told)


def options_of(name: str, dialect: Dialect) -> GatewayOptions:
    """Return how the one who reads is told of a format, as `settings_text` writes it."""
    return GatewayOptions(
        name=GATEWAY,
        format=name,
        topics=dialect.topics,
        z_is_local=dialect.settings.get("z_is_local") == "true",
        names={dialect.name(device.id): device.id for device in dialect.devices},
    )


def kept(folder: Path, heard: Iterable[Message], *gateways: GatewayOptions) -> list[SpoolEntry]:
    """Return what is in the spool of messages; the books balance."""
    with closing(spool_in(folder)) as spool:
        pipeline = Pipeline(registry=registry(), spool=spool, dialects=Dialects(gateways))
        entries = pipeline.process(list(heard))
        spool.commit(entries)
        assert all(book.balances for book in spool.books().values())
    return entries


def series_of(entries: Iterable[SpoolEntry]) -> Series:
    """Return the readings by series, in the order of their times; the last received of a key wins."""
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    for batch in (entry.readings for entry in entries if entry.readings is not None):
        columns = (batch.device, batch.metric, batch.phase, batch.time_ms, batch.value, batch.quality)
        for device, metric, phase, time_ms, value, quality in zip(*columns, strict=True):
            assert quality == Quality.GOOD
            found.setdefault((device, metric, phase), {})[time_ms] = value
    return {key: sorted(points.items()) for key, points in found.items()}


Told = tuple[str, str, str, bool, int]
"""An event: device, type, state, test, time."""


def events_of(entries: Iterable[SpoolEntry]) -> list[Told]:
    """Return the events in order, without those of being there and without the end of what never began."""
    found: list[Told] = []
    active: set[tuple[str, str]] = set()
    for event in (event for entry in entries for event in entry.events if event.type is not EventType.OFFLINE):
        what = (event.device, event.type.value)
        if event.state is not EventState.CLEARED or what in active:
            found.append((*what, event.state.value, event.test, epoch_ms(event.time)))
        if not event.test:
            active = active | {what} if event.state is EventState.ACTIVE else active - {what}
    return found


@cache
def native_series() -> Series:
    """Return what is in the spool of the native run, once for all formats."""
    with TemporaryDirectory() as folder:
        return series_of(kept(Path(folder), native()))


def floored(time_ms: int, dialect: Dialect) -> int:
    return time_ms - time_ms % (dialect.time_step_ms or 1)


def misses(dialect: Dialect, wanted: Series, found: Series) -> Iterator[str]:
    """Yield what was not told as exactly as the format can: each value of each series that it has a word for."""
    for (device, metric, phase), points in wanted.items():
        there = dict(found.get((device, metric, phase), ()))
        times = sorted(there)
        for time_ms, value in points:
            step = dialect.step(device, Value(metric, phase, value))
            if step is None:
                continue
            moment_ms = floored(time_ms, dialect)
            place = bisect_right(times, moment_ms)
            last_ms = times[place - 1] if place else None
            if last_ms is None or (last_ms != moment_ms and not dialect.tells_changes_only):
                yield f"{device} {metric} {phase} at {moment_ms}: not told"
            elif abs(there[last_ms] - value) > step / 2 + EXACT * max(abs(value), 1.0):
                yield f"{device} {metric} {phase} at {moment_ms}: {there[last_ms]} for {value}"


def inventions(dialect: Dialect, wanted: Series, found: Series) -> Iterator[str]:
    """Yield what is in the spool and was never so: neither at its time nor, where reports repeat, just before."""
    for (device, metric, phase), points in found.items():
        if metric in dialect.adds:
            continue
        said = [(floored(time_ms, dialect), value) for time_ms, value in wanted.get((device, metric, phase), ())]
        times = [time_ms for time_ms, _ in said]
        for time_ms, value in points:
            place = bisect_right(times, time_ms)
            near = [said[each][1] for each in (place - 1, place - 2) if each >= 0]
            if not any(_is_near(dialect, device, Value(metric, phase, each), value) for each in near):
                yield f"{device} {metric} {phase} at {time_ms}: {value}, said was {near}"


def _is_near(dialect: Dialect, device: str, said: Value, value: float) -> bool:
    step = dialect.step(device, said)
    return step is not None and abs(value - said.value) <= step / 2 + EXACT * max(abs(said.value), 1.0)


def told_events(dialect: Dialect) -> list[Told]:
    """Return the morning's events for which a format has a word, as exactly as it tells the time."""
    found = [said.event for said in saids() if said.event is not None and dialect.tells(said.event)]
    return [
        (event.device, event.type.value, event.state.value, event.test, floored(epoch_ms(event.time), dialect))
        for event in found
    ]
