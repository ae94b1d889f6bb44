"""Bulk import: chunks in order, each stored once, whatever breaks in between."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from premises.analysis_jobs import TouchedStore
from premises.bulk_import import BulkImports, batch_of, digest_of, frame_of
from sensors.errors import InputFault
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.readings.duckdb import DuckDBReadingStore

SITE = SiteId("hq")
START_MS = 1_795_392_000_000
DIGEST = digest_of("a file")


def chunk(number: int, value: float = 500.0) -> ReadingBatch:
    batch = ReadingBatch(site=SITE)
    for each in range(10):
        batch.add(START_MS + (number * 10 + each) * 60_000, "aq1", "co2_ppm", value)
    return batch


@contextmanager
def imports(folder: Path) -> Iterator[BulkImports]:
    with closing(DuckDBReadingStore(folder / "readings.duckdb")) as store:
        yield BulkImports(folder / "imports", TouchedStore(store))


def test_chunks_are_stored_once_however_often_they_are_sent(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        for number in (1, 1, 2, 1, 2):
            bulk.put(DIGEST, number, SITE, frame_of(chunk(number)))
        done = bulk.finish(DIGEST)
    assert (done.chunks, done.new, done.unchanged) == (2, 20, 0)


def test_import_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        bulk.put(DIGEST, 1, SITE, frame_of(chunk(1)))
    with imports(tmp_path) as bulk:
        assert bulk.begin(DIGEST).chunks == 1
        bulk.put(DIGEST, 2, SITE, frame_of(chunk(2)))
        assert bulk.finish(DIGEST).new == 20


def test_crash_between_store_and_note_stores_nothing_twice(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        bulk.put(DIGEST, 1, SITE, frame_of(chunk(1)))
        (tmp_path / "imports" / f"{DIGEST}.json").unlink()
        assert bulk.begin(DIGEST).chunks == 1
        assert bulk.put(DIGEST, 1, SITE, frame_of(chunk(1))).chunks == 1


def test_same_content_imported_again_later_wins_again(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk:
        bulk.put(DIGEST, 1, SITE, frame_of(chunk(1)))
        bulk.finish(DIGEST)
        bulk.put(digest_of("another"), 1, SITE, frame_of(chunk(1, value=600.0)))
        assert bulk.put(DIGEST, 1, SITE, frame_of(chunk(1))).replaced == 10


@pytest.mark.parametrize("number", [2, 7])
def test_chunk_out_of_order_is_refused(tmp_path: Path, number: int) -> None:
    with imports(tmp_path) as bulk, pytest.raises(InputFault, match="in order"):
        bulk.put(DIGEST, number, SITE, frame_of(chunk(number)))


def test_name_that_is_no_digest_is_refused(tmp_path: Path) -> None:
    with imports(tmp_path) as bulk, pytest.raises(InputFault):
        bulk.begin("../../etc/passwd")


def test_batch_survives_the_way_between_processes() -> None:
    batch = chunk(3)
    assert batch_of(SITE, frame_of(batch)) == batch


def test_digest_follows_content_and_everything_else(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"x")
    two.write_bytes(b"x")
    assert digest_of(one, 1) == digest_of(two, 1)
    assert digest_of(one, 1) != digest_of(one, 2)
