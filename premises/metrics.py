"""What `/metrics` tells: read when somebody asks, in the text format that Prometheus reads.

What only grows is a counter. Books that can shrink are gauges: a replay moves records from `quarantined` to `accepted`,
the store's answer moves records from `accepted` to `duplicate`. So `sum by (gateway) (premises_records)` equals
`premises_records_received_total` while the books balance.
"""

import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.data_ports import GatewayAccount, KeptHeap
from premises.home import Home
from premises.intake.data_desk import SpoolFigures
from premises.intake.ingest_report import COMMIT_BUCKETS_S, IngestReport, LinkState
from premises.intake.ingest_report import read as read_ingest_report
from premises.processes.locks import holder
from sensors.clock import Clock
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms
from storage.drain import Appended, Target
from storage.spool_deliveries import SpoolDeliveries

MOST_GATEWAYS = 1_000
OTHER = "other"
"""The label of all gateways beyond that."""

WRITE_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

OUTCOMES = ("accepted", "duplicate", "quarantined", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the figures come from; each is asked once a scrape."""

    home: Home
    clock: Clock
    accounts: Callable[[], Sequence[GatewayAccount]]
    heaps: Callable[[], Sequence[KeptHeap]]
    spool: Callable[[], SpoolFigures]
    newest_reading: Callable[[], datetime | None]
    last_analysis: Callable[[], datetime | None]


class Figures:
    """The figures of one server: those it counts itself, and those it looks up."""

    def __init__(self, sources: Sources) -> None:
        """Count from nothing."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._writes = Histogram(
            "premises_store_write_seconds",
            "Transactions of the store of readings, seconds each.",
            buckets=WRITE_BUCKETS_S,
            registry=self._registry,
        )
        self._failures = Counter(
            "premises_drain_failures", "Times that the store took nothing of what waited.", registry=self._registry
        )
        self._registry.register(_Looked(sources))

    def text(self) -> bytes:
        """Return all figures in the text format."""
        return generate_latest(self._registry)

    def measured(self, target: Target) -> Target:
        """Return a store that counts what is written to it."""
        return _Measured(target, self._writes, self._failures)


@dataclass(frozen=True, slots=True)
class _Measured:
    target: Target
    writes: Histogram
    failures: Counter

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> Appended:
        """Store as the target does, and count how long it took."""
        began_s = time.perf_counter()
        with self.failures.count_exceptions():
            result = self.target.append_from_spool(spool, last_entry=last_entry, batches=batches, events=events)
        self.writes.observe(time.perf_counter() - began_s)
        return result

    def drained_to(self, spool: str) -> int:
        """Return what the target says."""
        with self.failures.count_exceptions():
            return self.target.drained_to(spool)


@dataclass(frozen=True, slots=True)
class _Looked(Collector):
    sources: Sources

    def collect(self) -> Iterator[Metric]:
        now_ms = epoch_ms(self.sources.clock.now())
        accounts = self.sources.accounts()
        yield from _books(accounts)
        yield from _heard(accounts)
        yield from _quarantine(self.sources.heaps())
        yield from _spool(self.sources.spool(), now_ms)
        yield from _ingest(self.sources.home, now_ms)
        yield from _alerts(self.sources)
        yield from _ages(self.sources, now_ms)
        yield _build()


def _books(accounts: Sequence[GatewayAccount]) -> Iterator[Metric]:
    received = CounterMetricFamily("premises_records_received", "Records as they came.", labels=["gateway"])
    where = GaugeMetricFamily(
        "premises_records", "Where the received records are; adds up to them.", labels=["gateway", "outcome"]
    )
    stored = CounterMetricFamily("premises_records_stored", "Records that the store has.", labels=["gateway"])
    dropped = CounterMetricFamily("premises_records_dropped", "Records given up for room.", labels=["gateway"])
    spooled = GaugeMetricFamily("premises_records_spooled", "Records that wait for the store.", labels=["gateway"])
    missing = GaugeMetricFamily(
        "premises_messages_missing", "Messages whose number (seq) never came.", labels=["gateway"]
    )
    unassured = CounterMetricFamily(
        "premises_records_unassured", "Records received that came with QoS 0.", labels=["gateway"]
    )
    for gateway, each in _grouped(accounts):
        received.add_metric([gateway], _sum(each, "received"))
        for outcome in OUTCOMES:
            where.add_metric([gateway, outcome], _sum(each, outcome))
        stored.add_metric([gateway], _sum(each, "stored"))
        dropped.add_metric([gateway], _sum(each, "dropped"))
        spooled.add_metric([gateway], _sum(each, "spooled"))
        missing.add_metric([gateway], _sum(each, "missing"))
        unassured.add_metric([gateway], _sum(each, "unassured"))
    yield from (received, where, stored, dropped, spooled, missing, unassured)
    yield _gauge(
        "premises_books_unbalanced",
        "Gateways whose books do not balance: a defect.",
        sum(not account.balances for account in accounts),
    )


def _heard(accounts: Sequence[GatewayAccount]) -> Iterator[Metric]:
    lag = GaugeMetricFamily("premises_gateway_lag_seconds", "Time since a gateway was heard.", labels=["gateway"])
    for gateway, each in _grouped(accounts):
        heard = [account.lag_s for account in each if account.lag_s is not None]
        if heard:
            lag.add_metric([gateway], max(heard) if gateway == OTHER else min(heard))
    yield lag


def _grouped(accounts: Sequence[GatewayAccount]) -> list[tuple[str, Sequence[GatewayAccount]]]:
    """Return accounts by label: each its own, those beyond the bound together."""
    named = [(account.gateway, (account,)) for account in accounts[:MOST_GATEWAYS]]
    rest = accounts[MOST_GATEWAYS:]
    return [*named, (OTHER, rest)] if rest else [*named]


def _sum(accounts: Iterable[GatewayAccount], name: str) -> int:
    return sum(getattr(account, name) for account in accounts)


def _quarantine(heaps: Sequence[KeptHeap]) -> Iterator[Metric]:
    messages = GaugeMetricFamily("premises_quarantine_messages", "Messages in quarantine.", labels=["reason"])
    counts: dict[str, int] = {}
    for heap in heaps:
        counts[heap.reason] = counts.get(heap.reason, 0) + heap.messages
    for reason, count in sorted(counts.items()):
        messages.add_metric([reason], count)
    yield messages


def _spool(spool: SpoolFigures, now_ms: int) -> Iterator[Metric]:
    yield _gauge("premises_spool_records", "Records that wait for the store.", spool.records)
    yield _gauge("premises_spool_bytes", "Bytes in use by the spool.", spool.bytes)
    age_s = 0.0 if spool.oldest_ms is None else max(0.0, (now_ms - spool.oldest_ms) / 1000)
    yield _gauge("premises_spool_oldest_age_seconds", "How long the oldest entry has waited.", age_s)


def _ingest(home: Home, now_ms: int) -> Iterator[Metric]:
    yield _gauge("premises_ingest_up", "1 while ingest runs.", holder(home.run / "ingest.lock") is not None)
    report = read_ingest_report(home)
    if report is None:
        return
    yield _gauge(
        "premises_ingest_subscribed", "1 while the broker sends to ingest.", report.link is LinkState.SUBSCRIBED
    )
    yield _gauge(
        "premises_ingest_report_age_seconds",
        "Time since ingest said how it fares; more than 30 is stuck.",
        max(0.0, (now_ms - report.written_ms) / 1000),
    )
    messages = CounterMetricFamily("premises_ingest_messages", "Messages taken in since ingest started.")
    messages.add_metric([], report.messages)
    yield messages
    yield _commits(report)


def _commits(report: IngestReport) -> Metric:
    commits = HistogramMetricFamily("premises_ingest_commit_seconds", "Transactions of the spool, seconds each.")
    bounds = [*map(str, COMMIT_BUCKETS_S), "+Inf"]
    buckets = zip(bounds, accumulate(report.commits.counts), strict=False)
    commits.add_metric([], [(bound, float(count)) for bound, count in buckets], report.commits.total_s)
    return commits


def _alerts(sources: Sources) -> Iterator[Metric]:
    if not sources.home.spool.exists():
        return
    now = sources.clock.now()
    with closing(SpoolDeliveries(sources.home.spool)) as deliveries:
        figures = deliveries.figures(now=now)
    yield _gauge("premises_alert_tellings_waiting", "Tellings of alerts that are due and not done.", figures.waiting)
    yield _gauge("premises_alert_tellings_dead", "Tellings of alerts that were given up.", figures.dead)
    yield _gauge("premises_alert_notices_held", "Notices that are held back for now.", figures.held)
    oldest = figures.oldest_urgent
    age_s = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    yield _gauge("premises_alert_oldest_unsent_red_seconds", "Age of the oldest red that a channel still owes.", age_s)


def _ages(sources: Sources, now_ms: int) -> Iterator[Metric]:
    newest, analysis = sources.newest_reading(), sources.last_analysis()
    if newest is not None:
        yield _gauge(
            "premises_newest_reading_age_seconds",
            "Time since the newest reading of the store was measured.",
            (now_ms - epoch_ms(newest)) / 1000,
        )
    if analysis is not None:
        yield _gauge(
            "premises_last_analysis_age_seconds",
            "Time since the daily analysis was last complete.",
            (now_ms - epoch_ms(analysis)) / 1000,
        )
    yield _gauge("premises_free_disk_bytes", "Free bytes where the home is.", shutil.disk_usage(sources.home.root).free)


def _build() -> Metric:
    build = GaugeMetricFamily("premises_build_info", "What runs here; always 1.", labels=["version", "python"])
    build.add_metric([metadata.version("premises"), platform.python_version()], 1)
    return build


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(value))
