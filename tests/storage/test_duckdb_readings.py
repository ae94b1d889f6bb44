"""What only the store in a file can do: last, migrate, be held, keep readings and place together."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import duckdb
import polars as pl
import pytest

from analytics.ports import FEATURES_SCHEMA
from sensors.errors import InputFault
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.errors import SchemaTooNewError, StoreError, StoreFailedError, StoreHeldError, StoreUnreadableError
from storage.ports import AppendResult
from storage.readings.duckdb import DuckDBReadingStore

HQ = SiteId("hq")
DAY_MS = 86_400_000


@contextmanager
def opened(path: Path) -> Iterator[DuckDBReadingStore]:
    with closing(DuckDBReadingStore(path)) as store:
        yield store


def minutes(*values: float, start_ms: int = 0, device: str = "aq1") -> ReadingBatch:
    batch = ReadingBatch(site=HQ)
    for index, value in enumerate(values):
        batch.add(start_ms + index * 60_000, device, "co2_ppm", value)
    return batch


def stored(store: DuckDBReadingStore) -> list[float | None]:
    return store.readings(HQ, start_ms=-(2**53), end_ms=2**53)["value"].to_list()


def raw_rows(path: Path) -> int:
    with duckdb.connect(str(path)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM raw").fetchall()
        return int(count)


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with opened(path) as store:
        store.append_from_spool("spool-a", last_entry=5, batches=[minutes(1, 2)])
    with opened(path) as store:
        assert stored(store) == [1, 2]
        assert store.drained_to("spool-a") == 5
        assert store.append(minutes(1, 3)) == AppendResult(replaced=1, unchanged=1)
        assert store.latest(HQ)["value"].to_list() == [3]


def test_a_replaced_reading_leaves_one_row(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with opened(path) as store:
        for value in range(5):
            store.append(minutes(value, value))
    assert raw_rows(path) == 2


def test_store_that_may_keep_little_in_memory_takes_and_changes_many_readings(tmp_path: Path) -> None:
    with opened(tmp_path / "readings.duckdb") as store:
        store.limit_memory(64)
        assert store.append(minutes(*range(100_000))) == AppendResult(new=100_000)
        changed = minutes(*range(1, 100_001))
        assert store.append(changed) == AppendResult(replaced=100_000)
        assert store.append(changed) == AppendResult(unchanged=100_000)


def test_what_was_committed_is_there_without_closing(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    script = f"""
import os
from pathlib import Path
from sensors.readings import ReadingBatch
from storage.readings.duckdb import DuckDBReadingStore
batch = ReadingBatch(site="hq")
batch.add(0, "aq1", "co2_ppm", 7.0)
DuckDBReadingStore(Path({str(path)!r})).append_from_spool("spool-a", last_entry=1, batches=[batch])
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    with opened(path) as store:
        assert stored(store) == [7]
        assert store.drained_to("spool-a") == 1


def test_a_failing_drain_keeps_neither_readings_nor_place(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with opened(path) as store:
        store.append_from_spool("spool-a", last_entry=1, batches=[minutes(1)])
        torn = minutes(2, device="aq2")
        torn.value.append(3)
        with pytest.raises(pl.exceptions.ShapeError):
            store.append_from_spool("spool-a", last_entry=2, batches=[minutes(9, device="aq3"), torn])
        assert stored(store) == [1]
        assert store.drained_to("spool-a") == 1
        assert store.append_from_spool("spool-a", last_entry=2, batches=[minutes(9, device="aq3")]).new == 1
    with opened(path) as store:
        assert stored(store) == [1, 9]


def test_the_engine_refusing_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with opened(path) as store:
        pass
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE drained")
    with opened(path) as store:
        with pytest.raises(StoreFailedError, match="drained"):
            store.append_from_spool("spool-a", last_entry=2, batches=[minutes(1)])
        assert stored(store) == []
        assert store.append(minutes(1)) == AppendResult(new=1)


def test_a_closed_store_says_so_with_our_own_error(tmp_path: Path) -> None:
    store = DuckDBReadingStore(tmp_path / "readings.duckdb")
    store.close()
    with pytest.raises(StoreError):
        store.latest(HQ)
    with pytest.raises(StoreError):
        store.append(minutes(1))


@pytest.mark.parametrize("error", [StoreHeldError, StoreUnreadableError, SchemaTooNewError])
def test_what_a_person_can_mend_is_an_input_fault(error: type[StoreError]) -> None:
    assert issubclass(error, InputFault)


def test_a_file_held_by_another_process_is_named_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    script = (
        "import sys; from pathlib import Path; from storage.readings.duckdb import DuckDBReadingStore; "
        f"store = DuckDBReadingStore(Path({str(path)!r})); print('open', flush=True); sys.stdin.read(); store.close()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreHeldError) as held:
            DuckDBReadingStore(path)
        holder.communicate("")
    assert held.value.holder == holder.pid
    assert str(path) in str(held.value)
    assert f"process {holder.pid} holds this file, be it an analysis" in str(held.value)
    assert str(held.value).endswith("try again in a moment")
    assert "\n" not in str(held.value)
    with opened(path) as store:
        assert stored(store) == []


def test_a_newer_schema_refuses_to_open_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with opened(path) as store:
        store.append(minutes(1))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(SchemaTooNewError, match=r"newer Premises.*schema 99"):
        DuckDBReadingStore(path)
    assert raw_rows(path) == 1


@pytest.mark.parametrize("content", [b"hello" * 4096, b"x"], ids=["text", "short"])
def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "readings.duckdb"
    path.write_bytes(content)
    with pytest.raises(StoreUnreadableError, match=r"readings\.duckdb"):
        DuckDBReadingStore(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadableError, match="absent"):
        DuckDBReadingStore(tmp_path / "absent" / "readings.duckdb")


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE series (a INTEGER)")
    with pytest.raises(StoreUnreadableError, match="not made by Premises"):
        DuckDBReadingStore(path)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("series",)]


def test_the_engine_works_in_utc_with_as_many_threads_as_asked(tmp_path: Path) -> None:
    with (
        closing(DuckDBReadingStore(tmp_path / "readings.duckdb", threads=2)),
        duckdb.connect(str(tmp_path / "readings.duckdb"), config={"threads": 2}) as beside,
    ):
        query = "SELECT current_setting('TimeZone'), current_setting('threads')"
        assert beside.execute(query).fetchall() == [("UTC", 2)]


def test_readers_see_whole_batches_while_a_writer_appends(tmp_path: Path) -> None:
    batches = [minutes(*range(50), start_ms=index * DAY_MS) for index in range(20)]
    with opened(tmp_path / "readings.duckdb") as store:
        writer = Thread(target=lambda: [store.append(batch) for batch in batches])
        writer.start()
        seen = []
        while writer.is_alive():
            seen.append(len(stored(store)))
        writer.join()
        assert all(count % 50 == 0 for count in seen)
        assert len(stored(store)) == 1000


def test_writers_in_several_threads_lose_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "readings.duckdb") as store:
        batches = [minutes(*range(100), device=f"d{index}") for index in range(8)]
        writers = [Thread(target=store.append, args=[batch]) for batch in batches for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert store.readings(HQ, start_ms=0, end_ms=2**53).height == 800
        assert store.latest(HQ).height == 8


def test_features_outlive_the_process(tmp_path: Path) -> None:
    day = pl.Series([DAY_MS]).cast(pl.Datetime("ms")).dt.date()[0]
    rows = pl.DataFrame([(day, "room:a", "x", 1.5)], schema=FEATURES_SCHEMA, orient="row")
    with opened(tmp_path / "readings.duckdb") as store:
        store.put_features(HQ, days=[day], fingerprint="v1", features=rows)
    with opened(tmp_path / "readings.duckdb") as store:
        assert store.feature_days(HQ, fingerprint="v1") == {day}
        assert store.features(HQ, first=day, last=day).rows() == rows.rows()


def test_the_package_of_stores_loads_no_engine() -> None:
    script = (
        "import sys, storage, storage.readings; print([n for n in ('duckdb','polars','pyarrow') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"
