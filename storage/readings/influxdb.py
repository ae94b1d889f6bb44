"""Readings in InfluxDB 2.x, or 1.8 and later: lines in, InfluxQL out, and a small file of notes beside it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Lock

import polars as pl

from analytics.ports import EVENTS_SCHEMA, READINGS_SCHEMA, ROLLUP_SCHEMA, RollupStep
from sensors.events import Event
from sensors.metrics import METRICS
from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import SiteId
from storage.errors import StoreDeniedError
from storage.ports import AppendResult, Places, Refusal, Step
from storage.readings import influxdb_answers as answers
from storage.readings import influxdb_queries as queries
from storage.readings.days import checked_rollups
from storage.readings.frames import AGGREGATE_SCHEMA, SERIES, by_site
from storage.readings.influxdb_appending import Plan, ReadingWriter
from storage.readings.influxdb_counts import ReadingCounts
from storage.readings.influxdb_events import EventWriter
from storage.readings.influxdb_notes import Changes, InfluxNotes
from storage.readings.influxdb_places import Nowhere
from storage.readings.influxdb_queries import ALL_METRICS, Scope
from storage.readings.influxdb_rollups import RollupBucket
from storage.readings.influxdb_server import InfluxAddress, InfluxServer
from storage.readings.influxdb_setup import Buckets, BucketState, prepare

DEVICES_AT_ONCE = 500
"""How many devices one statement names."""

SLICE_MS = 31 * 86_400_000
"""How much time one statement reads."""

_NOT_FOUND = 404


class InfluxReadingStore:
    """A ReadingStore in buckets of an InfluxDB. One process writes them; within it any thread may call any method.

    Writes go one after another and are right when repeated; what InfluxDB cannot hold in a transaction is in `notes`.
    What answers mean: StoreAwayError asks to come again, StoreDeniedError needs a person, and readings that the
    server will never take are in the result as `refused`.
    """

    def __init__(
        self, address: InfluxAddress, *, notes: Path, places: Places | None = None, buckets: Buckets | None = None
    ) -> None:
        """Open the notes; the server may be away. Raises what DuckDBReadingStore raises for the notes' file."""
        self.buckets = buckets or Buckets()
        self._org = address.org
        self._raw = self.buckets.raw.bucket
        self._notes = InfluxNotes(notes)
        self.server = InfluxServer(address)
        self._readings = ReadingWriter(self.server, self._raw, places or Nowhere())
        self._counts = ReadingCounts(self.server, self._raw)
        self._events = EventWriter(self.server, self._raw, places or Nowhere())
        self._rollups: Mapping[RollupStep, RollupBucket] = {
            "hour": RollupBucket(self.server, self.buckets.hourly.bucket, places or Nowhere()),
            "day": RollupBucket(self.server, self.buckets.daily.bucket, places or Nowhere()),
        }
        self._writing = Lock()
        self._prepared = False

    def prepare(self) -> list[BucketState]:
        """Make the buckets that are missing where the token may; return how each is. Raises StoreAwayError."""
        return prepare(self.server, self._org, self.buckets)

    def append(self, batch: ReadingBatch) -> AppendResult:
        """Store a batch; of one key the last received wins."""
        if not batch:
            return AppendResult()
        with self._alone():
            plan = self._readings.plan(batch)
            self._notes.begin(_changes([plan], ()))
            [written] = self._written([plan])
            self._notes.finish(_changes([plan], ()))
            return written.result(redo=False)

    def append_events(self, events: Sequence[Event]) -> int:
        """Store events; return how many were new."""
        with self._alone():
            fresh = self._fresh(events)
            self._notes.begin(_changes((), fresh))
            refused = self._write_events(fresh)
            self._notes.finish(_changes((), fresh))
            return len(fresh) - len(refused)

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        """Store what came out of a spool up to an entry; an entry already drained changes nothing.

        InfluxDB takes it in several requests. Where one fails, all of it is written again at the next call, to the
        same points; what was in already then counts as new, for it was this spool that brought it.
        """
        with self._alone():
            if last_entry <= self._notes.drained_to(spool):
                return AppendResult()
            redo = self._notes.is_redo(spool)
            fresh = self._fresh(events)
            plans = [self._readings.plan(batch) for batch in by_site(batches) if batch]
            self._notes.begin(_changes(plans, fresh), spool=spool, last_entry=last_entry)
            written = self._written(plans)
            refused = AppendResult(refused=tuple(self._write_events(fresh)))
            result = sum((plan.result(redo=redo) for plan in written), refused)
            # What is refused is known to nobody but the caller until the spool has it in quarantine: the place moves
            # on with the next call, and a crash before that only has all of this written once more.
            self._notes.finish(_changes(plans, fresh), spool=None if result.refused else spool, last_entry=last_entry)
            return result

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool, 0 before the first."""
        return self._notes.drained_to(spool)

    def readings(
        self,
        site: SiteId,
        *,
        start_ms: int,
        end_ms: int,
        metrics: Collection[str] | None = None,
        devices: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """Return READINGS_SCHEMA for [start_ms, end_ms), sorted by device, metric, phase, time_ms.

        Asked for in slices of time and devices, and read as it comes, so that neither side holds more than the result.
        """
        asked = [metric for metric in ALL_METRICS if metrics is None or metric in metrics]
        found = [READINGS_SCHEMA.to_frame()]
        if asked:
            for scope in self._slices(Scope(site=site, start_ms=start_ms, end_ms=end_ms, devices=devices)):
                statements = [queries.readings(self._raw, metric, scope) for metric in asked]
                answer = answers.readings(self.server.ask(statements), asked)
                found.append(answer.select(READINGS_SCHEMA.names()))
        return pl.concat(found).sort(*SERIES, "time_ms")

    def events(self, site: SiteId, *, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return EVENTS_SCHEMA for [start_ms, end_ms), sorted by time_ms."""
        return self._stored_events(Scope(site=site, start_ms=start_ms, end_ms=end_ms)).select(EVENTS_SCHEMA.names())

    def latest(self, site: SiteId) -> pl.DataFrame:
        """Return READINGS_SCHEMA with the newest reading of every series, sorted likewise."""
        asked = [queries.latest(self._raw, metric, Scope(site=site)) for metric in ALL_METRICS]
        found = answers.latest(self.server.ask(asked), ALL_METRICS)
        return found.select(READINGS_SCHEMA.names()).sort(*SERIES)

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the times of the first and the last reading, UTC ms; None when there are none."""
        scope = Scope(site=site)
        asked = [queries.edge(self._raw, metric, which, scope) for metric in ALL_METRICS for which in ("first", "last")]
        times = answers.times_ms(self.server.ask(asked))
        return (min(times), max(times)) if times else None

    def aggregate(self, site: SiteId, *, metric: str, step: Step, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return AGGREGATE_SCHEMA of good and estimated values in [start_ms, end_ms), in UTC-aligned buckets."""
        scope = next(self._slices(Scope(site=site, start_ms=start_ms, end_ms=end_ms), longest_ms=None), None)
        if scope is None or metric not in METRICS:
            return AGGREGATE_SCHEMA.to_frame()
        return answers.aggregates(self.server.ask([queries.aggregate(self._raw, metric, step, scope)]))

    def feature_days(self, site: SiteId, *, fingerprint: str) -> AbstractSet[date]:
        """Return the local days whose features are stored, made under this fingerprint and still valid."""
        return self._notes.feature_days(site, fingerprint=fingerprint)

    def put_features(self, site: SiteId, *, days: Collection[date], fingerprint: str, features: pl.DataFrame) -> None:
        """Replace all features of these days; raises ForeignDayError for a row of another day."""
        with self._writing:
            self._notes.put_features(site, days=days, fingerprint=fingerprint, features=features)

    def features(self, site: SiteId, *, first: date, last: date) -> pl.DataFrame:
        """Return FEATURES_SCHEMA of valid days, first to last, both inclusive, in no particular order."""
        return self._notes.features(site, first=first, last=last)

    def stale_days(self, site: SiteId) -> Mapping[date, int]:
        """Return the UTC days with readings that came after their last roll-up, each with its present revision."""
        return self._notes.stale_days(site)

    def mark_rolled(self, site: SiteId, revisions: Mapping[date, int]) -> None:
        """Take these days for rolled up, but those that received readings since that revision."""
        # A write that is under way raises its days' revisions once more at its end.
        with self._writing:
            self._notes.mark_rolled(site, revisions)

    def put_rollups(self, site: SiteId, step: RollupStep, *, start_ms: int, end_ms: int, rollups: pl.DataFrame) -> None:
        """Replace the roll-ups of the buckets that begin in [start_ms, end_ms); raises ForeignBucketError."""
        rows = checked_rollups(rollups, start_ms, end_ms)
        with self._alone():
            self._rollups[step].put(site, start_ms=start_ms, end_ms=end_ms, rows=rows)

    def rollups(
        self,
        site: SiteId,
        step: RollupStep,
        *,
        start_ms: int,
        end_ms: int,
        metrics: Collection[str] | None = None,
        devices: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """Return ROLLUP_SCHEMA for the buckets of [start_ms, end_ms), sorted by device, metric, phase, bucket_ms."""
        asked = [metric for metric in ALL_METRICS if metrics is None or metric in metrics]
        scope = Scope(site=site, start_ms=start_ms, end_ms=end_ms)
        scopes = [replace(scope, devices=some) for some in _some_at_once(devices)]
        found = [self._rollups[step].found(each, asked) for each in scopes if asked]
        return pl.concat([ROLLUP_SCHEMA.to_frame(), *found]).sort(*SERIES, "bucket_ms")

    def count(self) -> int:
        """Return the number of readings of all sites."""
        # Not within the lock: a large store counts for a while, and what comes in should not wait for it.
        return self._counts.total()

    def close(self) -> None:
        """Let go of the notes and the connections, after the write that is under way."""
        with self._writing:
            self._notes.close()
            self.server.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one write go after another; before the first, and after a bucket was not found, buckets are made."""
        with self._writing:
            try:
                if not self._prepared:
                    self.prepare()
                    self._prepared = True
                yield
            except StoreDeniedError as exc:
                self._prepared = exc.status != _NOT_FOUND and self._prepared
                raise

    def _written(self, plans: Sequence[Plan]) -> list[Plan]:
        """Write plans and return how they came out; whoever counts meanwhile counts once more."""
        times = [plan.changing["time_ms"] for plan in plans]
        self._counts.forget(times)
        try:
            return [self._readings.write(plan) for plan in plans]
        finally:
            self._counts.forget(times)

    def _fresh(self, events: Sequence[Event]) -> list[Event]:
        """Return the events that are not in the store; without notes of a site's events the store is asked for them."""
        if not events:
            return []
        for site in {event.site for event in events}:
            if not self._notes.knows_events(site):
                self._notes.remember(self._stored_events(Scope(site=site)))
        return self._notes.unknown(events)

    def _write_events(self, events: Sequence[Event]) -> list[Refusal]:
        """Write events and note them; return those that the server will not have, which must not count as known."""
        refused = self._events.write(events)
        gone = {id(event) for refusal in refused for event in refusal.events}
        if stored := [event for event in events if id(event) not in gone]:
            self._notes.append_events(stored)
        return refused

    def _stored_events(self, scope: Scope) -> pl.DataFrame:
        found = self.server.ask(list(queries.events(self._raw, scope)))
        return answers.events(found, scope.site)

    def _slices(self, scope: Scope, *, longest_ms: int | None = SLICE_MS) -> Iterator[Scope]:
        """Yield a scope in slices of time and devices, a long one cut to where there are readings."""
        start_ms, end_ms = scope.start_ms, scope.end_ms
        if end_ms - start_ms > SLICE_MS:
            first, last = self.extent(scope.site) or (0, -1)
            start_ms, end_ms = max(start_ms, first), min(end_ms, last + 1)
        step_ms = longest_ms or max(1, end_ms - start_ms)
        for begin_ms in range(start_ms, end_ms, step_ms):
            for devices in _some_at_once(scope.devices):
                yield replace(scope, start_ms=begin_ms, end_ms=min(end_ms, begin_ms + step_ms), devices=devices)


def _some_at_once(devices: Collection[str] | None) -> Iterator[list[str] | None]:
    if devices is None:
        yield None
        return
    named = sorted(set(devices))
    for start in range(0, len(named), DEVICES_AT_ONCE):
        yield named[start : start + DEVICES_AT_ONCE]


def _changes(plans: Sequence[Plan], events: Sequence[Event]) -> Changes:
    times: defaultdict[SiteId, list[int]] = defaultdict(list)
    for event in events:
        times[event.site].append(epoch_ms(event.time))
    return Changes(
        readings={plan.site: plan.changing["time_ms"] for plan in plans},
        events={site: pl.Series(each, dtype=pl.Int64) for site, each in times.items()},
    )
