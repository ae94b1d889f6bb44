"""What each signal of a room says of people in it: numbers that rise with people, in units of the room's own quiet.

Every array is rooms × steps, NaN where nothing is known. Nobody tells a room's noise or standby: both are read off the
signal itself, so that a number means the same in every room: below 1 is as in the empty room, from 4 on it is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analytics.occupancy_chain import Floats
from analytics.occupancy_lamps import lamps

MOTION_HOLD_MIN = 15.0
"""A motion detector does not see who sits still: so long after the last motion it says nothing new. Own choice."""
SLOPE_MIN = 10.0
"""A rate of change is taken over so long before and after: what people breathe out takes minutes to mix."""
SMOOTH_MIN = 5.0
FLOOR_H = 3.0
"""Noise is held against the quietest of so long before and after: ventilation hums on, people pause. Own choice."""
BASE_PCT = 3.0
"""The share of time in which a room is surely in its quiet state; its gas is then at the base. Own choice."""
LEAST_RATE, MOST_RATE, USUAL_RATE = 0.1, 1.5, 0.3
"""Air changes per hour, least, most and assumed where no decay was seen."""
LEAST_DECAY_STEPS = 30
KELVIN = 273.15


@dataclass(frozen=True, slots=True)
class Signal:
    """How a metric becomes evidence, and the most that one step of it may say for people and against them.

    A `quick` one changes as soon as people do. A `weak` one moves with much besides them and is asked only where no
    quick one is known. A `thing` is turned on by people and may be left on.
    """

    evidence: Callable[[Floats, float], Floats]
    most: float
    least: float
    quick: bool = False
    weak: bool = False
    thing: bool = False


def of_motion(moved: Floats, step_min: float) -> Floats:
    """Return 8 from a motion until its hold is over, else 0."""
    steps = max(1, round(MOTION_HOLD_MIN / step_min))
    seen = np.where(np.isnan(moved), -np.inf, moved)
    padded = np.pad(seen, ((0, 0), (steps, 0)), constant_values=-np.inf)
    latest = sliding_window_view(padded, steps + 1, axis=1).max(axis=2)
    return np.where(np.isfinite(latest), np.where(latest > 0, 8.0, 0.0), np.nan)


def of_light(light_lux: Floats, step_min: float) -> Floats:
    """Return 8 while lamps are lit and 0 while they are not; daylight alone says nothing."""
    return lamps(light_lux, step_min).lit * 8.0


def of_devices(devices: Floats, _step_min: float) -> Floats:
    """Return how many more devices are on the Wi-Fi than usually stay behind, half a device the unit."""
    _low, high = _resting(devices, 0.5)
    return (devices - high) * 2.0


def of_power(power_w: Floats, _step_min: float) -> Floats:
    """Return the power above standby; the unit is what standby itself moves by, 3 % of it or 5 W at least."""
    low, high = _resting(power_w, 5.0)
    middle = (low + high) / 2
    return (power_w - middle) / np.maximum(np.maximum((high - low) / 2, 0.03 * np.abs(middle)), 5.0)


def of_sound(level_dba: Floats, step_min: float) -> Floats:
    """Return the noise above the quietest of the hours round it; the unit is 1 dB."""
    half = max(1, round(FLOOR_H * 60 / step_min))
    return _mean(level_dba, SMOOTH_MIN, step_min) - _lowest(_mean(level_dba, SMOOTH_MIN, step_min), half)


def of_co2(co2_ppm: Floats, step_min: float) -> Floats:
    """Return what is breathed out: the balance of the room's air; the unit is the empty room's noise, 8 ppm/h least."""
    return _source(co2_ppm, step_min, least=8.0)


def of_moisture(grams_m3: Floats, step_min: float) -> Floats:
    """Return what water vapour is given off, as for CO2; the unit is 0.05 g/m³·h at least."""
    return _source(grams_m3, step_min, least=0.05)


def of_warmth(temperature_c: Floats, step_min: float) -> Floats:
    """Return how fast it gets warmer, the unit 0.1 K/h at least. The sun and the heating do the same."""
    rate = _rate(_mean(temperature_c, SMOOTH_MIN, step_min), step_min, 2 * SLOPE_MIN)
    return rate / np.maximum(_wobble(rate), 0.1)


SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        "motion": Signal(of_motion, most=3.0, least=-1.5, quick=True),
        "door": Signal(of_motion, most=1.5, least=-0.3),
        "lamps": Signal(of_light, thing=True, most=3.0, least=-3.0, quick=True),
        "wifi_devices": Signal(of_devices, most=3.0, least=-2.0, quick=True),
        "lighting_power_w": Signal(of_power, thing=True, most=2.0, least=-2.0, quick=True),
        "plug_power_w": Signal(of_power, thing=True, most=2.0, least=-2.0, quick=True),
        "sound_level_dba": Signal(of_sound, most=1.0, least=-0.5),
        "co2_ppm": Signal(of_co2, most=3.0, least=-1.0),
        "moisture": Signal(of_moisture, most=0.3, least=-0.05, weak=True),
        "temperature_c": Signal(of_warmth, most=0.3, least=-0.05, weak=True),
    }
)
"""Signal to how it is read."""


def moisture(temperature_c: Floats, relative_humidity_pct: Floats) -> Floats:
    """Return the water vapour in the air, g/m³. Source: Magnus formula, WMO-No. 8 (2018), annex 4.B."""
    pressure_hpa = 6.112 * np.exp(17.62 * temperature_c / (243.12 + temperature_c)) * relative_humidity_pct / 100
    return 216.68 * pressure_hpa / (temperature_c + KELVIN)


def evidence(metrics: Mapping[str, Floats], step_min: float) -> dict[str, Floats]:
    """Return what each metric says, by the name of its signal."""
    raw = {("lamps" if name == "illuminance_lux" else name): values for name, values in metrics.items()}
    if "temperature_c" in raw and "relative_humidity_pct" in raw:
        raw["moisture"] = moisture(raw["temperature_c"], raw["relative_humidity_pct"])
    return {name: SIGNALS[name].evidence(values, step_min) for name, values in raw.items() if name in SIGNALS}


def _source(level: Floats, step_min: float, *, least: float) -> Floats:
    """Return rate of change + air change rate × level above the base, in units of the empty room's noise.

    The air change rate is the room's own: the usual one of the steps at which the level falls.
    """
    smooth = _mean(level, SMOOTH_MIN, step_min)
    rate = _rate(smooth, step_min, SLOPE_MIN)
    above = smooth - _percentile(smooth, BASE_PCT)
    noise = np.maximum(_wobble(rate), least)
    falls = (rate < 0) & (above > noise / USUAL_RATE)
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = np.where(falls, -rate / above, np.nan)
    usual = np.where(falls.sum(axis=1) >= LEAST_DECAY_STEPS, _median(changes), USUAL_RATE)[:, None]
    source: Floats = (rate + np.clip(usual, LEAST_RATE, MOST_RATE) * np.maximum(above, 0)) / noise
    return source


def _rate(level: Floats, step_min: float, span_min: float) -> Floats:
    """Return the change per hour: the mean of the steps after less the mean of those before."""
    side = max(1, round(span_min / step_min))
    after, before = _window_mean(level, 0, side), _window_mean(level, side, 0)
    return (after - before) / (side * step_min / 60)


def _wobble(rate: Floats) -> Floats:
    """Return the noise of a rate per room: the spread of the calmer half of its steps, as a standard deviation."""
    return _percentile(np.abs(rate), 35.0) / 0.454


def _mean(level: Floats, span_min: float, step_min: float) -> Floats:
    side = round(span_min / step_min / 2 - 0.25)
    return _window_mean(level, side, side) if side > 0 else level


def _window_mean(level: Floats, before: int, after: int) -> Floats:
    """Return the mean of the known steps from `before` earlier to `after` later, NaN where none is."""
    known = ~np.isnan(level)
    sums = np.cumsum(np.pad(np.where(known, level, 0.0), ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)
    at = np.arange(level.shape[1])
    first, end = np.maximum(at - before, 0), np.minimum(at + after + 1, level.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = (sums[:, end] - sums[:, first]) / (counts[:, end] - counts[:, first])
    return mean


def _lowest(level: Floats, side: int) -> Floats:
    """Return the lowest of the known steps within `side` steps."""
    low = np.where(np.isnan(level), np.inf, level)
    reach = 1
    padded = np.pad(low, ((0, 0), (side, side)), constant_values=np.inf)
    while 2 * reach <= 2 * side + 1:  # windows of 1, 2, 4 … steps, each the lower of two
        padded[:, :-reach] = np.minimum(padded[:, :-reach], padded[:, reach:])
        reach *= 2
    rest = 2 * side + 1 - reach
    out = np.minimum(padded[:, : low.shape[1]], padded[:, rest : rest + low.shape[1]])
    return np.where(np.isfinite(out), out, np.nan)


def _resting(values: Floats, least: float) -> tuple[Floats, Floats]:
    """Return the level at which a room rests, as columns from and to: the lowest of the narrowest crowds of values.

    A crowd is a quarter of the known steps; one up to twice as wide as the narrowest, and `least`, still counts.
    """
    ordered = np.sort(values, axis=1)
    known = (~np.isnan(ordered)).sum(axis=1)
    crowd = np.maximum(known // 4, 1)
    first = np.arange(values.shape[1])[None, :]
    last = np.minimum(first + crowd[:, None] - 1, values.shape[1] - 1)
    high = np.take_along_axis(ordered, last, axis=1)
    width = np.where(first + crowd[:, None] <= known[:, None], high - ordered, np.inf)
    narrow = width <= 2 * width.min(axis=1, keepdims=True) + least
    at = narrow.argmax(axis=1)[:, None]
    return np.take_along_axis(ordered, at, axis=1), np.take_along_axis(high, at, axis=1)


def _percentile(values: Floats, percent: float) -> Floats:
    """Return a column: each room's percentile of its known steps, NaN where it has none."""
    ordered = np.sort(values, axis=1)  # NaN sort last
    known = (~np.isnan(ordered)).sum(axis=1)
    at = np.maximum(np.round(percent / 100 * (known - 1)).astype(np.int64), 0)
    return np.take_along_axis(ordered, at[:, None], axis=1)


def _median(values: Floats) -> Floats:
    return _percentile(values, 50.0)[:, 0]
