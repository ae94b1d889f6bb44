"""The demo's present: the simulated building goes on in real time, over MQTT, and a fire breaks out before long."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from premises.home import Home
from premises.simulated.publishing import Broker, BrokerFault, Publisher
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms, from_epoch_ms
from sensors.topology import Registry
from simulators.fire import alarm
from simulators.native import Gateways, messages
from simulators.world import Tick, World

STEP_S = 5.0
"""How often the devices report at speed 1: seldom enough for any broker, often enough to be seen."""

FIRE_AFTER = timedelta(seconds=12)
FIRE_LASTS = timedelta(minutes=10)
RETRY_S = 1.0


@dataclass(slots=True)
class LiveBuilding:
    """A thread that publishes what the building says; what cannot be sent now is not made up for."""

    home: Home
    registry: Registry
    world: World
    broker: Broker
    speed: float = 1.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, as soon as ingest has subscribed."""
        self._thread = threading.Thread(target=self._run, name="live-building")
        self._thread.start()

    def stop(self) -> None:
        """Publish nothing more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        log = structlog.get_logger(__name__)
        while not self._stopping.is_set() and not self._is_subscribed():
            self._stopping.wait(0.1)
        fire = fire_events(self.registry, datetime.now(UTC) + FIRE_AFTER)
        gateways = Gateways(self.registry, boot=f"demo-{uuid.uuid4().hex[:8]}")
        while not self._stopping.is_set():
            try:
                self._publish(gateways, fire)
            except BrokerFault as fault:
                log.warning("building_not_heard", detail=str(fault))
                self._stopping.wait(RETRY_S)

    def _publish(self, gateways: Gateways, fire: list[Event]) -> None:
        with Publisher(self.broker, f"premises-demo-{gateways.boot}") as publisher:
            while not self._stopping.is_set():
                for tick in self._ticks(fire):
                    for topic, payload in messages(tick, gateways):
                        publisher.publish(topic, payload)
                self._stopping.wait(STEP_S / self.speed)

    def _ticks(self, fire: list[Event]) -> Iterator[Tick]:
        now = datetime.now(UTC)
        burning = [event for event in fire if event.time <= now]
        yield self.world.step(now)
        if burning:
            yield Tick(now, ReadingBatch(site=self.registry.site.id), tuple(burning))
            del fire[: len(burning)]

    def _is_subscribed(self) -> bool:
        try:
            return b"subscribed" in (self.home.logs / "ingest.log").read_bytes()
        except OSError:
            return False


def fire_events(registry: Registry, start: datetime) -> list[Event]:
    """Return what the fire panel tells of a fire on the first floor there is, in order of time.

    Nobody silences the panel: to acknowledge the alarm is left to the visitor.
    """
    panel = next(device for device in registry.devices.values() if device.id.startswith("panel"))
    floor = next(iter(registry.rooms.values())).floor
    span = (epoch_ms(start), epoch_ms(start + FIRE_LASTS))
    return [
        Event(
            site=registry.site.id,
            gateway=panel.gateway or "gw",
            device=panel.id,
            type=happening.type,
            state=happening.state,
            time=from_epoch_ms(happening.time_ms),
            received=from_epoch_ms(happening.time_ms),
            id=f"{panel.id}-{happening.time_ms}-{happening.type}-{happening.state}",
            zone=happening.zone,
        )
        for happening in alarm(span, f"{floor}F", silenced_after_ms=span[1] - span[0])
    ]
