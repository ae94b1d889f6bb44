import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from math import nan
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.events import Event, EventState, EventType
from sensors.intake import Delivery, Ignored, Quarantined, SpoolEntry
from sensors.readings import Quality, ReadingBatch, ReadingFlag, from_epoch_ms
from sensors.topology import DeviceId, SiteId
from storage.drain import drain, shares
from storage.errors import SchemaTooNewError
from storage.ports import AppendResult
from storage.readings.memory import MemoryReadingStore
from storage.spool import BOOTS, DELIVERIES, EVENT_KEYS_MS, SpoolUnreadableError, SqliteSpool
from storage.spool_codec import SpoolDataError, pack_events, pack_readings, unpack_events, unpack_readings
from storage.spool_windows import WINDOW, SeqWindow

HQ = SiteId("hq")
NOW_MS = 1_795_392_000_000


def spool_in(folder: Path, **options: Any) -> SqliteSpool:  # noqa: ANN401 - any bound, any hook
    return SqliteSpool(folder / "spool.db", **{"min_free_bytes": 0, **options})


def batch_of(*values: float, device: str = "aq1", start_ms: int = NOW_MS) -> ReadingBatch:
    batch = ReadingBatch(site=HQ)
    for index, value in enumerate(values):
        batch.add(start_ms + index, device, "co2_ppm", value)
    return batch


def fire(number: str | None = "f1") -> Event:
    time = from_epoch_ms(NOW_MS)
    return Event(
        site=HQ,
        gateway="gw1",
        device=DeviceId("panel1"),
        type=EventType.FIRE,
        state=EventState.ACTIVE,
        time=time,
        received=time + timedelta(milliseconds=1),
        id=number,
        zone="2F 火",
        flags=ReadingFlag.TIME_OF_RECEIPT if number is None else ReadingFlag.NONE,
        doubts=("unknown_device",),
    )


def entry(*values: float, gateway: str = "gw1", events: Sequence[Event] = (), **fields: object) -> SpoolEntry:
    defaults: dict[str, object] = {"received_ms": NOW_MS, "received": len(values) + len(events)}
    start_ms = cast("int", fields.pop("start_ms", NOW_MS))
    readings = batch_of(*values, device=f"{gateway}-aq", start_ms=start_ms) if values else None
    return SpoolEntry(gateway=gateway, readings=readings, events=events, **{**defaults, **fields})  # type: ignore[arg-type]  # fields by name


def poison(payload: bytes = b"{", **fields: str) -> Quarantined:
    return Quarantined(
        topic="premises/v1/hq/gw1/readings",
        payload=payload,
        reason=fields.get("reason", "not_json"),
        detail="no end",
        gateway=fields.get("gateway", "gw1"),
        received_ms=NOW_MS,
        paths=("readings[0]", "readings[2]"),
    )


@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62),
            st.text(st.characters(codec="utf-8"), max_size=5),
            st.sampled_from(["co2_ppm", "motion"]),
            st.sampled_from(["", "L1"]),
            st.floats(),
            st.sampled_from(Quality),
            st.integers(0, 3),
        ),
        max_size=20,
    )
)
def test_readings_come_back_from_their_bytes(rows: list[tuple[int, str, str, str, float, Quality, int]]) -> None:
    batch = ReadingBatch(site=HQ)
    for time_ms, device, metric, phase, value, quality, flags in rows:
        batch.add(time_ms, device, metric, value, phase=phase, quality=quality, flags=flags)
    assert repr(unpack_readings(pack_readings(batch))) == repr(batch)


@given(data=st.binary(max_size=60))
def test_damaged_bytes_are_a_named_error(data: bytes) -> None:
    with pytest.raises(SpoolDataError):
        unpack_readings(data)


def test_events_come_back_from_their_bytes() -> None:
    events = [fire(), fire(None)]
    assert unpack_events(pack_events(events)) == events


def test_reading_takes_few_bytes() -> None:
    assert len(pack_readings(batch_of(*range(1000)))) < 25 * 1000


@settings(max_examples=50)
@given(seqs=st.lists(st.integers(0, 3 * WINDOW), max_size=60))
def test_window_knows_the_newest_65536_numbers(seqs: list[int]) -> None:
    window = SeqWindow()
    for seq in seqs:
        window = window.marked({seq})
    top = max(seqs, default=-1)
    # A number that came when it was below the window already is nowhere kept, but nor is it asked for.
    kept = {seq for seq in seqs if seq > top - WINDOW}
    assert {seq for seq in {*seqs, top + 1, 0, 1} if seq in window} == kept
    assert len(window.chunks) <= WINDOW // 2048 + 1


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        first_id = spool.spool_id
        spool.commit(
            [
                entry(1, 2, boot="b", seq=7, events=[fire()], event_keys=["id:f1"]),
                entry(received=1, quarantined=[poison()], delivery=Delivery(5, b"d")),
                entry(received=2, ignored=[Ignored(gateway="gw1", reason="retained", records=2)]),
            ]
        )
    with closing(spool_in(tmp_path)) as spool:
        readings, events = spool.pending()
        assert readings.readings == batch_of(1, 2, device="gw1-aq")
        assert events.events == [fire()]
        assert (spool.seen("gw1", "b", 7), spool.seen("gw1", "b", 8), spool.seen("gw1", "c", 7)) == (True, False, False)
        assert (spool.seen_event("gw1", "id:f1"), spool.seen_event("gw2", "id:f1")) == (True, False)
        assert (spool.seen_delivery(Delivery(5, b"d")), spool.seen_delivery(Delivery(5, b"e"))) == (True, False)
        assert [kept.message for kept in spool.quarantined()] == [
            Quarantined(**{**{name: getattr(poison(), name) for name in Quarantined.__slots__}, "size": 1})
        ]
        assert spool.spool_id == first_id
        assert spool.depth == 3


def test_books_balance_and_count_what_waits(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, 2, 3, received=6, duplicates=2, quarantined=[poison()]), entry(1, gateway="gw2")])
        spool.commit([entry(received=4, ignored=[Ignored(gateway="gw1", reason="retained", records=4)])])
        book = spool.books()["gw1"]
        assert (book.received, book.accepted, book.duplicate, book.quarantined) == (10, 3, 2, 1)
        assert (dict(book.ignored), book.spooled, book.balances) == ({"retained": 4}, 3, True)
        assert spool.books()["gw2"].balances


def test_a_failed_commit_leaves_nothing_behind(tmp_path: Path) -> None:
    unpackable = batch_of(1)
    unpackable.device.append("one too many")
    with closing(spool_in(tmp_path)) as spool:
        with pytest.raises(ValueError, match="zip"):
            spool.commit(
                [
                    entry(1, boot="b", seq=1, event_keys=["id:x"], gateway="gw0"),
                    SpoolEntry(gateway="gw1", received_ms=NOW_MS, received=1, readings=unpackable, boot="b", seq=2),
                ]
            )
        assert (spool.depth, spool.books()) == (0, {})
        assert not spool.seen("gw0", "b", 1)
        assert not spool.seen_event("gw0", "id:x")
        spool.commit([entry(1, boot="b", seq=1, gateway="gw0")])
        assert spool.depth == 1


def test_kill_9_after_a_commit_loses_nothing(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from typing import Any, cast
from tests.storage.test_spool import entry, spool_in
spool = spool_in(Path(sys.argv[1]))
spool.commit([entry(1, 2, boot="b", seq=1)])
spool._db.execute("BEGIN IMMEDIATE")
spool._db.execute("UPDATE books SET received = 99")
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=root, check=False)
    assert killed.returncode == -9
    with closing(spool_in(tmp_path)) as spool:
        assert (spool.depth, spool.books()["gw1"].received, spool.seen("gw1", "b", 1)) == (2, 2, True)


def test_old_boots_of_a_gateway_are_forgotten(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        for number in range(BOOTS + 2):
            spool.commit([entry(1, boot=f"b{number}", seq=1, received_ms=NOW_MS + number)])
    with closing(spool_in(tmp_path)) as spool:
        known = [spool.seen("gw1", f"b{number}", 1) for number in range(BOOTS + 2)]
        assert known == [False, False, *[True] * BOOTS]


def test_event_keys_are_forgotten_after_five_weeks(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(event_keys=["id:old"])])
        spool.commit([entry(event_keys=["id:new"], received_ms=NOW_MS + EVENT_KEYS_MS + 1)])
        assert (spool.seen_event("gw1", "id:old"), spool.seen_event("gw1", "id:new")) == (False, True)


def test_packet_ids_are_forgotten_with_the_session_and_when_their_turn_comes_again(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, delivery=Delivery(1, b"d"))])
        spool.forget_deliveries()
        assert not spool.seen_delivery(Delivery(1, b"d"))
        spool.commit([entry(1, delivery=Delivery(2, b"d"))])
        spool.commit([entry(1, delivery=Delivery(3 + number, b"e")) for number in range(DELIVERIES)])
        assert not spool.seen_delivery(Delivery(2, b"d"))


def test_oldest_readings_go_when_the_spool_is_full_and_events_stay(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path, max_bytes=400_000)) as spool:
        for number in range(40):
            spool.commit([entry(*range(number, number + 1000), events=[fire(f"f{number}")])])
        book = spool.books()["gw1"]
        assert book.dropped > 0
        assert book.balances
        pending = spool.pending(limit=10_000)
        assert sum(len(each.events) for each in pending) == 40
        readings = [each.readings for each in pending if each.readings is not None]
        # The newest are still there, in order, without a hole.
        assert [batch.value[0] for batch in readings] == list(range(40 - len(readings), 40))
        assert spool.bytes <= 400_000


def test_short_disk_lets_the_spool_not_grow(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        for _ in range(5):
            spool.commit([entry(*range(1000))])
        before = spool.bytes
    with closing(spool_in(tmp_path, min_free_bytes=2**62)) as spool:
        for _ in range(20):
            spool.commit([entry(*range(1000), events=[fire()])])
        assert spool.bytes <= before + 20 * 4096
        book = spool.books()["gw1"]
        assert book.dropped > 0
        assert book.balances


def test_quarantine_is_bounded_by_its_oldest_and_still_counted(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path, quarantine_bytes=1000)) as spool:
        for number in range(10):
            spool.commit([entry(received=1, quarantined=[poison(bytes([number]) * 300)])])
        assert [kept.message.payload[0] for kept in spool.quarantined()] == [9, 8, 7]
        assert spool.books()["gw1"].quarantined == 10


def test_quarantine_is_found_by_reason_gateway_and_number(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(received=2, quarantined=[poison(reason="out_of_range"), poison(gateway="gw2")])])
        (kept,) = spool.quarantined(reason="out_of_range")
        assert spool.quarantined_message(kept.id) == kept
        assert [each.message.gateway for each in spool.quarantined(gateway="gw2")] == ["gw2"]
        assert spool.quarantined_message(99) is None


def test_spool_of_a_newer_premises_is_refused(tmp_path: Path) -> None:
    spool_in(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
        db.execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(SchemaTooNewError, match="schema 99"):
        spool_in(tmp_path)


def test_file_that_is_no_spool_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"certainly not a database" * 100)
    with pytest.raises(SpoolUnreadableError, match=r"spool\.db"):
        spool_in(tmp_path)


@dataclass
class CrashingStore:
    """A store that ends before or after its commit, as a process would."""

    inner: MemoryReadingStore = field(default_factory=MemoryReadingStore)
    crash_before: bool = False
    crash_after: bool = False

    def drained_to(self, spool: str) -> int:
        return self.inner.drained_to(spool)

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        if self.crash_before:
            raise KeyboardInterrupt
        result = self.inner.append_from_spool(spool, last_entry=last_entry, batches=batches, events=events)
        if self.crash_after:
            raise KeyboardInterrupt
        return result

    def values(self) -> list[float]:
        frame = self.inner.readings(HQ, start_ms=0, end_ms=2 * NOW_MS)
        return frame.get_column("value").to_list()

    def events(self) -> int:
        return self.inner.events(HQ, start_ms=0, end_ms=2 * NOW_MS).height


def test_drain_moves_everything_in_order_and_closes_the_books(tmp_path: Path) -> None:
    store = CrashingStore()
    with closing(spool_in(tmp_path)) as spool:
        for number in range(7):
            spool.commit([entry(number), entry(number + 0.5, gateway="gw2", events=[fire(f"f{number}")])])
        assert drain(spool, store, entries_at_once=4) == 21
        assert (spool.depth, spool.pending()) == (0, [])
        # Of one key the last received wins.
        assert store.values() == [6, 6.5]
        assert store.events() == 7
        books = spool.books()
        assert all(book.balances for book in books.values())
        assert books["gw2"].stored + books["gw2"].duplicate == 14


@pytest.mark.parametrize("after_the_commit", [False, True])
def test_crash_in_the_drain_stores_nothing_twice(tmp_path: Path, *, after_the_commit: bool) -> None:
    store = CrashingStore(crash_before=not after_the_commit, crash_after=after_the_commit)
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, 2, events=[fire(None), fire(None)])])
        with pytest.raises(KeyboardInterrupt):
            drain(spool, store)
        store.crash_before = store.crash_after = False
        drain(spool, store)
        spool.commit([entry(3)])
        drain(spool, store)
        assert store.values() == [3, 2]
        assert store.events() == 2
        assert spool.books()["gw1"].balances
        assert spool.depth == 0


def test_what_says_nothing_new_to_the_store_is_a_duplicate(tmp_path: Path) -> None:
    store = CrashingStore()
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([entry(1, 2)])
        drain(spool, store)
        spool.commit([entry(1, 2, 3)])
        drain(spool, store)
        book = spool.books()["gw1"]
        assert (book.received, book.accepted, book.duplicate, book.stored) == (5, 3, 2, 3)
        assert book.balances


def test_readings_dropped_while_the_store_took_them_leave_the_books_balanced(tmp_path: Path) -> None:
    with closing(spool_in(tmp_path, max_bytes=300_000)) as spool:
        spool.commit([entry(*range(3000))])
        (waiting,) = spool.pending()
        for _ in range(4):
            spool.commit([entry(*range(3000))])
        spool.mark_stored(waiting.id, {"gw1": 3000})
        assert spool.books()["gw1"].balances


def test_missing_value_reaches_the_store_as_none(tmp_path: Path) -> None:
    store = CrashingStore()
    batch = ReadingBatch(site=HQ)
    batch.add(NOW_MS, "aq1", "co2_ppm", nan, quality=Quality.FAULT)
    with closing(spool_in(tmp_path)) as spool:
        spool.commit([SpoolEntry(gateway="gw1", received_ms=NOW_MS, received=1, readings=batch)])
        drain(spool, store)
    assert store.values() == [None]


@given(readings=st.dictionaries(st.text(max_size=3), st.integers(1, 1000), max_size=6), share=st.floats(0, 1))
def test_duplicates_are_divided_without_loss(readings: dict[str, int], share: float) -> None:
    counts = Counter(readings)
    total = int(counts.total() * share)
    divided = shares(total, counts)
    assert sum(divided.values()) == total
    assert all(0 <= divided[gateway] <= count for gateway, count in readings.items())
