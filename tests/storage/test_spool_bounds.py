"""What happens when the spool has no room, or holds what cannot be read back."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from sensors.intake import Quarantined
from storage.drain import DAMAGED, drain
from storage.readings.memory import MemoryReadingStore
from storage.spool import DamagedEntryError, SpoolFullError, SqliteSpool
from storage.spool_schema import open_spool
from tests.faults.disks import fill, small_disk
from tests.storage.test_spool import HQ, NOW_MS, entry, fire, spool_in


def stored(store: MemoryReadingStore) -> int:
    return store.readings(HQ, start_ms=0, end_ms=2 * NOW_MS).height


def test_full_disk_keeps_nothing_of_a_commit_and_the_next_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, 4) as disk, closing(spool_in(disk)) as spool:
        spool.commit([entry(*range(100), boot="b", seq=1)])
        filler = fill(disk)
        for _ in range(3):
            with pytest.raises(SpoolFullError, match="make room"):
                spool.commit([entry(*range(40_000), boot="b", seq=2, events=[fire()])])
        assert (spool.depth, spool.seen("gw1", "b", 2)) == (100, False)
        assert spool.books()["gw1"].balances
        filler.unlink()
        spool.commit([entry(*range(50), boot="b", seq=2, events=[fire()])])
        assert (spool.depth, spool.books()["gw1"].missing) == (151, 0)


def test_spool_cannot_be_opened_on_a_full_disk_and_says_why(tmp_path: Path) -> None:
    with small_disk(tmp_path, 4) as disk:
        spool_in(disk).close()
        filler = fill(disk)
        with pytest.raises(SpoolFullError, match="the disk is full"):
            spool_in(disk)
        filler.unlink()
        spool_in(disk).close()


def test_dropped_readings_are_told_of_and_counted(tmp_path: Path) -> None:
    told: list[int] = []
    with closing(spool_in(tmp_path, max_bytes=300_000, on_dropped=told.append)) as spool:
        for number in range(20):
            spool.commit([entry(*range(1000), events=[fire(f"f{number}")])])
        book = spool.books()["gw1"]
    assert sum(told) == book.dropped > 0
    assert book.balances


def test_events_stay_when_nothing_else_is_left_to_drop(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path, max_bytes=100_000)) as spool:
        for number in range(40):
            spool.commit([entry(events=[fire(f"f{number}-{each}") for each in range(50)])])
        assert spool.depth == 2000
        assert spool.bytes > 100_000


def damage(folder: Path, *entries: int) -> None:
    with closing(sqlite3.connect(folder / "spool.db")) as db, db:
        db.executemany("UPDATE entries SET reading_data = x'0bad' WHERE id = ?", [(each,) for each in entries])


def test_damaged_entries_are_set_aside_and_the_rest_is_drained(tmp_path: Path) -> None:
    store = MemoryReadingStore()
    with closing(spool_in(tmp_path)) as spool:
        for number in range(6):
            spool.commit([entry(number, number, gateway=f"gw{number}")])
        damage(tmp_path, 1, 4, 6)
        assert drain(spool, store, entries_at_once=4) > 0
        drain(spool, store)
        kept = spool.quarantined()
        books = spool.books()
        assert spool.depth == 0
    assert [(each.message.reason, each.message.records, each.message.payload) for each in kept] == [
        (DAMAGED, 2, b"\x0b\xad")
    ] * 3
    assert "entry 6" in kept[0].message.detail
    assert all(book.balances for book in books.values())
    assert Counter(book.quarantined for book in books.values()) == {2: 3, 0: 3}
    assert stored(store) == 6


def test_first_entry_that_is_damaged_is_named(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1)])
        damage(tmp_path, 1)
        with pytest.raises(DamagedEntryError, match="entry 1") as caught:
            spool.pending()
        assert caught.value.entry == 1
        # Somebody else was quicker.
        spool.set_aside(1, DAMAGED, "")
        spool.set_aside(1, DAMAGED, "")
        assert (spool.books()["gw1"].quarantined, len(spool.quarantined())) == (1, 1)


def test_what_the_store_refuses_goes_into_quarantine_and_the_books_balance(tmp_path: Path) -> None:
    refused = Quarantined(
        topic="premises/v1/hq/gw1/readings",
        payload=b"{}",
        reason="store_refused",
        detail="field type conflict",
        gateway="gw1",
        received_ms=NOW_MS,
        records=2,
    )
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, 2, 3, 4, 5)])
        spool.mark_stored(spool.newest, {"gw1": 1}, [refused])
        book = spool.books()["gw1"]
        assert (book.accepted, book.stored, book.duplicate, book.quarantined) == (2, 2, 1, 2)
        assert book.balances
        assert [each.message.reason for each in spool.quarantined()] == ["store_refused"]


def test_drain_takes_no_more_into_memory_than_it_may(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        for number in range(10):
            spool.commit([entry(*range(100), gateway=f"gw{number}")])
        assert [each.id for each in spool.pending(most_records=250)] == [1, 2, 3]
        assert [each.id for each in spool.pending(after=9, most_records=1)] == [10]


def test_spool_of_days_drains_in_order_while_new_data_arrives(tmp_path: Path) -> None:
    """The store was away; while it catches up each look finds the oldest first, and nothing is taken twice."""
    store = MemoryReadingStore()
    with closing(spool_in(tmp_path)) as ingest, closing(SqliteSpool(tmp_path / "spool.db")) as reader:
        for day in range(40):
            ingest.commit([entry(*range(500), start_ms=NOW_MS + day * 1000)])
        drained, rounds = 0, 0
        while reader.depth and rounds < 100:
            drained += drain(reader, store, entries_at_once=3, stopping=lambda: True)
            if rounds < 10:
                ingest.commit([entry(*range(500), start_ms=NOW_MS + (100 + rounds) * 1000)])
            rounds += 1
        assert drained == stored(store) == 25_000
        book = ingest.books()["gw1"]
        assert (book.stored, book.spooled, book.balances) == (25_000, 0, True)


def test_disk_helpers_leave_nothing_mounted(tmp_path: Path) -> None:
    with small_disk(tmp_path, 1) as disk:
        assert shutil.disk_usage(disk).total == 1024 * 1024
    assert shutil.disk_usage(tmp_path / "disk").total > 1024 * 1024


def test_commit_reaches_the_disk_itself(tmp_path: Path) -> None:
    """A power cut cannot be played here, so what SQLite was told is looked at."""
    full = 2
    with closing(open_spool(tmp_path / "spool.db")) as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == full
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
