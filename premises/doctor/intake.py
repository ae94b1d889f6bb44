"""What `premises doctor` looks at on the way in: ingest, the spool, the quarantine, the gateways."""

import time
from collections import Counter
from contextlib import closing

from premises.doctor.findings import Finding, age, gibibytes, ill, well
from premises.home import Home
from premises.intake.ingest_report import STALE_MS, IngestReport, LinkState
from premises.intake.ingest_report import read as read_ingest_report
from premises.processes.locks import holder
from premises.settings import load_settings
from sensors.intake import GatewayState
from storage.quarantine import Heap, QuarantineShelf
from storage.spool import SqliteSpool

OLD_S = 15 * 60
"""Records that wait longer than this in the spool are a sign that nobody drains it."""

NEARLY_FULL = 0.8
QUIET_S = 10 * 60
"""So long a subscription may bring nothing before an access list is suspected."""

RECENT_MS = 86_400_000
MANY_KEPT = 10
"""So many messages within a day are no accident. These are our own choices."""

SILENT_S = 30 * 60
"""When a gateway that does not say how often it speaks is silent."""

SILENT_INTERVALS = 3
CLOCK_REASONS = frozenset({"time_in_future", "time_before_2000"})

_SHOWN = 5


def ingest(home: Home) -> Finding:
    """Look whether readings are taken in."""
    running, report = holder(home.run / "ingest.lock"), read_ingest_report(home)
    if running is None:
        return ill("ingest", "stopped")
    if report is None:
        return well("ingest", "starting", pid=running)
    silent_ms = _now_ms() - report.written_ms
    if silent_ms > STALE_MS:
        return ill("ingest", "stuck", pid=running, span=age(silent_ms / 1000))
    if report.link is not LinkState.SUBSCRIBED:
        return ill("ingest", "not_subscribed", span=_since(report.link_since_ms), said=report.error or "-")
    return _subscribed(running, report)


def _subscribed(running: int, report: IngestReport) -> Finding:
    since = _since(report.link_since_ms)
    if not report.messages and _now_ms() - report.link_since_ms > QUIET_S * 1000:
        return ill("ingest", "nothing_comes", span=since)
    if report.last_commit_ms is None:
        return well("ingest", "waiting", pid=running, span=since)
    return well("ingest", pid=running, span=since, last=_since(report.last_commit_ms))


def spool(home: Home) -> Finding:
    """Look whether what was taken in gets into the store."""
    if not home.spool.exists():
        return well("spool", "none")
    with closing(SqliteSpool(home.spool)) as opened:
        records, used, oldest_ms = opened.depth, opened.bytes, opened.oldest_ms
        dropped = sum(book.dropped for book in opened.books().values())
    told = {"records": records, "used": gibibytes(used), "age": age(0 if oldest_ms is None else _span_s(oldest_ms))}
    bound = load_settings(home).spool.max_bytes
    if used > NEARLY_FULL * bound:
        return ill("spool", "nearly_full", bound=gibibytes(bound), **told)
    if oldest_ms is not None and _span_s(oldest_ms) > OLD_S:
        return ill("spool", "growing", **told)
    if dropped:
        return ill("spool", "dropped", dropped=dropped)
    return well("spool", "well" if records else "empty", **told)


def quarantine(home: Home) -> Finding:
    """Look what of the last day could not be used, and why most of it."""
    heaps = _heaps(home)
    recent: Counter[str] = Counter()
    for heap in heaps:
        if heap.reason not in CLOCK_REASONS:
            recent[heap.reason] += heap.recent
    kept = sum(heap.messages for heap in heaps)
    if recent.total() < MANY_KEPT:
        return well("quarantine", "well" if kept else "empty", messages=kept)
    reason, most = recent.most_common(1)[0]
    code = "unknown_device" if reason == "unknown_device" else "filling"
    return ill("quarantine", code, messages=recent.total(), reason=reason, most=most)


def gateway_clocks(home: Home) -> Finding:
    """Look whether gateways send times that cannot be."""
    odd = [heap for heap in _heaps(home) if heap.reason in CLOCK_REASONS and heap.recent]
    if not odd:
        return well("gateway_clocks")
    named = ", ".join(sorted({heap.gateway for heap in odd})[:_SHOWN])
    return ill("gateway_clocks", "off", gateways=named, messages=sum(heap.recent for heap in odd))


def gateways(home: Home) -> Finding:
    """Look whether every gateway that spoke before still does, and whether all it sent came."""
    if not home.spool.exists():
        return well("gateways", "none")
    with closing(SqliteSpool(home.spool)) as opened:
        states = [state for state in opened.gateways() if state.last_received_ms is not None]
    silent = [state for state in states if _is_silent(state)]
    if silent:
        return ill("gateways", "silent", gateways=_named(silent), count=len(silent))
    gaps = [state for state in states if state.boots and state.boots[0].missing]
    if gaps:
        missing = sum(state.boots[0].missing for state in gaps)
        return ill("gateways", "gaps", gateways=_named(gaps), missing=missing)
    return well("gateways", count=len(states)) if states else well("gateways", "none")


def _is_silent(state: GatewayState) -> bool:
    if state.status is not None and state.status.state == "lost":
        return True
    interval_s = None if state.status is None else state.status.interval_s
    allowed_s = SILENT_S if interval_s is None else max(60.0, SILENT_INTERVALS * interval_s)
    return state.last_received_ms is not None and _span_s(state.last_received_ms) > allowed_s


def _named(states: list[GatewayState]) -> str:
    return ", ".join(f"{state.gateway} ({_since(state.last_received_ms or 0)})" for state in states[:_SHOWN]) + (
        " …" if len(states) > _SHOWN else ""
    )


def _heaps(home: Home) -> list[Heap]:
    if not home.spool.exists():
        return []
    with closing(QuarantineShelf(home.spool)) as shelf:
        return shelf.heaps(recent_since_ms=_now_ms() - RECENT_MS)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _span_s(then_ms: int) -> float:
    return max(0.0, (_now_ms() - then_ms) / 1000)


def _since(then_ms: int) -> str:
    return age(_span_s(then_ms))
