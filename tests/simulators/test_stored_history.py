import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from premises.simulated.simulated_history import store_history
from sensors.subjects import Subject
from simulators.faults import Fault, FaultKind
from simulators.world import World
from storage.ports import AppendResult
from storage.readings.duckdb import DuckDBReadingStore
from tests.simulators.worlds import MONDAY, all_readings, building, local, ticks, world

HOUR = timedelta(hours=1)


def everything(store: DuckDBReadingStore) -> pl.DataFrame:
    site = building().site.id
    return store.readings(site, start_ms=0, end_ms=2**60)


def test_history_in_columns_is_the_history_in_ticks(tmp_path: Path) -> None:
    registry, until = building(), local(MONDAY, 60)
    gaps = Fault(kind=FaultKind.GAPS, subject=Subject.parse("device:aq-201"), start=local(MONDAY))
    told = list(world(registry, faults=[gaps]).run(until))
    with (
        closing(DuckDBReadingStore(tmp_path / "columns")) as columns,
        closing(DuckDBReadingStore(tmp_path / "ticks")) as by_tick,
    ):
        stored = store_history(world(registry, faults=[gaps]), columns, until)
        by_tick.append(all_readings(registry, told))
        assert everything(columns).equals(everything(by_tick))
        assert columns.latest(registry.site.id).equals(by_tick.latest(registry.site.id))
        assert stored.readings == columns.count() == sum(len(tick.readings) for tick in told)
        assert stored.events == sum(len(tick.events) for tick in told)
        assert columns.stale_days(registry.site.id).keys() == by_tick.stale_days(registry.site.id).keys()


def test_the_same_frame_twice_changes_nothing(tmp_path: Path) -> None:
    rows = pl.DataFrame({"place": np.array([0, 0, 1], dtype=np.uint32), "time_ms": [1, 2, 1], "value": [1.0, 2.0, 3.0]})
    series = (("a", "co2_ppm", ""), ("b", "voltage_v", "L1"))
    site = building().site.id
    with closing(DuckDBReadingStore(tmp_path / "readings")) as store:
        assert store.append_frame(site, series, rows) == AppendResult(new=3)
        assert store.append_frame(site, series, rows) == AppendResult(unchanged=3)
        assert store.append_frame(site, series, rows.with_columns(value=5.0)) == AppendResult(replaced=3)
        assert store.append_frame(site, series, rows.clear()) == AppendResult()
        assert everything(store)["phase"].to_list() == ["", "", "L1"]


class FullStore(DuckDBReadingStore):
    def append_frame(self, *_given: object) -> AppendResult:
        msg = "no space left"
        raise OSError(msg)


def test_a_store_that_fails_ends_the_simulation(tmp_path: Path) -> None:
    with closing(FullStore(tmp_path / "readings")) as store, pytest.raises(OSError, match="no space"):
        store_history(world(building(2)), store, local(MONDAY, 24 * 400), step=HOUR)
    assert [thread.name for thread in threading.enumerate() if thread.name == "simulation"] == []


def test_a_simulation_that_fails_is_told_where_it_is_stored(tmp_path: Path) -> None:
    def broken(_day: object) -> bool:
        if len(asked) > 40:
            msg = "no such day"
            raise LookupError(msg)
        asked.append(1)
        return True

    asked: list[int] = []
    place = World(building(2), 1, local(MONDAY), is_workday=broken)
    with closing(DuckDBReadingStore(tmp_path / "readings")) as store, pytest.raises(LookupError, match="no such day"):
        store_history(place, store, local(MONDAY, 24 * 400), step=HOUR)


def test_a_batch_of_a_tick_has_columns_of_one_length() -> None:
    (tick,) = ticks(building(2), 1 / 288)
    batch = tick.readings
    assert {len(c) for c in (batch.time_ms, batch.device, batch.metric, batch.phase, batch.value, batch.quality)} == {
        len(batch)
    }
