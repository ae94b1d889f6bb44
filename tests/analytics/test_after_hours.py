"""E04: more use outside working hours than in the same season of last year, and years that cannot be compared."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from analytics.causes import SEE_BASE_LOAD
from analytics.rules.after_hours import LAST_YEAR, YEAR_DAYS
from sensors.readings import ReadingBatch
from sensors.topology import Circuit, CircuitItem, Registry
from sensors.verdicts import Finding, Severity, Verdict
from tests.analytics.sites import MONDAY, about, analysed, batch, circuit, days_from, meter, metered, registry

NOW = days_from(MONDAY, 28)
LAST_SEASON = days_from(MONDAY - timedelta(days=YEAR_DAYS + 14), 56)


def building(*extra: Circuit) -> Registry:
    circuits = [circuit("main", CircuitItem.TOTAL), *extra]
    return registry(circuits=circuits, devices=[meter(f"m-{one.id}", one.id) for one in circuits])


def is_working(time: datetime) -> bool:
    return time.weekday() < 5 and (8 <= time.hour < 12 or 14 <= time.hour < 18)


def load(after_w: float, work_w: float = 20_000.0) -> Callable[[datetime], float]:
    return lambda time: work_w if is_working(time) else after_w


def two_years(last_year_w: float, now_w: float, *, days: list[date] = NOW, work_w: float = 20_000.0) -> ReadingBatch:
    """Return a main meter whose load outside working hours was one figure last year and is another now."""
    readings = batch()
    stand = metered(readings, "m-main", LAST_SEASON, load(last_year_w))
    metered(readings, "m-main", days, load(now_w, work_w), start_kwh=stand)
    return readings


def latest(place: Registry, readings: ReadingBatch, days: list[date] = NOW) -> Finding:
    return about(analysed(place, readings, "E04", first=days[-7], last=days[-1]), "building:a")[-1]


def test_use_after_hours_above_last_years_is_found_with_its_figures() -> None:
    finding = latest(building(), two_years(5000, 6050))
    assert (finding.verdict, finding.value, finding.threshold, finding.unit) == (Verdict.FAULT, 21.0, 20, "%")
    assert finding.severity is Severity.YELLOW
    assert dict(finding.evidence) == {
        "after_hours_w": 6050.0,
        "work_w": 20_000.0,
        "after_hours_ratio": 0.303,
        "last_year_ratio": 0.25,
        "workdays_known": 20.0,
    }


@pytest.mark.parametrize("now_w", [6000, 5000, 2000], ids=["twenty percent", "the same", "less"])
def test_a_rise_of_twenty_percent_at_most_passes(now_w: float) -> None:
    assert latest(building(), two_years(5000, now_w)).verdict is Verdict.PASS


def test_without_last_years_readings_there_is_no_verdict() -> None:
    readings = batch()
    metered(readings, "m-main", NOW, load(15_000))
    finding = latest(building(), readings)
    assert (finding.verdict, finding.missing) == (Verdict.INSUFFICIENT_DATA, (LAST_YEAR,))


def test_too_few_days_of_last_season_are_no_reference() -> None:
    readings = batch()
    stand = metered(readings, "m-main", LAST_SEASON[-18:], load(5000))
    metered(readings, "m-main", NOW, load(15_000), start_kwh=stand)
    assert latest(building(), readings).missing == (LAST_YEAR,)


def test_fourteen_workdays_are_too_few_and_fifteen_are_enough() -> None:
    few, enough = NOW[:18], NOW[:19]
    thin = latest(building(), two_years(5000, 9000, days=few), few)
    assert thin.verdict is Verdict.INSUFFICIENT_DATA
    assert thin.missing == ("15 workdays of energy_import_kwh|active_power_w",)
    assert latest(building(), two_years(5000, 9000, days=enough), enough).verdict is Verdict.FAULT


def test_a_server_room_that_always_ran_is_no_rise() -> None:
    assert latest(building(), two_years(18_000, 18_000)).verdict is Verdict.PASS


def test_generation_at_noon_counts_as_load() -> None:
    """PV covers 5 kW of the working hours: the main meter alone would tell of a rise that never was."""
    readings = two_years(5000, 5000, work_w=15_000.0)
    pv = metered(readings, "m-pv", LAST_SEASON, lambda _t: 0.0)
    metered(readings, "m-pv", NOW, load(0.0, 5000.0), start_kwh=pv)
    assert latest(building(circuit("pv", CircuitItem.PV, parent="main")), readings).verdict is Verdict.PASS


def test_a_day_without_readings_is_left_out_on_both_sides() -> None:
    readings = batch()
    stand = metered(readings, "m-main", LAST_SEASON, load(5000))
    stand = metered(readings, "m-main", NOW[:10], load(5000), start_kwh=stand)
    metered(readings, "m-main", NOW[12:], load(5000), start_kwh=stand + 5000)
    assert latest(building(), readings).verdict is Verdict.PASS


def test_without_a_main_meter_it_is_not_applicable() -> None:
    place = registry(circuits=[circuit("light", CircuitItem.LIGHTING)], devices=[meter("m-light", "light")])
    readings = batch()
    metered(readings, "m-light", NOW, load(5000))
    finding = latest(place, readings)
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, ("circuit of item total",))


def test_under_a_base_load_it_is_evidence_and_no_finding_of_its_own() -> None:
    analysis = analysed(building(), two_years(5000, 10_000), "E03", "E04", first=NOW[-7], last=NOW[-1])
    told = {finding.rule: finding for finding in about(analysis, "building:a")}
    assert told["E03"].verdict is Verdict.FAULT
    assert told["E03"].evidence["after_hours_rise_pct"] == 100.0
    assert (told["E04"].verdict, told["E04"].missing) == (Verdict.NOT_APPLICABLE, (SEE_BASE_LOAD,))


def test_last_years_days_reach_no_other_rule() -> None:
    alone = analysed(building(), two_years(5000, 10_000), "E03", first=NOW[-7], last=NOW[-1])
    beside = analysed(building(), two_years(5000, 5000), "E03", "E04", first=NOW[-7], last=NOW[-1])
    assert alone.daily["day"].unique().to_list() == beside.daily["day"].unique().to_list()
