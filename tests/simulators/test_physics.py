from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest

from sensors.subjects import Subject
from sensors.topology import CircuitItem, DeviceId, Registry, RoomId
from simulators import air, thermal
from simulators.air import CO2_PER_PERSON_M3S, DESIGN_PPM, OUTDOOR_PPM, design_fresh_air_m3s, leakage_m3s
from simulators.arithmetic import Floats
from simulators.electricity import LOSSES
from simulators.faults import Fault, FaultKind
from simulators.grid import STEP_S
from simulators.humid_air import humidity_ratio, pressure_ratio, relative_humidity_pct, saturation_pa
from simulators.physics import gains_w, heat_flows
from simulators.rooms import CEILING_M
from simulators.world import World
from tests.simulators.worlds import MONDAY, building, local, series, ticks, world


def steady(value: float, steps: int = 1) -> Floats:
    return np.full((steps, 1), value)


def co2_after(
    start_ppm: float, *, people: float, air_m3s: float, room_m3: float, seconds: float, steps: int = 1
) -> float:
    told = air.co2(
        np.array([start_ppm]),
        people=steady(people, steps),
        air_m3s=steady(air_m3s, steps),
        room_m3=np.array([room_m3]),
        pressure=1.0,
        step_s=seconds / steps,
    )
    return float(told[-1, 0])


def day_of(registry: Registry, days: int = 1, seed: int = 1) -> World:
    place = world(registry, seed=seed)
    place.step(local(MONDAY, 24 * days - 0.01))
    return place


def test_empty_room_loses_its_co2_at_the_air_change_rate() -> None:
    one_hour = co2_after(1420.0, people=0, air_m3s=0.02, room_m3=60.0, seconds=3600)
    assert one_hour == pytest.approx(420 + 1000 * exp(-0.02 * 3600 / 60))


def test_one_step_of_an_hour_is_sixty_of_a_minute() -> None:
    whole, parts = (
        co2_after(500.0, people=2, air_m3s=0.01, room_m3=60.0, seconds=3600, steps=steps) for steps in (1, 60)
    )
    assert parts == pytest.approx(whole, abs=1e-6)


def test_closed_room_gains_what_people_breathe_out() -> None:
    gained = co2_after(420.0, people=3, air_m3s=1e-6, room_m3=100.0, seconds=60) - 420.0
    assert gained == pytest.approx(3 * CO2_PER_PERSON_M3S * 60 / 100 * 1e6, rel=1e-3)


@pytest.mark.parametrize("altitude_m", [None, 1890.0])
def test_full_room_settles_at_the_design_value_at_any_height(altitude_m: float | None) -> None:
    pressure = pressure_ratio(altitude_m)
    fresh = design_fresh_air_m3s(np.array([2.0]), pressure)
    told = air.co2(
        np.zeros(1),
        people=steady(2.0),
        air_m3s=fresh[None, :],
        room_m3=np.ones(1),
        pressure=pressure,
        step_s=1e4,
    )
    assert told[-1, 0] == pytest.approx(DESIGN_PPM)


def test_pressure_in_kunming_is_four_fifths_of_that_at_the_sea() -> None:
    assert pressure_ratio(1890) == pytest.approx(0.795, abs=0.001)
    assert pressure_ratio(None) == 1.0


def test_co2_of_an_empty_room_falls_at_the_leakage_rate_by_its_readings() -> None:
    registry = building()
    room_m3 = np.array([registry.rooms[RoomId("a-305")].usable_area_m2 * CEILING_M])
    stuck = Fault(kind=FaultKind.HIGH_CO2, subject=Subject.parse("room:a-305"), start=local(MONDAY), severity=9.0)
    told = series(world(registry, faults=[stuck]).run(local(MONDAY, 24)))["aq-305", "co2_ppm"]
    early, late = told[local(MONDAY, 21.5)], told[local(MONDAY, 23.5)]
    assert early > 900
    measured = log((early - OUTDOOR_PPM) / (late - OUTDOOR_PPM)) / 2
    assert measured == pytest.approx(leakage_m3s(room_m3)[0] * 3600 / room_m3[0], rel=0.1)


def test_uncompensated_sensor_in_thin_air_shows_less_than_there_is() -> None:
    registry = building(altitude_m=1890.0)
    device = replace(registry.devices[DeviceId("aq-201")], pressure_compensated=False)
    bare = replace(registry, devices={**registry.devices, device.id: device})
    shown = [tick.readings for tick in (next(iter(world(each).run(local(MONDAY, 1)))) for each in (registry, bare))]
    true_ppm, low_ppm = (batch.value[batch.metric.index("co2_ppm")] for batch in shown)
    assert low_ppm / true_ppm == pytest.approx(0.795, abs=0.02)


def test_heat_of_every_room_is_conserved() -> None:
    """What comes in, less what goes out, is what is stored: to a millionth of what flows."""
    place = day_of(building(), days=2)
    day, model = place.day, place.model
    area, flows = model.rooms.area_m2, heat_flows(day.conditions, day.weather, pressure=model.pressure)
    rooms, outdoor = day.rooms, day.weather.outdoor_c[:, None]
    stored_j = area * (
        thermal.AIR_JM2K * (rooms.air_c[-1] - rooms.air_c[0]) + thermal.MASS_JM2K * (rooms.mass_c[-1] - rooms.mass_c[0])
    )
    gains = gains_w(day.conditions, day.weather) + rooms.plant_w
    lost = thermal.air_exchange_wk(flows, area) * (rooms.air_c[1:] - outdoor)
    lost += thermal.WALL_WM2K * area * (rooms.mass_c[1:] - outdoor)
    assert stored_j == pytest.approx((gains - lost).sum(axis=0) * STEP_S, abs=1e-6 * np.abs(gains).sum() * STEP_S)


def test_room_left_alone_comes_to_the_temperature_outdoors() -> None:
    flows = thermal.HeatFlows(
        gains_w=steady(0.0, 4000),
        air_m3s=steady(0.01, 4000),
        outdoor_c=np.full(4000, 5.0),
        heat_to_c=steady(-200.0, 4000),
        cool_to_c=steady(200.0, 4000),
        pressure=1.0,
    )
    first = np.array([20.0])
    told = thermal.temperatures(first, first, flows, area_m2=np.array([20.0]), cooling_w=np.zeros(1), step_s=STEP_S)
    assert told.air_c[-1, 0] == pytest.approx(5.0, abs=0.01)
    assert (np.diff(told.air_c[:, 0]) <= 0).all()


def test_plant_holds_the_rooms_between_its_set_points_while_it_runs() -> None:
    for month in (1, 7):
        place = world(building(), start=local(MONDAY.replace(month=month, day=14)))
        noon = place.day.rooms.air_c[120:230, ~place.model.rooms.has_servers]
        assert noon.min() > 19.9
        assert noon.max() < 26.1


def test_humidity_stays_within_physics_and_is_that_outdoors_where_nobody_is() -> None:
    place = day_of(building(), days=6)  # a Saturday
    inside = place.day.rooms.relative_humidity_pct
    assert 0 < inside.min() < inside.max() <= 100
    offices = ~place.model.rooms.has_servers
    outdoors = place.day.weather.humidity_ratio
    assert place.day.rooms.humidity[-1, offices] == pytest.approx(outdoors[-60:].mean(), rel=0.12)


def test_saturated_air_has_the_moisture_of_the_steam_tables() -> None:
    """ASHRAE Handbook Fundamentals 2017, chapter 1, table 2: 14.76 g/kg at 20 °C, 3.79 g/kg at 0 °C, sea level."""
    ratio = humidity_ratio(saturation_pa(np.array([0.0, 20.0])), 1.0)
    assert ratio * 1000 == pytest.approx([3.79, 14.76], rel=0.01)
    assert relative_humidity_pct(np.array([20.0]), ratio[1:], 1.0) == pytest.approx(100.0)


def test_particles_indoors_settle_where_inflow_and_loss_agree() -> None:
    fan, gaps, room_m3, outdoor = 0.03, 0.005, 60.0, 100.0
    told = air.particles(
        np.zeros(1),
        outdoor_ugm3=np.full(2000, outdoor),
        people=steady(0.0, 2000),
        fan_m3s=steady(fan, 2000),
        gaps_m3s=steady(gaps, 2000),
        filtered=steady(0.6, 2000),
        room_m3=np.array([room_m3]),
        step_s=STEP_S,
    )
    enters = (air.PENETRATION * gaps + 0.4 * fan) * outdoor
    leaves = fan + gaps + air.DEPOSITION_PER_H / 3600 * room_m3
    assert told[-1, 0] == pytest.approx(enters / leaves)


def test_sub_meters_add_up_to_the_main_meter_with_the_stated_losses() -> None:
    registry = building()
    told = series(ticks(registry, 2))
    used = {}
    for circuit in registry.circuits.values():
        registers = list(told[f"m-{circuit.id.removeprefix('c-')}", "energy_import_kwh"].values())
        assert all(before <= after for before, after in pairwise(registers))
        used[circuit.id] = registers[-1] - registers[0]
    main = next(c.id for c in registry.circuits.values() if c.item is CircuitItem.TOTAL)
    below = sum(kwh for circuit, kwh in used.items() if circuit != main)
    assert below > 50
    assert used[main] == pytest.approx(below * (1 + LOSSES), abs=0.02)


def test_registers_count_the_power_that_is_shown() -> None:
    place = day_of(building())
    power, register = place.day.power.power_w, place.day.power.registers.import_kwh
    assert register[-1] - register[0] == pytest.approx(power.sum(axis=0) * STEP_S / 3.6e6)
    told = series(ticks(building(), 1, step=timedelta(minutes=1)))
    shown, counted = (list(told["m-201-plugs", m].values()) for m in ("active_power_w", "energy_import_kwh"))
    assert counted[-1] - counted[0] == pytest.approx(sum(shown[:-1]) / 60 / 1000, rel=0.01)


def test_server_room_draws_its_power_day_and_night() -> None:
    power = series(ticks(building(), 1))["m-302-server", "active_power_w"]
    assert min(power.values()) > 1000
    assert max(power.values()) < 1.5 * min(power.values())
