"""Outdoor air, sun and particles by formula: season, time of day, passing weather, cold fronts, episodes.

The weather at an instant follows from the seed, the climate and the instant alone.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulators.arithmetic import Floats, cos, exp
from simulators.chance import Keys, between, key, noise, uniform
from simulators.climate import Climate, Months
from simulators.grid import DayGrid
from simulators.humid_air import humidity_ratio, pressure_ratio, relative_humidity_pct, saturation_pa
from simulators.sun import Sunshine, sunshine

HOUR_MS = 3_600_000
WARMEST_H = 15.0
"""When a day is warmest, by local solar time."""
FRONT_EVERY_H = 132
"""Cold fronts of winter follow each other every five to six days: the project's own choice for East Asia."""
FRONT_FALL_H, FRONT_RECOVERY_H = 8.0, 60.0
FRONT_STRENGTH = (0.3, 1.2)
"""The weakest and the strongest, as a share of the climate's strong front."""
FRONTS_REMEMBERED = 4
CLOUD_KNOT_H, CLOUD_SWING = 30.0, 1.1
"""How long a cloudy or clear spell lasts and how far it goes: skies are mostly clear or mostly covered."""
MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class DayWeather:
    """The weather at the middle of each step of a day."""

    outdoor_c: Floats
    humidity_ratio: Floats
    relative_humidity_pct: Floats
    pm2_5_ugm3: Floats
    cloud: Floats
    sun: Sunshine


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of a climate under a seed."""

    climate: Climate
    seed: int

    def day(self, grid: DayGrid) -> DayWeather:
        """Return the weather of a day."""
        climate, hours = self.climate, self._hours(grid)
        cloud = self._cloud(grid, hours)
        air_mass_c = self._air_mass(grid, hours)
        outdoor_c = air_mass_c + self._day_wave(grid, hours)
        ratio = self._moisture(grid, hours, air_mass_c, outdoor_c)
        ratio_of_pressure = pressure_ratio(climate.altitude_m)
        sun = sunshine(
            grid.step_starts_ms + (grid.step_starts_ms[1] - grid.step_starts_ms[0]) // 2,
            grid.day.timetuple().tm_yday,
            latitude_deg=climate.latitude_deg,
            longitude_deg=climate.longitude_deg,
            cloud=cloud,
        )
        return DayWeather(
            outdoor_c=outdoor_c,
            humidity_ratio=ratio,
            relative_humidity_pct=relative_humidity_pct(outdoor_c, ratio, ratio_of_pressure),
            pm2_5_ugm3=self._particles(grid, hours),
            cloud=cloud,
            sun=sun,
        )

    def _hours(self, grid: DayGrid) -> Floats:
        """Return the middle of each step in hours since 1970, UTC."""
        hours: Floats = grid.start_ms / HOUR_MS + grid.middle_minutes / 60
        return hours

    def _key(self, name: str) -> Keys:
        return np.array([key(self.seed, "weather", self.climate.city, name)], dtype=np.uint64)

    def _cloud(self, grid: DayGrid, hours: Floats) -> Floats:
        """Cloud cover: the month's mean, passing weather, and gusts of an hour."""
        passing = wandering(self._key("cloud"), hours, CLOUD_KNOT_H) + 0.4 * wandering(self._key("gust"), hours, 1.5)
        return np.clip(of_month(self.climate.cloud_share, grid.day) + CLOUD_SWING * passing, 0.0, 1.0)

    def _air_mass(self, grid: DayGrid, hours: Floats) -> Floats:
        """Temperature without the time of day: season + passing weather + cold fronts."""
        passing = wandering(self._key("air mass"), hours, 96.0) + 0.5 * wandering(self._key("air"), hours, 31.0)
        mean = of_month(self.climate.mean_c, grid.day)
        return mean + self.climate.synoptic_k * passing - self._fronts(grid, hours)

    def _day_wave(self, grid: DayGrid, hours: Floats) -> Floats:
        """Return what the time of day adds, less under passing clouds."""
        clear = 1.0 - 0.35 * wandering(self._key("cloud"), hours, CLOUD_KNOT_H)
        solar_h = (hours + self.climate.longitude_deg / 15) % 24
        return 0.5 * of_month(self.climate.day_range_k, grid.day) * clear * _daily_wave(solar_h)

    def _fronts(self, grid: DayGrid, hours: Floats) -> Floats:
        """Return by how much the cold fronts of the last weeks cool: each a fall of hours, then a slow recovery.

        A front has a slot of its own, at a moment of chance within it; summer's are weak. The mean is taken off.
        """
        winter = 0.5 + 0.5 * cos(np.array([2 * np.pi * (grid.day.timetuple().tm_yday - 15) / 365.25]))
        slot = int(hours[0] // FRONT_EVERY_H)
        cooling = np.zeros_like(hours)
        for number in range(slot - FRONTS_REMEMBERED, slot + 2):
            chance = uniform(self._key("front"), np.array([2 * number, 2 * number + 1]))
            after = hours - (number + chance[0]) * FRONT_EVERY_H
            fall = np.clip(after / FRONT_FALL_H, 0.0, 1.0)
            cooling += (
                between(chance[1], *FRONT_STRENGTH)
                * fall
                * exp(-np.clip(after, 0.0, 6 * FRONT_RECOVERY_H) / FRONT_RECOVERY_H)
            )
        usual = sum(FRONT_STRENGTH) / 2 * FRONT_RECOVERY_H / FRONT_EVERY_H
        return self.climate.front_k * winter * (cooling - usual)

    def _moisture(self, grid: DayGrid, hours: Floats, air_mass_c: Floats, outdoor_c: Floats) -> Floats:
        """Humidity ratio: an air mass keeps its moisture all day, so the relative humidity falls as it warms."""
        mean_pct = of_month(self.climate.humidity_pct, grid.day)
        drift_pct = 14.0 * wandering(self._key("moisture"), hours, 60.0)
        share = np.clip((mean_pct + drift_pct) / 100, 0.1, 0.98)
        ratio_of_pressure = pressure_ratio(self.climate.altitude_m)
        ratio = humidity_ratio(share * saturation_pa(air_mass_c), ratio_of_pressure)
        return np.minimum(ratio, humidity_ratio(saturation_pa(outdoor_c), ratio_of_pressure))

    def _particles(self, grid: DayGrid, hours: Floats) -> Floats:
        """PM2.5: log-normal about the month's median, with episodes of days; a cold front clears the air."""
        stale = 1.1 * wandering(self._key("particles"), hours, 70.0) + 0.25 * wandering(self._key("plume"), hours, 7.0)
        cleared = np.maximum(self._fronts(grid, hours), 0.0) / max(self.climate.front_k, 1.0)
        return of_month(self.climate.pm2_5_ugm3, grid.day) * exp(stale - cleared)


def wandering(of: Keys, hours: Floats, knot_h: float) -> Floats:
    """Return a smooth curve of chance within (−1, 1): noise at knots, joined by smoothstep.

    Source: value noise; Ebert et al., Texturing and Modeling, 3rd ed. 2003, chapter 2.
    """
    at = hours / knot_h
    before = np.floor(at).astype(np.int64)
    part = at - before
    eased = part * part * (3.0 - 2.0 * part)
    start, end = noise(of, before), noise(of, before + 1)
    return start + (end - start) * eased


def of_month(months: Months, day: date) -> float:
    """Return a value between two middles of months, for a day."""
    at = (day.timetuple().tm_yday - 0.5) / MONTH_DAYS - 0.5
    before = int(np.floor(at))
    part = at - before
    return months[before % 12] * (1 - part) + months[(before + 1) % 12] * part


def _daily_wave(solar_h: Floats) -> Floats:
    """Return a day's course between about −1 and 1: quick to warm, slow to cool, warmest at three.

    Source: the first two harmonics of ASHRAE Handbook Fundamentals 2017, chapter 14, table 6, rounded.
    """
    first = cos(2 * np.pi * (solar_h - WARMEST_H) / 24)
    second = cos(4 * np.pi * (solar_h - WARMEST_H + 1.0) / 24)
    return 0.92 * first + 0.17 * second
