"""Roll-ups of readings: statistics by the bucket, and what was consumed in it."""

from dataclasses import replace

import polars as pl
import pytest

from analytics.meter_limits import BELIEVED_PER_H, limits_of
from analytics.meter_trees import tree_balance
from analytics.ports import READINGS_SCHEMA, ROLLUP_SCHEMA
from analytics.rollups import CUMULATIVE, rolled_up
from sensors.topology import Circuit, CircuitId, CircuitItem, Registry
from tests.analytics.registers import DAY_MS, HOUR_MS, MINUTE_MS, MONDAY_MS, office_register
from tests.analytics.sites import circuit, meter, registry

HOURS = pl.Series("edge", range(MONDAY_MS, MONDAY_MS + DAY_MS + 1, HOUR_MS))
DAYS = pl.Series("edge", [MONDAY_MS, MONDAY_MS + DAY_MS])


def co2(*rows: tuple[int, float | None, int]) -> pl.DataFrame:
    """Return readings of so many minutes after midnight, with their value and quality."""
    told = [
        (MONDAY_MS + minute * MINUTE_MS, "aq1", "co2_ppm", "", value, quality, 0) for minute, value, quality in rows
    ]
    return pl.DataFrame(told, schema=READINGS_SCHEMA, orient="row")


def test_statistics_are_of_good_and_estimated_values_only() -> None:
    (hourly,) = rolled_up(co2((0, 400.0, 0), (30, 600.0, 1), (45, 9999.0, 2), (50, None, 3), (60, 800.0, 0)), HOURS)
    assert hourly.schema == ROLLUP_SCHEMA
    first = hourly.row(0, named=True)
    assert (first["mean"], first["minimum"], first["maximum"], first["count"]) == (500.0, 400.0, 600.0, 2)
    assert (first["amount"], first["estimated_amount"]) == (None, None)
    assert hourly["bucket_ms"].to_list() == [MONDAY_MS, MONDAY_MS + HOUR_MS]


def test_registers_become_amounts_that_add_up_over_hours_and_days_alike() -> None:
    register = office_register(days=1)
    hourly, daily = rolled_up(register.frame(), HOURS, DAYS)
    assert hourly["amount"].sum() == pytest.approx(register.said[-1] - register.said[0])
    assert daily["amount"].to_list() == pytest.approx([register.said[-1] - register.said[0]])
    assert daily["estimated_amount"].to_list() == [0.0]


def test_a_gap_gives_buckets_with_an_amount_and_no_values() -> None:
    register = office_register(days=1)
    (hourly,) = rolled_up(register.without(20, 60).frame(), HOURS)
    empty = hourly.filter(pl.col("count") == 0)
    assert empty.height == 10
    assert (empty["amount"] == empty["estimated_amount"]).all()
    assert empty["mean"].null_count() == 10


def test_the_current_transformer_counts_once_and_only_while_the_meter_is_there() -> None:
    register = office_register(days=1)
    noon_ms = MONDAY_MS + DAY_MS // 2
    ratios = pl.DataFrame(
        [("m", "energy_import_kwh", noon_ms, MONDAY_MS + 10 * DAY_MS, 60.0)],
        schema=["device", "metric", "from_ms", "until_ms", "ct_ratio"],
        orient="row",
    )
    (plain,), (scaled,) = rolled_up(register.frame(), HOURS), rolled_up(register.frame(), HOURS, ratios=ratios)
    factor = (scaled["amount"] / plain["amount"]).round(6).to_list()
    assert factor == [1.0] * 12 + [60.0] * 12


def site_with(*circuits: Circuit) -> Registry:
    return registry(circuits=circuits, devices=[meter(f"m-{one.id}", one.id) for one in circuits])


def test_a_meter_goes_no_faster_than_its_circuit_carries_where_that_is_known() -> None:
    rated = replace(circuit("c", CircuitItem.LIGHTING), rated_a=32.0, ct_ratio=4.0)
    site = site_with(rated, circuit("d", CircuitItem.LIGHTING))
    meters = pl.DataFrame({"device": ["m-c", "m-d"], "metric": ["energy_import_kwh"] * 2})
    limits = {row["device"]: row for row in limits_of(site, meters).iter_rows(named=True)}
    assert limits["m-c"]["limit_per_h"] == pytest.approx(32 * 400 * 3**0.5 * 1.45 / 1000 / 4)
    assert limits["m-d"]["limit_per_h"] is None
    assert limits["m-d"]["floor_per_h"] == BELIEVED_PER_H["energy_import_kwh"]


def test_a_believed_rate_is_told_for_every_cumulative_metric() -> None:
    assert set(BELIEVED_PER_H) == set(CUMULATIVE)


def test_what_no_meter_below_has_seen_is_unmetered() -> None:
    site = site_with(
        circuit("main", CircuitItem.TOTAL),
        circuit("light", CircuitItem.LIGHTING, parent="main"),
        circuit("plugs", CircuitItem.PLUGS, parent="main"),
        circuit("pv", CircuitItem.PV, parent="main"),
    )
    amounts = {CircuitId(name): kwh for name, kwh in (("main", 80.0), ("light", 30.0), ("plugs", 45.0), ("pv", 20.0))}
    [row] = tree_balance(site, amounts).iter_rows(named=True)
    assert (row["amount"], row["below"], row["unmetered"], row["unmetered_pct"]) == (100.0, 75.0, 25.0, 25.0)


def test_a_tree_with_a_meter_unknown_says_which_and_no_sum() -> None:
    site = site_with(circuit("main", CircuitItem.TOTAL), circuit("light", CircuitItem.LIGHTING, parent="main"))
    [row] = tree_balance(site, {CircuitId("main"): 80.0}).iter_rows(named=True)
    assert (row["unmetered"], row["missing"]) == (None, ["light"])
