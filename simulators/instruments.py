"""Instruments: what devices show of the truth at given instants: noise, resolution, altitude.

A value follows from the day's arrays and the instant alone. Figures are those of usual
devices: the project's own choice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sensors.topology import (
    BuildingId,
    Circuit,
    CircuitId,
    Device,
    OpeningId,
    Placement,
    Registry,
    RoomId,
    SiteId,
)
from simulators.air import OUTDOOR_PPM
from simulators.arithmetic import Floats, Ints
from simulators.block import Block, Series
from simulators.chance import Keys, key, noise
from simulators.circuits import PHASES, phase_of
from simulators.conditions import NEVER_C
from simulators.days import MINUTE_MS
from simulators.grid import STEP_MS
from simulators.people import ELSEWHERE
from simulators.power_quality import PowerQuality
from simulators.site_day import SiteDay
from simulators.surroundings import DAYLIGHT_LM_W

HCHO_MGM2H, OUTDOOR_HCHO_MGM3 = 0.015, 0.004
"""What furniture gives off per floor area, and formaldehyde outdoors. The project's own choice."""
BATTERY_LASTS_MS = 730 * 86_400_000

Columns = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Instants:
    """Moments of one day, and where they lie on its grid."""

    times_ms: Ints
    step: Ints
    part: Floats
    minute: Ints

    @classmethod
    def of(cls, times_ms: Ints, start_ms: int) -> "Instants":
        """Return moments of the day that begins at `start_ms`."""
        since = times_ms - start_ms
        return cls(times_ms, since // STEP_MS, (since % STEP_MS) / STEP_MS, since // MINUTE_MS)

    def between(self, states: Floats, columns: Columns) -> Floats:
        """Return what changes steadily from boundary to boundary of steps."""
        before: Floats = states[self.step][:, columns]
        if not self.part.any():
            return before
        after: Floats = states[self.step + 1][:, columns]
        return before + (after - before) * self.part[:, None]

    def within(self, flows: Floats, columns: Columns) -> Floats:
        """Return what is constant within a step."""
        held: Floats = flows[self.step][:, columns]
        return held

    def minutely(self, counts: Ints, columns: Columns) -> Floats:
        """Return what is known by the minute."""
        return counts[self.minute][:, columns].astype(np.float64)


Truth = Callable[[SiteDay, Instants, Columns], Floats]
"""Gives what is true at each instant (rows) of each column: rooms, circuits, circuits by phase, buildings, openings."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a metric is shown: its truth, an error about it, absolute and as a share, its decimals and its bounds."""

    truth: Truth
    decimals: int = 0
    error: float = 0.0
    relative: float = 0.0
    low: float = -np.inf
    high: float = np.inf


def _people_inside(day: SiteDay, at: Instants, columns: Columns) -> Floats:
    """Return how many are in each building: in its rooms, and of those who sit there, in its corridors."""
    people, rooms = day.people, day.conditions.rooms
    buildings = list(day.conditions.water_m3s)
    on_the_way = people.place[:, at.minute] == ELSEWHERE
    found = np.zeros((len(at.minute), len(columns)))
    for place, column in enumerate(columns.tolist()):
        inside = rooms.of_building(buildings[column])
        in_rooms = people.present[at.minute][:, inside].sum(axis=1)
        found[:, place] = in_rooms + on_the_way[inside[people.home]].sum(axis=0)
    return found


BATTERY = Shown(lambda _day, at, c: np.repeat(_battery_pct(at)[:, None], len(c), axis=1))
IN_ROOMS: Mapping[str, Shown] = MappingProxyType(
    {
        "people_count": Shown(lambda day, at, c: at.minutely(day.people.present, c)),
        "presence": Shown(lambda day, at, c: np.minimum(at.minutely(day.people.present, c), 1.0)),
        "motion": Shown(lambda day, at, c: np.minimum(at.minutely(day.people.present, c), 1.0)),
        "co2_ppm": Shown(lambda day, at, c: at.between(day.rooms.co2_ppm, c), error=12.0, low=0.0),
        "temperature_c": Shown(lambda day, at, c: at.between(day.rooms.air_c, c), decimals=1, error=0.15),
        "relative_humidity_pct": Shown(
            lambda day, at, c: at.between(day.rooms.relative_humidity_pct, c),
            decimals=1,
            error=0.6,
            low=0.0,
            high=100.0,
        ),
        "pm2_5_ugm3": Shown(lambda day, at, c: at.between(day.rooms.pm2_5_ugm3, c), error=0.5, relative=0.06, low=0.0),
        "hcho_mgm3": Shown(lambda day, at, c: at.within(hcho_mgm3(day), c), decimals=3, error=0.002, low=0.0),
        "battery_pct": BATTERY,
        "illuminance_lux": Shown(lambda day, at, c: at.within(day.rooms.illuminance_lux, c), relative=0.03, low=0.0),
        "sound_level_dba": Shown(lambda day, at, c: at.within(day.rooms.sound_dba, c), decimals=1, error=2.0),
        "hvac_on": Shown(lambda day, at, c: np.sign(at.within(np.abs(day.rooms.plant_w) + day.conditions.fan_m3s, c))),
        "setpoint_c": Shown(lambda day, at, c: at.within(setpoint_c(day), c), decimals=1),
    }
)
"""Columns are rooms."""

ON_CIRCUITS: Mapping[str, Shown] = MappingProxyType(
    {
        "active_power_w": Shown(lambda day, at, c: at.within(day.power.power_w, c), decimals=1, relative=0.004),
        "energy_import_kwh": Shown(lambda day, at, c: at.between(day.power.registers.import_kwh, c), decimals=3),
        "energy_export_kwh": Shown(lambda day, at, c: at.between(day.power.registers.export_kwh, c), decimals=3),
        "reactive_import_kvarh": Shown(lambda day, at, c: at.between(_quality(day).reactive_kvarh, c), decimals=3),
        "power_factor": Shown(lambda day, at, c: at.within(_quality(day).power_factor, c), decimals=3, high=1.0),
        "residual_current_ma": Shown(
            lambda day, at, c: at.within(_quality(day).residual_ma, c), decimals=1, relative=0.03, low=0.0
        ),
        "cable_temperature_c": Shown(
            lambda day, at, c: at.between(_quality(day).cable_rise_k, c) + _quality(day).duct_c[at.step][:, None],
            decimals=1,
            error=0.3,
        ),
    }
)
"""Columns are circuits."""

BY_PHASE: Mapping[str, Shown] = MappingProxyType(
    {
        "voltage_v": Shown(lambda day, at, c: at.within(_quality(day).voltage_v, c), decimals=1, error=0.4),
        "current_a": Shown(
            lambda day, at, c: at.within(_quality(day).current_a, c), decimals=2, relative=0.004, low=0.0
        ),
    }
)
"""Columns are circuits × 3 + phase."""

AT_BUILDINGS: Mapping[str, Shown] = MappingProxyType(
    {
        "water_m3": Shown(lambda day, at, c: at.between(day.water_m3, c), decimals=3),
        "heat_gj": Shown(lambda day, at, c: at.between(day.heat_gj, c), decimals=3),
        "battery_pct": BATTERY,
        "people_count": Shown(_people_inside),
        # The battery of a fire panel.
        "voltage_v": Shown(lambda _day, at, c: np.full((len(at.step), len(c)), 27.3), decimals=2, error=0.1),
        # By how much its clock is known to be ahead.
        "clock_offset_s": Shown(lambda _day, at, c: np.zeros((len(at.step), len(c)))),
    }
)
"""Columns are buildings."""

OUTDOORS: Mapping[str, Shown] = MappingProxyType(
    {
        "temperature_c": Shown(lambda day, at, c: _alike(day.weather.outdoor_c, at, c), decimals=1, error=0.15),
        "relative_humidity_pct": Shown(
            lambda day, at, c: _alike(day.weather.relative_humidity_pct, at, c), decimals=1, error=0.6, low=0, high=100
        ),
        "pm2_5_ugm3": Shown(
            lambda day, at, c: _alike(day.weather.pm2_5_ugm3, at, c), error=0.5, relative=0.06, low=0.0
        ),
        "co2_ppm": Shown(lambda _day, at, c: np.full((len(at.step), len(c)), OUTDOOR_PPM), error=8.0, low=0.0),
        "battery_pct": BATTERY,
        "illuminance_lux": Shown(
            lambda day, at, c: _alike(day.weather.sun.global_wm2 * DAYLIGHT_LM_W, at, c), relative=0.03, low=0.0
        ),
    }
)
"""What a device outdoors shows; columns are buildings."""

AT_OPENINGS: Mapping[str, Shown] = MappingProxyType(
    {
        "open": Shown(lambda day, at, c: day.openings.is_open(at.times_ms, c)),
        "locked": Shown(lambda day, at, c: day.openings.is_locked(at.times_ms, c)),
        "battery_pct": BATTERY,
    }
)
"""Columns are openings."""


def hcho_mgm3(day: SiteDay) -> Floats:
    """Return the formaldehyde at which what furniture gives off and what the air takes away agree, mg/m³.

    C = Cout + E·A ÷ Q: a room comes to it within few hours. Source: the steady mass balance, ISO 16000-9:2006.
    """
    air_m3h = (day.conditions.fan_m3s + day.conditions.gaps_m3s) * 3600
    return OUTDOOR_HCHO_MGM3 + HCHO_MGM2H * day.conditions.rooms.area_m2 / air_m3h


def _battery_pct(at: Instants) -> Floats:
    """Return what batteries have left: they last two years, and all were changed on one day."""
    return 100.0 - (at.times_ms % BATTERY_LASTS_MS).astype(np.float64) * (100.0 / BATTERY_LASTS_MS)


def setpoint_c(day: SiteDay) -> Floats:
    """Return what the thermostat is set to: what it cools to where that is in force, else what it heats to."""
    cools = day.conditions.cool_to_c < NEVER_C
    return np.where(cools, day.conditions.cool_to_c, np.maximum(day.conditions.heat_to_c, 0.0))


def _quality(day: SiteDay) -> PowerQuality:
    if day.quality is None:
        msg = "no device of this site measures phases"
        raise LookupError(msg)
    return day.quality


def _alike(flow: Floats, at: Instants, columns: Columns) -> Floats:
    return np.broadcast_to(flow[at.step][:, None], (len(at.step), len(columns)))


@dataclass(frozen=True, slots=True)
class Point:
    """One series: what is shown, of which column, and by what factor the device gets it wrong."""

    series: Series
    shown: Shown
    column: int
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class _Group:
    """The points that show the same."""

    shown: Shown
    rows: Columns
    columns: Columns
    factors: Floats
    keys: Keys

    def write(self, values: Floats, day: SiteDay, at: Instants) -> None:
        shown = self.shown
        true = shown.truth(day, at, self.columns) * self.factors
        if shown.error or shown.relative:
            true = true + noise(self.keys, at.times_ms[:, None]) * (shown.error + shown.relative * np.abs(true))
        values[self.rows] = np.clip(np.round(true, shown.decimals), shown.low, shown.high).T


@dataclass(frozen=True, slots=True)
class Instruments:
    """The devices of a site, to be read at any instants of a day."""

    site: SiteId
    series: tuple[Series, ...]
    groups: tuple[_Group, ...]

    @classmethod
    def of(cls, registry: Registry, seed: int, pressure: float) -> "Instruments":
        """Return the devices at their last places; what is not simulated is not shown."""
        return cls._of(registry, registry.devices.values(), _Columns.of(registry), seed, pressure)

    @classmethod
    def apart(
        cls, registry: Registry, seed: int, pressure: float, parts: Iterable[Sequence[Device]]
    ) -> list["Instruments"]:
        """Return the instruments of each part of the devices, to be read at instants of their own."""
        columns = _Columns.of(registry)
        return [cls._of(registry, part, columns, seed, pressure) for part in parts]

    @classmethod
    def _of(
        cls, registry: Registry, devices: Iterable[Device], columns: "_Columns", seed: int, pressure: float
    ) -> "Instruments":
        points = [p for device in devices for p in points_of(device, columns, pressure)]
        by_shown: dict[int, list[int]] = {}
        for row, point in enumerate(points):
            by_shown.setdefault(id(point.shown), []).append(row)
        groups = (_group([(row, points[row]) for row in rows], seed) for rows in by_shown.values())
        return cls(registry.site.id, tuple(point.series for point in points), tuple(groups))

    def read(self, day: SiteDay, times_ms: Ints) -> Block:
        """Return what all devices show at instants of a day."""
        at = Instants.of(times_ms, day.grid.start_ms)
        values = np.empty((len(self.series), len(times_ms)))
        for group in self.groups:
            group.write(values, day, at)
        return Block(self.site, self.series, times_ms, values)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each place stands in the arrays of a day."""

    rooms: Mapping[RoomId, int]
    circuits: Mapping[CircuitId, int]
    buildings: Mapping[BuildingId, int]
    openings: Mapping[OpeningId, int]
    registry: Registry

    @classmethod
    def of(cls, registry: Registry) -> "_Columns":
        return cls(
            rooms={room: index for index, room in enumerate(registry.rooms)},
            circuits={circuit: index for index, circuit in enumerate(registry.circuits)},
            buildings={building: index for index, building in enumerate(registry.buildings)},
            openings={opening: index for index, opening in enumerate(registry.openings)},
            registry=registry,
        )


def points_of(device: Device, columns: _Columns, pressure: float) -> Iterator[Point]:
    """Yield what a device shows at its last place."""
    place = device.placements[-1] if device.placements else Placement()
    for metric in device.metrics:
        if place.room is not None and metric in IN_ROOMS:
            factor = pressure if metric == "co2_ppm" and device.pressure_compensated is False else 1.0
            yield Point((device.id, metric, ""), IN_ROOMS[metric], columns.rooms[place.room], factor)
        elif place.circuit is not None:
            yield from _on_circuit(device, metric, columns.registry.circuits[place.circuit], columns)
        elif place.opening is not None and metric in AT_OPENINGS:
            yield Point((device.id, metric, ""), AT_OPENINGS[metric], columns.openings[place.opening])
        elif place.building is not None and metric in (shown := OUTDOORS if device.outdoor else AT_BUILDINGS):
            factor = pressure if metric == "co2_ppm" and device.pressure_compensated is False else 1.0
            yield Point((device.id, metric, ""), shown[metric], columns.buildings[place.building], factor)


def _on_circuit(device: Device, metric: str, circuit: Circuit, columns: _Columns) -> Iterator[Point]:
    """Yield the points of a meter: behind current transformers it shows what passes divided by their ratio."""
    column = columns.circuits[circuit.id]
    if metric in ON_CIRCUITS:
        factor = 1.0 / circuit.ct_ratio if metric in TRANSFORMED else 1.0
        yield Point((device.id, metric, ""), ON_CIRCUITS[metric], column, factor)
    elif metric in BY_PHASE:
        factor = 1.0 / circuit.ct_ratio if metric in TRANSFORMED else 1.0
        own = phase_of(column, circuit)
        for phase in range(PHASES) if own is None else (own,):
            label = f"L{phase + 1}" if own is None else ""
            yield Point((device.id, metric, label), BY_PHASE[metric], column * PHASES + phase, factor)


TRANSFORMED = frozenset(
    {"active_power_w", "energy_import_kwh", "energy_export_kwh", "reactive_import_kvarh", "current_a"}
)


def _group(points: list[tuple[int, Point]], seed: int) -> _Group:
    return _Group(
        shown=points[0][1].shown,
        rows=np.array([row for row, _ in points], dtype=np.int64),
        columns=np.array([point.column for _, point in points], dtype=np.int64),
        factors=np.array([point.factor for _, point in points]),
        keys=np.array([key(seed, *point.series) for _, point in points], dtype=np.uint64),
    )
