"""One analysis in a process of its own, niced, so that pages stay quick: `python -m premises.jobs.worker FOLDER`.

It owns no store. What it needs it asks the server for, one line of JSON on standard output at a time; readings and
features come and go as Arrow files in FOLDER. So a year is read a week at a time, and only the weeks that are needed.
"""

import json
import os
import sys
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import IO, Any

import polars as pl
from pydantic import TypeAdapter

from alerts.watch.facts import Facts
from analytics import runs
from analytics.ports import FEATURES_SCHEMA
from analytics.runs import NoReadingsError, Request
from premises.holidays import holidays_of
from premises.outputs import FAILED, USE, outputs
from premises.processes.leash import die_with_parent
from premises.stores.energy import energy_facts
from premises.thresholds import overrides_of
from premises.watched import watching
from sensors.bills import Bill
from sensors.bookings import Booking
from sensors.errors import InputFault
from sensors.readings import from_epoch_ms
from sensors.topology import RoomId, SiteId
from storage.registry_file import load_registry

NICENESS = 10
RESULT = "result.json"
BAD_INPUT = 2


@dataclass(slots=True)
class Line:
    """The conversation with the server: a line out, a line back."""

    said: IO[str]
    heard: IO[str]
    folder: Path

    def tell(self, **message: object) -> None:
        """Say something that needs no answer."""
        self.said.write(json.dumps(message) + "\n")
        self.said.flush()

    def ask(self, what: str, **arguments: object) -> dict[str, Any]:
        """Return the server's answer."""
        self.tell(ask=what, **arguments)
        line = self.heard.readline()
        if not line:  # the server is gone
            sys.exit(1)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def frame(self, what: str, **arguments: object) -> pl.DataFrame:
        """Return the frame that the server answers with."""
        path = self.folder / str(self.ask(what, **arguments)["file"])
        try:
            return pl.read_ipc(path)
        finally:
            path.unlink()


@dataclass(slots=True)
class AskedStore:
    """Keeps `analytics.ports.AnalysisStore` and `sensors.bookings.BookingSource` by asking the server.

    Features of days that changed meanwhile are not kept by the server; this run goes on with its own.
    """

    line: Line
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _own_days: set[date] = field(default_factory=set)
    _own: list[pl.DataFrame] = field(default_factory=list)

    def readings(
        self,
        site: SiteId,
        *,
        start_ms: int,
        end_ms: int,
        metrics: Collection[str] | None = None,
        devices: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """Return READINGS_SCHEMA for [start_ms, end_ms)."""
        return self.line.frame(
            "readings",
            site=site,
            start_ms=start_ms,
            end_ms=end_ms,
            metrics=None if metrics is None else sorted(metrics),
            devices=None if devices is None else sorted(devices),
        )

    def events(self, site: SiteId, *, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return EVENTS_SCHEMA for [start_ms, end_ms)."""
        return self.line.frame("events", site=site, start_ms=start_ms, end_ms=end_ms)

    def latest(self, site: SiteId) -> pl.DataFrame:
        """Return the newest reading of every series."""
        return self.line.frame("latest", site=site)

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start."""
        told = self.line.ask("bookings", site=site, start_ms=start_ms, end_ms=end_ms)["bookings"]
        return [
            Booking(site=site, room=RoomId(room), start=from_epoch_ms(start), end=from_epoch_ms(end), key=key)
            for room, start, end, key in told
        ]

    def bills(self, site: SiteId) -> Sequence[Bill]:
        """Return all bills of the site."""
        told = self.line.ask("bills", site=site)["bills"]
        return TypeAdapter(list[Bill]).validate_python(told)

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the times of the first and the last reading."""
        found = self.line.ask("extent", site=site)["extent"]
        return None if found is None else (int(found[0]), int(found[1]))

    def feature_days(self, site: SiteId, *, fingerprint: str) -> AbstractSet[date]:
        """Return the local days whose features are stored and valid."""
        days = self.line.ask("feature_days", site=site, fingerprint=fingerprint)["days"]
        return {date.fromisoformat(day) for day in days} | self._own_days

    def put_features(self, site: SiteId, *, days: Collection[date], fingerprint: str, features: pl.DataFrame) -> None:
        """Hand the features of these days over."""
        name = f"features-{next(self._numbers)}.arrow"
        features.write_ipc(self.line.folder / name)
        written = [day.isoformat() for day in days]
        kept = self.line.ask("put_features", site=site, days=written, fingerprint=fingerprint, file=name)["kept"]
        own = set(days) - {date.fromisoformat(day) for day in kept}
        self._own_days |= own
        self._own.append(features.filter(pl.col("day").is_in(own)))

    def features(self, site: SiteId, *, first: date, last: date) -> pl.DataFrame:
        """Return FEATURES_SCHEMA for the days first to last."""
        stored = self.line.frame("features", site=site, first=first.isoformat(), last=last.isoformat())
        if not self._own_days:
            return stored
        own = pl.concat(self._own).filter(pl.col("day").is_between(first, last)).cast(FEATURES_SCHEMA)
        others = stored.filter(~pl.col("day").is_in(self._own_days))
        return pl.concat([others, own.select(others.columns)]).sort("subject", "feature", "day")


@dataclass(frozen=True, slots=True)
class AskedFacts:
    """Keeps `alerts.watch.facts.FactSource` by asking the server."""

    line: Line

    def facts(self, site: SiteId, *, start_ms: int, end_ms: int) -> Facts:
        """Return what people wrote down."""
        told = self.line.ask("facts", site=site, start_ms=start_ms, end_ms=end_ms)["facts"]
        return TypeAdapter(Facts).validate_python(told)


def run(job: dict[str, Any], line: Line) -> None:
    """Do a job and write what it found into the folder."""
    registry_path = Path(job["registry"])
    registry = load_registry(registry_path)
    store = AskedStore(line)
    analysis = watching(runs.analyse, AskedFacts(line))(
        registry=registry,
        holidays=holidays_of(registry.site, registry_path),
        overrides=overrides_of(registry, registry_path),
        store=store,
        request=_request(job),
        bookings=store,
        energy=energy_facts(registry_path, registry.site.id, store.bills),
        progress=lambda what, done: line.tell(progress=[what, done]),
    )
    result = {"now_ms": analysis.window.now_ms, **outputs(analysis, {*job["want"], FAILED}, job["language"])}
    (line.folder / RESULT).write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def _request(job: dict[str, Any]) -> Request:
    first, last = job.get("first"), job.get("last")
    return Request(
        rules=tuple(job["rules"]),
        first=None if first is None else date.fromisoformat(first),
        last=None if last is None else date.fromisoformat(last),
        now_ms=job.get("now_ms"),
        utilisation=USE in job["want"],
    )


def main(folder: Path) -> int:
    """Take the job from standard input and do it; bad input is told to the server, which asked for it."""
    die_with_parent()
    os.nice(NICENESS)
    # What libraries print must not mix with the conversation.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    line = Line(said, sys.stdin, folder)
    try:
        run(json.loads(sys.stdin.readline()), line)
    except NoReadingsError as fault:
        line.tell(no_readings_of=fault.site, when=fault.when)
        return BAD_INPUT
    except InputFault as fault:
        line.tell(fault=str(fault))
        return BAD_INPUT
    line.tell(done=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
