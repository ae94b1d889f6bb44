"""Values in a wrong unit: whatever is multiplied by a thousand, no rule says of it what it would not have said."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from math import sin
from types import MappingProxyType

import pytest

from analytics.rules import WEEKLY_RULES, WINDOWED_RULES
from analytics.unit_doubts import INPUTS
from sensors.readings import ReadingBatch
from sensors.topology import CircuitItem, ClimateZone, Device, Registry
from sensors.verdicts import Finding, Verdict
from tests.analytics.sites import (
    A201,
    OFFICE_DAY,
    analysed,
    batch,
    circuit,
    days_from,
    in_office,
    meter,
    metered,
    office,
    registry,
    room_device,
    sampled,
    site,
)

JULY = days_from(date(2026, 6, 26), 7)
WEEK = JULY[-3:]
Change = Callable[[float], float]
CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "thousandfold": lambda value: value * 1000,
        "a thousandth": lambda value: value / 1000,
        "in Fahrenheit": lambda value: value * 1.8 + 32,
    }
)
JUDGED = {Verdict.FAULT, Verdict.PASS}
BOOLEAN = frozenset({"presence", "hvac_on", "open"})
"""Metrics without a unit."""
Made = tuple[str, Callable[[datetime], float]]


def swinging(low: float, high: float) -> Callable[[datetime], float]:
    """Return values that are high while people are in the room, and never stand still."""
    return lambda t: (high if in_office(t) else low) * (1 + 0.004 * sin(t.minute + t.hour * 7))


GOOD: Mapping[str, Callable[[datetime], float]] = MappingProxyType(
    {
        "co2_ppm": swinging(430, 800),
        "pm2_5_ugm3": swinging(12, 20),
        "pm10_ugm3": swinging(20, 40),
        "hcho_mgm3": swinging(0.02, 0.03),
        "tvoc_mgm3": swinging(0.1, 0.3),
        "temperature_c": swinging(27, 26.5),
        "relative_humidity_pct": swinging(50, 55),
        "illuminance_lux": swinging(5, 420),
        "sound_level_dba": swinging(30, 55),
        "people_count": lambda t: 2 * in_office(t),
        "presence": in_office,
        "hvac_on": lambda _t: 1.0,
        "setpoint_c": lambda _t: 26.0,
    }
)
BAD: Mapping[str, Callable[[datetime], float]] = MappingProxyType(
    {
        **GOOD,
        "co2_ppm": swinging(430, 1800),
        "pm2_5_ugm3": swinging(60, 90),
        "pm10_ugm3": swinging(120, 160),
        "hcho_mgm3": swinging(0.1, 0.2),
        "tvoc_mgm3": swinging(0.7, 0.9),
        "temperature_c": swinging(31, 30),
        "relative_humidity_pct": swinging(85, 90),
        "illuminance_lux": swinging(5, 150),
        "sound_level_dba": swinging(52, 60),
        "setpoint_c": lambda _t: 22.0,
    }
)
METERED: Mapping[str, Callable[[datetime], float]] = MappingProxyType(
    {
        "current_a": swinging(4, 12),
        "voltage_v": swinging(221, 223),
        "residual_current_ma": swinging(30, 40),
    }
)


def place() -> Registry:
    lamps = replace(circuit("lamps", CircuitItem.LIGHTING, A201, parent="main"), rated_a=16.0)
    main = replace(circuit("main", CircuitItem.TOTAL), rated_a=400.0)
    sensor = replace(room_device("aq", A201, *GOOD), lux_factor=1.0, pressure_compensated=True)
    devices = [sensor, meter("m-main", "main"), meter("m-lamps", "lamps"), _panel()]
    where = replace(site(), climate_zone=ClimateZone.HOT_SUMMER_COLD_WINTER)
    room = replace(office(), capacity=4)
    return registry(rooms=[room], circuits=[main, lamps], devices=devices, at=where)


def _panel() -> Device:
    return replace(meter("panel", "main"), metrics=tuple(METERED))


def readings(
    values: Mapping[str, Callable[[datetime], float]],
    *,
    watts_per_m2: float = 10.0,
    lit: range = OFFICE_DAY,
    changed: Collection[str] = (),
    change: Change = float,
) -> ReadingBatch:
    """Return weeks of everything; the metric `changed` is said in another unit."""
    made = batch()
    same: Change = float
    for device, of in (("aq", values), ("panel", METERED)):
        for metric, value in of.items():
            in_its_unit = change if metric in changed else same
            sampled(made, device, metric, WEEK, _said(value, in_its_unit))
    scale = change(1.0) if "energy_import_kwh" in changed else 1.0
    metered(made, "m-main", JULY, lambda t: scale * (12_000 if in_office(t) else 4_000))
    metered(made, "m-lamps", JULY, lambda t: scale * 20 * (watts_per_m2 if t.hour in lit else 0.5))
    return made


def _said(value: Callable[[datetime], float], change: Change) -> Callable[[datetime], float]:
    return lambda time: change(value(time))


def verdicts(made: ReadingBatch, *rules: str) -> dict[tuple[str, str], list[Finding]]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in analysed(place(), made, *(rules or UNIT_RULES), first=WEEK[0], last=WEEK[-1]).findings:
        found.setdefault((each.rule, str(each.subject)), []).append(each)
    return found


UNIT_RULES = tuple(sorted(INPUTS))
ALONE = frozenset({"pm10_ugm3", "tvoc_mgm3", "setpoint_c", "people_count", "energy_import_kwh"})
"""Metrics of rules that rest on another too, which stays as it was."""
OTHERS = frozenset(metric for metric in (*GOOD, *METERED) if metric not in BOOLEAN | ALONE)
CELSIUS = frozenset({"temperature_c"})
WRONG = [
    *((metrics, name) for metrics in (ALONE, OTHERS) for name in ("thousandfold", "a thousandth")),
    (CELSIUS, "in Fahrenheit"),
    (frozenset({"setpoint_c"}), "in Fahrenheit"),
]


@lru_cache
def _in_their_units(*, at_fault: bool) -> dict[tuple[str, str], list[Finding]]:
    return verdicts(_site(at_fault=at_fault))


def _site(*, at_fault: bool, changed: Collection[str] = (), change: Change = float) -> ReadingBatch:
    lit = range(8, 24) if at_fault else OFFICE_DAY
    return readings(BAD if at_fault else GOOD, lit=lit, changed=changed, change=change)


@pytest.mark.parametrize("at_fault", [False, True], ids=["in order", "at fault"])
@pytest.mark.parametrize(("changed", "change"), WRONG)
def test_no_rule_says_of_another_unit_what_it_would_not_have_said(
    changed: frozenset[str], change: str, *, at_fault: bool
) -> None:
    before = _in_their_units(at_fault=at_fault)
    after = verdicts(_site(at_fault=at_fault, changed=changed, change=CHANGES[change]))
    for (rule, subject), found in after.items():
        said = {each.verdict for each in found} & JUDGED
        assert said <= {each.verdict for each in before[rule, subject]}, (rule, subject, found)


UNITLESS: Mapping[str, str] = MappingProxyType(
    {
        "G01": "is about times",
        "G02": "looks whether values stand still, in any unit",
        "G04": "is about times",
        "G05": "counts samples",
        "S04": "is about bookings",
        "W01": "asks whether water flows at all, in any unit",
    }
)


def test_every_rule_over_readings_says_whose_unit_may_be_wrong() -> None:
    assert {*INPUTS, *UNITLESS} == {*WEEKLY_RULES, *WINDOWED_RULES}


@pytest.mark.parametrize(
    ("rule", "changed", "change", "subject", "missing"),
    [
        ("A03", "pm2_5_ugm3", "a thousandth", "room:a-201", "pm2_5_ugm3 of aq looks like mg/m³: check its unit"),
        ("A04", "hcho_mgm3", "thousandfold", "room:a-201", "hcho_mgm3 of aq looks like µg/m³ or ppb: check its unit"),
        ("A05", "temperature_c", "in Fahrenheit", "room:a-201", "temperature_c of aq looks like °F: check its unit"),
        (
            "A07",
            "illuminance_lux",
            "a thousandth",
            "room:a-201",
            "illuminance_lux of aq looks like klx: check its unit",
        ),
        (
            "E05",
            "energy_import_kwh",
            "thousandfold",
            "room:a-201",
            "energy_import_kwh of lamps looks like Wh: check its unit",
        ),
        (
            "E03",
            "energy_import_kwh",
            "thousandfold",
            "building:a",
            "energy_import_kwh of main looks like Wh: check its unit",
        ),
        ("L04", "current_a", "thousandfold", "circuit:main", "current_a of panel looks like mA: check its unit"),
    ],
)
def test_verdict_in_doubt_says_what_to_check(rule: str, changed: str, change: str, subject: str, missing: str) -> None:
    made = _site(at_fault=True, changed=[changed], change=CHANGES[change])
    (finding,) = verdicts(made, rule)[rule, subject]
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert missing in finding.missing
