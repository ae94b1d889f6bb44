"""A simulated building that speaks over MQTT, in real time or at a chosen speed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from premises.simulated.publishing import Broker, Publisher
from sensors.readings import from_epoch_ms
from sensors.topology import Registry
from simulators.field import Field
from simulators.native import Gateways, births, letter_message, messages
from simulators.uplinks import SEND_MS
from simulators.world import Tick, World

PAST = timedelta(hours=1)
"""What lies further back than this is sent as backfill, which never alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How time goes: a step of the building's time, and how many times as fast as ours; None as fast as can be."""

    step: timedelta
    speed: float | None


@dataclass(frozen=True, slots=True)
class Published:
    """What went out, each message acknowledged."""

    messages: int
    without_subscriber: int
    seconds: float


def publish(
    world: World,
    registry: Registry,
    until: datetime,
    broker: Broker,
    pace: Pace,
    *,
    tell: Callable[[datetime], None],
    stopping: threading.Event,
) -> Published:
    """Publish what the building says until a time of its own, or until it is stopped."""
    gateways = _gateways(world, registry)
    started_s = time.monotonic()
    with Publisher(broker, f"premises-simulate-{gateways.boot}") as publisher:
        for topic, payload in births(gateways, interval_s=pace.step.total_seconds()):
            publisher.publish(topic, payload)
        for tick in paced(world, until, pace, stopping):
            for topic, payload in messages(tick, gateways):
                publisher.publish(topic, payload)
            tell(tick.time)
    return Published(publisher.acknowledged, publisher.without_subscriber, time.monotonic() - started_s)


def publish_field(
    field: Field,
    registry: Registry,
    until: datetime,
    broker: Broker,
    pace: Pace,
    *,
    tell: Callable[[datetime], None],
    stopping: threading.Event,
) -> Published:
    """Publish what gateways deliver until a time of the building's own, doubles and late ones too, or until stopped."""
    began, started_s = field.world.now, time.monotonic()
    gateways = _gateways(field.world, registry)
    with Publisher(broker, f"premises-simulate-{gateways.boot}") as publisher:
        for topic, payload in births(gateways, interval_s=SEND_MS / 1000):
            publisher.publish(topic, payload)
        for delivery, letter, post in field.deliveries(until):
            arrives = from_epoch_ms(delivery.arrives_ms)
            wait_for(arrives - began, started_s, pace, stopping)
            if stopping.is_set():
                break
            publisher.publish(*letter_message(letter, post, gateways))
            tell(arrives)
    return Published(publisher.acknowledged, publisher.without_subscriber, time.monotonic() - started_s)


def _gateways(world: World, registry: Registry) -> Gateways:
    """Return the gateways as just started; what lies in the past they send as backfill."""
    history = world.now < datetime.now(UTC) - PAST
    return Gateways(registry, boot=f"sim-{uuid4().hex[:8]}", history=history)


def wait_for(since_began: timedelta, started_s: float, pace: Pace, stopping: threading.Event) -> None:
    """Wait until so much of the building's time may have gone by, or until it is stopped."""
    if pace.speed is not None:
        ahead_s = since_began.total_seconds() / pace.speed - (time.monotonic() - started_s)
        stopping.wait(max(ahead_s, 0.0))


def paced(world: World, until: datetime, pace: Pace, stopping: threading.Event) -> Iterator[Tick]:
    """Yield the ticks when their times come."""
    began, started_s = world.now, time.monotonic()
    for tick in world.run(until, pace.step):
        wait_for(tick.time - began, started_s, pace, stopping)
        if stopping.is_set():
            return
        yield tick
