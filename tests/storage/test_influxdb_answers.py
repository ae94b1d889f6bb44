"""What each answer of an InfluxDB means for the way from the spool: lost is nothing, twice is nothing, known is all."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from premises.jobs.drain_loop import DrainLoop
from sensors.events import Event, EventState, EventType
from sensors.intake import STORE_REFUSED, SpoolEntry
from sensors.readings import ReadingBatch, from_epoch_ms
from sensors.topology import DeviceId, SiteId
from storage.drain import drain
from storage.errors import StoreAwayError, StoreDeniedError
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_server import InfluxAddress, InfluxServer
from storage.spool import SqliteSpool
from tests.influx import Influx, influxdb
from tests.influx_shim import Fault, Shim
from tests.servers import eventually, free_port

HQ = SiteId("hq")
NOON_MS = 1_795_392_000_000
LOST = Fault(503, "a fault on demand", after=True)


@dataclass(frozen=True, slots=True)
class Way:
    """A spool, the store behind it, and the shim that can fail."""

    spool: SqliteSpool
    store: InfluxReadingStore
    shim: Shim
    spool_file: Path

    def take_in(self, *values: float, gateway: str = "gw1", device: str = "aq1", metric: str = "co2_ppm") -> None:
        """Commit one reading a minute."""
        batch = ReadingBatch(site=HQ)
        for index, value in enumerate(values):
            batch.add(NOON_MS + index * 60_000, device, metric, value)
        count = len(values)
        self.spool.commit([SpoolEntry(gateway=gateway, received_ms=NOON_MS, received=count, readings=batch)])

    def stored(self) -> list[float]:
        """Return the values in the store."""
        found = self.store.readings(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 86_400_000)
        return found["value"].to_list()


def fire() -> Event:
    moment = from_epoch_ms(NOON_MS)
    return Event(
        site=HQ,
        gateway="gw1",
        device=DeviceId("panel1"),
        type=EventType.FIRE,
        state=EventState.ACTIVE,
        time=moment,
        received=moment,
    )


def with_shim() -> tuple[Influx, Shim]:
    server = influxdb()
    if server.shim is None:
        pytest.skip("this InfluxDB cannot be made to fail on demand")
    return server, server.shim


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    server, shim = with_shim()
    shim.faults.clear()
    shim.always = None
    spool_file = tmp_path / "spool.db"
    with (
        closing(server.store(tmp_path)) as store,
        closing(SqliteSpool(spool_file, min_free_bytes=0)) as spool,
    ):
        yield Way(spool, store, shim, spool_file)
        shim.faults.clear()
        shim.always = None
        server.remove(store.buckets)


AWAY = [
    Fault(429, "slow down"),
    Fault(503, "busy"),
    Fault(500, "broken"),
    Fault(cut=True),
    Fault(400, "<html>", plain=True),
]
DENIED = [Fault(401, "unauthorized"), Fault(403, "forbidden"), Fault(404, "bucket not found")]


@pytest.mark.parametrize("fault", AWAY, ids=["429", "503", "500", "cut", "400 of a proxy"])
def test_a_server_that_cannot_now_keeps_all_in_the_spool(way: Way, fault: Fault) -> None:
    way.take_in(1, 2, 3)
    way.shim.faults.append(fault)
    with pytest.raises(StoreAwayError):
        drain(way.spool, way.store)
    assert way.spool.depth == 3
    drain(way.spool, way.store)
    book = way.spool.books()["gw1"]
    assert (way.stored(), book.stored, book.duplicate, book.quarantined) == ([1, 2, 3], 3, 0, 0)


@pytest.mark.parametrize("fault", [LOST, Fault(cut=True, after=True)], ids=["503", "cut"])
def test_a_write_whose_answer_was_lost_is_stored_once_and_no_duplicate(way: Way, fault: Fault) -> None:
    way.take_in(1, 2, 3)
    way.shim.faults.append(fault)
    with pytest.raises(StoreAwayError):
        drain(way.spool, way.store)
    way.take_in(4, device="aq2", gateway="gw2")
    drain(way.spool, way.store)
    books = way.spool.books()
    assert [(books[name].stored, books[name].duplicate) for name in ("gw1", "gw2")] == [(3, 0), (1, 0)]
    assert (way.stored(), way.store.count()) == ([1, 2, 3, 4], 4)


def test_a_write_that_broke_off_before_a_crash_is_made_again_by_the_next_process(way: Way, tmp_path: Path) -> None:
    way.take_in(1, 2, 3)
    way.shim.faults.append(LOST)
    with pytest.raises(StoreAwayError):
        drain(way.spool, way.store)
    way.store.close()
    with closing(influxdb().store(tmp_path, way.store.buckets)) as again:
        drain(way.spool, again)
        assert again.count() == 3
    book = way.spool.books()["gw1"]
    assert (book.stored, book.duplicate) == (3, 0)


def test_the_same_readings_once_more_are_duplicates(way: Way) -> None:
    way.take_in(1, 2)
    drain(way.spool, way.store)
    way.take_in(1, 2, 3)
    drain(way.spool, way.store)
    book = way.spool.books()["gw1"]
    assert (book.stored, book.duplicate) == (3, 2)


@pytest.mark.parametrize("fault", DENIED, ids=["401", "403", "404"])
def test_a_server_that_does_not_let_us_in_keeps_all_in_the_spool_and_says_what_to_do(way: Way, fault: Fault) -> None:
    way.take_in(1)
    way.shim.faults.append(fault)
    with pytest.raises(StoreDeniedError, match="waits in the spool") as denied:
        drain(way.spool, way.store)
    assert denied.value.status == fault.status
    assert way.shim.token not in str(denied.value)
    assert way.spool.depth == 1
    drain(way.spool, way.store)
    assert way.stored() == [1]


def test_a_wrong_token_is_said_without_the_token(tmp_path: Path) -> None:
    server, _ = with_shim()
    address = InfluxAddress(url=server.url, token="not-the-token", org="premises")  # noqa: S106 - no secret
    with closing(InfluxReadingStore(address, notes=tmp_path / "notes")) as store:
        with pytest.raises(StoreDeniedError, match="401") as denied:
            store.count()
        assert "not-the-token" not in f"{denied.value}{address!r}"


def test_a_batch_that_is_refused_whole_is_halved_down_to_the_reading_that_spoils_it(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = InfluxServer.write

    def spoilt(self: InfluxServer, bucket: str, lines: bytes) -> None:
        # The server's own refusal, of a line that no batch of ours can hold.
        real(self, bucket, lines.replace(b"co2_ppm=3.0", b"co2_ppm=oops"))

    monkeypatch.setattr(InfluxServer, "write", spoilt)
    way.take_in(1, 2, 3, 4, 5)
    way.take_in(6, gateway="gw2", device="aq2")
    drain(way.spool, way.store)
    assert way.stored() == [1, 2, 4, 5, 6]
    books = way.spool.books()
    assert [(books[name].stored, books[name].quarantined) for name in ("gw1", "gw2")] == [(4, 1), (1, 0)]
    [kept] = way.spool.quarantined(reason=STORE_REFUSED)
    assert "oops" in kept.message.detail
    assert kept.message.topic == "premises/v1/hq/gw1/readings"
    [record] = orjson.loads(kept.message.payload)["readings"]
    assert (record["dev"], record["m"], record["v"], record["ts"]) == ("aq1", "co2_ppm", 3.0, NOON_MS + 120_000)


def test_what_is_refused_whole_with_a_count_is_not_halved(way: Way) -> None:
    way.take_in(*range(1_000))
    way.shim.faults.append(Fault(422, "partial write: points beyond retention policy dropped=1000"))
    before = way.shim.writes
    drain(way.spool, way.store)
    assert way.shim.writes == before + 1
    assert (way.spool.books()["gw1"].quarantined, way.stored()) == (1_000, [])


def test_an_event_that_was_refused_is_stored_when_it_comes_again(way: Way) -> None:
    way.shim.faults.append(Fault(422, "partial write: points beyond retention policy dropped=1"))
    assert way.store.append_events([fire()]) == 0
    assert way.store.append_events([fire()]) == 1
    assert way.store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1)["type"].to_list() == ["fire"]


def test_duplicates_that_come_after_a_refusal_count_as_duplicates(way: Way) -> None:
    way.take_in(1, 2)
    drain(way.spool, way.store)
    way.take_in(9, device="aq2")
    way.shim.faults.append(Fault(422, "partial write: points beyond retention policy dropped=1"))
    drain(way.spool, way.store)
    way.take_in(1, 2)
    drain(way.spool, way.store)
    book = way.spool.books()["gw1"]
    assert (book.stored, book.duplicate, book.quarantined) == (2, 2, 1)


def test_nothing_that_is_refused_is_lost_when_the_process_ends_before_the_spool_knows(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_spool: SqliteSpool, last: int, *_: object) -> None:
        if last:
            raise KeyboardInterrupt

    way.take_in(1, 2)
    refusal = Fault(422, "partial write: points beyond retention policy dropped=2")
    way.shim.faults.append(refusal)
    with monkeypatch.context() as patched:
        patched.setattr(SqliteSpool, "mark_stored", killed)
        with pytest.raises(KeyboardInterrupt):
            drain(way.spool, way.store)
    way.store.close()
    way.shim.faults.append(refusal)
    with closing(influxdb().store(tmp_path, way.store.buckets)) as again:
        drain(way.spool, again)
    book = way.spool.books()["gw1"]
    assert (book.stored, book.quarantined, way.spool.depth) == (0, 2, 0)


def test_large_batches_go_in_pieces_and_are_packed_on_the_way_to_another_machine(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.take_in(*range(25_000))
    monkeypatch.setattr(way.store.server, "_packs", True)
    before, encoded = way.shim.writes, len(way.shim.encodings)
    drain(way.spool, way.store)
    assert way.shim.writes == before + 3
    assert way.shim.encodings[encoded:] == ["gzip"] * 3
    assert way.store.count() == 25_000


@contextmanager
def looping(way: Way) -> Iterator[DrainLoop]:
    loop = DrainLoop(way.spool_file, way.store, chance=lambda: 0.0)
    loop.start()
    try:
        yield loop
    finally:
        loop.stop()


def test_the_drain_goes_on_by_itself_when_the_token_is_mended(way: Way) -> None:
    way.shim.always = Fault(401, "unauthorized access")
    way.take_in(1)
    with looping(way) as loop:
        eventually(lambda: loop.status.held, what="the drain says that it is held")
        assert "token" in (loop.status.failure or "")
        way.shim.always = None
        eventually(lambda: way.stored() == [1], what="the reading in the store")
        eventually(lambda: loop.status.failure is None and not loop.status.held, what="all is well again")


def test_a_drain_that_was_asked_for_patience_waits_and_stops_at_once(way: Way) -> None:
    way.shim.always = Fault(429, "slow down", headers={"Retry-After": "120"})
    way.take_in(1)
    with looping(way) as loop:
        eventually(lambda: loop.status.failure is not None, what="the drain is told to wait")
        assert loop.pause_s() == 120
        begun = way.shim.writes
        stopping = threading.Thread(target=loop.stop)
        started = time.monotonic()
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive(), time.monotonic() - started
        assert way.shim.writes == begun
    assert way.spool.depth == 1


def test_waits_grow_with_each_failure_to_a_bound_and_are_spread(tmp_path: Path) -> None:
    server = InfluxAddress(url=f"http://127.0.0.1:{free_port()}", timeout_s=1)
    with closing(InfluxReadingStore(server, notes=tmp_path / "notes")) as store:
        early = DrainLoop(tmp_path / "spool.db", store, chance=lambda: 0.0)
        late = DrainLoop(tmp_path / "spool.db", store, chance=lambda: 1.0)
        waits = []
        for _ in range(10):
            for loop in (late, early):
                loop.failed("away", held=False)
            waits.append((early.pause_s(), late.pause_s()))
    assert waits[0] == (0.5, 1.0)
    assert waits[-1] == (15, 30)
