from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import exp, isclose, log

import pytest

from sensors.subjects import Subject
from sensors.topology import CircuitItem, DeviceId, RoomId
from simulators.air import (
    CO2_PER_PERSON_M3S,
    DESIGN_PPM,
    OUTDOOR_PPM,
    co2_after,
    decay,
    design_fresh_air_m3s,
    leakage_m3s,
    pressure_ratio,
    volume_m3,
)
from simulators.faults import Fault, FaultKind
from simulators.power import LOSSES
from tests.simulators.worlds import MONDAY, building, local, series, ticks, world

A201 = RoomId("a-201")


def test_decay_is_the_exponential_function() -> None:
    assert all(isclose(decay(x), exp(-x), rel_tol=1e-15) for x in (0.0, 1e-6, 0.3, 7.0))


def test_empty_room_loses_its_co2_at_the_air_change_rate() -> None:
    one_hour = co2_after(1420.0, people=0, air_m3s=0.02, room_m3=60.0, seconds=3600, ratio=1.0)
    assert one_hour == pytest.approx(420 + 1000 * exp(-0.02 * 3600 / 60))


def test_one_step_of_an_hour_is_sixty_of_a_minute() -> None:
    whole = co2_after(500.0, people=2, air_m3s=0.01, room_m3=60.0, seconds=3600, ratio=1.0)
    ppm = 500.0
    for _ in range(60):
        ppm = co2_after(ppm, people=2, air_m3s=0.01, room_m3=60.0, seconds=60, ratio=1.0)
    assert ppm == pytest.approx(whole, abs=1e-9)


def test_closed_room_gains_what_people_breathe_out() -> None:
    gained = co2_after(420.0, people=3, air_m3s=1e-9, room_m3=100.0, seconds=60, ratio=1.0) - 420.0
    assert gained == pytest.approx(3 * CO2_PER_PERSON_M3S * 60 / 100 * 1e6, rel=1e-3)


@pytest.mark.parametrize("altitude_m", [None, 1890.0])
def test_full_room_settles_at_the_design_value_at_any_height(altitude_m: float | None) -> None:
    room, ratio = building().rooms[A201], pressure_ratio(altitude_m)
    air = design_fresh_air_m3s(room, ratio)
    assert co2_after(0.0, people=2, air_m3s=air, room_m3=1.0, seconds=1e6, ratio=ratio) == pytest.approx(DESIGN_PPM)


def test_pressure_in_kunming_is_four_fifths_of_that_at_the_sea() -> None:
    assert pressure_ratio(1890) == pytest.approx(0.795, abs=0.001)
    assert pressure_ratio(None) == 1.0


def test_co2_of_an_empty_room_falls_at_the_leakage_rate_by_its_readings() -> None:
    registry = building()
    room = registry.rooms[RoomId("a-305")]
    stuck = Fault(kind=FaultKind.HIGH_CO2, subject=Subject.parse("room:a-305"), start=local(MONDAY), severity=9.0)
    told = series(world(registry, faults=[stuck]).run(local(MONDAY, 23)))["aq-305", "co2_ppm"]
    early, late = told[local(MONDAY, 20.5)], told[local(MONDAY, 22.5)]
    assert early > 1000
    measured = log((early - OUTDOOR_PPM) / (late - OUTDOOR_PPM)) / 2
    assert measured == pytest.approx(leakage_m3s(room) * 3600 / volume_m3(room), rel=0.05)


def test_uncompensated_sensor_in_thin_air_shows_less_than_there_is() -> None:
    registry = building(altitude_m=1890.0)
    device = replace(registry.devices[DeviceId("aq-201")], pressure_compensated=False)
    bare = replace(registry, devices={**registry.devices, device.id: device})
    shown = [tick.readings for tick in (next(iter(world(each).run(local(MONDAY, 1)))) for each in (registry, bare))]
    true_ppm, low_ppm = (batch.value[batch.metric.index("co2_ppm")] for batch in shown)
    assert low_ppm / true_ppm == pytest.approx(0.795, abs=0.02)


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
    assert used[main] == pytest.approx(below * (1 + LOSSES), abs=0.01)


def test_registers_count_the_power_that_is_shown() -> None:
    told = series(ticks(building(), 1, step=timedelta(minutes=1)))
    power, register = (list(told["m-201-plugs", m].values()) for m in ("active_power_w", "energy_import_kwh"))
    assert register[-1] - register[0] == pytest.approx(sum(power[:-1]) / 60 / 1000, abs=0.001)


def test_server_room_draws_its_power_day_and_night() -> None:
    power = series(ticks(building(), 1))["m-302-server", "active_power_w"]
    assert min(power.values()) == max(power.values()) > 1000
