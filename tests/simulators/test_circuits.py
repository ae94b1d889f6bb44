from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from sensors.topology import CircuitId, CircuitItem, Registry
from simulators.building import office_building
from simulators.circuits import PHASES
from simulators.climate import CLIMATES
from simulators.electricity import LOSSES, efficiency
from simulators.equipment import Equipment
from simulators.grid import STEP_S
from simulators.power_quality import PowerQuality
from simulators.world import World
from tests.simulators.worlds import MONDAY, local

SUMMER = date(2026, 7, 15)


def full(rooms: int = 24, city: str = "shanghai") -> Registry:
    return office_building(rooms, start=MONDAY, equipment=Equipment.FULL, climate=CLIMATES[city])


def lived(registry: Registry, day: date = SUMMER) -> World:
    return World(registry, 1, local(day))


def quality_of(place: World) -> PowerQuality:
    assert place.day.quality is not None
    return place.day.quality


def test_at_every_instant_the_main_meter_has_all_loads_with_losses_less_the_sun() -> None:
    registry = full()
    place = lived(registry)
    power, circuits = place.day.power.power_w, list(registry.circuits.values())
    main = next(i for i, circuit in enumerate(circuits) if circuit.item is CircuitItem.TOTAL)
    pv = next(i for i, circuit in enumerate(circuits) if circuit.item is CircuitItem.PV)
    loads = [i for i in range(len(circuits)) if i not in {main, pv}]
    assert power[:, main] == pytest.approx(power[:, loads].sum(axis=1) * (1 + LOSSES) + power[:, pv])
    assert power[:, pv].min() < -1000
    assert power[:, loads].min() >= 0


def test_import_less_export_is_the_net_energy_and_both_only_rise() -> None:
    place = lived(full())
    counted, power = place.day.power.registers, place.day.power.power_w
    net = (counted.import_kwh[-1] - counted.import_kwh[0]) - (counted.export_kwh[-1] - counted.export_kwh[0])
    assert net == pytest.approx(power.sum(axis=0) * STEP_S / 3.6e6)
    assert (np.diff(counted.import_kwh, axis=0) >= 0).all()
    assert (np.diff(counted.export_kwh, axis=0) >= 0).all()


def test_phases_carry_the_whole_power_and_are_not_alike() -> None:
    registry = full()
    place = lived(registry)
    quality, power = quality_of(place), place.day.power.power_w
    main = list(registry.circuits).index(CircuitId("c-main"))
    own = slice(main * PHASES, main * PHASES + PHASES)
    apparent = (quality.voltage_v[:, own] * quality.current_a[:, own]).sum(axis=1)
    assert (apparent >= np.abs(power[:, main]) * 0.999).all()
    mean = quality.current_a[:, own].mean(axis=1)
    unbalance = (quality.current_a[:, own].max(axis=1) - mean) / mean
    assert 0.005 < float(np.median(unbalance)) < 0.6


def test_quality_of_a_building_in_order_trips_no_limit() -> None:
    for city in CLIMATES:
        quality = quality_of(lived(full(36, city)))
        assert 198 < quality.voltage_v.min() < quality.voltage_v.max() < 235.4  # GB/T 12325, 220 V +7 −10 %
        assert quality.residual_ma.max() < 100
        assert (quality.cable_rise_k.max(axis=0) + quality.duct_c.max()).max() < 60
        assert ((quality.power_factor >= 0) & (quality.power_factor <= 1)).all()
        assert (np.diff(quality.reactive_kvarh, axis=0) >= 0).all()


def test_cable_warms_towards_its_load_and_cools_again() -> None:
    registry = full()
    hot = replace(registry.circuits[CircuitId("c-hvac")], rated_a=5.0)
    place = lived(replace(registry, circuits={**registry.circuits, hot.id: hot}))
    rise = quality_of(place).cable_rise_k[:, list(registry.circuits).index(hot.id)]
    assert rise.max() > 10
    assert rise[-1] < rise.max()


def test_heat_pump_gives_less_in_the_cold_and_in_the_heat() -> None:
    heating, cooling = efficiency(np.array([-10.0, 7.0, 35.0]))
    assert heating[0] < heating[1] == pytest.approx(3.2)
    assert cooling[2] == pytest.approx(3.4)
    assert cooling[1] > cooling[2]


def test_district_heat_is_counted_in_gigajoules_and_not_in_electricity() -> None:
    winter = date(2026, 1, 14)
    beijing, shanghai = lived(full(12, "beijing"), winter), lived(full(12, "shanghai"), winter)
    assert beijing.day.heat_gj[-1, 0] - beijing.day.heat_gj[0, 0] > 0.1
    assert shanghai.day.heat_gj[-1, 0] == shanghai.day.heat_gj[0, 0]


def test_water_is_drawn_while_people_are_there_and_never_runs_back() -> None:
    place = lived(full())
    drawn = np.diff(place.day.water_m3[:, 0])
    people = place.day.conditions.occupants.sum(axis=1)
    assert (drawn >= 0).all()
    assert drawn[people == 0].max() == 0.0
    per_person = drawn.sum() / (place.day.people.place >= -1).any(axis=1).sum()
    assert 0.02 < per_person < 0.07


def test_meter_behind_transformers_shows_what_passes_divided_by_their_ratio() -> None:
    registry = full(6)
    main = replace(registry.circuits[CircuitId("c-main")], ct_ratio=80.0)
    scaled = replace(registry, circuits={**registry.circuits, main.id: main})
    plain, behind = (
        dict(zip(block.series, block.values[:, 0].tolist(), strict=True))
        for block in (next(iter(lived(each).stretches(local(SUMMER, 1)))).block for each in (registry, scaled))
    )
    for metric in ("active_power_w", "current_a"):
        key = ("m-main", metric, "L1" if metric == "current_a" else "")
        assert behind[key] * 80 == pytest.approx(plain[key], rel=0.05, abs=8)
    assert behind["m-main", "voltage_v", "L1"] == plain["m-main", "voltage_v", "L1"]
