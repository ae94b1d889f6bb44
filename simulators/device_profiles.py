"""Devices as they are: how each model reports, rounds, runs down, forgets and errs.

The figures are those of usual devices, the project's own choice; docs/simulator.md shows the table. A device without a
model is ideal: it reports at its registry's interval, to the millisecond and without a loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from sensors.topology import Device, OpeningKind, Placement, Registry


def _nothing() -> Mapping[str, float]:
    return MappingProxyType({})


DEFAULT_INTERVAL_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a model tells what it measures.

    With `interval_s` it reports in turn, with `heartbeat_s` on change and at least so often. `polled` devices are
    asked by their gateway one after another, the others wake by clocks of their own; `jitter_s` is by how much a
    report comes late. `resolution` is the least step of a metric, `drift` by how much a metric strays within a week,
    until the sensor calibrates itself, and `turns_over` where a register begins again from 0. `lost` is the share of
    reports that the air swallows; a battery lasts `battery_days` and is changed at BATTERY_CHANGED_PCT.
    """

    interval_s: float | None = None
    heartbeat_s: float | None = None
    polled: bool = False
    jitter_s: float = 0.0
    resolution: Mapping[str, float] = field(default_factory=_nothing)
    drift: Mapping[str, float] = field(default_factory=_nothing)
    turns_over: Mapping[str, float] = field(default_factory=_nothing)
    lost: float = 0.0
    battery_days: float | None = None

    @property
    def every_s(self) -> float:
        """Return how often it reports where nothing changes."""
        return self.interval_s or self.heartbeat_s or DEFAULT_INTERVAL_S


BATTERY_CHANGED_PCT = 20.0
HEARTBEATS_MISSED = 2.5
"""After so many heartbeats without a word a device that reports on change counts as silent: one may be lost."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "air-radio": Profile(
            interval_s=300.0,
            jitter_s=8.0,
            resolution={"temperature_c": 0.1, "relative_humidity_pct": 0.5, "co2_ppm": 1.0},
            drift={"co2_ppm": 12.0},
            lost=0.01,
            battery_days=900.0,
        ),
        "presence-radio": Profile(heartbeat_s=1800.0, jitter_s=15.0, lost=0.002, battery_days=1100.0),
        "people-counter": Profile(interval_s=120.0, jitter_s=1.0, polled=True),
        "env-bus": Profile(interval_s=300.0, jitter_s=2.0, polled=True, resolution={"sound_level_dba": 0.5}),
        "thermostat-bus": Profile(interval_s=300.0, jitter_s=2.0, polled=True, resolution={"setpoint_c": 0.5}),
        "meter-bus": Profile(
            interval_s=300.0,
            jitter_s=3.0,
            polled=True,
            # Coarser registers, 0.01 kWh, would blur E05: 10 W of an hour's mean, a tenth of its limit.
            resolution={"energy_import_kwh": 0.001, "energy_export_kwh": 0.001, "reactive_import_kvarh": 0.001},
            turns_over=dict.fromkeys(("energy_import_kwh", "energy_export_kwh", "reactive_import_kvarh"), 10_000.0),
        ),
        "water-radio": Profile(
            interval_s=900.0,
            jitter_s=20.0,
            resolution={"water_m3": 0.001},
            turns_over={"water_m3": 10_000.0},
            lost=0.01,
            battery_days=2000.0,
        ),
        "outdoor-radio": Profile(interval_s=600.0, jitter_s=10.0, lost=0.01, battery_days=900.0),
        "door-controller": Profile(heartbeat_s=240.0, jitter_s=1.0, polled=True),
        "contact-radio": Profile(heartbeat_s=3600.0, jitter_s=20.0, lost=0.002, battery_days=1500.0),
        "leak-radio": Profile(heartbeat_s=3600.0, jitter_s=20.0, lost=0.002, battery_days=1500.0),
        "panel-bus": Profile(interval_s=60.0, jitter_s=0.5, polled=True, resolution={"voltage_v": 0.1}),
    }
)
"""By the registry's `model`. Registers of four digits before the point turn over within weeks on a main meter."""

_IN_ROOMS = (
    ("co2_ppm", "air-radio"),
    ("temperature_c", "air-radio"),
    ("presence", "presence-radio"),
    ("motion", "presence-radio"),
    ("people_count", "people-counter"),
    ("illuminance_lux", "env-bus"),
    ("setpoint_c", "thermostat-bus"),
    ("battery_pct", "leak-radio"),
)
"""The model of a device in a room, by the first of these metrics that it shows."""
_AT_BUILDINGS = (("water_m3", "water-radio"), ("people_count", "people-counter"))
"""Likewise of a device at a building; a panel else."""
BATTERY = "battery_pct"


def profile_of(device: Device) -> Profile:
    """Return how a device tells what it measures: by its model, else ideally at its own interval."""
    known = PROFILES.get(device.model or "")
    return known or Profile(interval_s=device.interval_s or DEFAULT_INTERVAL_S)


def realistic(registry: Registry) -> Registry:
    """Return the site with devices as they are: each has its model's name, and how often it speaks."""
    devices = {each.id: _as_it_is(each, registry) for each in registry.devices.values()}
    return replace(registry, devices=devices)


def reporting_every(registry: Registry, step: timedelta) -> Registry:
    """Return the site with ideal devices that report so often, those that speak on change apart."""
    often = {
        device.id: replace(device, interval_s=step.total_seconds()) if device.interval_s is not None else device
        for device in registry.devices.values()
    }
    return replace(registry, devices=often)


def _as_it_is(device: Device, registry: Registry) -> Device:
    model = _model(device, registry)
    if model is None:
        return device
    profile = PROFILES[model]
    own = device.metrics
    told = (*own, BATTERY) if profile.battery_days is not None and BATTERY not in own else own
    silent_s = None if profile.heartbeat_s is None else HEARTBEATS_MISSED * profile.heartbeat_s
    return replace(device, model=model, metrics=told, interval_s=profile.interval_s, heartbeat_s=silent_s)


def _model(device: Device, registry: Registry) -> str | None:
    place = device.placements[-1] if device.placements else Placement()
    if place.circuit is not None:
        return "meter-bus"
    if not device.metrics:
        return None  # a reader that tells of cards alone has no heartbeat to be silent with
    if place.opening is not None:
        is_door = registry.openings[place.opening].kind is OpeningKind.ACCESS
        return "door-controller" if is_door else "contact-radio"
    if place.building is not None:
        own = (model for metric, model in _AT_BUILDINGS if metric in device.metrics)
        return "outdoor-radio" if device.outdoor else next(own, "panel-bus")
    return next((model for metric, model in _IN_ROOMS if metric in device.metrics), None)
