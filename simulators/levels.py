"""Faults that are a level: what a device shows comes to a rule's limit times the severity.

These are set at the device and go nowhere else: a residual current on one circuit is not seen by the meter above it.
Each function returns what is shown instead, from what would be shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.readings import from_epoch_ms
from sensors.seasons import Season, conditioned_season
from sensors.subjects import SubjectKind
from sensors.topology import BuildingId, CircuitId, ClimateZone, Registry, RoomId
from simulators.arithmetic import Floats, Ints
from simulators.block import Series
from simulators.days import local_day
from simulators.effects import KELVIN_PER_SEVERITY
from simulators.faults import Fault, FaultKind
from simulators.places import devices_at

POINTS_PER_SEVERITY, DECIBELS_PER_SEVERITY = 20.0, 10.0
WINTER_MONTHS = frozenset({11, 12, 1, 2, 3})
"""What counts as winter between the seasons, when no rule looks."""
NIGHT_CO2_PPM = 412.0
"""The lowest that a sensor in order shows within a week: outdoor air less its noise."""
MA_WITH_A_MARGIN = 5.0
NOMINAL_PHASE_V = 227.0
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One series at the times of a fault: its name, what it would show, and the site."""

    fault: Fault
    series: Series
    times_ms: Ints
    values: Floats
    registry: Registry


Level = Callable[[Shown], Floats]


def _limit(rule: str, parameter: str) -> float:
    return CATALOGUE[rule].parameter(parameter)


def _times(rule: str, parameter: str) -> Level:
    """Return what shows a limit times the severity."""
    limit = _limit(rule, parameter)
    return lambda shown: np.full_like(shown.values, limit * shown.fault.severity)


def _at_least(rule: str, parameter: str) -> Level:
    limit = _limit(rule, parameter)
    return lambda shown: np.maximum(shown.values, limit * shown.fault.severity)


def _hot_cable(shown: Shown) -> Floats:
    beyond_k = KELVIN_PER_SEVERITY * (shown.fault.severity - 1.0)
    return np.full_like(shown.values, _limit("L03", "cable_c") + beyond_k)


def _is_winter(shown: Shown) -> bool:
    site = shown.registry.site
    found = conditioned_season(site, local_day(int(shown.times_ms[0]), ZoneInfo(site.timezone)))
    return from_epoch_ms(int(shown.times_ms[0])).month in WINTER_MONTHS if found is None else found is Season.WINTER


def _temperature(shown: Shown) -> Floats:
    """Too cold for the zone in winter, too warm in summer."""
    beyond_k = KELVIN_PER_SEVERITY * (shown.fault.severity - 1.0)
    if _is_winter(shown):
        is_cold = shown.registry.site.climate_zone is ClimateZone.SEVERE_COLD_AND_COLD
        limit = "winter_cold_zones_c" if is_cold else "winter_hot_summer_cold_winter_c"
        return np.full_like(shown.values, _limit("A05", limit) - beyond_k)
    return np.full_like(shown.values, _limit("A05", "summer_c") + beyond_k)


def _humidity(shown: Shown) -> Floats:
    beyond = POINTS_PER_SEVERITY * (shown.fault.severity - 1.0)
    level = _limit("A06", "winter_low_pct") - beyond if _is_winter(shown) else _limit("A06", "summer_high_pct") + beyond
    return np.full_like(shown.values, min(max(level, 0.0), 100.0))


def _dim(shown: Shown) -> Floats:
    return np.minimum(shown.values, _limit("A07", "office_lux") / shown.fault.severity)


def _noise(shown: Shown) -> Floats:
    room = shown.registry.rooms[RoomId(shown.fault.subject.id)]
    limit = _limit("A08", "single_office_dba" if room.capacity == 1 else "level_dba")
    return np.maximum(shown.values, limit + DECIBELS_PER_SEVERITY * (shown.fault.severity - 1.0))


def _leakage_trend(shown: Shown) -> Floats:
    """More than before by L02's ratio times the severity, and as a fault beyond its least current too."""
    risen = shown.values * _limit("L02", "rise_ratio") * shown.fault.severity
    least = 0.0 if shown.fault.near_miss else _limit("L02", "minimum_ma") + MA_WITH_A_MARGIN
    return np.maximum(risen, least)


def _overload(shown: Shown) -> Floats:
    """Above the rated current; a near miss stays under the lower tier, of which L04 speaks too."""
    rated_a = shown.registry.circuits[CircuitId(shown.fault.subject.id)].rated_a
    if rated_a is None:
        return shown.values
    limit = _limit("L04", "load_yellow_ratio" if shown.fault.near_miss else "load_ratio")
    return np.full_like(shown.values, rated_a * limit * shown.fault.severity)


def _high_voltage(shown: Shown) -> Floats:
    above = _limit("L05", "above_pct") / 100 * shown.fault.severity
    return np.full_like(shown.values, _limit("L05", "nominal_v") * (1.0 + above))


def _unbalance(shown: Shown) -> Floats:
    """Lower the third phase until the largest departure from the mean ÷ the mean is L06's limit times the severity."""
    ratio = _limit("L06", "unbalance_pct") / 100 * shown.fault.severity
    drop_v = ratio * NOMINAL_PHASE_V / (2 / 3 + ratio / 3)
    return np.full_like(shown.values, NOMINAL_PHASE_V - (drop_v if shown.series[2] == "L3" else 0.0))


def _drift(shown: Shown) -> Floats:
    """Let the sensor sink until its lowest value of a week is G03's lower limit ÷ the severity."""
    return np.maximum(shown.values + _limit("G03", "low_ppm") / shown.fault.severity - NIGHT_CO2_PPM, 0.0)


def _clock_drift(shown: Shown) -> Floats:
    """Let a clock that nobody sets go ahead by D06's limit times the severity a day: a part's at an opening."""
    devices = devices_at(shown.registry, shown.fault.subject)
    at_door = any(place.opening is not None for device in devices for place in device.placements[-1:])
    limit_s = _limit("D06", "part_drift_s" if at_door else "host_drift_s")
    return (shown.times_ms - shown.fault.span[0]) / DAY_MS * limit_s * shown.fault.severity


FROZEN_AT: Mapping[str, float] = {
    "co2_ppm": 512.0,
    "temperature_c": 21.4,
    "relative_humidity_pct": 44.0,
    "voltage_v": 226.0,
}
"""Where a frozen sensor stands; others stand at 0."""


def _frozen(shown: Shown) -> Floats:
    return np.full_like(shown.values, FROZEN_AT.get(shown.series[1], 0.0))


LEVELS: Mapping[FaultKind, tuple[frozenset[str], Level]] = MappingProxyType(
    {
        FaultKind.PARTICLES: (frozenset({"pm2_5_ugm3"}), _times("A03", "pm2_5_ugm3")),
        FaultKind.FORMALDEHYDE: (frozenset({"hcho_mgm3"}), _times("A04", "hcho_mgm3")),
        FaultKind.TEMPERATURE: (frozenset({"temperature_c"}), _temperature),
        FaultKind.HUMIDITY: (frozenset({"relative_humidity_pct"}), _humidity),
        FaultKind.DIM_LIGHT: (frozenset({"illuminance_lux"}), _dim),
        FaultKind.NOISE: (frozenset({"sound_level_dba"}), _noise),
        FaultKind.RESIDUAL_CURRENT: (frozenset({"residual_current_ma"}), _at_least("L01", "residual_ma")),
        FaultKind.LEAKAGE_TREND: (frozenset({"residual_current_ma"}), _leakage_trend),
        FaultKind.HOT_CABLE: (frozenset({"cable_temperature_c"}), _hot_cable),
        FaultKind.OVERLOAD: (frozenset({"current_a"}), _overload),
        FaultKind.HIGH_VOLTAGE: (frozenset({"voltage_v"}), _high_voltage),
        FaultKind.UNBALANCE: (frozenset({"voltage_v"}), _unbalance),
        FaultKind.DRIFT: (frozenset({"co2_ppm"}), _drift),
        FaultKind.CLOCK_DRIFT: (frozenset({"clock_offset_s"}), _clock_drift),
        FaultKind.FROZEN: (frozenset({"co2_ppm", "temperature_c", "relative_humidity_pct", "voltage_v"}), _frozen),
    }
)
"""Which metrics a kind sets, and to what."""


def devices_of(registry: Registry, fault: Fault) -> frozenset[str]:
    """Return the devices that a fault makes speak wrongly or not at all.

    Humidity is the building's: all its rooms', its devices outdoors apart.
    """
    if fault.subject.kind is SubjectKind.BUILDING:
        rooms = {room.id for room in registry.rooms.values() if room.building == BuildingId(fault.subject.id)}
        return frozenset(
            device.id for device in registry.devices.values() if any(p.room in rooms for p in device.placements[-1:])
        )
    return frozenset(device.id for device in devices_at(registry, fault.subject))
