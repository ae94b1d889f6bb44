"""Readings in memory: for an analysis without a store, and the plain reading of the contract."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from analytics.ports import EVENTS_SCHEMA, FEATURES_SCHEMA, READINGS_SCHEMA, ROLLUP_SCHEMA, RollupStep
from sensors.events import Event
from sensors.readings import Quality, ReadingBatch
from sensors.topology import SiteId
from storage.ports import AppendResult, Step
from storage.readings.days import checked_rollups, utc_days
from storage.readings.frames import (
    AGGREGATE_SCHEMA,
    KEY,
    SERIES,
    STEP_MS,
    STORED_EVENTS_SCHEMA,
    batch_frame,
    checked_features,
    events_frame,
    stale_days,
)


@dataclass(slots=True)
class _Site:
    readings: pl.DataFrame = field(default_factory=READINGS_SCHEMA.to_frame)
    events: pl.DataFrame = field(default_factory=STORED_EVENTS_SCHEMA.to_frame)
    features: pl.DataFrame = field(default_factory=FEATURES_SCHEMA.to_frame)
    fingerprints: dict[date, str] = field(default_factory=dict)
    revisions: dict[date, int] = field(default_factory=dict)
    rolled: dict[date, int] = field(default_factory=dict)
    rollups: dict[RollupStep, pl.DataFrame] = field(default_factory=dict)

    def forget_features(self, times_ms: pl.Series) -> None:
        for day in stale_days(times_ms):
            self.fingerprints.pop(day, None)


class MemoryReadingStore:
    """A ReadingStore that lasts as long as its process. One thread at a time may use it."""

    def __init__(self) -> None:
        """Start empty."""
        self._sites: dict[SiteId, _Site] = {}
        self._drained: dict[str, int] = {}

    def append(self, batch: ReadingBatch) -> AppendResult:
        """Store a batch; of one key the last received wins."""
        incoming = batch_frame(batch)
        place = self._place(batch.site)
        known = incoming.join(place.readings, on=KEY, how="inner", suffix="_before")
        new = incoming.join(known, on=KEY, how="anti")
        replaced = known.filter(~_says_the_same()).select(READINGS_SCHEMA.names())
        changed = pl.concat([new, replaced])
        if not changed.is_empty():
            place.readings = pl.concat([place.readings.join(replaced, on=KEY, how="anti"), changed])
            place.forget_features(changed["time_ms"])
            for day in utc_days(changed["time_ms"]):
                place.revisions[day] = place.revisions.get(day, 0) + 1
        return AppendResult(
            new=new.height, replaced=replaced.height, unchanged=len(batch) - new.height - replaced.height
        )

    def append_events(self, events: Sequence[Event]) -> int:
        """Store events; return how many were new."""
        incoming = events_frame(events)
        fresh = 0
        for (site,), group in incoming.group_by("site", maintain_order=True):
            place = self._place(SiteId(str(site)))
            new = group.join(place.events, on="identity", how="anti")
            place.events = pl.concat([place.events, new])
            place.forget_features(new["time_ms"])
            fresh += new.height
        return fresh

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        """Store what came out of a spool up to an entry; an entry already drained changes nothing."""
        if last_entry <= self.drained_to(spool):
            return AppendResult()
        total = sum((self.append(batch) for batch in batches), AppendResult())
        self.append_events(events)
        self._drained[spool] = last_entry
        return total

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool, 0 before the first."""
        return self._drained.get(spool, 0)

    def readings(
        self,
        site: SiteId,
        *,
        start_ms: int,
        end_ms: int,
        metrics: Collection[str] | None = None,
        devices: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """Return READINGS_SCHEMA for [start_ms, end_ms), sorted by device, metric, phase, time_ms."""
        wanted = _during(start_ms, end_ms) & _of(metrics, devices)
        return self._site(site).readings.filter(wanted).sort(*SERIES, "time_ms")

    def events(self, site: SiteId, *, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return EVENTS_SCHEMA for [start_ms, end_ms), sorted by time_ms."""
        found = self._site(site).events.filter(_during(start_ms, end_ms))
        return found.sort("time_ms", "received_ms", "identity").select(EVENTS_SCHEMA.names())

    def latest(self, site: SiteId) -> pl.DataFrame:
        """Return READINGS_SCHEMA with the newest reading of every series, sorted likewise."""
        newest_first = self._site(site).readings.sort("time_ms", descending=True)
        return newest_first.unique(SERIES, keep="first", maintain_order=True).sort(*SERIES)

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the times of the first and the last reading, UTC ms; None when there are none."""
        frame = self._site(site).readings
        if frame.is_empty():
            return None
        first, last = frame.select(pl.col("time_ms").min().alias("first"), pl.col("time_ms").max().alias("last")).row(0)
        return first, last

    def aggregate(self, site: SiteId, *, metric: str, step: Step, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return AGGREGATE_SCHEMA of good and estimated values in [start_ms, end_ms), in UTC-aligned buckets."""
        usable = (pl.col("quality") <= Quality.ESTIMATED) & pl.col("value").is_not_null()
        rows = self._site(site).readings.filter(_during(start_ms, end_ms), pl.col("metric") == metric, usable)
        bucket = (pl.col("time_ms") // STEP_MS[step] * STEP_MS[step]).alias("bucket_ms")
        return (
            rows.group_by(bucket, "device", "phase")
            .agg(
                pl.col("value").mean().alias("mean"),
                pl.col("value").min().alias("minimum"),
                pl.col("value").max().alias("maximum"),
                pl.len().cast(pl.Int64).alias("count"),
            )
            .sort("device", "phase", "bucket_ms")
            .select(AGGREGATE_SCHEMA.names())
        )

    def feature_days(self, site: SiteId, *, fingerprint: str) -> AbstractSet[date]:
        """Return the local days whose features are stored, made under this fingerprint and still valid."""
        return {day for day, made_under in self._site(site).fingerprints.items() if made_under == fingerprint}

    def put_features(self, site: SiteId, *, days: Collection[date], fingerprint: str, features: pl.DataFrame) -> None:
        """Replace all features of these days; raises ForeignDayError for a row of another day."""
        replaced = frozenset(days)
        rows = checked_features(features, replaced)
        place = self._place(site)
        place.features = pl.concat([place.features.filter(~pl.col("day").is_in(list(replaced))), rows])
        place.fingerprints.update(dict.fromkeys(replaced, fingerprint))

    def features(self, site: SiteId, *, first: date, last: date) -> pl.DataFrame:
        """Return FEATURES_SCHEMA of valid days, first to last, both inclusive, in no particular order."""
        place = self._site(site)
        days = [day for day in place.fingerprints if first <= day <= last]
        return place.features.filter(pl.col("day").is_in(days)).sort("subject", "feature", "day")

    def stale_days(self, site: SiteId) -> Mapping[date, int]:
        """Return the UTC days with readings that came after their last roll-up, each with its present revision."""
        place = self._site(site)
        return {day: revision for day, revision in place.revisions.items() if revision > place.rolled.get(day, 0)}

    def mark_rolled(self, site: SiteId, revisions: Mapping[date, int]) -> None:
        """Take these days for rolled up, but those that received readings since that revision."""
        self._place(site).rolled.update(revisions)

    def put_rollups(self, site: SiteId, step: RollupStep, *, start_ms: int, end_ms: int, rollups: pl.DataFrame) -> None:
        """Replace the roll-ups of the buckets that begin in [start_ms, end_ms); raises ForeignBucketError."""
        rows = checked_rollups(rollups, start_ms, end_ms)
        place = self._place(site)
        others = place.rollups.get(step, ROLLUP_SCHEMA.to_frame()).filter(~_begins(start_ms, end_ms))
        place.rollups[step] = pl.concat([others, rows])

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
        held = self._site(site).rollups.get(step, ROLLUP_SCHEMA.to_frame())
        return held.filter(_begins(start_ms, end_ms) & _of(metrics, devices)).sort(*SERIES, "bucket_ms")

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _place(self, site: SiteId) -> _Site:
        return self._sites.setdefault(site, _Site())

    def _site(self, site: SiteId) -> _Site:
        return self._sites.get(site) or _Site()


def _says_the_same() -> pl.Expr:
    return pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in ("value", "quality", "flags")
    )


def _during(start_ms: int, end_ms: int) -> pl.Expr:
    return pl.col("time_ms").is_between(start_ms, end_ms, closed="left")


def _begins(start_ms: int, end_ms: int) -> pl.Expr:
    return pl.col("bucket_ms").is_between(start_ms, end_ms, closed="left")


def _of(metrics: Collection[str] | None, devices: Collection[str] | None) -> pl.Expr:
    wanted = pl.lit(value=True)
    if metrics is not None:
        wanted &= pl.col("metric").is_in(list(metrics))
    if devices is not None:
        wanted &= pl.col("device").is_in(list(devices))
    return wanted
