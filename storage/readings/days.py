"""What the stores of roll-ups share: the UTC days of times, in which changes are remembered, and a check."""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta

import polars as pl

from analytics.ports import ROLLUP_SCHEMA

DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1)


def utc_days(times_ms: pl.Series) -> AbstractSet[date]:
    """UTC days that these times fall into."""
    return {_EPOCH_DAY + timedelta(days=day) for day in (times_ms // DAY_MS).unique().to_list()}


class ForeignBucketError(ValueError):
    """Roll-ups were given for a bucket outside of those they replace."""


def checked_rollups(rollups: pl.DataFrame, start_ms: int, end_ms: int) -> pl.DataFrame:
    """ROLLUP_SCHEMA in its order of columns; raises ForeignBucketError for a bucket outside [start_ms, end_ms)."""
    frame = rollups.select(pl.col(name).cast(kind) for name, kind in ROLLUP_SCHEMA.items())
    if not frame["bucket_ms"].is_between(start_ms, end_ms, closed="left").all():
        msg = f"roll-ups of buckets that do not begin in [{start_ms}, {end_ms})"
        raise ForeignBucketError(msg)
    return frame
