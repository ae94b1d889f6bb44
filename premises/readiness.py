"""Which parts of an installation work, and of the others why not, in few words and without paths."""

import sqlite3
from collections.abc import Callable, Mapping

from premises.home import Home
from premises.intake.ingest_report import STALE_MS, IngestReport, LinkState
from premises.intake.ingest_report import read as read_ingest_report
from premises.processes.locks import holder
from sensors.errors import InputFault, NotNowError


def parts(home: Home, *, now_ms: int, read_spool: Callable[[], object], drain_failure: str | None) -> Mapping[str, str]:
    """Return each part with why it does not work, empty where it does."""
    running = holder(home.run / "ingest.lock") is not None
    report = read_ingest_report(home)
    return {
        "spool": _spool(read_spool),
        "readings": "" if drain_failure is None else "the store refuses what waits; see the log of serve",
        "ingest": ingest_reason(running=running, report=report, now_ms=now_ms),
        "broker": broker_reason(running=running, report=report),
    }


def ingest_reason(*, running: bool, report: IngestReport | None, now_ms: int) -> str:
    """Return why readings are not taken in, empty where they are."""
    if not running:
        return "ingest does not run"
    if report is not None and now_ms - report.written_ms > STALE_MS:
        return f"ingest has said nothing for {(now_ms - report.written_ms) // 1000} s"
    return ""


def broker_reason(*, running: bool, report: IngestReport | None) -> str:
    """Return why the broker sends nothing to ingest, empty where it does."""
    if not running:
        return "nobody is subscribed: ingest does not run"
    if report is None or report.link is LinkState.CONNECTING:
        return "not subscribed yet"
    if report.link is LinkState.LOST:
        return f"not subscribed: {report.error}"
    return ""


def _spool(read_spool: Callable[[], object]) -> str:
    try:
        read_spool()
    except (sqlite3.Error, InputFault, NotNowError):
        return "the spool cannot be read; see the log of serve"
    return ""
