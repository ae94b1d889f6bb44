from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from sensors.readings import epoch_ms
from sensors.topology import Registry
from simulators.building import office_building
from simulators.device_profiles import BATTERY_CHANGED_PCT, PROFILES, profile_of, realistic
from simulators.equipment import Equipment
from simulators.faults import Fault, FaultKind, FaultList
from simulators.instruments import Instruments
from simulators.reports import Reporters
from tests.simulators.worlds import MONDAY, broken, local, world

START, END = epoch_ms(local(MONDAY)), epoch_ms(local(MONDAY, 24))
Told = dict[tuple[str, str, str], list[tuple[int, float]]]


def site() -> Registry:
    return realistic(office_building(8, start=MONDAY, equipment=Equipment.FULL))


def told(registry: Registry, *faults: Fault, seed: int = 1) -> Told:
    """Return what is reported of a Monday: times and values of each series, in order."""
    place = world(registry, seed=seed, faults=faults)
    reporters = Reporters.of(registry, seed, place.model.pressure, FaultList(place.model.faults))
    reports = reporters.told(place.day, START, END)
    found: Told = defaultdict(list)
    for row, time_ms, value in zip(reports.row.tolist(), reports.time_ms.tolist(), reports.value.tolist(), strict=True):
        found[reports.series[row]].append((time_ms, value))
    return found


def test_every_device_has_a_model_of_the_table_and_every_model_a_device() -> None:
    registry = site()
    modelled = [device for device in registry.devices.values() if device.metrics]
    assert {device.model for device in modelled} == set(PROFILES)
    for device in modelled:
        assert (device.interval_s is None) != (device.heartbeat_s is None)


def test_readers_that_tell_of_cards_alone_promise_no_heartbeat() -> None:
    readers = [device for device in site().devices.values() if not device.metrics]
    assert {str(device.id) for device in readers} == {"gate-in", "gate-out"}
    assert {(device.interval_s, device.heartbeat_s) for device in readers} == {(None, None)}


def test_registry_without_models_has_ideal_devices() -> None:
    registry = office_building(4, start=MONDAY)
    place = world(registry)
    reporters = Reporters.of(registry, 1, place.model.pressure, FaultList(()))
    reports = reporters.told(place.day, START, END)
    ideal = Instruments.of(registry, 1, place.model.pressure)
    block = ideal.read(place.day, np.arange(START, END, 300_000))
    row = ideal.series.index(("aq-201", "co2_ppm", ""))
    own = reports.row == reports.series.index(("aq-201", "co2_ppm", ""))
    assert reports.time_ms[own].tolist() == block.times_ms.tolist()
    assert reports.value[own].tolist() == block.values[row].tolist()


def test_reports_in_turn_come_at_own_instants_within_their_jitter() -> None:
    found, registry = told(site()), site()
    for (device, metric, phase), samples in found.items():
        profile = profile_of(registry.devices[device])  # type: ignore[index]  # an id as text
        if profile.interval_s is None:
            continue
        every_ms, late_ms = profile.interval_s * 1000, profile.jitter_s * 1000
        steps = [after - before for (before, _), (after, _) in pairwise(samples)]
        assert all(abs(step - round(step / every_ms) * every_ms) <= late_ms for step in steps), (device, metric, phase)
        expected = 86_400_000 / every_ms
        assert 0.94 * expected <= len(samples) <= expected + 1
    clocks = {samples[0][0] for (_, metric, _), samples in found.items() if metric == "co2_ppm"}
    assert len(clocks) == sum(metric == "co2_ppm" for _, metric, _ in found)
    polled = {
        tuple(time for time, _ in found[f"m-{name}", "active_power_w", ""]) for name in ("201-light", "202-light")
    }
    assert len(polled) == 1


def test_presence_is_told_on_change_and_by_heartbeat() -> None:
    registry = site()
    samples = told(registry)["occ-201", "presence", ""]
    changes = sum(one != other for (_, one), (_, other) in pairwise(samples))
    assert changes >= 4
    assert len(samples) <= changes + 1 + 86_400 / 1800
    declared_s = registry.devices["occ-201"].heartbeat_s  # type: ignore[index]  # an id as text
    assert declared_s is not None
    assert max(after - before for (before, _), (after, _) in pairwise(samples)) < declared_s * 1000


def test_what_is_told_on_change_is_what_was_so() -> None:
    registry = site()
    place = world(registry)
    column = list(registry.rooms).index("a-201")  # type: ignore[arg-type]  # an id as text
    present = place.day.people.present[:, column]
    for time_ms, value in told(registry)["occ-201", "presence", ""]:
        assert value == min(present[(time_ms - START) // 60_000], 1)


def test_doors_are_open_for_moments_and_fire_doors_shut_soon() -> None:
    found = told(site())
    for device, longest_ms in (("door-main", 15_000), ("fire-door-2", 20_000)):
        samples = found[device, "open", ""]
        opened = [time for time, value in samples if value]
        assert len(opened) >= 2
        spans = [after - time for (time, value), (after, _) in pairwise(samples) if value]
        assert sorted(spans)[-2] <= longest_ms


def test_values_are_steps_of_the_resolution() -> None:
    for (device, metric, _), samples in told(site()).items():
        if metric == "relative_humidity_pct" and device.startswith("aq"):
            assert all(value * 2 == round(value * 2) for _, value in samples)


def test_registers_turn_over_where_their_digits_end() -> None:
    totals = [
        value
        for (_, metric, _), samples in told(site()).items()
        if metric == "energy_import_kwh"
        for _, value in samples
    ]
    assert max(totals) < 10_000
    registry = site()
    rows = Instruments.of(registry, 1, 1.0).read(world(registry).day, np.array([START])).values[:, 0]
    assert max(rows) > 10_000


def test_batteries_are_changed_in_time_and_one_that_is_not_drops_out() -> None:
    registry = site()
    charges = [value for (_, metric, _), s in told(registry).items() if metric == "battery_pct" for _, value in s]
    assert min(charges) >= BATTERY_CHANGED_PCT
    weak = broken(FaultKind.WEAK_BATTERY, "device:aq-201", local(MONDAY), local(MONDAY, 24), 3.0)
    found = told(registry, weak)
    levels = [value for _, value in found["aq-201", "battery_pct", ""]]
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[-1]) == (9, 1)
    assert len(found["aq-201", "co2_ppm", ""]) == pytest.approx(0.7 * 288, rel=0.05)


def test_fault_of_a_device_is_told_by_the_real_one_too() -> None:
    silent = broken(FaultKind.SILENT_DEVICE, "device:occ-201", local(MONDAY, 12))
    frozen = broken(FaultKind.FROZEN, "device:aq-202", local(MONDAY))
    found = told(site(), silent, frozen)
    assert max(time for time, _ in found["occ-201", "presence", ""]) < START + 12 * 3_600_000
    assert {value for _, value in found["aq-202", "co2_ppm", ""]} == {512.0}


def test_sensor_strays_and_calibrates_itself_within_its_week() -> None:
    registry = site()
    real = dict(told(registry)["aq-201", "co2_ppm", ""])
    place = world(registry)
    ideal = Instruments.of(registry, 1, place.model.pressure)
    block = ideal.read(place.day, np.array(sorted(real)))
    shown = block.values[ideal.series.index(("aq-201", "co2_ppm", ""))]
    apart = np.array([real[time] for time in block.times_ms.tolist()]) - shown
    assert 0 < np.abs(apart).max() <= PROFILES["air-radio"].drift["co2_ppm"] + 0.5
