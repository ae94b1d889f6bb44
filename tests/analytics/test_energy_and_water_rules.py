"""Rules on cooling, heating, windows, lamps and water: figures by hand, near misses, what keeps them from judging."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import (
    BuildingId,
    CircuitItem,
    ClimateZone,
    DateSpan,
    Device,
    DeviceId,
    Opening,
    OpeningId,
    OpeningKind,
    Placement,
    Registry,
    Site,
)
from sensors.verdicts import Finding, Verdict
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    about,
    analysed,
    batch,
    circuit,
    days_from,
    in_office,
    local,
    meter,
    office,
    registry,
    room_device,
    sampled,
    site,
)

ROOM = "room:a-201"
JULY = days_from(date(2026, 7, 6), 7)
JANUARY = days_from(date(2026, 1, 5), 7)
MARCH = days_from(MONDAY, 10)
WINDOW = OpeningId("w-201")
Value = Callable[[datetime], float | None]


def around(middle: float) -> Value:
    return lambda time: middle + (0.1 if time.minute // 5 % 2 else -0.1)


def at(zone: ClimateZone | None) -> Site:
    return replace(site(), climate_zone=zone)


def told(place: Registry, made: ReadingBatch, rule: str, subject: str = ROOM) -> Finding:
    (finding,) = about(analysed(place, made, rule), subject)
    return finding


def conditioned(*metrics: str, zone: ClimateZone | None = ClimateZone.HOT_SUMMER_COLD_WINTER) -> Registry:
    devices = [room_device("th", A201, *metrics), replace(room_device("out", A201, "temperature_c"), outdoor=True)]
    return registry(rooms=[office()], devices=devices, at=at(zone))


# --- E06, E07


@pytest.mark.parametrize(("set_to", "verdict"), [(25.5, Verdict.FAULT), (26.0, Verdict.PASS)])
def test_e06_a_thermostat_below_26_is_overcooling(set_to: float, verdict: Verdict) -> None:
    made = batch()
    sampled(made, "th", "setpoint_c", JULY, lambda _t: set_to)
    sampled(made, "th", "hvac_on", JULY, in_office)
    finding = told(conditioned("setpoint_c", "hvac_on"), made, "E06")
    assert (finding.verdict, finding.threshold, finding.unit) == (verdict, 26, "°C")
    assert finding.value == (25.5 if verdict is Verdict.FAULT else None)


def test_e06_a_thermostat_nobody_has_switched_on_cools_nothing() -> None:
    made = batch()
    sampled(made, "th", "setpoint_c", JULY, lambda _t: 20.0)
    sampled(made, "th", "hvac_on", JULY, lambda _t: 0.0)
    finding = told(conditioned("setpoint_c", "hvac_on"), made, "E06")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("evidence of cooling",))


@pytest.mark.parametrize(
    ("indoor", "outdoor", "verdict"),
    [
        (24.8, 30.0, Verdict.FAULT),
        (25.2, 30.0, Verdict.PASS),
        (24.8, 27.5, Verdict.NOT_APPLICABLE),
        (77.0, 30.0, Verdict.INSUFFICIENT_DATA),
    ],
    ids=["cold on a hot day", "within the margin", "no day is hot", "in Fahrenheit"],
)
def test_e06_without_a_thermostat_the_weather_tells_what_is_cooled(
    indoor: float, outdoor: float, verdict: Verdict
) -> None:
    made = batch()
    sampled(made, "th", "temperature_c", JULY, around(indoor))
    sampled(made, "out", "temperature_c", JULY, around(outdoor))
    finding = told(conditioned("temperature_c"), made, "E06")
    assert finding.verdict is verdict
    assert finding.value == (pytest.approx(24.8, abs=0.1) if verdict is Verdict.FAULT else None)


def test_e06_is_not_asked_in_winter_nor_where_no_season_is_known() -> None:
    made = batch()
    sampled(made, "th", "setpoint_c", JANUARY, lambda _t: 20.0)
    for zone, missing in (
        (ClimateZone.HOT_SUMMER_COLD_WINTER, "a day of the heated or cooled season"),
        (None, "site.climate_zone"),
    ):
        finding = told(conditioned("setpoint_c", zone=zone), made, "E06")
        assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (missing,))


@pytest.mark.parametrize(("celsius", "verdict"), [(21.3, Verdict.FAULT), (20.8, Verdict.PASS)])
def test_e07_a_heated_room_may_have_21_where_only_its_air_is_known(celsius: float, verdict: Verdict) -> None:
    made = batch()
    sampled(made, "th", "temperature_c", JANUARY, around(celsius))
    finding = told(conditioned("temperature_c"), made, "E07")
    assert finding.verdict is verdict
    assert finding.threshold == (21 if verdict is Verdict.FAULT else 20)


def test_e07_heating_ends_when_it_did() -> None:
    run = DateSpan(first=date(2025, 11, 1), last=date(2026, 1, 4))
    place = conditioned("setpoint_c")
    made = batch()
    sampled(made, "th", "setpoint_c", JANUARY, lambda _t: 24.0)
    assert told(place, made, "E07").verdict is Verdict.FAULT
    over = replace(place, site=replace(place.site, heating_dates=(run,)))
    assert told(over, made, "E07").verdict is Verdict.NOT_APPLICABLE


def test_e07_a_frozen_sensor_gives_no_verdict() -> None:
    made = batch()
    sampled(made, "th", "temperature_c", JANUARY, lambda _t: 24.0)
    assert told(conditioned("temperature_c"), made, "E07").verdict is Verdict.INSUFFICIENT_DATA


# --- E08


def windowed(*, contact: bool = True) -> Registry:
    opening = Opening(id=WINDOW, kind=OpeningKind.WINDOW, room=A201)
    device = Device(id=DeviceId("win"), placements=(Placement(opening=WINDOW),), metrics=("open",), heartbeat_s=90000)
    place = registry(rooms=[office()], devices=[room_device("th", A201, "hvac_on"), *([device] if contact else [])])
    return replace(place, openings={WINDOW: opening})


def opened(minutes: float) -> ReadingBatch:
    """A window that is told to open at ten o'clock on Tuesday, with the plant running in office hours."""
    made = batch()
    sampled(made, "th", "hvac_on", MARCH[:3], in_office)
    for hour, value in ((-10.0, 0.0), (10.0, 1.0), (10.0 + minutes / 60, 0.0), (24.0, 0.0)):
        made.add(epoch_ms(local(MARCH[1], hour)), "win", "open", value)
    return made


@pytest.mark.parametrize(("minutes", "verdict"), [(10, Verdict.FAULT), (9, Verdict.PASS)])
def test_e08_ten_minutes_of_open_window_beside_running_plant(minutes: float, verdict: Verdict) -> None:
    finding = told(windowed(), opened(minutes), "E08")
    assert finding.verdict is verdict
    if verdict is Verdict.FAULT:
        assert (finding.value, finding.start, finding.end) == (10, local(MARCH[1], 10), local(MARCH[1], 10 + 10 / 60))


def test_e08_an_open_window_with_the_plant_off_is_fresh_air() -> None:
    made = batch()
    sampled(made, "th", "hvac_on", MARCH[:3], lambda _t: 0.0)
    for hour, value in ((0.0, 0.0), (10.0, 1.0), (16.0, 0.0)):
        made.add(epoch_ms(local(MARCH[1], hour)), "win", "open", value)
    assert told(windowed(), made, "E08").verdict is Verdict.PASS


def test_e08_names_what_it_lacks() -> None:
    finding = told(windowed(contact=False), opened(30), "E08")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("a contact on a window of the room",))


def test_e08_plant_that_says_nothing_while_the_window_is_open_gives_no_verdict() -> None:
    made = batch()
    sampled(made, "th", "hvac_on", MARCH[:1], in_office)
    made.add(epoch_ms(local(MARCH[2], 9)), "win", "open", 1.0)
    made.add(epoch_ms(local(MARCH[2], 16)), "win", "open", 0.0)
    assert told(windowed(), made, "E08").verdict is Verdict.INSUFFICIENT_DATA


# --- E09


def lamps(watts: float, *, metric: str = "active_power_w") -> tuple[Registry, ReadingBatch]:
    """An office of 20 m² whose lamps take so many watts in office hours of one week."""
    place = registry(
        rooms=[office()],
        circuits=[circuit("light", CircuitItem.LIGHTING, A201)],
        devices=[meter("m", "light", metric)],
    )
    made = batch()
    sampled(made, "m", metric, MARCH[:7], lambda t: watts * in_office(t) + 2)
    return place, made


@pytest.mark.parametrize(("watts", "verdict"), [(160.0, Verdict.FAULT), (156.0, Verdict.PASS)])
def test_e09_lamps_above_8_watts_per_square_metre(watts: float, verdict: Verdict) -> None:
    finding = told(*lamps(watts), "E09")
    assert (finding.verdict, finding.threshold) == (verdict, 8)
    if verdict is Verdict.FAULT:
        # 162 W ÷ 20 m² = 8.1; 0.1 W/m² · 20 m² · 5 days · 110 means: the first has 11 of its 12 samples (90 %)
        assert finding.value == pytest.approx(8.1)
        assert finding.energy_kwh == pytest.approx(0.1 * 20 * 5 * 110 / 12 / 1000, abs=0.001)


def test_e09_lamps_that_are_never_on_give_no_verdict() -> None:
    assert told(*lamps(0.0), "E09").verdict is Verdict.INSUFFICIENT_DATA


def test_e09_needs_power_and_not_a_register() -> None:
    place, made = lamps(200.0, metric="energy_import_kwh")
    assert told(place, made, "E09").verdict is Verdict.NOT_APPLICABLE


def test_e09_a_circuit_of_two_rooms_is_judged_by_the_area_of_both() -> None:
    place, made = lamps(260.0)
    other = replace(place.circuits[next(iter(place.circuits))], serves=(A201, A202))
    both = replace(place, circuits={other.id: other}, rooms={r.id: r for r in (office(), office(A202))})
    assert told(both, made, "E09", "circuit:light").verdict is Verdict.PASS


# --- W01


def water(flow_m3h: Value, days: list[date] = MARCH) -> tuple[Registry, ReadingBatch]:
    device = Device(
        id=DeviceId("w"), placements=(Placement(building=BuildingId("a")),), metrics=("water_m3",), interval_s=900
    )
    made, register = batch(), 100.0
    for day in days:
        for quarter in range(96):
            time = local(day, quarter / 4)
            flow = flow_m3h(time + timedelta(hours=8))
            if flow is not None:
                made.add(epoch_ms(time), "w", "water_m3", register)
            register += (flow or 0.0) / 4
    return registry(devices=[device]), made


def test_w01_a_tap_that_runs_through_seven_nights_is_a_leak() -> None:
    finding = told(*water(lambda t: 0.05 + 0.4 * in_office(t)), "W01", "building:a")
    assert (finding.verdict, finding.value, finding.threshold, finding.unit) == (Verdict.FAULT, 0.05, 0, "m³/h")
    assert finding.evidence["lost_m3"] == pytest.approx(0.05 * 24 * 7)
    assert (finding.start, finding.end) == (local(MARCH[0]), local(MARCH[-1], 24))


@pytest.mark.parametrize(
    "flow",
    [
        lambda t: 0.0 if 2 <= t.hour < 3 else 0.05,
        lambda t: 0.0 if t.day in (4, 9) and t.hour < 5 else 0.05,
    ],
    ids=["rests an hour each night", "rests a night a week"],
)
def test_w01_water_that_rests_is_no_leak(flow: Value) -> None:
    assert told(*water(flow), "W01", "building:a").verdict is Verdict.PASS


def test_w01_six_nights_or_a_hole_in_the_night_are_no_verdict() -> None:
    for made in (water(lambda _t: 0.05, MARCH[:6]), water(lambda t: None if t.day in (5, 9) and t.hour < 4 else 0.05)):
        assert told(*made, "W01", "building:a").verdict is Verdict.INSUFFICIENT_DATA


def test_w01_a_building_without_a_water_meter_says_so() -> None:
    place, made = lamps(100.0)
    finding = told(place, made, "W01", "building:a")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("water_m3",))
