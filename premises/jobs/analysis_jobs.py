"""Analyses for the running server: each in a worker process that is fed from the store, one job at a time."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

import polars as pl
import structlog
from pydantic import TypeAdapter

from alerts.watch.facts import NO_FACTS, Facts, FactSource, Settled
from analytics.runs import NoReadingsError
from premises.finding_json import from_json
from premises.home import Home
from premises.jobs.worker import RESULT
from premises.outputs import FAILED
from premises.stores.energy import BillSource, no_bills
from premises.stores.readings import HomeStore
from sensors.bills import Bill
from sensors.bookings import BookingSource, NoBookings
from sensors.errors import InputFault
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import SiteId
from sensors.verdicts import Finding
from storage.errors import StoreError
from storage.ports import AppendResult

JOB_S = 3_600.0
"""A job that takes longer is ended; a year of a thousand rooms takes minutes."""

DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
Progress = Callable[[str, float], None]


class JobFailedError(Exception):
    """The worker ended without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked of a worker; `want` names what it is to make: findings, document, text, page."""

    registry: Path
    rules: Sequence[str]
    first: date | None = None
    last: date | None = None
    now_ms: int | None = None
    want: Sequence[str] = ("findings",)
    language: str = "zh"

    def fields(self) -> dict[str, object]:
        """Return the job as JSON values."""
        return {
            "registry": str(self.registry),
            "rules": list(self.rules),
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "now_ms": self.now_ms,
            "want": list(self.want),
            "language": self.language,
        }


@dataclass(slots=True)
class TouchedStore:
    """The store's writing side, which remembers the local days that a write may have changed since a job began."""

    store: HomeStore
    _touched: set[date] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        """Store what came out of a spool, in one transaction."""
        days = {time_ms // DAY_MS for batch in batches for time_ms in batch.time_ms}
        near = {_EPOCH + timedelta(days=day + offset) for day in days for offset in (-1, 0, 1)}
        # Before, for a worker that reads while this is being written; after, for a job that begins meanwhile.
        self._touch(near)
        try:
            return self.store.append_from_spool(spool, last_entry=last_entry, batches=batches, events=events)
        finally:
            self._touch(near)

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool."""
        return self.store.drained_to(spool)

    def _touch(self, days: set[date]) -> None:
        with self._lock:
            self._touched |= days

    def forget(self) -> None:
        """Begin to remember anew."""
        with self._lock:
            self._touched.clear()

    def untouched(self, days: Sequence[date]) -> list[date]:
        """Return those of the days that no write has touched."""
        with self._lock:
            return [day for day in days if day not in self._touched]


class AnalysisJobs:
    """Runs one worker at a time; further callers wait for their turn."""

    def __init__(
        self,
        home: Home,
        store: TouchedStore,
        bookings: BookingSource | None = None,
        written: FactSource | None = None,
        bills: BillSource = no_bills,
    ) -> None:
        """Prepare; a worker lives only as long as its job."""
        self._bookings = bookings or NoBookings()
        self._written = written or Settled(NO_FACTS)
        self._bills = bills
        self._home = home
        self._store = store
        self._turn = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[str] | None = None
        self._log = structlog.get_logger(__name__)

    def findings(self, job: Job) -> list[Finding]:
        """Return the verdicts of a job. Raises InputFault, JobFailedError."""
        return [from_json(each) for each in self.run(job)["findings"]]

    def run(self, job: Job, progress: Progress = lambda _what, _done: None) -> dict[str, Any]:
        """Return what a job made, by name. Raises InputFault where the job asks the impossible, JobFailedError."""
        with self._turn, tempfile.TemporaryDirectory(prefix="premises-job-") as folder:
            if self._stopped:
                msg = "the server is stopping; ask again when it is back"
                raise JobFailedError(msg)
            self._store.forget()
            self._converse(job, Path(folder), progress)
            result: dict[str, Any] = json.loads((Path(folder) / RESULT).read_text(encoding="utf-8"))
        for failure in result[FAILED]:
            self._log.error("rule_failed", **failure)
        return result

    def stop(self) -> None:
        """End the worker that runs, and take no further job."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.terminate()

    def _converse(self, job: Job, folder: Path, progress: Progress) -> None:
        with (self._home.logs / "worker.log").open("ab") as log:
            process = _start(folder, log)
        self._process = process
        watchdog = threading.Timer(JOB_S, process.kill)
        watchdog.start()
        try:
            with process:
                _Talk(self._store, self._bookings, self._written, self._bills, folder, process, progress).run(job)
        except (OSError, ValueError) as exc:
            msg = f"the worker ended in the middle of its job ({exc}); look at {self._home.logs / 'worker.log'}"
            raise JobFailedError(msg) from exc
        except StoreError as exc:
            msg = f"the store did not give what the job needs: {exc}"
            raise JobFailedError(msg) from exc
        finally:
            watchdog.cancel()
            self._process = None
            with suppress(OSError):
                process.kill()


def _start(folder: Path, log: IO[bytes]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own worker
        [sys.executable, "-P", "-m", "premises.jobs.worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
    )


@dataclass(slots=True)
class _Talk:
    """The server's side of one conversation with a worker."""

    store: TouchedStore
    bookings: BookingSource
    written: FactSource
    bills: BillSource
    folder: Path
    process: subprocess.Popen[str]
    progress: Progress
    files: int = 0

    def run(self, job: Job) -> None:
        self._say(job.fields())
        assert self.process.stdout is not None  # noqa: S101 - opened as a pipe
        for line in self.process.stdout:
            message = json.loads(line)
            if "ask" in message:
                self._say(self._answer(message))
            elif "progress" in message:
                self.progress(*message["progress"])
            elif "no_readings_of" in message:
                raise NoReadingsError(message["no_readings_of"], message["when"])
            elif "fault" in message:
                raise InputFault(message["fault"])
            elif "done" in message:
                return
        msg = "no answer"
        raise ValueError(msg)

    def _say(self, message: Mapping[str, object]) -> None:
        assert self.process.stdin is not None  # noqa: S101 - opened as a pipe
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def _answer(self, asked: dict[str, Any]) -> Mapping[str, object]:
        store, what, site = self.store.store, asked["ask"], SiteId(asked["site"])
        if what == "extent":
            return {"extent": store.extent(site)}
        if what == "feature_days":
            return {"days": [str(day) for day in store.feature_days(site, fingerprint=asked["fingerprint"])]}
        if what in {"bookings", "bills", "facts"}:
            return {what: self._written_down(what, site, asked)}
        if what == "put_features":
            return {"kept": [str(day) for day in self._keep(site, asked)]}
        return {"file": self._write(self._frame(store, what, site, asked))}

    def _written_down(self, what: str, site: SiteId, asked: dict[str, Any]) -> object:
        """Return what people wrote down, as JSON has it."""
        if what == "bills":
            return TypeAdapter(list[Bill]).dump_python(list(self.bills(site)), mode="json")
        if what == "bookings":
            return self._booked(site, asked["start_ms"], asked["end_ms"])
        facts = self.written.facts(site, start_ms=asked["start_ms"], end_ms=asked["end_ms"])
        return TypeAdapter(Facts).dump_python(facts, mode="json")

    def _booked(self, site: SiteId, start_ms: int, end_ms: int) -> list[tuple[str, int, int, str]]:
        found = self.bookings.bookings(site, start_ms=start_ms, end_ms=end_ms)
        return [(each.room, epoch_ms(each.start), epoch_ms(each.end), each.key) for each in found]

    def _frame(self, store: HomeStore, what: str, site: SiteId, asked: dict[str, Any]) -> pl.DataFrame:
        if what == "readings":
            within = {"start_ms": asked["start_ms"], "end_ms": asked["end_ms"]}
            return store.readings(site, **within, metrics=asked["metrics"], devices=asked["devices"])
        if what == "events":
            return store.events(site, start_ms=asked["start_ms"], end_ms=asked["end_ms"])
        if what == "features":
            first, last = (date.fromisoformat(asked[name]) for name in ("first", "last"))
            return store.features(site, first=first, last=last)
        if what == "latest":
            return store.latest(site)
        msg = f"a worker asked for {what!r}"
        raise ValueError(msg)

    def _keep(self, site: SiteId, asked: dict[str, Any]) -> list[date]:
        path = self.folder / Path(asked["file"]).name
        features = pl.read_ipc(path)
        path.unlink()
        # Readings that came since were not in what the worker saw; the next run computes those days again.
        days = self.store.untouched([date.fromisoformat(day) for day in asked["days"]])
        wanted = features.filter(pl.col("day").is_in(days))
        self.store.store.put_features(site, days=days, fingerprint=asked["fingerprint"], features=wanted)
        return days

    def _write(self, frame: pl.DataFrame) -> str:
        self.files += 1
        name = f"{self.files}.arrow"
        frame.write_ipc(self.folder / name)
        return name
