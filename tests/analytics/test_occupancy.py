from datetime import timedelta

import pytest

from analytics.occupancy import MOTION_HOLD_OFF_MS
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import Device, DeviceId, Placement
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    analysed,
    batch,
    days_from,
    in_office,
    local,
    office,
    registry,
    room_device,
    sampled,
)


def use_of(readings: ReadingBatch, *devices: Device) -> tuple[float | None, float, float]:
    room = analysed(registry(rooms=[office()], devices=devices), readings).summary[0]
    return room.utilisation_pct, room.occupied_h, room.known_h


def test_utilisation_is_occupied_over_known_working_hours() -> None:
    readings = batch()
    # occupied 09:00 to 11:00 of eight working hours: a quarter
    sampled(readings, "cam", "presence", [MONDAY], lambda t: float(9 <= t.hour < 11))
    assert use_of(readings, room_device("cam", A201, "presence")) == pytest.approx((25.0, 2.0, 8.0))


def test_lunch_and_evening_are_not_working_hours() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", [MONDAY], lambda t: float(12 <= t.hour < 14 or t.hour >= 18))
    assert use_of(readings, room_device("cam", A201, "presence"))[0] == 0.0


def test_missing_time_is_unknown_and_never_empty() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", [MONDAY], lambda t: 1.0 if t.hour < 10 else None)
    used, occupied_h, known_h = use_of(readings, room_device("cam", A201, "presence"))
    assert used == 100.0
    # the last sample stands for one and a half intervals, 7.5 minutes, of which 5 are before 10:00
    assert occupied_h == known_h == pytest.approx(2.0 + 2.5 / 60)


def test_a_room_with_two_sensors_is_empty_only_when_both_answer() -> None:
    readings = batch()
    sampled(readings, "one", "presence", [MONDAY], lambda _t: 0.0)
    sampled(readings, "two", "presence", [MONDAY], lambda t: float(t.hour == 9) if t.hour < 11 else None)
    used, occupied_h, known_h = use_of(
        readings, room_device("one", A201, "presence"), room_device("two", A201, "presence")
    )
    assert occupied_h == pytest.approx(1.0)
    assert known_h == pytest.approx(3.0 + 2.5 / 60)
    assert used == pytest.approx(100 * occupied_h / known_h)


def test_the_surest_metric_decides() -> None:
    readings = batch()
    sampled(readings, "cam", "presence", [MONDAY], lambda _t: 0.0)
    sampled(readings, "pir", "motion", [MONDAY], lambda _t: 1.0)
    assert use_of(readings, room_device("cam", A201, "presence"), room_device("pir", A201, "motion"))[0] == 0.0


def test_motion_holds_for_a_quarter_of_an_hour() -> None:
    readings = batch()
    for minute, value in ((0, 0), (60, 1), (61, 0), (600, 0)):
        readings.add(epoch_ms(local(MONDAY, 8) + timedelta(minutes=minute)), "pir", "motion", value)
    pir = Device(id=DeviceId("pir"), placements=(Placement(room=A201),), metrics=("motion",), heartbeat_s=36_000)
    _, occupied_h, known_h = use_of(readings, pir)
    assert occupied_h == pytest.approx((1 + MOTION_HOLD_OFF_MS / 60_000) / 60)
    assert known_h == pytest.approx(8.0)


def test_untrusted_values_are_unknown() -> None:
    readings = ReadingBatch(site=batch().site)
    for step in range(12):
        time_ms = epoch_ms(local(MONDAY, 9) + timedelta(minutes=5 * step))
        readings.add(time_ms, "cam", "presence", 1.0, quality=Quality.FAULT if step >= 6 else Quality.GOOD)
    assert use_of(readings, room_device("cam", A201, "presence"))[1:] == pytest.approx((0.5, 0.5))


def test_a_moved_sensor_answers_for_the_room_it_was_in() -> None:
    days = days_from(MONDAY, 2)
    readings = batch()
    sampled(readings, "cam", "presence", days, in_office)
    moved = Device(
        id=DeviceId("cam"),
        placements=(Placement(room=A201, until=days[1]), Placement(room=A202, since=days[1])),
        metrics=("presence",),
        interval_s=300,
    )
    first, second = analysed(registry(rooms=[office(A201), office(A202)], devices=[moved]), readings).summary
    assert (round(first.known_h, 6), first.days) == (8.0, 1)
    assert (round(second.known_h, 6), second.days) == (8.0, 1)


def test_days_never_occupied_are_whole_days_with_readings() -> None:
    days = days_from(MONDAY, 4)
    readings = batch()
    # Monday in use, Tuesday empty, Wednesday half known and empty, Thursday without readings
    sampled(readings, "cam", "presence", days[:1], in_office)
    sampled(readings, "cam", "presence", days[1:2], lambda _t: 0.0)
    sampled(readings, "cam", "presence", days[2:3], lambda t: 0.0 if t.hour < 12 else None)
    place = registry(rooms=[office()], devices=[room_device("cam", A201, "presence")])
    room = analysed(place, readings, last=days[3]).summary[0]
    assert (room.days, room.days_never_occupied) == (3, 1)
