"""What several gateways bring within one commit shares an entry; the books keep them apart."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from sensors.events import Event
from sensors.intake import Book, SpoolEntry
from sensors.readings import ReadingBatch
from storage import spool_schema
from storage.drain import DAMAGED, drain
from storage.readings.memory import MemoryReadingStore
from storage.refusals import refused_messages
from storage.spool import SqliteSpool
from storage.spool_codec import pack_readings
from storage.spool_schema import open_spool
from tests.storage.test_spool import HQ, NOW_MS, batch_of, entry, fire, spool_in

GATEWAYS = {"gw1": 3, "网关 2": 2, 'gw"3\\.': 1}


def commit_of_all(spool: SqliteSpool, *, start_ms: int = NOW_MS) -> None:
    spool.commit([entry(*range(count), gateway=each, start_ms=start_ms) for each, count in GATEWAYS.items()])


def figures(books: Mapping[str, Book], name: str) -> dict[str, int]:
    assert all(book.balances for book in books.values())
    return {gateway: getattr(book, name) for gateway, book in books.items() if getattr(book, name)}


def test_readings_of_many_gateways_share_an_entry_and_are_counted_by_gateway(tmp_path: Path) -> None:
    store = MemoryReadingStore()
    with closing(spool_in(tmp_path)) as spool:
        commit_of_all(spool)
        (pending,) = spool.pending()
        assert dict(pending.shares) == GATEWAYS
        assert list(pending.gateways()) == ["gw1"] * 3 + ["网关 2"] * 2 + ['gw"3\\.']
        assert figures(spool.books(), "spooled") == GATEWAYS
        assert drain(spool, store) == 6
        assert figures(spool.books(), "stored") == GATEWAYS
    assert store.readings(HQ, start_ms=0, end_ms=2 * NOW_MS).height == 6


def test_what_one_gateway_sends_again_is_its_own_duplicate(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        commit_of_all(spool)
        spool.mark_stored(spool.newest, {"gw1": 2, 'gw"3\\.': 1})
        assert figures(spool.books(), "duplicate") == {"gw1": 2, 'gw"3\\.': 1}
        assert figures(spool.books(), "stored") == {"gw1": 1, "网关 2": 2}


def test_damage_of_a_shared_entry_is_counted_by_gateway_and_its_bytes_kept_once(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        commit_of_all(spool)
        with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
            db.execute("UPDATE entries SET reading_data = x'0bad'")
        drain(spool, MemoryReadingStore())
        assert figures(spool.books(), "quarantined") == GATEWAYS
        kept = [each.message for each in spool.quarantined()]
    assert {each.gateway: each.records for each in kept} == GATEWAYS
    assert {each.reason for each in kept} == {DAMAGED}
    assert sorted(each.payload for each in kept) == [b"", b"", b"\x0b\xad"]


def test_shared_entries_that_give_way_are_counted_by_gateway(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path, max_bytes=300_000)) as spool:
        for number in range(20):
            start_ms = NOW_MS + number * 1_000
            spool.commit([entry(*range(500), gateway=each, start_ms=start_ms) for each in ("gw1", "gw2")])
        books = spool.books()
    dropped = figures(books, "dropped")
    assert dropped["gw1"] == dropped["gw2"] > 0


class Refusal(NamedTuple):
    """What a store would not take."""

    words: str
    readings: ReadingBatch
    events: Sequence[Event] = ()


def test_refusal_goes_back_to_the_gateway_that_brought_the_device(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        commit_of_all(spool)
        pending = spool.pending()
    refusal = Refusal("out of range", batch_of(1, device="网关 2-aq"))
    (message,) = refused_messages([refusal], pending)
    assert (message.gateway, message.records) == ("网关 2", 1)


def test_events_lie_by_gateway_behind_the_readings_of_all(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, events=[fire("f1")]), entry(2, gateway="gw2", events=[fire("f2")])])
        readings, first, second = spool.pending()
        assert figures(spool.books(), "spooled") == {"gw1": 2, "gw2": 2}
    assert dict(readings.shares) == {"gw1": 1, "gw2": 1}
    assert [dict(each.shares) for each in (first, second)] == [{"gw1": 1}, {"gw2": 1}]


def spool_of_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file of schema 4: an entry for each gateway, all chunks of a window in their own table."""
    scripts = spool_schema._migrations()  # noqa: SLF001 - what an older release would have run
    with monkeypatch.context() as older:
        older.setattr(spool_schema, "_migrations", lambda: scripts[:4])
        db = open_spool(folder / "spool.db")
    with closing(db):
        for gateway, count in GATEWAYS.items():
            data = pack_readings(batch_of(*range(count), device=f"{gateway}-aq"))
            db.execute(
                "INSERT INTO entries (gateway, received_ms, readings, events, reading_data) VALUES (?, ?, ?, 0, ?)",
                (gateway, NOW_MS, count, data),
            )
            db.execute("INSERT INTO books (gateway, received, accepted) VALUES (?, ?, ?)", (gateway, count, count))
        db.execute("INSERT INTO seq_windows VALUES ('gw1', 'b', 2049, ?, 2046, 1)", (NOW_MS,))
        chunks = [(0, bytes(255) + b"\xc0"), (1, b"\x02" + bytes(255))]
        db.executemany("INSERT INTO seq_chunks VALUES ('gw1', 'b', ?, ?)", chunks)


def test_spool_of_an_earlier_release_is_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool_of_before(tmp_path, monkeypatch)
    store = MemoryReadingStore()
    with closing(spool_in(tmp_path)) as spool:
        assert figures(spool.books(), "spooled") == GATEWAYS
        assert [spool.seen("gw1", "b", seq) for seq in range(2045, 2051)] == [False, True, True, False, True, False]
        commit_of_all(spool, start_ms=NOW_MS + 1_000)
        drain(spool, store)
        assert figures(spool.books(), "stored") == {gateway: 2 * count for gateway, count in GATEWAYS.items()}


def test_window_is_the_same_after_opening_again_wherever_its_newest_chunk_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool_of_before(tmp_path, monkeypatch)
    known = {2046, 2047, 2049}
    for seqs in ([2050], [2048], [4095, 4096], [4097], [4090], [8192], [8200, 2051]):
        with closing(spool_in(tmp_path)) as spool:
            spool.commit([SpoolEntry(gateway="gw1", received_ms=NOW_MS, received=0, boot="b", seqs=seqs)])
        known.update(seqs)
        with closing(spool_in(tmp_path)) as spool:
            assert {seq for seq in range(2040, 8210) if spool.seen("gw1", "b", seq)} == known
            (boot,) = next(each.boots for each in spool.gateways() if each.gateway == "gw1")
        assert (boot.newest, boot.missing) == (max(known), max(known) - 2046 + 1 - len(known))
