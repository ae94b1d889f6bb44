from datetime import date, timedelta

import pytest

from analytics.summary import CircuitUse
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import Circuit, CircuitId, CircuitItem, Device, DeviceId, Placement
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    analysed,
    batch,
    circuit,
    days_from,
    local,
    meter,
    metered,
    office,
    registry,
    room_device,
    sampled,
)


def use_of_light(readings: ReadingBatch, *, light: Circuit | None = None, last: date | None = None) -> CircuitUse:
    light = light or circuit("light", CircuitItem.LIGHTING, A201)
    place = registry(
        rooms=[office()], circuits=[light], devices=[meter("m", "light"), room_device("cam", A201, "presence")]
    )
    return analysed(place, readings, last=last).summary[0].circuits[CircuitId("light")]


def test_energy_while_empty_is_what_was_used_while_nobody_was_there() -> None:
    readings = batch()
    metered(readings, "m", [MONDAY], lambda _t: 600.0)
    sampled(readings, "cam", "presence", [MONDAY], lambda t: float(9 <= t.hour < 15))
    use = use_of_light(readings)
    assert use.kwh == pytest.approx(14.4)
    assert use.kwh_while_empty == pytest.approx(0.6 * 18)


def test_energy_beside_unknown_occupancy_is_not_called_wasted() -> None:
    readings = batch()
    metered(readings, "m", [MONDAY], lambda _t: 600.0)
    use = use_of_light(readings)
    assert use.kwh == pytest.approx(14.4)
    assert use.kwh_while_empty is None


def test_what_flowed_in_a_gap_is_counted_and_never_called_wasted() -> None:
    readings = batch()
    full = batch()
    metered(full, "m", [MONDAY], lambda _t: 600.0)
    for reading in full.readings():
        if not local(MONDAY, 3) < reading.time < local(MONDAY, 6):
            readings.add(epoch_ms(reading.time), "m", reading.metric, reading.value or 0.0)
    sampled(readings, "cam", "presence", [MONDAY], lambda _t: 0.0)
    use = use_of_light(readings)
    assert use.kwh == pytest.approx(14.4)
    assert use.kwh_while_empty == pytest.approx(0.6 * 21)


def test_a_register_marked_estimated_counts_as_spread() -> None:
    readings = batch()
    for hour, kwh, quality in ((0, 0.0, Quality.GOOD), (1, 1.0, Quality.ESTIMATED), (2, 2.0, Quality.GOOD)):
        readings.add(epoch_ms(local(MONDAY, hour)), "m", "energy_import_kwh", kwh, quality=quality)
    hourly = Device(
        id=DeviceId("m"),
        placements=(Placement(circuit=CircuitId("light")),),
        metrics=("energy_import_kwh",),
        interval_s=3600,
    )
    sampled(readings, "cam", "presence", [MONDAY], lambda _t: 0.0)
    light = circuit("light", CircuitItem.LIGHTING, A201)
    place = registry(rooms=[office()], circuits=[light], devices=[hourly, room_device("cam", A201, "presence")])
    use = analysed(place, readings).summary[0].circuits[light.id]
    assert (use.kwh, use.kwh_while_empty) == pytest.approx((2.0, 1.0))


def test_a_register_that_is_reset_keeps_the_total_and_the_lost_step_is_never_called_wasted() -> None:
    readings = batch()
    end = metered(readings, "m", [MONDAY], lambda _t: 600.0, start_kwh=5000.0)
    next_day = MONDAY + timedelta(days=1)
    metered(readings, "m", [next_day], lambda _t: 600.0, start_kwh=0.0)
    sampled(readings, "cam", "presence", [MONDAY, next_day], lambda _t: 0.0)
    assert end == pytest.approx(5014.4)
    # the reading at midnight is the new register's 0: what flowed in the five minutes before it is estimated
    use = use_of_light(readings, last=next_day)
    assert use.kwh == pytest.approx(28.8)
    assert use.kwh_while_empty == pytest.approx(28.8 - 0.05)


def test_a_meter_behind_current_transformers_is_multiplied() -> None:
    readings = batch()
    metered(readings, "m", [MONDAY], lambda _t: 10.0)
    behind = Circuit(id=CircuitId("light"), item=CircuitItem.LIGHTING, serves=(A201,), ct_ratio=60.0)
    assert use_of_light(readings, light=behind).kwh == pytest.approx(14.4)


def test_phases_add_up_and_a_total_beside_them_is_not_added_again() -> None:
    readings, with_total = batch(), batch()
    for step in range(3):
        time_ms = epoch_ms(local(MONDAY) + timedelta(minutes=5 * step))
        for phase, kwh in (("L1", 1.0), ("L2", 2.0), ("L3", 3.0)):
            readings.add(time_ms, "m", "energy_import_kwh", step * kwh, phase=phase)
            with_total.add(time_ms, "m", "energy_import_kwh", step * kwh, phase=phase)
        with_total.add(time_ms, "m", "energy_import_kwh", step * 6.0)
    assert use_of_light(readings).kwh == pytest.approx(12.0)
    assert use_of_light(with_total).kwh == pytest.approx(12.0)


def test_held_active_power_serves_where_there_is_no_register() -> None:
    readings = batch()
    sampled(readings, "m", "active_power_w", [MONDAY], lambda _t: 600.0)
    sampled(readings, "cam", "presence", [MONDAY], lambda t: float(t.hour < 12))
    light = circuit("light", CircuitItem.LIGHTING, A201)
    devices = [meter("m", "light", "active_power_w"), room_device("cam", A201, "presence")]
    use = analysed(registry(rooms=[office()], circuits=[light], devices=devices), readings).summary[0]
    assert use.circuits[light.id].kwh == pytest.approx(14.4, rel=0.01)
    assert use.circuits[light.id].kwh_while_empty == pytest.approx(7.2, rel=0.01)


@pytest.mark.parametrize(("second_room_empty", "kwh"), [(True, 14.4), (False, 0.0)])
def test_a_circuit_of_two_rooms_runs_for_nobody_only_when_both_are_empty(
    second_room_empty: bool,  # noqa: FBT001
    kwh: float,
) -> None:
    readings = batch()
    metered(readings, "m", [MONDAY], lambda _t: 600.0)
    sampled(readings, "one", "presence", [MONDAY], lambda _t: 0.0)
    sampled(readings, "two", "presence", [MONDAY], lambda _t: float(not second_room_empty))
    rooms = [office(A201), office(A202)]
    devices = [meter("m", "light"), room_device("one", A201, "presence"), room_device("two", A202, "presence")]
    light = circuit("light", CircuitItem.LIGHTING, A201, A202)
    use = analysed(registry(rooms=rooms, circuits=[light], devices=devices), readings).summary
    assert [room.circuits[light.id].kwh_while_empty for room in use] == [pytest.approx(kwh)] * 2


def test_energy_adds_up_over_days_however_the_week_is_cut() -> None:
    days = days_from(MONDAY, 10)
    readings = batch()
    total = metered(readings, "m", days, lambda t: 100.0 + 10.0 * t.hour)
    use = use_of_light(readings)
    assert use.kwh == pytest.approx(total)
