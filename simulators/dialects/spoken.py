"""What devices say, whatever the format: one device at one instant, out of ticks, letters and rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from typing import NamedTuple

from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms
from simulators.field import Field, Post, told
from simulators.uplinks import Letter
from simulators.world import Tick, World


class Value(NamedTuple):
    """A value of a metric, in the metric's own unit."""

    metric: str
    phase: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one device says at one instant, by its own clock: values, or an event. `is_past` where it was kept."""

    device: str
    time_ms: int
    values: tuple[Value, ...] = ()
    event: Event | None = None
    is_past: bool = False


def said_by_world(world: World, until: datetime, step: timedelta) -> Iterator[Said]:
    """Yield what ideal devices say until a time, at common instants."""
    for tick in world.run(until, step):
        yield from said_at(tick)


def said_in_field(field: Field, until: datetime) -> Iterator[Said]:
    """Yield what arrives of real devices until a time, doubles and late ones too."""
    for _, letter, post in field.deliveries(until):
        yield from said_in(letter, post)


def said_at(tick: Tick) -> Iterator[Said]:
    """Yield what devices say at a tick: what happened before it first, then their values."""
    for event in tick.events:
        yield said_of_event(event)
    yield from said_of_rows(tick.readings)


def said_of_rows(batch: ReadingBatch, *, is_past: bool = False) -> Iterator[Said]:
    """Yield the values of a batch by device and time, in the order of their first rows; NaN is said by nobody."""
    found: dict[tuple[str, int], list[Value]] = {}
    columns = (batch.device, batch.time_ms, batch.metric, batch.phase, batch.value)
    for device, time_ms, metric, phase, value in zip(*columns, strict=True):
        if not isnan(value):
            found.setdefault((device, time_ms), []).append(Value(metric, phase, value))
    for (device, time_ms), values in found.items():
        yield Said(device=device, time_ms=time_ms, values=tuple(values), is_past=is_past)


def said_in(letter: Letter, post: Post) -> Iterator[Said]:
    """Yield what devices say in a letter: each at its own time."""
    if letter.event is not None:
        yield said_of_event(told(letter.event, letter), is_past=letter.kept)
        return
    part = slice(letter.begin, letter.end)
    batch = ReadingBatch(site=post.site)
    columns = (post.row[part].tolist(), post.time_ms[part].tolist(), post.value[part].tolist())
    for row, time_ms, value in zip(*columns, strict=True):
        device, metric, phase = post.series[row]
        batch.add(time_ms, device, metric, value, phase=phase)
    yield from said_of_rows(batch, is_past=letter.kept)


def said_of_event(event: Event, *, is_past: bool = False) -> Said:
    """Return an event as what its device says."""
    return Said(device=event.device, time_ms=epoch_ms(event.time), event=event, is_past=is_past)
