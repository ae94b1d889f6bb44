"""Each rule: a fault, a near miss just inside the limit, what is missing, and what must not trip it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from analytics.calendar import ChineseHolidays, DayKind, ListedHolidays
from analytics.rules import RULES
from sensors.catalogue import CATALOGUE
from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import (
    Absence,
    CircuitItem,
    Device,
    DeviceId,
    OpeningId,
    Person,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomCategory,
)
from sensors.verdicts import Finding, Severity, Verdict
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
    metered,
    office,
    registry,
    room_device,
    sampled,
    site,
)

ROOM = "room:a-201"
FOUR_WEEKS = days_from(MONDAY, 28)


def one(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def watched_office(room: Room | None = None) -> Registry:
    return registry(rooms=[room or office()], devices=[room_device("cam", A201, "presence")])


def presence(days: list[date], value: Callable[[datetime], float | None]) -> ReadingBatch:
    readings = batch()
    sampled(readings, "cam", "presence", days, value)
    return readings


def hours_a_day(hours: float) -> Callable[[datetime], float]:
    """Present from 08:00 on workdays for so long; eight hours are worked, with lunch from 12 to 14."""
    return lambda t: float(t.weekday() < 5 and 8 <= t.hour + t.minute / 60 < 8 + hours)


def test_a_single_reading_at_midnight_is_no_reason_to_fail() -> None:
    readings = batch()
    readings.add(epoch_ms(local(MONDAY)), "cam", "presence", 1.0)
    analysis = analysed(watched_office(), readings, "S02", "A01", "G05")
    assert analysis.failures == ()
    assert [use.utilisation_pct for use in analysis.summary] == [None]


# --- S02, S03: low use


def test_s02_low_use_is_found_with_its_figure() -> None:
    finding = one(about(analysed(watched_office(), presence(FOUR_WEEKS, hours_a_day(2)), "S02"), ROOM))
    assert finding.verdict is Verdict.FAULT
    assert (finding.value, finding.threshold, finding.unit) == (25.0, 30, "%")
    assert finding.end == local(FOUR_WEEKS[-1] + timedelta(days=1))


def test_s02_just_above_the_limit_passes() -> None:
    finding = one(about(analysed(watched_office(), presence(FOUR_WEEKS, hours_a_day(2.5)), "S02"), ROOM))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 31.25)


def test_s02_too_short_a_time_is_no_verdict() -> None:
    finding = one(about(analysed(watched_office(), presence(days_from(MONDAY, 7), hours_a_day(1)), "S02"), ROOM))
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert finding.missing


def test_s02_a_room_without_a_sensor_is_not_applicable_and_says_what_is_missing() -> None:
    place = registry(rooms=[office(A201), office(A202)], devices=[room_device("cam", A202, "presence")])
    finding = one(about(analysed(place, presence(FOUR_WEEKS, in_office), "S02"), ROOM))
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.missing == ("presence|people_count|motion",)


def test_s02_says_nothing_of_a_restricted_room() -> None:
    place = watched_office(replace(office(), restricted=True))
    analysis = analysed(place, presence(FOUR_WEEKS, hours_a_day(1)), "S02")
    assert about(analysis, ROOM) == []
    assert analysis.summary == ()


def test_s02_a_spring_festival_is_not_counted_as_empty_working_time() -> None:
    february = days_from(date(2026, 2, 2), 28)  # 15 to 23 February are free, 14 and 28 are worked
    readings = presence(
        february, lambda t: float(ChineseHolidays().kind(t.date()) is DayKind.WORKDAY and 8 <= t.hour < 12)
    )
    analysis = analysed(watched_office(), readings, "S02", holidays=ChineseHolidays())
    finding = one(about(analysis, ROOM))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 50.0)


def test_s02_beyond_the_calendars_end_there_is_no_verdict() -> None:
    ended = ListedHolidays(years=frozenset({2025}), exceptions={})
    finding = one(about(analysed(watched_office(), presence(FOUR_WEEKS, in_office), "S02", holidays=ended), ROOM))
    assert (finding.verdict, finding.value) == (Verdict.INSUFFICIENT_DATA, None)
    assert finding.missing == ("site.calendar",)


def test_s02_hysteresis_keeps_one_finding_on_the_edge() -> None:
    days = days_from(MONDAY, 112)
    # 29.2 % for a month, 30.2 % for a month, and again: about the limit, never two points above it
    readings = presence(days, lambda t: hours_a_day(2.3 if (t.date() - MONDAY).days // 28 % 2 == 0 else 2.4)(t))
    findings = about(analysed(watched_office(), readings, "S02"), ROOM)
    assert len([finding for finding in findings if finding.verdict is Verdict.FAULT]) == 1


def test_s03_is_about_meeting_rooms_and_s02_is_not() -> None:
    place = watched_office(office(subtype="meeting"))
    analysis = analysed(place, presence(FOUR_WEEKS, hours_a_day(1)), "S02", "S03")
    assert one(about(analysis, ROOM)).rule == "S03"


# --- S01: idle office

NINE_WEEKS = days_from(MONDAY, 63)


def held_office() -> Registry:
    place = watched_office(replace(office(), holders=(PersonId("p1"),)))
    person = Person(id=PersonId("p1"), name="p1")
    return replace(place, people={person.id: person})


def test_s01_an_office_nobody_used_for_forty_workdays_is_idle() -> None:
    finding = one(about(analysed(held_office(), presence(NINE_WEEKS, lambda _t: 0.0), "S01"), ROOM))
    assert (finding.verdict, finding.value, finding.threshold) == (Verdict.FAULT, 0, 1)
    assert finding.evidence["holders"] == 1


def test_s01_two_days_of_use_are_enough_not_to_be_idle() -> None:
    used = {NINE_WEEKS[17], NINE_WEEKS[24]}
    finding = one(
        about(
            analysed(held_office(), presence(NINE_WEEKS, lambda t: float(t.date() in used and t.hour == 9)), "S01"),
            ROOM,
        )
    )
    assert (finding.verdict, finding.value) == (Verdict.PASS, 2)


def test_s01_short_visits_and_cleaning_rounds_are_not_use() -> None:
    place = held_office()
    cleaned = replace(place, site=replace(place.site, cleaning_hours="06:00-08:00"))
    # 25 minutes at ten, and two hours of cleaning before work, every day
    readings = presence(NINE_WEEKS, lambda t: float((t.hour == 10 and t.minute < 25) or 6 <= t.hour < 8))
    assert one(about(analysed(cleaned, readings, "S01"), ROOM)).verdict is Verdict.FAULT


def test_s01_leave_is_left_out_of_the_count() -> None:
    place = held_office()
    away = Absence(first=NINE_WEEKS[14], last=NINE_WEEKS[-1])
    people = {PersonId("p1"): replace(place.people[PersonId("p1")], absences=(away,))}
    readings = presence(NINE_WEEKS, lambda t: in_office(t) if t.date() < away.first else 0.0)
    finding = one(about(analysed(replace(place, people=people), readings, "S01"), ROOM))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 10)


def test_s01_three_weeks_are_not_enough_to_call_a_room_idle() -> None:
    readings = presence(days_from(MONDAY, 21), lambda _t: 0.0)
    assert one(about(analysed(held_office(), readings, "S01"), ROOM)).verdict is Verdict.INSUFFICIENT_DATA


# --- E03: base load


def building(area_m2: float = 1000.0, *extra: Room) -> Registry:
    circuits = [circuit("main", CircuitItem.TOTAL)]
    place = registry(rooms=[office(), *extra], circuits=circuits, devices=[meter("m", "main")])
    only = next(iter(place.buildings.values()))
    return replace(place, buildings={only.id: replace(only, gross_area_m2=area_m2)})


def load(days: list[date], night_w: float, day_w: float = 20_000.0) -> ReadingBatch:
    readings = batch()
    metered(readings, "m", days, lambda t: day_w if in_office(t) else night_w)
    return readings


def test_e03_a_load_that_hardly_falls_at_night_is_found() -> None:
    finding = one(about(analysed(building(), load(FOUR_WEEKS, 10_000), "E03"), "building:a"))
    assert (finding.verdict, finding.value, finding.threshold) == (Verdict.FAULT, 0.5, 0.35)
    assert finding.start == local(MONDAY)


def test_e03_tells_the_figures_of_the_last_night_that_is_over() -> None:
    to_friday = FOUR_WEEKS[:25]
    finding = one(about(analysed(building(), load(to_friday, 10_000), "E03"), "building:a"))
    assert (finding.verdict, finding.value) == (Verdict.FAULT, 0.5)
    assert finding.evidence["night_w"] == pytest.approx(10_000)


def test_e03_just_under_the_ratio_passes() -> None:
    finding = one(about(analysed(building(), load(FOUR_WEEKS, 6_900), "E03"), "building:a"))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.345)


def test_e03_on_the_limit_of_two_watts_a_square_metre_it_passes() -> None:
    finding = one(about(analysed(building(), load(FOUR_WEEKS, 2_000, 3_000), "E03"), "building:a"))
    assert finding.verdict is Verdict.PASS


def test_e03_a_high_ratio_of_a_small_load_passes() -> None:
    finding = one(about(analysed(building(), load(FOUR_WEEKS, 1_900, 3_000), "E03"), "building:a"))
    assert finding.verdict is Verdict.PASS


def test_e03_two_bad_nights_are_no_finding_and_three_are() -> None:
    def some_nights(count: int) -> ReadingBatch:
        bad = {FOUR_WEEKS[8 + offset] for offset in range(count)}  # the nights that begin on Tuesday 10 March
        readings = batch()
        metered(readings, "m", FOUR_WEEKS, lambda t: 20_000.0 if in_office(t) or _night_of(t) in bad else 2_000.0)
        return readings

    def _night_of(t: datetime) -> date | None:
        return t.date() - timedelta(days=1) if t.hour < 5 else None

    assert one(about(analysed(building(), some_nights(2), "E03"), "building:a")).verdict is Verdict.PASS
    verdicts = [finding.verdict for finding in about(analysed(building(), some_nights(3), "E03"), "building:a")]
    assert verdicts == [Verdict.FAULT, Verdict.PASS]


def test_e03_a_server_room_on_a_meter_of_its_own_is_taken_out() -> None:
    server_room = replace(office(A202), category=RoomCategory.EQUIPMENT, subtype="server")
    place = building(1000.0, server_room)
    unmetered = one(about(analysed(place, load(FOUR_WEEKS, 10_000), "E03"), "building:a"))
    assert unmetered.verdict is Verdict.NOT_APPLICABLE
    assert unmetered.missing == ("always-on circuit for room a-202",)
    server = replace(circuit("srv", CircuitItem.SERVER_ROOM, A202, parent="main"), always_on=True)
    with_meter = replace(
        place,
        circuits={**place.circuits, server.id: server},
        devices={**place.devices, DeviceId("s"): meter("s", "srv")},
    )
    readings = load(FOUR_WEEKS, 10_000)
    metered(readings, "s", FOUR_WEEKS, lambda _t: 8_000.0)
    finding = one(about(analysed(with_meter, readings, "E03"), "building:a"))
    # 8 of the 10 kW at night and of the 20 kW by day run by right
    assert finding.verdict is Verdict.PASS
    assert finding.value == pytest.approx((10 - 8) / (20 - 8), abs=0.001)


def test_e03_generation_at_noon_is_added_to_the_load() -> None:
    place = building()
    pv = circuit("pv", CircuitItem.PV, parent="main")
    with_pv = replace(
        place,
        circuits={**place.circuits, pv.id: pv},
        devices={**place.devices, DeviceId("p"): meter("p", "pv")},
    )
    readings = load(FOUR_WEEKS, 6_000, 12_000)
    metered(readings, "p", FOUR_WEEKS, lambda t: 8_000.0 if in_office(t) else 0.0)
    finding = one(about(analysed(with_pv, readings, "E03"), "building:a"))
    # import alone would say 0.5; the load was 6 by night and 20 by day
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.3)


def test_e03_without_area_or_main_meter_names_both() -> None:
    place = registry(rooms=[office()], devices=[room_device("cam", A201, "presence")])
    only = next(iter(place.buildings.values()))
    bare = replace(place, buildings={only.id: replace(only, gross_area_m2=None)})
    finding = one(about(analysed(bare, presence(FOUR_WEEKS, in_office), "E03"), "building:a"))
    assert finding.missing == ("gross_area_m2", "circuit of item total")


# --- E05: load in empty rooms


def lit_office(area_m2: float = 20.0) -> Registry:
    return registry(
        rooms=[office(area_m2=area_m2)],
        circuits=[circuit("light", CircuitItem.LIGHTING, A201)],
        devices=[meter("m", "light"), room_device("cam", A201, "presence")],
    )


def lit(days: list[date], power_w: Callable[[datetime], float]) -> ReadingBatch:
    readings = presence(days, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 17))
    metered(readings, "m", days, power_w)
    return readings


def evening(t: datetime) -> bool:
    return t.weekday() < 5 and 17 <= t.hour < 22


def test_e05_light_left_on_is_found_with_its_kwh() -> None:
    findings = about(analysed(lit_office(), lit(FOUR_WEEKS, lambda t: 420.0 if evening(t) else 20.0), "E05"), ROOM)
    assert [finding.verdict for finding in findings] == [Verdict.FAULT] * 4
    week = findings[-1]
    # five evenings of five hours, 400 W above standby; the 20 W of the other hours are standby
    assert week.energy_kwh == pytest.approx(5 * 5 * 0.4)
    assert week.value == pytest.approx(400 / 20)
    assert (week.evidence["standby_w"], week.evidence["standby_from"]) == (20.0, "rest-day nights")


@pytest.mark.parametrize(("minutes", "verdict"), [(60, Verdict.INSUFFICIENT_DATA), (30, Verdict.FAULT)])
def test_e05_presence_told_once_an_hour_does_not_show_when_a_room_was_empty(minutes: int, verdict: Verdict) -> None:
    readings = batch()
    sampled(readings, "cam", "presence", FOUR_WEEKS, lambda t: None if t.minute % minutes else in_office(t))
    metered(readings, "m", FOUR_WEEKS, lambda t: 420.0 if evening(t) else 20.0)
    place = lit_office()
    camera = replace(place.devices[DeviceId("cam")], interval_s=None)
    seldom = replace(place, devices={**place.devices, camera.id: camera})
    found = about(analysed(seldom, readings, "E05"), ROOM)
    assert {finding.verdict for finding in found} == {verdict}


def test_e05_a_server_corner_that_never_sleeps_is_standby_not_waste() -> None:
    finding = one(about(analysed(lit_office(), lit(FOUR_WEEKS, lambda _t: 400.0), "E05"), ROOM))
    assert finding.verdict is Verdict.PASS


@pytest.mark.parametrize(("excess_w", "verdict"), [(99.0, Verdict.PASS), (101.0, Verdict.FAULT)])
def test_e05_the_limit_of_100_watts_holds_where_it_is_the_higher_one(excess_w: float, verdict: Verdict) -> None:
    # two rest-day nights give the standby of 0; the load is on whenever the room is empty on workdays
    readings = lit(FOUR_WEEKS, lambda t: excess_w if t.weekday() < 5 else 0.0)
    findings = about(analysed(lit_office(area_m2=10.0), readings, "E05"), ROOM)
    assert {finding.verdict for finding in findings} == {verdict}


def test_e05_a_spell_over_the_end_of_a_week_is_one_spell() -> None:
    # empty for eighty minutes round midnight of Sunday, with the load on: forty minutes on either side, too short
    # by themselves, as the first Monday and the last Sunday are
    def away(t: datetime) -> bool:
        minutes = t.hour * 60 + t.minute
        return (t.weekday() == 6 and minutes >= 23 * 60 + 20) or (t.weekday() == 0 and minutes < 40)

    readings = presence(FOUR_WEEKS, lambda t: float(not away(t)))
    metered(readings, "m", FOUR_WEEKS, lambda t: 5_000.0 if away(t) else 0.0)
    findings = about(analysed(lit_office(), readings, "E05"), ROOM)
    assert sum(finding.energy_kwh or 0.0 for finding in findings) == pytest.approx(3 * 80 / 60 * 5)


def test_e05_lunch_is_not_waste() -> None:
    readings = presence(FOUR_WEEKS, lambda t: float(not 12 <= t.hour < 14))
    metered(readings, "m", FOUR_WEEKS, lambda t: 500.0 if 12 <= t.hour < 14 and t.weekday() < 5 else 0.0)
    assert one(about(analysed(lit_office(), readings, "E05"), ROOM)).verdict is Verdict.PASS


def test_e05_an_always_on_circuit_is_not_asked() -> None:
    place = lit_office()
    always = {key: replace(found, always_on=True) for key, found in place.circuits.items()}
    readings = lit(FOUR_WEEKS, lambda t: 420.0 if evening(t) else 20.0)
    assert about(analysed(replace(place, circuits=always), readings, "E05"), ROOM) == []


def test_e05_two_circuits_of_a_room_are_one_finding_a_week() -> None:
    place = lit_office()
    plugs = circuit("plugs", CircuitItem.PLUGS, A201)
    both = replace(
        place,
        circuits={**place.circuits, plugs.id: plugs},
        devices={**place.devices, DeviceId("p"): meter("p", "plugs")},
    )
    readings = lit(FOUR_WEEKS, lambda t: 70.0 if t.weekday() < 5 else 0.0)
    metered(readings, "p", FOUR_WEEKS, lambda t: 70.0 if t.weekday() < 5 else 0.0)
    findings = about(analysed(both, readings, "E05"), ROOM)
    assert [finding.verdict for finding in findings] == [Verdict.FAULT] * 4
    assert findings[0].evidence["circuits"] == "light, plugs"


def test_e05_without_a_meter_or_a_sensor_names_both() -> None:
    circuits = [circuit("light", CircuitItem.LIGHTING, A201)]
    place = registry(rooms=[office(), office(A202)], circuits=circuits, devices=[room_device("cam", A202, "presence")])
    finding = one(about(analysed(place, presence(FOUR_WEEKS, in_office), "E05"), ROOM))
    assert finding.missing == ("meter on circuit light", "presence|people_count|motion in room a-201")


# --- A01: CO2

THREE_DAYS = days_from(MONDAY, 3)


def aired_office(*, subtype: str | None = None, compensated: bool = True, altitude_m: float | None = None) -> Registry:
    sensor = replace(room_device("aq", A201, "co2_ppm"), pressure_compensated=compensated)
    at = replace(site(), altitude_m=altitude_m)
    return registry(rooms=[office(subtype=subtype)], devices=[sensor, room_device("cam", A201, "presence")], at=at)


def air(ppm: Callable[[datetime], float], days: list[date] = THREE_DAYS) -> ReadingBatch:
    readings = presence(days, in_office)
    sampled(readings, "aq", "co2_ppm", days, ppm)
    return readings


@pytest.mark.parametrize(("ppm", "severity"), [(1010.0, Severity.YELLOW), (1501.0, Severity.ORANGE)])
def test_a01_co2_above_the_limit_while_occupied_is_one_finding(ppm: float, severity: Severity) -> None:
    finding = one(about(analysed(aired_office(), air(lambda t: ppm if in_office(t) else 450.0), "A01"), ROOM))
    assert (finding.verdict, finding.value, finding.severity) == (Verdict.FAULT, ppm, severity)


def test_a01_just_under_the_limit_passes() -> None:
    finding = one(about(analysed(aired_office(), air(lambda t: 999.0 if in_office(t) else 450.0), "A01"), ROOM))
    assert finding.verdict is Verdict.PASS


def test_a01_half_an_hour_of_peak_is_no_finding() -> None:
    readings = air(lambda t: 1300.0 if t.hour == 10 and t.minute < 30 else 600.0)
    assert one(about(analysed(aired_office(), readings, "A01"), ROOM)).verdict is Verdict.PASS


def test_a01_air_that_was_bad_before_anyone_came_is_not_held_against_the_hour() -> None:
    readings = presence(THREE_DAYS, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 18))
    sampled(readings, "aq", "co2_ppm", THREE_DAYS, lambda t: 1200.0 if t.hour < 9 else 970.0)
    assert one(about(analysed(aired_office(), readings, "A01"), ROOM)).verdict is Verdict.PASS


def test_a01_an_empty_room_is_nobodys_air() -> None:
    readings = air(lambda t: 2000.0 if not in_office(t) and t.hour > 20 else 500.0)
    assert one(about(analysed(aired_office(), readings, "A01"), ROOM)).verdict is Verdict.PASS


def test_a01_meeting_rooms_have_a_tier_of_their_own() -> None:
    def judged(ppm: float) -> Finding:
        place = aired_office(subtype="meeting")
        return one(about(analysed(place, air(lambda t: ppm if in_office(t) else 450.0), "A01"), ROOM))

    assert judged(1900.0).severity is Severity.BLUE
    assert judged(2100.0).severity is Severity.ORANGE


def test_a01_an_uncompensated_sensor_in_kunming_is_corrected() -> None:
    readings = air(lambda t: 850.0 if in_office(t) else 334.0)  # 1069 ppm in truth
    high = aired_office(compensated=False, altitude_m=1890)
    finding = one(about(analysed(high, readings, "A01"), ROOM))
    assert finding.verdict is Verdict.FAULT
    assert finding.value == pytest.approx(1069, abs=2)
    compensated = aired_office(compensated=True, altitude_m=1890)
    assert one(about(analysed(compensated, readings, "A01"), ROOM)).verdict is Verdict.PASS


def test_a01_without_co2_while_occupied_there_is_no_verdict() -> None:
    readings = presence(THREE_DAYS, lambda _t: 0.0)
    sampled(readings, "aq", "co2_ppm", THREE_DAYS, lambda _t: 2000.0)
    assert one(about(analysed(aired_office(), readings, "A01"), ROOM)).verdict is Verdict.INSUFFICIENT_DATA


# --- G01, G05: devices


def test_g01_a_silent_device_is_found_and_its_neighbour_is_not() -> None:
    place = registry(
        rooms=[office()], devices=[room_device("cam", A201, "presence"), room_device("aq", A201, "co2_ppm")]
    )
    readings = presence([MONDAY], in_office)
    sampled(readings, "aq", "co2_ppm", [MONDAY], lambda t: 500.0 if t.hour < 23 else None)
    analysis = analysed(place, readings, "G01")
    silent = one(about(analysis, "device:aq"))
    assert (silent.verdict, silent.value, silent.threshold) == (Verdict.FAULT, 65.0, 15.0)
    assert one(about(analysis, "device:cam")).verdict is Verdict.PASS


def test_g01_a_device_never_heard_is_a_fault_without_a_figure() -> None:
    place = registry(
        rooms=[office()], devices=[room_device("cam", A201, "presence"), room_device("aq", A201, "co2_ppm")]
    )
    finding = one(about(analysed(place, presence([MONDAY], in_office), "G01"), "device:aq"))
    assert (finding.verdict, finding.value, finding.evidence["last_heard"]) == (Verdict.FAULT, None, None)


def test_g01_a_fire_panel_that_speaks_in_events_only_owes_no_reading() -> None:
    panel = Device(id=DeviceId("panel"), placements=())
    place = registry(rooms=[office()], devices=[room_device("cam", A201, "presence"), panel])
    finding = one(about(analysed(place, presence([MONDAY], in_office), "G01"), "device:panel"))
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("device.metrics",))


def test_g01_a_door_contact_may_be_silent_for_its_heartbeat() -> None:
    contact = Device(
        id=DeviceId("door"), placements=(Placement(opening=OpeningId("d")),), metrics=("open",), heartbeat_s=86_400
    )
    place = registry(rooms=[office()], devices=[room_device("cam", A201, "presence"), contact])
    readings = presence([MONDAY], in_office)
    readings.add(epoch_ms(local(MONDAY, 1)), "door", "open", 0.0)
    assert one(about(analysed(place, readings, "G01"), "device:door")).verdict is Verdict.PASS


def test_g01_while_readings_come_in_devices_are_judged_by_the_clock() -> None:
    readings = presence(days_from(MONDAY, 2), lambda t: None if (t.date() > MONDAY and t.hour >= 19) else 0.0)
    place = watched_office()

    def silence(clock: datetime | None) -> tuple[Verdict, float | None]:
        now_ms = None if clock is None else epoch_ms(clock)
        found = one(about(analysed(place, readings, "G01", now_ms=now_ms), "device:cam"))
        return found.verdict, found.value

    evening = local(MONDAY + timedelta(days=1), 19)
    assert silence(evening + timedelta(minutes=1)) == (Verdict.PASS, 6.0)
    assert silence(evening + timedelta(hours=1)) == (Verdict.FAULT, 65.0)
    # nothing is known after the last reading of a file, or of a store that was brought in to be looked at
    assert silence(None) == (Verdict.PASS, 0.0)
    assert silence(evening + timedelta(days=400)) == (Verdict.PASS, 0.0)


def test_g01_of_an_earlier_window_looks_at_readings_of_that_window_only() -> None:
    days = days_from(MONDAY, 4)
    silent = (local(days[1], 12), local(days[2], 1))
    readings = presence(days, lambda t: None if silent[0] <= t < silent[1] else 0.0)
    analysis = analysed(watched_office(), readings, "G01", first=days[0], last=days[1])
    assert one(about(analysis, "device:cam")).value == 12 * 60 + 5


def test_g05_does_not_judge_a_day_that_still_goes_on() -> None:
    readings = presence(THREE_DAYS, lambda t: None if t.date() == THREE_DAYS[2] and t.hour >= 12 else 0.0)
    finding = one(about(analysed(watched_office(), readings, "G05"), "device:cam"))
    assert (finding.verdict, finding.end) == (Verdict.PASS, local(THREE_DAYS[2]))


@pytest.mark.parametrize(("dropped", "verdict"), [(28, Verdict.PASS), (29, Verdict.FAULT)])
def test_g05_counts_missing_samples_of_a_day(dropped: int, verdict: Verdict) -> None:
    readings = presence(THREE_DAYS[:1], in_office)
    left_out = {local(THREE_DAYS[1]) + timedelta(minutes=5 * (100 + step)) for step in range(dropped)}
    sampled(readings, "cam", "presence", THREE_DAYS[1:], lambda t: None if t in left_out else 0.0)
    verdicts = {f.verdict for f in about(analysed(watched_office(), readings, "G05"), "device:cam")}
    assert (Verdict.FAULT in verdicts) is (verdict is Verdict.FAULT)


def test_g05_a_day_without_any_sample_is_missing_whole() -> None:
    readings = presence([THREE_DAYS[0], THREE_DAYS[2]], in_office)
    fault = next(
        f for f in about(analysed(watched_office(), readings, "G05"), "device:cam") if f.verdict is Verdict.FAULT
    )
    assert (fault.value, fault.start, fault.end) == (100.0, local(THREE_DAYS[1]), local(THREE_DAYS[2]))


def test_g05_a_device_that_reports_on_change_has_nothing_missing() -> None:
    contact = Device(id=DeviceId("door"), placements=(Placement(room=A201),), metrics=("open",), heartbeat_s=86_400)
    readings = presence([MONDAY], in_office)
    readings.add(epoch_ms(local(MONDAY, 1)), "door", "open", 0.0)
    place = registry(rooms=[office()], devices=[room_device("cam", A201, "presence"), contact])
    assert about(analysed(place, readings, "G05"), "device:door") == []


def test_every_rule_that_works_is_in_the_catalogue() -> None:
    assert set(RULES) <= set(CATALOGUE)
