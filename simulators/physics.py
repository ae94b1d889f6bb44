"""A day's physics: what the rooms come to under their conditions and the weather."""

from dataclasses import dataclass

import numpy as np

from simulators import air, surroundings, thermal
from simulators.arithmetic import Floats
from simulators.conditions import LIGHTING_WM2, Conditions
from simulators.grid import STEP_S
from simulators.humid_air import relative_humidity_pct
from simulators.rooms import CEILING_M, Rooms
from simulators.weather import DayWeather

FIRST_C = (20.0, 26.0)
"""Between these a room that nobody used for long takes the temperature outdoors."""
FIRST_RH_PCT = 55.0
"""No damper than this is the air that a history begins with: what was before it is not judged."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """What the rooms carry from one day to the next."""

    co2_ppm: Floats
    air_c: Floats
    mass_c: Floats
    humidity: Floats
    pm2_5_ugm3: Floats

    @classmethod
    def at_first(cls, rooms: Rooms, weather: DayWeather) -> "RoomState":
        """Return rooms that have been empty for long, their walls no damper than FIRST_RH_PCT."""
        damp_pct = float(weather.relative_humidity_pct[0])
        every = np.ones(len(rooms))
        first_c = min(max(float(weather.outdoor_c[0]), FIRST_C[0]), FIRST_C[1])
        return cls(
            co2_ppm=every * air.OUTDOOR_PPM,
            air_c=every * first_c,
            mass_c=every * first_c,
            humidity=every * weather.humidity_ratio[0] * min(1.0, FIRST_RH_PCT / max(damp_pct, 1.0)),
            pm2_5_ugm3=every * weather.pm2_5_ugm3[0] / 2,
        )


@dataclass(frozen=True, slots=True)
class RoomsDay:
    """A day of the rooms: states at the boundaries of steps [steps + 1, rooms], flows within them [steps, rooms]."""

    co2_ppm: Floats
    air_c: Floats
    mass_c: Floats
    humidity: Floats
    relative_humidity_pct: Floats
    pm2_5_ugm3: Floats
    plant_w: Floats
    """Heat that the plant gives; below 0 it cools."""
    illuminance_lux: Floats
    sound_dba: Floats

    @property
    def last(self) -> RoomState:
        """Return what the next day begins with."""
        return RoomState(self.co2_ppm[-1], self.air_c[-1], self.mass_c[-1], self.humidity[-1], self.pm2_5_ugm3[-1])


def rooms_day(start: RoomState, day: Conditions, weather: DayWeather, *, pressure: float) -> RoomsDay:
    """Return what a day makes of the rooms; `pressure` is the air pressure ÷ that at sea level."""
    rooms, room_m3 = day.rooms, day.rooms.volume_m3
    air_m3s = day.fan_m3s + day.gaps_m3s
    heat = _heat(start, day, weather, pressure=pressure)
    humidity = air.moisture(
        start.humidity,
        outdoor=weather.humidity_ratio,
        people=day.occupants,
        air_m3s=air_m3s,
        cooling_w=np.maximum(-heat.plant_w, 0.0),
        room_m3=room_m3,
        pressure=pressure,
        step_s=STEP_S,
    )
    factor = surroundings.daylight_factor(rooms.area_m2, CEILING_M)
    return RoomsDay(
        co2_ppm=air.co2(
            start.co2_ppm, people=day.occupants, air_m3s=air_m3s, room_m3=room_m3, pressure=pressure, step_s=STEP_S
        ),
        air_c=heat.air_c,
        mass_c=heat.mass_c,
        humidity=humidity,
        relative_humidity_pct=relative_humidity_pct(heat.air_c, humidity, pressure),
        pm2_5_ugm3=air.particles(
            start.pm2_5_ugm3,
            outdoor_ugm3=weather.pm2_5_ugm3,
            people=day.occupants,
            fan_m3s=day.fan_m3s,
            gaps_m3s=day.gaps_m3s,
            filtered=day.filtered,
            room_m3=room_m3,
            step_s=STEP_S,
        ),
        plant_w=heat.plant_w,
        illuminance_lux=surroundings.illuminance_lux(weather.sun, day.lamps_w / (LIGHTING_WM2 * rooms.area_m2), factor),
        sound_dba=surroundings.sound_dba(day.occupants, day.plant),
    )


def gains_w(day: Conditions, weather: DayWeather) -> Floats:
    """Return what warms the rooms: people, lamps, sockets, computers, sun."""
    rooms = day.rooms
    sun_w = thermal.solar_gain_w(weather.sun, rooms.area_m2, rooms.faces_south)
    return day.occupants * thermal.PERSON_W + day.lamps_w + day.plugs_w + day.servers_w + sun_w


def heat_flows(day: Conditions, weather: DayWeather, *, pressure: float) -> thermal.HeatFlows:
    """Return what decides the temperatures of a day."""
    return thermal.HeatFlows(
        gains_w=gains_w(day, weather),
        air_m3s=day.fan_m3s + day.gaps_m3s,
        outdoor_c=weather.outdoor_c,
        heat_to_c=day.heat_to_c,
        cool_to_c=day.cool_to_c,
        pressure=pressure,
    )


def _heat(start: RoomState, day: Conditions, weather: DayWeather, *, pressure: float) -> thermal.RoomHeat:
    rooms = day.rooms
    cooling_wm2 = np.where(rooms.has_servers, thermal.SERVER_COOLING_WM2, thermal.COOLING_WM2)
    return thermal.temperatures(
        start.air_c,
        start.mass_c,
        heat_flows(day, weather, pressure=pressure),
        area_m2=rooms.area_m2,
        cooling_w=cooling_wm2 * rooms.area_m2,
        step_s=STEP_S,
    )
