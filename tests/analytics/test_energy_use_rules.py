"""E01, E02, E10, E12: figures by hand from meters and bills, near misses, and what keeps them from judging."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from analytics.calendar import ChangedHolidays, Holidays, WeekdaysOnly, WorkCalendar
from analytics.costs import priced
from analytics.features import Analyst
from analytics.frame import RunData, Window
from analytics.ports import FEATURES_SCHEMA
from analytics.rules import WINDOWED_RULES
from analytics.runs import Request, analyse
from sensors.bills import Bill, Utility
from sensors.day_changes import DayChange, DayChanges, Scope
from sensors.energy_terms import EnergyFacts, EnergyTerms, Peer, Period, SiteQuota, Tariff, TariffSeason
from sensors.hours import parse_hours
from sensors.readings import ReadingBatch, epoch_ms
from sensors.subjects import Subject
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    ClimateZone,
    DeviceId,
    EnergyClass,
    Registry,
    RoomCategory,
)
from sensors.verdicts import Finding, Verdict
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import (
    A201,
    HQ,
    about,
    batch,
    circuit,
    days_from,
    local,
    meter,
    name,
    office,
    registry,
    room_device,
    site,
)

BUILDING = "building:a"
YEAR = days_from(date(2025, 3, 1), 365)
LAST = YEAR[-1]
Load = Callable[[datetime], float]


def place(*more: Circuit, zone: ClimateZone | None = ClimateZone.MILD, area_m2: float | None = 1000.0) -> Registry:
    """A building of class B with a main meter, whose constraint is 60 kWh/m² in the mild zone."""
    circuits = [circuit("main", CircuitItem.TOTAL), *more]
    devices = [meter(f"m-{one.id}", one.id) for one in circuits]
    devices.append(replace(room_device("out", A201, "temperature_c"), outdoor=True))
    built = registry(
        rooms=[office()], circuits=circuits, devices=devices, at=replace(site(), climate_zone=zone, calendar="none")
    )
    building = replace(built.buildings[BuildingId("a")], energy_class=EnergyClass.B, gross_area_m2=area_m2)
    return replace(built, buildings={building.id: building})


def hourly(made: ReadingBatch, device: str, days: Sequence[date], power_w: Load, start_kwh: float = 0.0) -> None:
    """Add a register every hour of the days, and where it stands at their end."""
    register = start_kwh
    for day in days:
        for hour in range(24):
            made.add(epoch_ms(local(day, hour)), device, "energy_import_kwh", register)
            register += power_w(local(day, hour) + timedelta(hours=8)) / 1000
    made.add(epoch_ms(local(days[-1], 24)), device, "energy_import_kwh", register)


def told(
    where: Registry,
    made: ReadingBatch,
    rule: str,
    terms: EnergyTerms | None = None,
    bills: Sequence[Bill] = (),
    holidays: Holidays | None = None,
) -> Finding:
    """Return what a rule says of the last day; these rules read no features."""
    store = MemoryReadingStore()
    store.append(made)
    calendar = WorkCalendar(where.site, holidays or WeekdaysOnly())
    data = RunData(
        registry=where,
        calendar=calendar,
        analyst=Analyst.of(where, calendar, store),
        window=Window(first=LAST, last=LAST, now_ms=epoch_ms(local(LAST, 24))),
        features=FEATURES_SCHEMA.to_frame(),
        days=calendar.day_frame(LAST, LAST),
        energy=EnergyFacts(terms=terms or EnergyTerms(), bills=lambda: bills),
    )
    (finding,) = [each for each in WINDOWED_RULES[rule](data) if str(each.subject) == BUILDING]
    return priced(finding, data)


def test_a_run_passes_on_what_people_wrote_down() -> None:
    store = MemoryReadingStore()
    store.append(year_of(7000.0))
    analysis = analyse(
        registry=place(),
        holidays=WeekdaysOnly(),
        store=store,
        request=Request(rules=["E01"], first=LAST, last=LAST),
        energy=EnergyFacts(terms=EnergyTerms(tariffs=(flat(0.8),))),
    )
    (finding,) = about(analysis, BUILDING)
    assert finding.verdict is Verdict.FAULT
    assert finding.evidence["cost_cny"] == pytest.approx(0.8 * 1320, abs=1)


def year_of(watts: float, *others: tuple[str, float]) -> ReadingBatch:
    """Registers of a steady load, read every six hours."""
    made = batch()
    for device, power_w in (("m-main", watts), *others):
        for quarter in range(4 * len(YEAR) + 1):
            made.add(epoch_ms(local(YEAR[0], 6 * quarter)), device, "energy_import_kwh", 6 * quarter * power_w / 1000)
    return made


def flat(price: float, last: date | None = None) -> Tariff:
    seasons = (
        TariffSeason(months=frozenset(range(1, 13)), spans=((Period.PEAK, parse_hours("09:00-12:00,18:00-21:00")),)),
    )
    prices = ((Period.PEAK, price), (Period.FLAT, price))
    return Tariff(first=date(2020, 1, 1), last=last, prices_cny_kwh=prices, seasons=seasons, source="a notice")


# --- E01: 7 kW all year are 61.32 kWh/m² on 1000 m², 6.8 kW are 59.57


@pytest.mark.parametrize(("watts", "verdict"), [(7000.0, Verdict.FAULT), (6800.0, Verdict.PASS)])
def test_e01_a_year_of_meters_is_held_against_the_national_constraint(watts: float, verdict: Verdict) -> None:
    finding = told(place(), year_of(watts), "E01")
    assert (finding.verdict, finding.threshold, finding.unit) == (verdict, 60, "kWh/(m²·a)")
    assert finding.value == pytest.approx(watts * 8.76 / 1000, abs=0.01)
    assert (finding.start, finding.end) == (local(YEAR[0]), local(LAST, 24))
    assert finding.evidence["energy_source"] == "meters"
    assert "51161" in str(finding.evidence["quota_source"])


def test_e01_says_what_the_excess_cost_where_a_tariff_is_in_force() -> None:
    terms = EnergyTerms(tariffs=(flat(0.8),))
    finding = told(place(), year_of(7000.0), "E01", terms)
    assert finding.energy_kwh == pytest.approx(1320, abs=1)
    assert finding.evidence["cost_cny"] == pytest.approx(0.8 * 1320, abs=1)
    ended = EnergyTerms(tariffs=(flat(0.8, last=date(2025, 12, 31)),))
    assert "cost_cny" not in told(place(), year_of(7000.0), "E01", ended).evidence


def test_e01_server_room_is_apart_and_without_a_meter_no_fault_is_told() -> None:
    server = circuit("srv", CircuitItem.SERVER_ROOM, parent="main")
    apart = told(place(server), year_of(7000.0, ("m-srv", 500.0)), "E01")
    assert (apart.verdict, apart.evidence["apart_kwh"]) == (Verdict.PASS, 4380.0)
    unmetered = told(place(server), year_of(7000.0), "E01")
    assert (unmetered.verdict, unmetered.missing) == (Verdict.INSUFFICIENT_DATA, ("meter on circuit srv",))
    # what is not taken away can only make the value too high: below the limit it passes all the same
    assert told(place(server), year_of(6800.0), "E01").verdict is Verdict.PASS


def test_e01_a_kitchen_without_a_circuit_is_not_passed_over() -> None:
    kitchen = replace(office(A201, subtype="kitchen"), category=RoomCategory.SERVICE)
    with_kitchen = replace(place(), rooms={kitchen.id: kitchen})
    assert told(with_kitchen, year_of(7000.0), "E01").missing == ("a circuit of its own for room a-201",)


def test_e01_a_provincial_quota_goes_first() -> None:
    quota = SiteQuota(
        energy_class=EnergyClass.B,
        climate_zone=None,
        constraint_kwh_m2=65,
        guide_kwh_m2=50,
        source="DB53/T 1",
        year=2024,
    )
    finding = told(place(), year_of(7000.0), "E01", EnergyTerms(quotas=(quota,)))
    assert (finding.verdict, finding.threshold) == (Verdict.PASS, 65)
    assert (finding.evidence["quota_source"], finding.evidence["guide_kwh_m2"]) == ("DB53/T 1", 50)


def months(kwh: float, *, without: int | None = None) -> list[Bill]:
    """Thirteen bills of four weeks, up to the last day."""
    starts = [LAST - timedelta(days=28 * back - 1) for back in range(14, 0, -1)]
    return [
        Bill(
            site=HQ,
            subject=Subject.parse(BUILDING),
            utility=Utility.ELECTRICITY,
            first=first,
            last=first + timedelta(days=27),
            quantity=kwh,
        )
        for number, first in enumerate(starts)
        if number != without
    ]


def test_e01_bills_count_where_no_meter_has_a_year() -> None:
    made = batch()
    hourly(made, "m-main", YEAR[-3:], lambda _t: 9000.0)
    finding = told(place(), made, "E01", bills=months(4800.0))
    # 365 of 28-day bills of 4800 kWh: 62571 kWh
    assert (finding.verdict, finding.evidence["energy_source"]) == (Verdict.FAULT, "bills")
    assert finding.value == pytest.approx(62.571, abs=0.001)
    assert told(place(), made, "E01", bills=months(4500.0)).verdict is Verdict.PASS
    assert told(place(), made, "E01", bills=months(4800.0, without=6)).verdict is Verdict.INSUFFICIENT_DATA


def test_e01_less_than_a_year_or_a_year_of_holes_is_no_verdict() -> None:
    short, holed = batch(), batch()
    hourly(short, "m-main", YEAR[30:], lambda _t: 9000.0)
    hourly(holed, "m-main", YEAR[:150], lambda _t: 9000.0)
    hourly(holed, "m-main", YEAR[250:], lambda _t: 9000.0, start_kwh=250 * 216.0)
    for made in (short, holed):
        finding = told(place(), made, "E01")
        assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("12 months of meters or bills",))


@pytest.mark.parametrize(
    ("where", "missing"),
    [(place(area_m2=None), "gross_area_m2"), (place(zone=None), "site.climate_zone")],
    ids=["no area", "no zone"],
)
def test_e01_names_what_the_registry_lacks(where: Registry, missing: str) -> None:
    finding = told(where, year_of(7000.0), "E01")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (missing,))


# --- E02


def peers(*kwh_m2: float) -> EnergyTerms:
    return EnergyTerms(
        peers=tuple(Peer(energy_class=EnergyClass.B, kwh_m2=each, source="a list", year=2025) for each in kwh_m2)
    )


@pytest.mark.parametrize(("others", "verdict"), [(51.0, Verdict.FAULT), (51.2, Verdict.PASS)])
def test_e02_is_held_against_the_mean_of_five_peers(others: float, verdict: Verdict) -> None:
    """61.32 ÷ 51 = 1.202."""
    finding = told(place(), year_of(7000.0), "E02", peers(*[others] * 5))
    assert (finding.verdict, finding.threshold, finding.evidence["peers"]) == (verdict, 1.2, 5)


def test_e02_four_peers_are_too_few_and_another_class_is_none() -> None:
    few = peers(*[40.0] * 4)
    other = Peer(energy_class=EnergyClass.A, kwh_m2=40.0, source="a list", year=2025)
    finding = told(place(), year_of(7000.0), "E02", replace(few, peers=(*few.peers, other)))
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("5 peers of one class",))


def test_e02_buildings_of_the_site_are_peers() -> None:
    where = place()
    others = [
        Building(id=BuildingId(f"b{n}"), name=name("b"), gross_area_m2=1000.0, energy_class=EnergyClass.B)
        for n in range(5)
    ]
    circuits = [Circuit(id=CircuitId(f"main-{one.id}"), item=CircuitItem.TOTAL, building=one.id) for one in others]
    devices = [meter(f"m-{one.id}", one.id) for one in circuits]
    whole = replace(
        where,
        buildings={**where.buildings, **{one.id: one for one in others}},
        circuits={**where.circuits, **{one.id: one for one in circuits}},
        devices={**where.devices, **{one.id: one for one in devices}},
    )
    made = year_of(7000.0, *[(str(device.id), 5000.0) for device in devices])
    finding = told(whole, made, "E02")
    assert finding.verdict is Verdict.FAULT
    assert finding.value == pytest.approx(1.4)


# --- E12


def two_years(now: Load, before: Load) -> ReadingBatch:
    made = batch()
    hourly(made, "m-main", days_from(LAST - timedelta(days=364 + 30), 31), before)
    hourly(made, "m-main", days_from(LAST - timedelta(days=30), 31), now, start_kwh=90000.0)
    return made


def peaking(watts: float) -> Load:
    """So many W in the six peak hours of a day, 1 kW in the others."""
    return lambda t: watts if t.hour in (9, 10, 11, 18, 19, 20) else 1000.0


@pytest.mark.parametrize(("watts", "verdict"), [(1400.0, Verdict.FAULT), (1250.0, Verdict.PASS)])
def test_e12_both_years_are_divided_by_todays_periods(watts: float, verdict: Verdict) -> None:
    """6 of 24 kWh were 25 %; 8.4 of 26.4 are 31.8 %, 7.5 of 25.5 are 29.4 %."""
    finding = told(place(), two_years(peaking(watts), peaking(1000.0)), "E12", EnergyTerms(tariffs=(flat(1.0),)))
    peak = 6 * watts / 1000
    assert (finding.verdict, finding.threshold, finding.unit) == (verdict, 5, "points")
    assert finding.value == pytest.approx(100 * peak / (18 + peak) - 25, abs=0.01)
    assert finding.evidence["last_year_share_pct"] == pytest.approx(25, abs=0.01)


@pytest.mark.parametrize("first_day", [date(2026, 3, 8), date(2026, 10, 25)], ids=["forward", "back"])
def test_e12_goes_by_the_clock_on_the_wall_where_it_is_changed(first_day: date) -> None:
    """A kilowatt in the six peak hours alone; New York puts its clocks forward, Berlin back."""
    zone = "America/New_York" if first_day.month == 3 else "Europe/Berlin"
    where = replace(place(), site=replace(place().site, timezone=zone))
    calendar = WorkCalendar(where.site, WeekdaysOnly())
    store = MemoryReadingStore()
    made, register = batch(), 0.0
    for start in (first_day - timedelta(days=7 + 364), first_day - timedelta(days=7)):
        begin, end = calendar.midnight_ms(start - timedelta(days=22)), calendar.midnight_ms(start + timedelta(days=8))
        for time_ms in range(begin, end + 1, 3_600_000):
            made.add(time_ms, "m-main", "energy_import_kwh", register)
            wall = datetime.fromtimestamp(time_ms / 1000, calendar.zone).hour
            register += 1.0 if wall in (9, 10, 11, 18, 19, 20) else 0.0
    store.append(made)
    data = RunData(
        registry=where,
        calendar=calendar,
        analyst=Analyst.of(where, calendar, store),
        window=Window(first=first_day, last=first_day, now_ms=calendar.midnight_ms(first_day + timedelta(days=1))),
        features=FEATURES_SCHEMA.to_frame(),
        days=calendar.day_frame(first_day, first_day),
        energy=EnergyFacts(terms=EnergyTerms(tariffs=(flat(1.0),))),
    )
    (finding,) = WINDOWED_RULES["E12"](data)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["peak_share_pct"] == pytest.approx(100, abs=0.001)


def test_e12_needs_a_tariff_that_is_in_force_and_last_year() -> None:
    made = two_years(peaking(1400.0), peaking(1000.0))
    ended = EnergyTerms(tariffs=(flat(1.0, last=date(2025, 12, 31)),))
    for terms in (ended, EnergyTerms()):
        finding = told(place(), made, "E12", terms)
        assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("a tariff in force",))
    new = batch()
    hourly(new, "m-main", days_from(LAST - timedelta(days=40), 41), peaking(1400.0))
    finding = told(place(), new, "E12", EnergyTerms(tariffs=(flat(1.0),)))
    assert finding.missing == ("registers over the same weeks last year",)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA


# --- E10


def weather(t: datetime) -> float:
    """Between 14 and 24 °C by the hour, a little warmer every other week."""
    return 19 + (t.hour - 12) / 2.4 + (t.isocalendar().week % 2)


def office_load(t: datetime) -> float:
    used = 5000.0 if t.weekday() < 5 and 8 <= t.hour < 18 else 1000.0
    return used + 100.0 * max(weather(t) - 22.0, 0.0)


def weeks(load: Load, count: int = 70) -> ReadingBatch:
    made, days = batch(), days_from(LAST - timedelta(days=count - 1), count)
    hourly(made, "m-main", days, load)
    for day in days:
        for hour in range(24):
            made.add(epoch_ms(local(day, hour)), "out", "temperature_c", weather(local(day, hour) + timedelta(hours=8)))
    return made


def risen(factor: float, days: int = 3) -> Load:
    since = local(LAST - timedelta(days=days - 1)) + timedelta(hours=8)
    return lambda t: office_load(t) * (factor if t >= since else 1.0)


@pytest.mark.parametrize(("factor", "verdict"), [(1.22, Verdict.FAULT), (1.18, Verdict.PASS)])
def test_e10_three_days_above_what_time_and_weather_let_expect(factor: float, verdict: Verdict) -> None:
    finding = told(place(), weeks(risen(factor)), "E10")
    assert (finding.verdict, finding.threshold, finding.unit) == (verdict, 20, "%")
    assert finding.value == pytest.approx(100 * (factor - 1), abs=0.5)
    assert float(str(finding.evidence["cv_rmse_pct"])) < 5


def test_e10_gives_no_verdict_by_a_model_that_is_often_wrong() -> None:
    made = weeks(lambda t: 1000.0 + 9000.0 * (t.toordinal() * 7919 % 10 < 4))
    finding = told(place(), made, "E10")
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("a model with a small enough error",))


def test_e10_needs_four_weeks_before_and_three_days_now() -> None:
    assert told(place(), weeks(office_load, 24), "E10").missing == ("enough weeks of load and weather before",)
    gone = weeks(office_load)
    holed = batch()
    for at, device, metric, value in zip(gone.time_ms, gone.device, gone.metric, gone.value, strict=True):
        if not epoch_ms(local(LAST, -30)) < at < epoch_ms(local(LAST, 10)):
            holed.add(at, device, metric, value)
    assert told(place(), holed, "E10").missing == ("three days of load and weather",)


def test_e10_leaves_out_hours_of_overtime() -> None:
    late = DayChange(
        first=LAST - timedelta(days=2), last=LAST, scope=Scope(room=A201), hours=((0, 360),), source="order 1", who="p1"
    )
    nights = ChangedHolidays(WeekdaysOnly(), DayChanges(overtime=(late,)))
    made = weeks(lambda t: 9000.0 if t >= local(LAST, -48 + 8) and t.hour < 6 else office_load(t))
    plain, with_overtime = told(place(), made, "E10"), told(place(), made, "E10", holidays=nights)
    assert (plain.verdict, with_overtime.verdict) == (Verdict.FAULT, Verdict.PASS)


def test_e10_takes_what_flowed_out_unheard_for_missing() -> None:
    where, made = place(), weeks(office_load)
    both_ways = replace(where.devices[DeviceId("m-main")], metrics=("energy_import_kwh", "energy_export_kwh"))
    devices = {**where.devices, both_ways.id: both_ways}
    for at in [at for at, device in zip(made.time_ms, made.device, strict=True) if device == "m-main"][: -24 * 2]:
        made.add(at, "m-main", "energy_export_kwh", 0.0)
    finding = told(replace(where, devices=devices), made, "E10")
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, ("three days of load and weather",))


def test_e10_without_a_sensor_outdoors_is_not_asked() -> None:
    where = place()
    devices = {id_: device for id_, device in where.devices.items() if not device.outdoor}
    finding = told(replace(where, devices=devices), weeks(office_load), "E10")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("temperature_c outdoors",))
