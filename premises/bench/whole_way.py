"""The measured side: a broker's messages to the commit in the spool, and from there into DuckDB, as in service."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from ingest.messages import Message
from ingest.mqtt import Handlers, MqttOptions, Subscriber
from ingest.pipeline import Pipeline
from premises.bench.memory import resident_mb
from premises.bench.servers import begin, publisher
from premises.bench.traffic import SITE, Traffic
from premises.jobs.drain_loop import QUIET_S
from premises.processes.garbage import seldom_collected
from sensors.topology import Device, DeviceId, Name, Placement, Registry, Site, SiteId
from storage.drain import drain
from storage.readings.duckdb import DuckDBReadingStore
from storage.spool import SqliteSpool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU time of this process for the messages behind the warm-up, and its memory then and at the end."""

    messages: int
    readings: int
    cpu_s: float
    wall_s: float
    groups: int
    rss_mb_start: float
    rss_mb_end: float

    @property
    def us_per_message(self) -> float:
        """Return microseconds of CPU for each message."""
        return self.cpu_s / self.messages * 1e6

    @property
    def readings_per_cpu_s(self) -> float:
        """Return how many readings one core takes in within a second."""
        return self.readings / self.cpu_s


class LostReadingsError(Exception):
    """What came out is not what went in."""


class WholeWay:
    """Takes in some traffic; what a drain of every half second costs is part of it."""

    def __init__(self, traffic: Traffic, folder: Path, *, warm_up: int, tell: Callable[[int], None]) -> None:
        """Open a new spool and a new store in the folder; `tell` hears how many messages came."""
        self._traffic = traffic
        self._warm_up = warm_up
        self._tell = tell
        self._open = ExitStack()
        self._spool = self._open.enter_context(closing(SqliteSpool(folder / "spool.db")))
        self._store = self._open.enter_context(closing(DuckDBReadingStore(folder / "readings.duckdb")))
        self._pipeline = Pipeline(registry=registry_of(traffic), spool=self._spool)
        self._came = 0
        self._groups = 0
        self._drained_at = time.monotonic()
        self._begun: tuple[int, float, float, float] | None = None

    def measured(self, port: int) -> Cost:
        """Return what it costs; LostReadingsError where the books do not show every reading as stored."""
        options = MqttOptions(port=port, client_id="bench-ingest", topic_filters=(f"premises/v1/{SITE}/#",))
        with self._open, publisher(self._traffic, port) as process:
            self._subscriber = Subscriber(options, Handlers(take=self._take, ready=lambda: begin(process)))
            with seldom_collected():
                self._subscriber.run()
            drain(self._spool, self._store)
            cost = self._cost()
            self._check()
        return cost

    def _take(self, group: Sequence[Message]) -> None:
        self._spool.commit(self._pipeline.process(group))
        self._came += len(group)
        self._groups += 1
        if time.monotonic() - self._drained_at > QUIET_S:
            drain(self._spool, self._store)
            self._drained_at = time.monotonic()
        if self._begun is None and self._came >= self._warm_up:
            drain(self._spool, self._store)
            self._groups = 0
            self._begun = self._came, time.process_time(), time.monotonic(), resident_mb()
        if self._came >= self._traffic.messages:
            self._subscriber.stop()
        self._tell(len(group))

    def _cost(self) -> Cost:
        assert self._begun is not None  # noqa: S101 - the warm-up is shorter than the traffic
        came, cpu_s, wall_s, rss_mb = self._begun
        messages = self._came - came
        return Cost(
            messages=messages,
            readings=messages * self._traffic.readings,
            cpu_s=time.process_time() - cpu_s,
            wall_s=time.monotonic() - wall_s,
            groups=self._groups,
            rss_mb_start=rss_mb,
            rss_mb_end=resident_mb(),
        )

    def _check(self) -> None:
        books = self._spool.books().values()
        records = self._traffic.messages * self._traffic.readings
        settled = sum(book.stored + book.duplicate for book in books)
        if settled != records or not all(book.balances for book in books):
            msg = f"{settled} of {records} readings in the store"
            raise LostReadingsError(msg)


def registry_of(traffic: Traffic) -> Registry:
    """Return a registry that knows every device of the traffic."""
    site = Site(
        id=SiteId(SITE), name=Name(zh=SITE, en=SITE), timezone="Asia/Shanghai", working_hours="08:30-12:00,14:00-18:00"
    )
    devices = (Device(id=DeviceId(each), placements=(Placement(),)) for each in traffic.device_ids())
    return Registry(site=site, devices={each.id: each for each in devices})
