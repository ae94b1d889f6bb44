"""A whole building over time: history in bulk, then live from where history ended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sensors.errors import InputFault
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms, from_epoch_ms
from sensors.topology import (
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    OpeningId,
    Placement,
    Registry,
    Room,
    RoomId,
)
from simulators.air import (
    OUTDOOR_PPM,
    UNHEATED_C,
    co2_after,
    pressure_ratio,
    temperature_after,
    volume_m3,
)
from simulators.chance import Chance, noise, noise_key
from simulators.days import MINUTE_MS, IsWorkday, local_day, workdays_of
from simulators.faults import FOREVER_MS, Fault, FaultKind, checked
from simulators.incidents import Incidents
from simulators.plans import BuildingUse, DayPlan, Planner, RoomUse
from simulators.power import LOSSES
from simulators.timeline import Span

HISTORY_STEP = timedelta(minutes=5)
LOST_SHARE = 0.35
"""The share of half hours that a device with gaps leaves out, at severity 1."""
LOST_BLOCK_MS = 30 * MINUTE_MS
KWH_PER_W_MS = 1 / 3.6e9

Probe = Callable[[int], float]
"""Gives what a device shows at an instant, UTC ms."""


class ClockError(InputFault):
    """A world was asked to go back in time, or given a time without an offset."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What the devices say at `time`, and what happened since the tick before."""

    time: datetime
    readings: ReadingBatch
    events: tuple[Event, ...]


@dataclass(slots=True)
class _RoomState:
    room: Room
    volume_m3: float
    co2_ppm: float = OUTDOOR_PPM
    temperature_c: float = UNHEATED_C
    used_w_ms: dict[CircuitItem, float] = field(default_factory=dict)


@dataclass(slots=True)
class _CircuitState:
    circuit: Circuit
    register_kwh: float
    children: tuple[CircuitId, ...]
    building: BuildingId | None


@dataclass(frozen=True, slots=True)
class _Point:
    """One series: which device shows what, and when it fails to."""

    device: str
    metric: str
    probe: Probe
    silent: tuple[Span, ...]
    lossy: tuple[tuple[Span, float], ...]
    loss_key: int


class World:
    """A site's rooms, circuits and devices as they go through time.

    Plans of days follow from the seed alone, and what is carried on (CO2, temperature, registers) is kept here; so
    whoever steps on after history gets what one long run would have given.
    """

    def __init__(
        self,
        registry: Registry,
        seed: int,
        start: datetime,
        faults: Sequence[Fault] = (),
        *,
        is_workday: IsWorkday | None = None,
    ) -> None:
        """Begin at `start`, with all rooms empty for long. Raises FaultPlanError, UnknownCalendarError, ClockError."""
        if start.tzinfo is None:
            msg = f"{start.isoformat()} has no offset; give the world an aware time"
            raise ClockError(msg)
        self._registry = registry
        self._seed = seed
        self._now_ms = epoch_ms(start)
        self._told_ms = self._now_ms - 1
        self._faults = checked(faults, registry)
        self._planner = Planner(
            registry=registry,
            seed=seed,
            faults=self._faults,
            is_workday=is_workday or workdays_of(registry.site),
            zone=ZoneInfo(registry.site.timezone),
        )
        self._ratio = pressure_ratio(registry.site.altitude_m)
        self._plan = self._plan_of(self._now_ms)
        self._rooms = {room.id: _RoomState(room, volume_m3(room)) for room in registry.rooms.values()}
        self._house_w_ms: dict[tuple[BuildingId, CircuitItem], float] = {}
        self._circuits = {circuit.id: self._circuit(circuit) for circuit in registry.circuits.values()}
        self._leaves_first = _leaves_first(self._circuits)
        self._power_at = (-1, dict.fromkeys(registry.circuits, 0.0))
        self._points = [point for device in registry.devices.values() for point in self._points_of(device)]
        self._incidents = Incidents(registry, seed, self._faults.faults)

    @property
    def now(self) -> datetime:
        """Return how far the world has gone."""
        return from_epoch_ms(self._now_ms)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return self._planner.zone

    def run(self, until: datetime, step: timedelta = HISTORY_STEP) -> Iterator[Tick]:
        """Yield a tick for now, unless it was told, and for every step before `until`."""
        step_ms = step // timedelta(milliseconds=1)
        if step_ms <= 0:
            msg = f"a step of {step} leads nowhere; take one of at least a millisecond"
            raise ClockError(msg)
        moment = self._now_ms if self._told_ms < self._now_ms else self._now_ms + step_ms
        for time_ms in range(moment, epoch_ms(until), step_ms):
            yield self._tick(time_ms)

    def step(self, until: datetime) -> Tick:
        """Go on to `until` and return what the devices say then. Raises ClockError for a time gone by."""
        time_ms = epoch_ms(until)
        if time_ms < self._now_ms:
            msg = f"the world is at {self.now.isoformat()} already and does not go back to {until.isoformat()}"
            raise ClockError(msg)
        return self._tick(time_ms)

    def _tick(self, time_ms: int) -> Tick:
        events: list[Event] = []
        while self._now_ms < time_ms:
            part_ms = min(time_ms, self._plan.end_ms)
            events += self._events_before(part_ms)
            self._advance(part_ms)
        events += self._events_before(time_ms + 1)
        return Tick(from_epoch_ms(time_ms), self._readings(time_ms), tuple(events))

    def _events_before(self, end_ms: int) -> list[Event]:
        """Return the events of the planned day that were not told yet."""
        events = self._incidents.between(self._told_ms + 1, end_ms, self._plan)
        self._told_ms = end_ms - 1
        return events

    def _readings(self, time_ms: int) -> ReadingBatch:
        batch = ReadingBatch(site=self._registry.site.id)
        for point in self._points:
            if (point.silent or point.lossy) and _is_missing(point, time_ms):
                continue
            batch.add(time_ms, point.device, point.metric, point.probe(time_ms))
        return batch

    def _plan_of(self, time_ms: int) -> DayPlan:
        return self._planner.plan(local_day(time_ms, self._planner.zone))

    def _advance(self, until_ms: int) -> None:
        """Carry everything on to an instant of the planned day, and plan the next day when this one is over."""
        for room, uses in self._plan.rooms.items():
            state = self._rooms[room]
            for length_ms, use in uses.pieces(self._now_ms, until_ms):
                self._advance_room(state, use, length_ms)
        for building, timeline in self._plan.buildings.items():
            for length_ms, house in timeline.pieces(self._now_ms, until_ms):
                for item, power_w in _house_power(house):
                    key = (building, item)
                    self._house_w_ms[key] = self._house_w_ms.get(key, 0.0) + power_w * length_ms
        self._count_energy()
        self._now_ms = until_ms
        if until_ms >= self._plan.end_ms:
            self._plan = self._plan_of(until_ms)

    def _advance_room(self, state: _RoomState, use: RoomUse, length_ms: int) -> None:
        seconds = length_ms / 1000
        state.co2_ppm = co2_after(
            state.co2_ppm,
            people=use.people,
            air_m3s=use.air_m3s,
            room_m3=state.volume_m3,
            seconds=seconds,
            ratio=self._ratio,
        )
        state.temperature_c = temperature_after(
            state.temperature_c, people=use.people, heated=use.heated, seconds=seconds
        )
        used = state.used_w_ms
        for item, power_w in _room_power(use):
            used[item] = used.get(item, 0.0) + power_w * length_ms

    def _count_energy(self) -> None:
        """Move what was used into the registers, from the last sub-meter up to the main."""
        used = self._through_circuits(
            lambda room, item: self._rooms[room].used_w_ms.get(item, 0.0),
            lambda building, item: self._house_w_ms.get((building, item), 0.0),
        )
        for circuit, amount in used.items():
            self._circuits[circuit].register_kwh += amount * KWH_PER_W_MS
        for state in self._rooms.values():
            state.used_w_ms.clear()
        self._house_w_ms.clear()

    def _through_circuits(
        self,
        of_room: Callable[[RoomId, CircuitItem], float],
        of_house: Callable[[BuildingId, CircuitItem], float],
    ) -> dict[CircuitId, float]:
        """Return what flows through each circuit: its rooms' or its building's use, or its sub-meters' with losses."""
        flows: dict[CircuitId, float] = {}
        for identifier in self._leaves_first:
            state = self._circuits[identifier]
            circuit = state.circuit
            if state.children:
                losses = LOSSES if circuit.item is CircuitItem.TOTAL else 0.0
                flows[identifier] = sum(flows[child] for child in state.children) * (1 + losses)
            elif circuit.serves:
                flows[identifier] = sum(of_room(room, circuit.item) for room in circuit.serves)
            else:
                flows[identifier] = of_house(state.building, circuit.item) if state.building else 0.0
        return flows

    def _power_now(self, time_ms: int) -> dict[CircuitId, float]:
        if self._power_at[0] != time_ms:
            rooms = {room: dict(_room_power(uses.at(time_ms))) for room, uses in self._plan.rooms.items()}
            houses = {b: dict(_house_power(uses.at(time_ms))) for b, uses in self._plan.buildings.items()}
            power = self._through_circuits(
                lambda room, item: rooms[room].get(item, 0.0), lambda building, item: houses[building].get(item, 0.0)
            )
            self._power_at = (time_ms, power)
        return self._power_at[1]

    def _circuit(self, circuit: Circuit) -> _CircuitState:
        children = tuple(other.id for other in self._registry.circuits.values() if other.parent == circuit.id)
        begun_kwh = Chance(self._seed, "register", circuit.id).whole(100, 40_000)
        building = self._registry.circuit_building(circuit.id)
        return _CircuitState(circuit, float(begun_kwh), children, building)

    def _points_of(self, device: Device) -> Iterator[_Point]:
        place = device.placements[-1] if device.placements else Placement()
        everywhen = (0, FOREVER_MS)
        silent = self._faults.of(FaultKind.SILENT_DEVICE, device.id, everywhen)
        for metric in device.metrics:
            probe = self._probe(device, place, metric)
            if probe is not None:
                yield _Point(
                    device=device.id,
                    metric=metric,
                    probe=probe,
                    silent=tuple(span for span, _ in silent),
                    lossy=tuple(self._faults.of(FaultKind.GAPS, device.id, everywhen)),
                    loss_key=noise_key(self._seed, "loss", device.id),
                )

    def _probe(self, device: Device, place: Placement, metric: str) -> Probe | None:
        """Return what gives a metric at a place, None for what is not simulated."""
        key = noise_key(self._seed, device.id, metric)
        if place.room is not None:
            return self._room_probe(device, place.room, metric, key)
        if place.circuit is not None:
            return self._meter_probe(place.circuit, metric)
        if metric == "open" and place.opening is not None:
            return self._door_probe(place.opening)
        if metric == "voltage_v":
            return lambda time_ms: round(27.3 + 0.1 * noise(key, time_ms), 2)
        return None

    def _room_probe(self, device: Device, room: RoomId, metric: str, key: int) -> Probe | None:
        state = self._rooms[room]
        shown = self._ratio if device.pressure_compensated is False else 1.0
        probes: dict[str, Probe] = {
            "people_count": lambda time_ms: float(self._use(room, time_ms).people),
            "presence": lambda time_ms: float(self._use(room, time_ms).people > 0),
            "co2_ppm": lambda time_ms: float(round(shown * state.co2_ppm + 8 * noise(key, time_ms))),
            "temperature_c": lambda time_ms: round(state.temperature_c + 0.1 * noise(key, time_ms), 1),
        }
        return probes.get(metric)

    def _meter_probe(self, circuit: CircuitId, metric: str) -> Probe | None:
        state = self._circuits[circuit]
        ratio = state.circuit.ct_ratio
        probes: dict[str, Probe] = {
            "energy_import_kwh": lambda _: round(state.register_kwh / ratio, 4),
            "active_power_w": lambda time_ms: round(self._power_now(time_ms)[circuit] / ratio, 1),
        }
        return probes.get(metric)

    def _door_probe(self, opening: OpeningId) -> Probe:
        spans = self._faults.of(FaultKind.FORCED_DOOR, opening, (0, FOREVER_MS))
        return lambda time_ms: float(any(begin <= time_ms < end for (begin, end), _ in spans))

    def _use(self, room: RoomId, time_ms: int) -> RoomUse:
        return self._plan.rooms[room].at(time_ms)


def _room_power(use: RoomUse) -> tuple[tuple[CircuitItem, float], ...]:
    return (
        (CircuitItem.LIGHTING, use.light_w),
        (CircuitItem.PLUGS, use.plugs_w),
        (CircuitItem.SERVER_ROOM, use.server_w),
    )


def _house_power(use: BuildingUse) -> tuple[tuple[CircuitItem, float], ...]:
    return (
        (CircuitItem.HVAC, use.hvac_w),
        (CircuitItem.LIGHTING, use.corridor_w),
        (CircuitItem.POWER, use.power_w),
    )


def _leaves_first(circuits: dict[CircuitId, _CircuitState]) -> tuple[CircuitId, ...]:
    """Return the circuits in an order in which each comes after those it feeds."""
    ordered: list[CircuitId] = []
    waiting = [identifier for identifier, state in circuits.items() if state.circuit.parent is None]
    while waiting:
        identifier = waiting.pop()
        ordered.append(identifier)
        waiting += circuits[identifier].children
    return tuple(reversed(ordered))


def _is_missing(point: _Point, time_ms: int) -> bool:
    if any(begin <= time_ms < end for begin, end in point.silent):
        return True
    block = (noise(point.loss_key, time_ms // LOST_BLOCK_MS) + 1) / 2
    return any(begin <= time_ms < end and block < LOST_SHARE * severity for (begin, end), severity in point.lossy)
