"""What every store of roll-ups keeps, whichever it is."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.ports import ROLLUP_SCHEMA, RollupStep, RollupStore
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.ports import ReadingStore
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.memory import MemoryReadingStore
from tests.influx import PassingStore, influxdb

HQ, ANNEX = SiteId("hq"), SiteId("annex")
DAY = date(2026, 3, 2)
NEXT_DAY = DAY + timedelta(days=1)
HOUR_MS = 3_600_000
MIDNIGHT_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000
END_MS = MIDNIGHT_MS + 24 * HOUR_MS


class Store(ReadingStore, RollupStore, Protocol):
    """Both contracts together."""


def open_memory(_folder: Path) -> Store:
    return MemoryReadingStore()


def open_duckdb(folder: Path) -> Store:
    return DuckDBReadingStore(folder / "readings.duckdb")


def open_influxdb(folder: Path) -> Store:
    store = PassingStore(influxdb(), folder)
    store.prepare()
    return store


OPENERS: dict[str, Callable[[Path], Store]] = {"memory": open_memory, "duckdb": open_duckdb, "influxdb": open_influxdb}


@pytest.fixture(params=OPENERS.values(), ids=list(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(request.param(tmp_path)) as opened:
        yield opened


def reading(hour: float, value: float = 1.0, *, site: SiteId = HQ) -> ReadingBatch:
    batch = ReadingBatch(site=site)
    batch.add(MIDNIGHT_MS + int(hour * HOUR_MS), "m", "energy_import_kwh", value)
    return batch


def known(store: Store, *devices: str) -> None:
    """Let the store meet the series that roll-ups are of."""
    batch = ReadingBatch(site=HQ)
    for device in devices:
        batch.add(MIDNIGHT_MS, device, "energy_import_kwh", 1.0)
        batch.add(MIDNIGHT_MS, device, "co2_ppm", 400.0)
    store.append(batch)


def row(hour: int, amount: float | None = 1.0, *, device: str = "m", metric: str = "energy_import_kwh") -> pl.DataFrame:
    estimated = None if amount is None else 0.0
    values = (MIDNIGHT_MS + hour * HOUR_MS, device, metric, "", 5.0, 4.0, 6.0, 12, amount, estimated)
    return pl.DataFrame([values], schema=ROLLUP_SCHEMA, orient="row")


def put(
    store: Store, *rows: pl.DataFrame, start_h: int = 0, end_h: int = 24, step: RollupStep = "hour", site: SiteId = HQ
) -> None:
    start_ms, end_ms = MIDNIGHT_MS + start_h * HOUR_MS, MIDNIGHT_MS + end_h * HOUR_MS
    rollups = pl.concat([ROLLUP_SCHEMA.to_frame(), *rows])
    store.put_rollups(site, step, start_ms=start_ms, end_ms=end_ms, rollups=rollups)


def held(
    store: Store,
    step: RollupStep = "hour",
    *,
    site: SiteId = HQ,
    metrics: list[str] | None = None,
    devices: list[str] | None = None,
) -> pl.DataFrame:
    return store.rollups(
        site, step, start_ms=MIDNIGHT_MS, end_ms=MIDNIGHT_MS + 48 * HOUR_MS, metrics=metrics, devices=devices
    )


def test_a_new_store_has_nothing_to_roll_up_and_no_roll_ups(store: Store) -> None:
    assert dict(store.stale_days(HQ)) == {}
    assert_frame_equal(held(store), ROLLUP_SCHEMA.to_frame())


def test_a_day_that_received_readings_is_stale_until_it_is_rolled_up(store: Store) -> None:
    store.append(reading(12))
    stale = store.stale_days(HQ)
    assert set(stale) == {DAY}
    store.mark_rolled(HQ, stale)
    assert set(store.stale_days(HQ)) == set()


def test_late_readings_make_a_day_stale_again(store: Store) -> None:
    store.append(reading(12))
    store.mark_rolled(HQ, store.stale_days(HQ))
    store.append(reading(3))
    assert set(store.stale_days(HQ)) == {DAY}


def test_what_came_while_a_day_was_rolled_up_leaves_it_stale(store: Store) -> None:
    store.append(reading(12))
    seen = store.stale_days(HQ)
    store.append(reading(13))
    store.mark_rolled(HQ, seen)
    assert set(store.stale_days(HQ)) == {DAY}


def test_a_reading_that_says_nothing_new_leaves_a_day_as_it_was(store: Store) -> None:
    store.append(reading(12))
    store.mark_rolled(HQ, store.stale_days(HQ))
    store.append(reading(12))
    assert set(store.stale_days(HQ)) == set()
    store.append(reading(12, 2.0))
    assert set(store.stale_days(HQ)) == {DAY}


def test_days_end_at_midnight_utc_and_sites_are_apart(store: Store) -> None:
    store.append(reading(24))
    store.append(reading(0, site=ANNEX))
    assert set(store.stale_days(HQ)) == {NEXT_DAY}
    assert set(store.stale_days(ANNEX)) == {DAY}


def test_roll_ups_come_back_as_they_were_put_sorted(store: Store) -> None:
    known(store, "a", "b")
    rows = [row(1, device="b"), row(2, device="a"), row(1, device="a"), row(1, None, device="a", metric="co2_ppm")]
    put(store, *rows)
    expected = pl.concat(rows).sort("device", "metric", "phase", "bucket_ms")
    assert_frame_equal(held(store), expected)


def test_a_bucket_without_values_of_its_own_keeps_its_amount(store: Store) -> None:
    known(store, "m")
    spread = row(3).with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("mean", "minimum", "maximum"))
    put(store, spread.with_columns(count=pl.lit(0, dtype=pl.UInt32), estimated_amount=pl.lit(1.0)))
    found = held(store).row(0, named=True)
    assert (found["mean"], found["count"], found["amount"], found["estimated_amount"]) == (None, 0, 1.0, 1.0)


def test_putting_again_replaces_and_the_same_again_changes_nothing(store: Store) -> None:
    known(store, "m")
    put(store, row(1), row(2))
    put(store, row(2, 7.0), start_h=2, end_h=3)
    once = held(store)
    assert once["amount"].to_list() == [1.0, 7.0]
    put(store, row(2, 7.0), start_h=2, end_h=3)
    assert_frame_equal(held(store), once)
    put(store, start_h=0, end_h=2)
    assert held(store)["amount"].to_list() == [7.0]


def test_hours_and_days_and_sites_are_kept_apart(store: Store) -> None:
    known(store, "m")
    store.append(reading(0, site=ANNEX))
    put(store, row(0, 1.0))
    put(store, row(0, 24.0), step="day")
    put(store, row(0, 5.0), site=ANNEX)
    put(store, step="hour", site=ANNEX)
    assert held(store)["amount"].to_list() == [1.0]
    assert held(store, "day")["amount"].to_list() == [24.0]
    assert held(store, site=ANNEX).is_empty()


def test_metrics_and_devices_are_chosen_and_unknown_ones_give_nothing(store: Store) -> None:
    known(store, "a", "b")
    put(store, row(1, device="a"), row(1, device="b"), row(1, None, device="a", metric="co2_ppm"))
    assert held(store, metrics=["co2_ppm"])["device"].to_list() == ["a"]
    assert held(store, devices=["b"])["metric"].to_list() == ["energy_import_kwh"]
    assert held(store, devices=["nobody"]).is_empty()
    assert held(store, metrics=[]).is_empty()


def test_a_roll_up_outside_of_what_is_replaced_is_refused(store: Store) -> None:
    known(store, "m")
    with pytest.raises(ValueError, match="do not begin in"):
        put(store, row(5), start_h=0, end_h=5)
    assert held(store).is_empty()
