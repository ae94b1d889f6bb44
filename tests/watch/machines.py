"""A watcher over a small site, told of things at seconds after noon."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.machines import LIVE
from alerts.watch.model import Edge, Sample
from alerts.watch.site import Site
from alerts.watch.watcher import Watcher
from sensors.events import EventState, EventType
from sensors.readings import epoch_ms
from sensors.topology import (
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Registry,
    RoomId,
)
from sensors.verdicts import Severity
from tests.alerts.factories import event, registry
from tests.memory_records import NOON

NOON_MS = epoch_ms(NOON)


def site_of() -> Registry:
    """Return the small site with a fire door, a released exit and a circuit that are measured."""
    small = registry()
    exit_door = Opening(
        id=OpeningId("d-exit"), kind=OpeningKind.ACCESS, room=RoomId("a-201"), rex_wired=True, release_on_fire=True
    )
    fire_door = Opening(id=OpeningId("f-2"), kind=OpeningKind.FIRE_CLOSED, room=RoomId("a-201"))
    circuit = Circuit(id=CircuitId("c-main"), item=CircuitItem.TOTAL)
    devices = (
        device("exit1", Placement(opening=exit_door.id), "open", "locked"),
        device("contact1", Placement(opening=OpeningId("d-wired")), "open"),
        device("fire1", Placement(opening=fire_door.id), "open"),
        device("meter1", Placement(circuit=circuit.id), "residual_current_ma", "cable_temperature_c"),
    )
    return replace(
        small,
        openings={**small.openings, exit_door.id: exit_door, fire_door.id: fire_door},
        circuits={circuit.id: circuit},
        devices={**small.devices, **{each.id: each for each in devices}},
    )


def device(name: str, place: Placement, *metrics: str) -> Device:
    return Device(id=DeviceId(name), placements=(place,), metrics=metrics, gateway="gw1", heartbeat_s=3600)


class Told:
    """Gathers what the machines say, as `RULE subject severity`."""

    def __init__(self, facts: Facts = NO_FACTS) -> None:
        self.watcher = Watcher(LIVE, Site(site_of(), live=True, facts=facts))
        self.edges: list[Edge] = []

    def event(
        self,
        at_s: float,
        kind: EventType,
        name: str = "panel1",
        zone: str = "",
        *,
        over: bool = False,
        late_s: float = 0.0,
    ) -> None:
        state = EventState.CLEARED if over else EventState.ACTIVE
        received = NOON + timedelta(seconds=at_s)
        told = replace(event(kind, device=name, zone=zone, state=state), received=received)
        told = replace(told, time=received - timedelta(seconds=late_s))
        self._take(self.watcher.event(told, NOON_MS + round(at_s * 1000)))

    def sample(self, at_s: float, name: str, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            at_ms = NOON_MS + round(at_s * 1000)
            self._take(self.watcher.sample(Sample(at_ms=at_ms, device=name, metric=metric, value=value)))

    def tick(self, at_s: float) -> None:
        self._take(self.watcher.tick(NOON_MS + round(at_s * 1000)))

    def facts(self, at_s: float, facts: Facts) -> None:
        self.watcher.site.facts = facts
        self._take(self.watcher.facts(NOON_MS + round(at_s * 1000)))

    def said(self, rule: str) -> list[Severity | None]:
        return [edge.severity for edge in self.edges if edge.rule == rule]

    def _take(self, edges: Iterable[Edge]) -> None:
        self.edges += edges
