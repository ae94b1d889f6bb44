"""The table of metrics: names carry units, conversions are right by hand, ranges refuse the impossible."""

from math import inf, nan

import pytest

from sensors.metrics import METRICS, MeasurementKind, Metric, Nature, UnknownMetricError, UnknownUnitError, find_metric

DESIGN = {
    "people_count",
    "motion",
    "presence",
    "wifi_devices",
    "active_power_w",
    "energy_import_kwh",
    "energy_export_kwh",
    "reactive_import_kvarh",
    "voltage_v",
    "current_a",
    "power_factor",
    "residual_current_ma",
    "cable_temperature_c",
    "temperature_c",
    "relative_humidity_pct",
    "co2_ppm",
    "pm2_5_ugm3",
    "pm10_ugm3",
    "hcho_mgm3",
    "tvoc_mgm3",
    "illuminance_lux",
    "sound_level_dba",
    "open",
    "locked",
    "hvac_on",
    "setpoint_c",
    "water_m3",
    "gas_m3",
    "heat_gj",
    "battery_pct",
    "signal_dbm",
    "clock_offset_s",
}
SUFFIX_OF_UNIT = {
    "W": "_w",
    "kWh": "_kwh",
    "kvarh": "_kvarh",
    "V": "_v",
    "A": "_a",
    "mA": "_ma",
    "°C": "_c",
    "%": "_pct",
    "ppm": "_ppm",
    "µg/m³": "_ugm3",
    "mg/m³": "_mgm3",
    "lx": "_lux",
    "dB(A)": "_dba",
    "m³": "_m3",
    "GJ": "_gj",
    "dBm": "_dbm",
    "s": "_s",
}
EACH = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


def convert(name: str, value: float, unit: str) -> float:
    conversion = find_metric(name).conversion(unit)
    return value if conversion is None else conversion.apply(value)


def test_every_metric_of_the_design_is_stored_and_no_other() -> None:
    assert set(METRICS) == DESIGN


@EACH
def test_name_is_the_quantity_with_its_unit(metric: Metric) -> None:
    assert metric.name == metric.quantity + SUFFIX_OF_UNIT.get(metric.unit, "")


@EACH
def test_range_is_open_for_values_and_closed_for_nonsense(metric: Metric) -> None:
    assert metric.low < metric.high
    assert metric.in_range(metric.low)
    assert metric.in_range(metric.high)
    assert not any(metric.in_range(value) for value in (nan, inf, -inf))


@EACH
def test_booleans_and_counters_have_the_range_that_their_nature_asks(metric: Metric) -> None:
    if metric.nature is Nature.BOOLEAN:
        assert (metric.low, metric.high) == (0, 1)
    if metric.nature is Nature.CUMULATIVE:
        assert metric.low == 0


def test_counters_are_the_energy_and_volume_registers() -> None:
    counters = {metric.name for metric in METRICS.values() if metric.nature is Nature.CUMULATIVE}
    energy = {"energy_import_kwh", "energy_export_kwh", "reactive_import_kvarh"}
    assert counters == energy | {"water_m3", "gas_m3", "heat_gj"}


@EACH
def test_quantity_and_stored_name_find_the_same_metric(metric: Metric) -> None:
    assert find_metric(metric.quantity) is metric
    assert find_metric(metric.name) is metric


@pytest.mark.parametrize(
    ("name", "value", "unit", "canonical"),
    [
        ("active_power", 2.635, "kW", 2635),
        ("energy_import", 1_234_500, "Wh", 1234.5),
        ("energy_import", 3_600_000, "J", 1),
        ("energy_import", 7, "度", 7),
        ("reactive_import", 1500, "varh", 1.5),
        ("temperature", 68, "°F", 20),
        ("temperature", -40, "F", -40),
        ("temperature", 293.15, "K", 20),
        ("relative_humidity", 0.55, "fraction", 55),
        ("co2", 0.1, "%", 1000),
        ("pm2_5", 0.035, "mg/m³", 35),
        ("hcho", 80, "µg/m³", 0.08),
        ("hcho", 100, "ppb", 0.12282),
        ("residual_current", 0.3, "A", 300),
        ("power_factor", 95, "%", 0.95),
        ("water", 250, "L", 0.25),
        ("heat", 1000, "kWh", 3.6),
        ("illuminance", 0.3, "klx", 300),
    ],
)
def test_unit_is_converted_to_the_canonical_one(name: str, value: float, unit: str, canonical: float) -> None:
    assert convert(name, value, unit) == pytest.approx(canonical, rel=1e-4)


@EACH
def test_canonical_unit_and_no_unit_need_no_conversion(metric: Metric) -> None:
    assert metric.conversion(None) is None
    assert metric.conversion(metric.unit) is None


def test_a_mixture_is_not_converted_from_parts_per_billion() -> None:
    with pytest.raises(UnknownUnitError, match="tvoc_mgm3"):
        convert("tvoc", 500, "ppb")


def test_an_unknown_unit_is_refused_with_the_accepted_ones() -> None:
    with pytest.raises(UnknownUnitError, match=r"'furlong' is not accepted for co2_ppm; accepted: %, ppb, ppm"):
        convert("co2", 1, "furlong")


def test_an_unknown_metric_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownMetricError, match="co2_ppm"):
        find_metric("carbon")


def test_conversions_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        METRICS["co2_ppm"].accepted_units["x"] = METRICS["co2_ppm"].accepted_units["%"]  # type: ignore[index] # the point


def test_fire_alarms_are_events_and_store_no_metric() -> None:
    assert {metric.kind for metric in METRICS.values()} == set(MeasurementKind) - {MeasurementKind.FIRE_ALARM}
