"""Bulk import into the server: chunks in order, each stored once, whatever breaks in between."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from premises.imports.bulk_import import BulkImports, batch_of, frame_of
from premises.jobs.analysis_jobs import TouchedStore
from sensors.errors import InputFault
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.readings.duckdb import DuckDBReadingStore

SITE = SiteId("hq")
START_MS = 1_795_392_000_000
NAME, ANOTHER = (f"import:{digit * 32}" for digit in "ab")


def chunk(number: int, value: float = 500.0) -> ReadingBatch:
    batch = ReadingBatch(site=SITE)
    for each in range(10):
        batch.add(START_MS + (number * 10 + each) * 60_000, "aq1", "co2_ppm", value)
    return batch


@contextmanager
def imports(folder: Path) -> Iterator[BulkImports]:
    with closing(DuckDBReadingStore(folder / "readings.duckdb")) as store:
        yield BulkImports(TouchedStore(store))


def test_chunks_are_stored_once_however_often_they_are_sent(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        stored = [bulk.put(NAME, number, SITE, frame_of(chunk(number))) for number in (1, 1, 2, 1, 2)]
    assert [done.new for done in stored] == [10, 0, 10, 0, 0]
    assert sum(done.unchanged for done in stored) == 0


def test_server_started_anew_knows_how_far_an_import_is(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        bulk.put(NAME, 1, SITE, frame_of(chunk(1)))
    with imports(tmp_path) as bulk:
        assert (bulk.stored(NAME), bulk.stored(ANOTHER)) == (1, 0)
        assert bulk.put(NAME, 2, SITE, frame_of(chunk(2))).new == 10


def test_same_readings_imported_again_later_win_again(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        bulk.put(NAME, 1, SITE, frame_of(chunk(1)))
        bulk.put(ANOTHER, 1, SITE, frame_of(chunk(1, value=600.0)))
        assert bulk.put(NAME.replace("a", "c"), 1, SITE, frame_of(chunk(1))).replaced == 10


@pytest.mark.parametrize("number", [2, 7])
def test_chunk_out_of_order_is_refused(tmp_path: Path, number: int) -> None:
    with imports(tmp_path) as bulk, pytest.raises(InputFault, match="in order"):
        bulk.put(NAME, number, SITE, frame_of(chunk(number)))


def test_name_of_another_kind_is_refused(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk, pytest.raises(InputFault, match="no import's name"):
        bulk.stored("spool")


def test_batch_survives_the_way_between_processes() -> None:
    batch = chunk(3)
    assert batch_of(SITE, frame_of(batch)) == batch
