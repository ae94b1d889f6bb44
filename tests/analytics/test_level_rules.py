"""The rules on levels of air and power: figures worked out by hand, near misses, and what keeps them from judging."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import Circuit, CircuitItem, ClimateZone, DateSpan, Device, DeviceId, Registry, Site
from sensors.verdicts import Finding, Severity, Verdict
from tests.analytics.sites import (
    A201,
    MONDAY,
    about,
    analysed,
    batch,
    circuit,
    days_from,
    in_office,
    local,
    meter,
    metered,
    office,
    registry,
    room_device,
    sampled,
    site,
)

ROOM, CIRCUIT = "room:a-201", "circuit:main"
WEEK = days_from(MONDAY, 7)
JANUARY = days_from(date(2026, 1, 5), 7)
JULY = days_from(date(2026, 7, 6), 7)
Value = Callable[[datetime], float | None]


def wave(time: datetime, middle: float, swing: float = 0.2) -> float:
    """Return a value that never stands still: a little above and below the middle, which is its mean."""
    return middle + (swing if time.minute // 5 % 2 else -swing)


def around(middle: float, swing: float = 0.2) -> Value:
    return lambda time: wave(time, middle, swing)


def at(zone: ClimateZone | None, **more: float) -> Site:
    return replace(site(), climate_zone=zone, altitude_m=more.get("altitude_m"))


def sensed(metric: str, *more: Device, zone: ClimateZone | None = None) -> Registry:
    devices = [room_device("aq", A201, metric), room_device("cam", A201, "presence"), *more]
    return registry(rooms=[office()], devices=devices, at=at(zone))


def readings(metric: str, value: Value, days: list[date] = WEEK) -> ReadingBatch:
    made = batch()
    sampled(made, "cam", "presence", days, in_office)
    sampled(made, "aq", metric, days, value)
    return made


def told(place: Registry, made: ReadingBatch, rule: str, subject: str = ROOM) -> Finding:
    (finding,) = about(analysed(place, made, rule), subject)
    return finding


# --- A03, A04


@pytest.mark.parametrize(("ugm3", "verdict"), [(51.0, Verdict.FAULT), (49.0, Verdict.PASS)])
def test_a03_a_day_of_particles_is_held_against_its_limit(ugm3: float, verdict: Verdict) -> None:
    finding = told(sensed("pm2_5_ugm3"), readings("pm2_5_ugm3", around(ugm3)), "A03")
    assert (finding.verdict, finding.threshold, finding.unit) == (verdict, 50, "µg/m³")
    assert finding.value == (pytest.approx(51, abs=0.1) if verdict is Verdict.FAULT else None)


def test_a03_tells_the_air_outdoors_beside_it() -> None:
    outdoor = replace(room_device("out", A201, "pm2_5_ugm3"), outdoor=True)
    made = readings("pm2_5_ugm3", around(60))
    sampled(made, "out", "pm2_5_ugm3", WEEK, around(80))
    finding = told(sensed("pm2_5_ugm3", outdoor), made, "A03")
    assert finding.evidence["outdoor_ugm3"] == pytest.approx(80, abs=0.1)


def test_a03_two_days_of_holes_are_no_pass() -> None:
    finding = told(sensed("pm2_5_ugm3"), readings("pm2_5_ugm3", lambda t: None if t.day in (4, 5) else 20.0), "A03")
    assert finding.verdict is Verdict.INSUFFICIENT_DATA


@pytest.mark.parametrize(("mgm3", "verdict"), [(0.081, Verdict.FAULT), (0.079, Verdict.PASS)])
def test_a04_an_hour_of_formaldehyde_is_enough(mgm3: float, verdict: Verdict) -> None:
    made = readings("hcho_mgm3", lambda t: mgm3 if t.date() == MONDAY and t.hour == 10 else 0.02)
    assert told(sensed("hcho_mgm3"), made, "A04").verdict is verdict


@pytest.mark.parametrize(("days", "verdict"), [(2, Verdict.PASS), (3, Verdict.FAULT)])
def test_a04_tvoc_asks_for_a_laboratory_only_after_three_days(days: int, verdict: Verdict) -> None:
    # ten to twenty o'clock: the mean of eight hours exceeds 0.6 from eighteen o'clock on
    high = {WEEK[1 + offset] for offset in range(days)}
    made = readings("tvoc_mgm3", lambda t: 0.7 if t.date() in high and 10 <= t.hour < 20 else 0.1)
    finding = told(sensed("tvoc_mgm3"), made, "A04")
    assert finding.verdict is verdict
    assert finding.evidence.get("laboratory") == ("laboratory test" if verdict is Verdict.FAULT else None)


@pytest.mark.parametrize(
    ("rule", "metric", "values"),
    [
        ("A01", "co2_ppm", (0.042, 0.16)),  # %
        ("A04", "hcho_mgm3", (20.0, 90.0)),  # µg/m³
        ("A04", "tvoc_mgm3", (200.0, 900.0)),  # µg/m³
    ],
)
def test_air_in_another_unit_is_judged_neither_good_nor_bad(
    rule: str, metric: str, values: tuple[float, float]
) -> None:
    low, high = values
    made = readings(metric, lambda t: wave(t, high if in_office(t) else low, low / 100))
    assert told(sensed(metric), made, rule).verdict is Verdict.INSUFFICIENT_DATA


def test_a01_says_for_which_altitude_a_value_was_corrected() -> None:
    """An uncompensated sensor in Kunming that shows 1000 ppm stands in air of 1257."""
    place = replace(sensed("co2_ppm"), site=at(None, altitude_m=1890))
    sensor = replace(place.devices[DeviceId("aq")], pressure_compensated=False)
    uncompensated = replace(place, devices={**place.devices, sensor.id: sensor})
    finding = told(uncompensated, readings("co2_ppm", around(1000.0)), "A01")
    assert finding.value == pytest.approx(1257, abs=1)
    assert finding.evidence["corrected_for_altitude_m"] == 1890
    compensated = told(place, readings("co2_ppm", around(1010.0)), "A01")
    assert "corrected_for_altitude_m" not in compensated.evidence


@pytest.mark.parametrize(
    ("ppm", "verdict"),
    [(1010.0, Verdict.FAULT), (900.0, Verdict.INSUFFICIENT_DATA), (700.0, Verdict.PASS)],
    ids=["too much either way", "too much if it does not know", "enough air either way"],
)
def test_a01_at_altitude_holds_only_what_holds_whether_or_not_the_sensor_knows_it(ppm: float, verdict: Verdict) -> None:
    """In Kunming 900 ppm are 1132 where the sensor does not know the altitude; nobody wrote down whether it does."""
    place = replace(sensed("co2_ppm"), site=at(None, altitude_m=1890))
    finding = told(place, readings("co2_ppm", around(ppm)), "A01")
    assert finding.verdict is verdict
    assert finding.missing == (("device.pressure_compensated",) if verdict is Verdict.INSUFFICIENT_DATA else ())


def test_g03_asks_of_a_sensor_at_altitude_whether_it_knows_it() -> None:
    place = replace(sensed("co2_ppm"), site=at(None, altitude_m=1890))
    finding = told(place, readings("co2_ppm", around(334.0)), "G03", "device:aq")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("device.pressure_compensated",))


# --- A05, A06


@pytest.mark.parametrize(
    ("zone", "days", "celsius", "verdict", "limit"),
    [
        (ClimateZone.SEVERE_COLD_AND_COLD, JANUARY, 17.9, Verdict.FAULT, 18),
        (ClimateZone.SEVERE_COLD_AND_COLD, JANUARY, 18.1, Verdict.PASS, 28),
        (ClimateZone.HOT_SUMMER_COLD_WINTER, JANUARY, 15.9, Verdict.FAULT, 16),
        (ClimateZone.HOT_SUMMER_COLD_WINTER, JANUARY, 17.0, Verdict.PASS, 28),
        (ClimateZone.MILD, JULY, 28.1, Verdict.FAULT, 28),
        (ClimateZone.MILD, JULY, 27.9, Verdict.PASS, 28),
    ],
)
def test_a05_has_the_limits_of_zone_and_season(
    zone: ClimateZone, days: list[date], celsius: float, verdict: Verdict, limit: float
) -> None:
    made = readings("temperature_c", around(celsius), days)
    finding = told(sensed("temperature_c", zone=zone), made, "A05")
    assert (finding.verdict, finding.threshold) == (verdict, limit)


@pytest.mark.parametrize(
    ("zone", "missing"),
    [(ClimateZone.MILD, "a day of the heated or cooled season"), (None, "site.climate_zone")],
)
def test_a05_is_not_asked_where_nothing_heats_or_no_zone_is_known(zone: ClimateZone | None, missing: str) -> None:
    finding = told(sensed("temperature_c", zone=zone), readings("temperature_c", around(12.0), JANUARY), "A05")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (missing,))


@pytest.mark.parametrize(("day", "verdict"), [(15, Verdict.FAULT), (16, Verdict.NOT_APPLICABLE)])
def test_a05_heating_ends_when_it_did(day: int, verdict: Verdict) -> None:
    """A Thursday and a Friday; the site wrote down that its heating ended on the Thursday."""
    run = DateSpan(first=date(2026, 1, 1), last=date(2026, 1, 15))
    place = sensed("temperature_c", zone=ClimateZone.SEVERE_COLD_AND_COLD)
    heated = replace(place, site=replace(place.site, heating_dates=(run,)))
    assert told(heated, readings("temperature_c", around(15.0), [date(2026, 1, day)]), "A05").verdict is verdict


@pytest.mark.parametrize("value", [lambda _t: 15.0, around(68.0)], ids=["frozen", "in Fahrenheit"])
def test_a05_gives_no_verdict_from_a_sensor_that_cannot_be_right(value: Value) -> None:
    zone = ClimateZone.SEVERE_COLD_AND_COLD
    finding = told(sensed("temperature_c", zone=zone), readings("temperature_c", value, JANUARY), "A05")
    assert finding.verdict is Verdict.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("pct", "days", "verdict"),
    [(29.0, JANUARY, Verdict.FAULT), (31.0, JANUARY, Verdict.PASS), (81.0, JULY, Verdict.FAULT)],
)
def test_a06_is_told_once_of_the_building(pct: float, days: list[date], verdict: Verdict) -> None:
    place = sensed("relative_humidity_pct", zone=ClimateZone.SEVERE_COLD_AND_COLD)
    analysis = analysed(place, readings("relative_humidity_pct", around(pct), days), "A06")
    assert [str(finding.subject) for finding in analysis.findings] == ["building:a"]
    assert analysis.findings[0].verdict is verdict


def test_a06_in_spring_nobody_asks() -> None:
    place = sensed("relative_humidity_pct", zone=ClimateZone.SEVERE_COLD_AND_COLD)
    made = readings("relative_humidity_pct", around(20.0), days_from(date(2026, 4, 6), 7))
    assert told(place, made, "A06", "building:a").verdict is Verdict.NOT_APPLICABLE


# --- A07, A08


def lit(factor: float | None = 1.5) -> Registry:
    place = sensed("illuminance_lux")
    sensor = replace(next(d for d in place.devices.values() if d.id == "aq"), lux_factor=factor)
    light = circuit("light", CircuitItem.LIGHTING, A201)
    power = meter("m", "light")
    devices = {**place.devices, sensor.id: sensor, power.id: power}
    return replace(place, circuits={light.id: light}, devices=devices)


@pytest.mark.parametrize(("wall_lux", "verdict"), [(190.0, Verdict.FAULT), (210.0, Verdict.PASS)])
def test_a07_light_is_judged_at_the_desk_with_the_lights_on(wall_lux: float, verdict: Verdict) -> None:
    """The desk has one and a half times what the wall shows: 285 and 315 lx; before nine the lights are off."""
    made = readings("illuminance_lux", lambda t: wall_lux if t.hour >= 9 else 5.0)
    metered(made, "m", WEEK, lambda t: 140.0 if 9 <= t.hour < 20 else 0.0)
    finding = told(lit(), made, "A07")
    assert (finding.verdict, finding.value) == (verdict, 285.0 if verdict is Verdict.FAULT else None)


def test_a07_a_wall_without_its_factor_is_no_desk() -> None:
    made = readings("illuminance_lux", lambda _t: 10.0)
    metered(made, "m", WEEK, lambda _t: 140.0)
    finding = told(lit(None), made, "A07")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("device.lux_factor",))


def test_a07_a_sample_after_the_lights_went_off_is_no_dim_light() -> None:
    """Their register is read each five minutes: what it tells of the last of them is the mean with the lights on."""
    made = readings(
        "illuminance_lux", lambda t: 5.0 if (t.hour, t.minute) < (9, 0) or (t.hour, t.minute) >= (17, 55) else 250.0
    )
    metered(made, "m", WEEK, lambda t: 140.0 if 9 <= t.hour < 18 else 0.0)
    assert told(lit(), made, "A07").verdict is Verdict.PASS


def heard(level: Value, hvac: Value) -> Finding:
    made = readings("sound_level_dba", level)
    sampled(made, "th", "hvac_on", WEEK, hvac)
    return told(sensed("sound_level_dba", room_device("th", A201, "hvac_on")), made, "A08")


@pytest.mark.parametrize(("dba", "verdict"), [(46.0, Verdict.FAULT), (44.0, Verdict.PASS)])
def test_a08_plant_is_heard_in_the_empty_room(dba: float, verdict: Verdict) -> None:
    assert heard(lambda t: 70.0 if in_office(t) else dba, lambda _t: 1.0).verdict is verdict


def test_a08_a_door_that_slams_is_no_plant_and_a_silent_plant_is_not_judged() -> None:
    assert heard(lambda t: 80.0 if t.minute == 0 else 35.0, lambda _t: 1.0).verdict is Verdict.PASS
    assert heard(lambda _t: 60.0, lambda _t: 0.0).verdict is Verdict.INSUFFICIENT_DATA


def test_a08_a_level_that_no_room_has_is_no_pass() -> None:
    assert heard(lambda _t: 3.5, lambda _t: 1.0).verdict is Verdict.INSUFFICIENT_DATA


# --- A02


def breathed(ppm: Callable[[float], float], people: Value = lambda t: 3.0 * in_office(t)) -> Finding:
    """Three people from eight to eighteen o'clock; CO2 by hours since they came, 420 ppm outdoors."""
    devices = [room_device("aq", A201, "co2_ppm"), room_device("count", A201, "people_count")]
    made = batch()
    sampled(made, "count", "people_count", WEEK, people)
    sampled(
        made,
        "aq",
        "co2_ppm",
        WEEK,
        lambda t: wave(t, ppm(t.hour + t.minute / 60 - 8) if in_office(t) else 420.0, 1.0),
    )
    return told(registry(rooms=[office()], devices=devices), made, "A02")


def test_a02_fresh_air_follows_from_the_plateau() -> None:
    """18,000 ÷ (1320 − 420) = 20 m³/h each; at 970 ppm it is 32.7."""
    low, enough = breathed(lambda _h: 1320.0), breathed(lambda _h: 970.0)
    assert (low.verdict, low.threshold) == (Verdict.FAULT, 30)
    assert low.value == pytest.approx(20, abs=0.2)
    assert enough.verdict is Verdict.PASS


def test_a02_before_the_plateau_nothing_passes() -> None:
    """CO2 that rises by 50 ppm an hour to 920 ppm has not settled: more people's breath is still to come."""
    rising = breathed(lambda hours: 420.0 + 50 * hours)
    assert rising.verdict is Verdict.INSUFFICIENT_DATA


def test_a02_is_evidence_under_a01() -> None:
    devices = [room_device("aq", A201, "co2_ppm"), room_device("count", A201, "people_count")]
    made = batch()
    sampled(made, "count", "people_count", WEEK, lambda t: 3.0 * in_office(t))
    sampled(made, "aq", "co2_ppm", WEEK, lambda t: wave(t, 1320.0 if in_office(t) else 420.0, 1.0))
    found = about(analysed(registry(rooms=[office()], devices=devices), made, "A01", "A02"), ROOM)
    high, stale = sorted(found, key=lambda finding: finding.rule)
    assert high.evidence["fresh_air_m3h"] == pytest.approx(20, abs=0.2)
    assert (stale.verdict, stale.missing) == (Verdict.NOT_APPLICABLE, ("a finding of its own: see A01",))


# --- L02, L04, L05, L06


def supply(*metrics: str, rated_a: float | None = 100.0) -> Registry:
    main: Circuit = replace(circuit("main", CircuitItem.TOTAL), rated_a=rated_a)
    return registry(circuits=[main], devices=[replace(meter("m", "main"), metrics=metrics)])


def of_supply(metric: str, value: Value, days: list[date] = WEEK) -> ReadingBatch:
    made = batch()
    sampled(made, "m", metric, days, value)
    return made


@pytest.mark.parametrize(("now_ma", "verdict"), [(152.0, Verdict.FAULT), (148.0, Verdict.PASS)], ids=["above", "below"])
def test_l02_seven_days_are_held_against_the_thirty_before(now_ma: float, verdict: Verdict) -> None:
    days = days_from(MONDAY, 37)
    made = of_supply("residual_current_ma", lambda t: now_ma if t.date() >= days[30] else 100.0, days)
    finding = about(analysed(supply("residual_current_ma"), made, "L02"), CIRCUIT)[-1]
    assert (finding.verdict, finding.value) == (verdict, now_ma / 100)


def test_l02_a_small_current_may_double_and_a_short_time_says_nothing() -> None:
    days = days_from(MONDAY, 37)
    made = of_supply("residual_current_ma", lambda t: 80.0 if t.date() >= days[30] else 40.0, days)
    assert about(analysed(supply("residual_current_ma"), made, "L02"), CIRCUIT)[-1].verdict is Verdict.PASS
    short = told(supply("residual_current_ma"), of_supply("residual_current_ma", around(400.0)), "L02", CIRCUIT)
    assert short.verdict is Verdict.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("amperes", "minutes", "severity"),
    [(101.0, 15, Severity.ORANGE), (101.0, 10, None), (81.0, 60, Severity.YELLOW), (81.0, 55, None), (79.0, 600, None)],
)
def test_l04_has_two_tiers_each_with_its_time(amperes: float, minutes: int, severity: Severity | None) -> None:
    start = local(MONDAY, 10)
    over = start + timedelta(minutes=minutes)
    made = of_supply("current_a", lambda t: amperes if start <= t < over else 40.0)
    finding = told(supply("current_a"), made, "L04", CIRCUIT)
    assert finding.severity is severity
    assert finding.verdict is (Verdict.PASS if severity is None else Verdict.FAULT)


def test_l04_milliamperes_are_no_overload() -> None:
    finding = told(supply("current_a"), of_supply("current_a", around(40_000.0)), "L04", CIRCUIT)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA


def test_l04_without_a_rated_current_is_not_applicable() -> None:
    finding = told(supply("current_a", rated_a=None), of_supply("current_a", around(90.0)), "L04", CIRCUIT)
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("circuit.rated_a",))


@pytest.mark.parametrize(
    ("volts", "verdict"),
    [
        (236.0, Verdict.FAULT),  # + 7.3 %
        (235.0, Verdict.PASS),  # + 6.8 %
        (197.0, Verdict.FAULT),  # − 10.5 %
        (199.0, Verdict.PASS),  # − 9.5 %
        (0.2, Verdict.INSUFFICIENT_DATA),  # kilovolts
    ],
)
def test_l05_voltage_may_stray_by_seven_percent_up_and_ten_down(volts: float, verdict: Verdict) -> None:
    finding = told(supply("voltage_v"), of_supply("voltage_v", around(volts, 0.1)), "L05", CIRCUIT)
    assert finding.verdict is verdict


def phases(*volts: float) -> ReadingBatch:
    made = batch()
    for number, middle in enumerate(volts, start=1):
        for step in range(7 * 288):
            time = local(MONDAY) + step * timedelta(minutes=5)
            made.add(epoch_ms(time), "m", "voltage_v", middle + step % 2 * 0.1, phase=f"L{number}")
    return made


@pytest.mark.parametrize(("third_v", "verdict"), [(213.0, Verdict.FAULT), (214.0, Verdict.PASS)])
def test_l06_the_largest_departure_of_a_phase_from_the_mean_is_its_unbalance(third_v: float, verdict: Verdict) -> None:
    """(217.67 − 213) ÷ 217.67 = 2.14 %, (218 − 214) ÷ 218 = 1.83 %."""
    finding = told(supply("voltage_v"), phases(220.0, 220.0, third_v), "L06", CIRCUIT)
    assert finding.verdict is verdict
    assert finding.value == (pytest.approx(2.14, abs=0.01) if verdict is Verdict.FAULT else None)


@pytest.mark.parametrize(
    ("kvarh_per_kwh", "rated_a", "verdict"),
    [(0.75, 200.0, Verdict.FAULT), (0.5, 200.0, Verdict.PASS), (0.75, 100.0, Verdict.NOT_APPLICABLE)],
)
def test_l06_a_month_of_a_large_supply_has_a_power_factor(
    kvarh_per_kwh: float, rated_a: float, verdict: Verdict
) -> None:
    """1 ÷ √(1 + 0.75²) = 0.8; 1 ÷ √(1 + 0.5²) = 0.894; √3 · 380 V · 100 A are 66 kVA."""
    march = days_from(date(2026, 3, 1), 31)
    place = supply("energy_import_kwh", "reactive_import_kvarh", rated_a=rated_a)
    made = batch()
    metered(made, "m", march, lambda _t: 10_000.0)
    sampled(
        made,
        "m",
        "reactive_import_kvarh",
        march,
        lambda t: 10 * kvarh_per_kwh * ((t.date() - march[0]).days * 24 + t.hour + t.minute / 60),
    )
    finding = told(place, made, "L06", CIRCUIT)
    assert finding.verdict is verdict
    if verdict is Verdict.FAULT:
        assert (finding.value, finding.threshold) == (0.8, 0.85)


# --- G02, G03


@pytest.mark.parametrize(("hours", "verdict"), [(24, Verdict.FAULT), (23, Verdict.PASS)])
def test_g02_a_day_without_any_change_is_frozen(hours: int, verdict: Verdict) -> None:
    start = local(MONDAY, 30)
    over = start + timedelta(hours=hours)
    made = readings("temperature_c", lambda t: 21.4 if start <= t < over else wave(t, 20.0))
    finding = told(sensed("temperature_c"), made, "G02", "device:aq")
    assert finding.verdict is verdict
    if verdict is Verdict.FAULT:
        assert (finding.start, finding.end, finding.value) == (start, over, 0)
        assert (finding.evidence["frozen_metrics"], finding.evidence["stood_at"]) == ("temperature_c", 21.4)


def drifting(low_ppm: float, *, compensated: bool | None = True, altitude_m: float | None = None) -> Finding:
    sensor = replace(room_device("aq", A201, "co2_ppm"), pressure_compensated=compensated)
    place = registry(rooms=[office()], devices=[sensor], at=replace(site(), altitude_m=altitude_m))
    made = batch()
    sampled(made, "aq", "co2_ppm", WEEK, lambda t: low_ppm if t.hour < 6 else 700.0)
    return about(analysed(place, made, "G03"), "device:aq")[-1]


@pytest.mark.parametrize(
    ("low_ppm", "verdict"),
    [(379.0, Verdict.FAULT), (381.0, Verdict.PASS), (599.0, Verdict.PASS), (601.0, Verdict.FAULT)],
)
def test_g03_the_lowest_of_a_week_is_outdoor_air(low_ppm: float, verdict: Verdict) -> None:
    finding = drifting(low_ppm)
    assert (finding.verdict, finding.value) == (verdict, low_ppm)


def test_g03_knows_the_altitude_or_does_not_judge() -> None:
    kunming = drifting(334.0, compensated=False, altitude_m=1890)
    assert kunming.verdict is Verdict.PASS
    assert kunming.value == pytest.approx(420, abs=1)
    nowhere = drifting(334.0, compensated=False)
    assert (nowhere.verdict, nowhere.missing) == (Verdict.NOT_APPLICABLE, ("site.altitude_m",))


def test_g03_rooms_staffed_day_and_night_have_no_outdoor_air() -> None:
    place = registry(rooms=[office(subtype="duty")], devices=[room_device("aq", A201, "co2_ppm")])
    finding = told(place, readings("co2_ppm", around(800.0)), "G03", "device:aq")
    assert finding.verdict is Verdict.NOT_APPLICABLE
