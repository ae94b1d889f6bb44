"""What the analysis needs from a store of readings."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Literal, Protocol

import polars as pl

from sensors.topology import SiteId

READINGS_SCHEMA = pl.Schema(
    {
        "time_ms": pl.Int64,
        "device": pl.String,
        "metric": pl.String,
        "phase": pl.String,
        "value": pl.Float64,
        "quality": pl.UInt8,
        "flags": pl.UInt8,
    }
)
"""Readings as a frame: UTC milliseconds; `value` is null where the device had none."""

EVENTS_SCHEMA = pl.Schema(
    {
        "time_ms": pl.Int64,
        "received_ms": pl.Int64,
        "gateway": pl.String,
        "device": pl.String,
        "type": pl.String,
        "state": pl.String,
        "zone": pl.String,
        "test": pl.Boolean,
        "id": pl.String,
        "flags": pl.UInt8,
        "credential": pl.String,
    }
)
"""Events as a frame; `id` is null where the sender gave none, `credential` empty or null where none was read."""

FEATURES_SCHEMA = pl.Schema({"day": pl.Date, "subject": pl.String, "feature": pl.String, "value": pl.Float64})
"""Daily features in long form: one local day, one subject (`room:a-201`), one number."""


ROLLUP_SCHEMA = pl.Schema(
    {
        "bucket_ms": pl.Int64,
        "device": pl.String,
        "metric": pl.String,
        "phase": pl.String,
        "mean": pl.Float64,
        "minimum": pl.Float64,
        "maximum": pl.Float64,
        "count": pl.UInt32,
        "amount": pl.Float64,
        "estimated_amount": pl.Float64,
    }
)
"""Roll-ups: one row for a series and a bucket that begins at `bucket_ms`, UTC.

`mean`, `minimum`, `maximum` and `count` are of good and estimated values. Of a cumulative metric `amount` is what
was consumed within the bucket, in the metric's unit and scaled by the current transformer, and `estimated_amount`
the part of it that was spread over a gap; both are null for every other metric. A bucket without values of its own
has count 0 and null statistics, and is there only where an amount was spread into it.
"""

RollupStep = Literal["hour", "day"]
"""Hours begin at whole UTC hours, days at the site's local midnight."""


class ReadingSource(Protocol):
    """Readings and events of one site by time, as frames."""

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
        ...

    def events(self, site: SiteId, *, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return EVENTS_SCHEMA for [start_ms, end_ms), sorted by time_ms."""
        ...

    def latest(self, site: SiteId) -> pl.DataFrame:
        """Return READINGS_SCHEMA with the newest reading of every series, sorted likewise."""
        ...

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the times of the first and the last reading, UTC ms; None when there are none."""
        ...


class FeatureStore(Protocol):
    """Daily features, kept until a reading of their day changes."""

    def feature_days(self, site: SiteId, *, fingerprint: str) -> AbstractSet[date]:
        """Return the local days whose features are stored, made under this fingerprint and still valid."""
        ...

    def put_features(self, site: SiteId, *, days: Collection[date], fingerprint: str, features: pl.DataFrame) -> None:
        """Replace all features of these days (FEATURES_SCHEMA); a day without rows is remembered as done."""
        ...

    def features(self, site: SiteId, *, first: date, last: date) -> pl.DataFrame:
        """Return FEATURES_SCHEMA for the days first to last, both inclusive, in no particular order."""
        ...


class RollupStore(Protocol):
    """Hourly and daily roll-ups, made again for the days that received readings since."""

    def stale_days(self, site: SiteId) -> Mapping[date, int]:
        """Return the UTC days with readings that came after their last roll-up, each with its present revision."""
        ...

    def mark_rolled(self, site: SiteId, revisions: Mapping[date, int]) -> None:
        """Take these days for rolled up, but those that received readings since that revision."""
        ...

    def put_rollups(self, site: SiteId, step: RollupStep, *, start_ms: int, end_ms: int, rollups: pl.DataFrame) -> None:
        """Replace the roll-ups (ROLLUP_SCHEMA) of the buckets that begin in [start_ms, end_ms).

        The same again changes nothing.
        """
        ...

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
        ...


class AnalysisStore(ReadingSource, FeatureStore, Protocol):
    """Both together, as a run needs them."""
