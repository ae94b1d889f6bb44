"""What the stores of readings share: batches and events as frames, identities, days."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from analytics.features import MARGIN_AFTER, MARGIN_BEFORE
from analytics.ports import EVENTS_SCHEMA, FEATURES_SCHEMA, READINGS_SCHEMA
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms, joined
from storage.ports import Step

if TYPE_CHECKING:
    from array import array

    from sensors.topology import SiteId

SERIES = ("device", "metric", "phase")
KEY = ("time_ms", *SERIES)
"""What makes a reading unique within its site."""

DAY_MS = 86_400_000
STEP_MS: dict[Step, int] = {"hour": 3_600_000, "day": DAY_MS}

AGGREGATE_SCHEMA = pl.Schema(
    {
        "bucket_ms": pl.Int64,
        "device": pl.String,
        "phase": pl.String,
        "mean": pl.Float64,
        "minimum": pl.Float64,
        "maximum": pl.Float64,
        "count": pl.Int64,
    }
)

STORED_EVENTS_SCHEMA = pl.Schema(
    [("site", pl.String()), ("identity", pl.String()), *EVENTS_SCHEMA.items(), ("doubts", pl.List(pl.String))]
)
"""EVENTS_SCHEMA with what a store keeps beside it."""

_EPOCH_DAY, MILLISECOND = date(1970, 1, 1), timedelta(milliseconds=1)
REACH_BEFORE_MS, REACH_AFTER_MS = round(MARGIN_BEFORE / MILLISECOND), round(MARGIN_AFTER / MILLISECOND)
WEST_MS, EAST_MS = 12 * STEP_MS["hour"], 14 * STEP_MS["hour"]
"""How far the clocks of the world are behind UTC and ahead of it at most."""


class ForeignDayError(ValueError):
    """Features were given for a day that is not among the days they replace."""

    def __init__(self, days: Iterable[date]) -> None:
        """Name the days."""
        super().__init__(f"features of days that are not being replaced: {', '.join(map(str, sorted(days)))}")


def by_site(batches: Iterable[ReadingBatch]) -> Iterable[ReadingBatch]:
    """One batch for each site, in order: an append costs far more than its rows where hundreds of gateways send few."""
    sites: defaultdict[SiteId, list[ReadingBatch]] = defaultdict(list)
    for batch in batches:
        sites[batch.site].append(batch)
    return map(joined, sites.values())


def batch_frame(batch: ReadingBatch) -> pl.DataFrame:
    """READINGS_SCHEMA of a batch: of one key the last, in the order of arrival; NaN becomes null.

    The columns are copied: a view would forbid the batch's owner to append to it.
    """
    names = {"device": _strings(batch.device), "metric": _strings(batch.metric), "phase": _strings(batch.phase)}
    frame = pl.DataFrame({**_numbers_of(batch), **names}).select(READINGS_SCHEMA.names())
    return frame.with_columns(pl.col("value").fill_nan(None)).unique(KEY, keep="last", maintain_order=True)


def numbered_frame(batch: ReadingBatch, series: Sequence[int]) -> pl.DataFrame:
    """time_ms, series, value, quality, flags: as `batch_frame`, each reading's names as the number of its series.

    Numbers are told apart more cheaply than names.
    """
    frame = pl.DataFrame(_numbers_of(batch)).with_columns(pl.Series("series", series, dtype=pl.Int32))
    return frame.with_columns(pl.col("value").fill_nan(None)).unique(
        ["time_ms", "series"], keep="last", maintain_order=True
    )


def _numbers_of(batch: ReadingBatch) -> dict[str, pl.Series]:
    return {
        "time_ms": _numbers(batch.time_ms, pa.int64()),
        "value": _numbers(batch.value, pa.float64()),
        "quality": _numbers(batch.quality, pa.uint8()),
        "flags": _numbers(batch.flags, pa.uint8()),
    }


def _numbers(column: "array[int] | array[float] | bytearray", kind: pa.DataType) -> pl.Series:
    return pl.Series(pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(bytes(column))]))


def _strings(column: Sequence[str]) -> pl.Series:
    return pl.Series(column, dtype=pl.String)


def events_frame(events: Iterable[Event]) -> pl.DataFrame:
    """STORED_EVENTS_SCHEMA of events: of one identity the first, in the order of arrival."""
    frame = pl.DataFrame([_event_row(event) for event in events], schema=STORED_EVENTS_SCHEMA, orient="row")
    return frame.unique(["site", "identity"], keep="first", maintain_order=True)


def _event_row(event: Event) -> tuple[object, ...]:
    return (
        event.site,
        event_identity(event),
        epoch_ms(event.time),
        epoch_ms(event.received),
        event.gateway,
        event.device,
        event.type.value,
        event.state.value,
        event.zone,
        event.test,
        event.id,
        int(event.flags),
        event.credential,
        list(event.doubts),
    )


def event_identity(event: Event) -> str:
    """Text that two events of one site share only if they are the same event."""
    if event.id is not None:
        return json.dumps([event.gateway, event.id], ensure_ascii=False)
    parts = [event.gateway, event.device, event.type, event.state, event.zone, epoch_ms(event.time)]
    if event.credential:
        parts.append(event.credential)
    return json.dumps(parts, ensure_ascii=False)


def stale_days(times_ms: pl.Series) -> AbstractSet[date]:
    """Local days whose features a change at these times can touch, in whatever zone the site is.

    The features of a day rest on what lies from REACH_BEFORE_MS before its midnight to REACH_AFTER_MS after its end.
    """
    spans = pl.DataFrame(
        {
            "first": (times_ms - REACH_AFTER_MS - WEST_MS) // DAY_MS,
            "last": (times_ms + REACH_BEFORE_MS + EAST_MS) // DAY_MS,
        }
    )
    return {
        _EPOCH_DAY + timedelta(days=day) for first, last in spans.unique().iter_rows() for day in range(first, last + 1)
    }


def checked_features(features: pl.DataFrame, days: AbstractSet[date]) -> pl.DataFrame:
    """FEATURES_SCHEMA in its order of columns; raises ForeignDayError for a day outside `days`."""
    frame = features.select(pl.col(name).cast(kind) for name, kind in FEATURES_SCHEMA.items())
    foreign = set(frame["day"].unique().to_list()) - days
    if foreign:
        raise ForeignDayError(foreign)
    return frame


def stretches(times_ms: pl.Series, *, apart_ms: int, most: int) -> list[tuple[int, int]]:
    """First and last times of the stretches that the times fall into, parted at the widest gaps over `apart_ms`."""
    times = times_ms.unique().sort()
    if times.is_empty():
        return []
    gaps = pl.DataFrame({"start": times, "gap": times.diff(), "before": times.shift(1)})
    widest = gaps.filter(pl.col("gap") > apart_ms).top_k(most - 1, by="gap").sort("start")
    starts = [times[0], *widest["start"]]
    ends = [*widest["before"], times[-1]]
    return list(zip(starts, ends, strict=True))
