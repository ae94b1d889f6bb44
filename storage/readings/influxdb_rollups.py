"""Hourly and daily roll-ups, each in a bucket of its own, whose times make writing them again the same points."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from analytics.ports import ROLLUP_SCHEMA
from sensors.topology import SiteId
from storage.errors import StoreRefusedError
from storage.ports import Places
from storage.readings import influxdb_queries as queries
from storage.readings.frames import SERIES
from storage.readings.influxdb_answers import checked
from storage.readings.influxdb_lines import NANOSECONDS, decoded, rollup_fields, rollup_lines, series_key
from storage.readings.influxdb_places import with_keys
from storage.readings.influxdb_queries import ALL_METRICS, Bucket, Scope
from storage.readings.influxdb_sending import send
from storage.readings.influxdb_server import InfluxServer, Series

# Bits of a roll-up's `METRIC_state`: what of it holds, whatever other fields an earlier one left there.
STATISTICS, AMOUNT, ESTIMATED = 1, 2, 4
GONE = -1

_STORED_SCHEMA = pl.Schema([*ROLLUP_SCHEMA.items(), ("state", pl.Int64()), ("key", pl.String())])
_BUCKET = ("bucket_ms", *SERIES)


class RollupBucket:
    """The roll-ups of one step. For one writing thread at a time."""

    def __init__(self, server: InfluxServer, bucket: Bucket, places: Places) -> None:
        """Take where they are."""
        self._server = server
        self._bucket = bucket
        self._places = places

    def put(self, site: SiteId, *, start_ms: int, end_ms: int, rows: pl.DataFrame) -> None:
        """Replace what begins in [start_ms, end_ms): a row that is no more is overwritten as gone.

        A bucket keeps the place it was first written under, as a reading does.
        """
        before = self._stored(Scope(site=site, start_ms=start_ms, end_ms=end_ms), ALL_METRICS)
        timed = rows.with_columns(_state(), time_ms="bucket_ms")
        keyed = with_keys(timed, site, self._places).drop("time_ms")
        kept = before.select(*_BUCKET, kept_key="key")
        placed = keyed.join(kept, on=list(_BUCKET), how="left").with_columns(key=pl.coalesce("kept_key", "key"))
        gone = before.join(rows, on=list(_BUCKET), how="anti").filter(pl.col("state") != GONE)
        emptied = gone.with_columns(pl.lit(0, dtype=pl.UInt32).alias("count"), state=pl.lit(GONE, dtype=pl.Int64))
        both = pl.concat([placed.select(_STORED_SCHEMA.names()), emptied.select(_STORED_SCHEMA.names())])
        refused = send(self._server, self._bucket.name, rollup_lines(both).to_list())
        # What lies beyond the bucket's retention is not wanted there; anything else is a fault of ours.
        for each in refused:
            if "retention" not in each.words:
                raise StoreRefusedError(each.words, dropped=len(refused))

    def found(self, scope: Scope, metrics: Sequence[str]) -> pl.DataFrame:
        """Return ROLLUP_SCHEMA of what is there, unsorted."""
        rows = self._stored(scope, metrics).filter(pl.col("state") != GONE)
        state = pl.col("state")
        holding = {
            **dict.fromkeys(("mean", "minimum", "maximum"), STATISTICS),
            "amount": AMOUNT,
            "estimated_amount": ESTIMATED,
        }
        return rows.with_columns(
            pl.when(state & bit != 0).then(pl.col(name)).alias(name) for name, bit in holding.items()
        ).select(ROLLUP_SCHEMA.names())

    def _stored(self, scope: Scope, metrics: Sequence[str]) -> pl.DataFrame:
        asked = [queries.rollups(self._bucket, metric, scope) for metric in metrics]
        rows = list(_rows(self._server.ask(asked), metrics))
        frame = pl.DataFrame(rows, schema=_STORED_SCHEMA, orient="row")
        return frame.unique(list(_BUCKET), keep="last")


def _rows(answer: Iterable[Series], metrics: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    for piece in answer:
        metric = metrics[piece.statement]
        checked(piece, ("time", *rollup_fields(metric)))
        tags = {name: decoded(value) for name, value in piece.tags.items()}
        series = (tags.get("device", ""), metric, tags.get("phase", ""))
        key = series_key(piece.name, tags)
        for time, mean, least, most, count, amount, estimated, state in piece.rows:
            values = (mean, least, most, int(count), amount, estimated, int(state))
            yield (time // NANOSECONDS, *series, *values, key)


def _state() -> pl.Expr:
    bits = {"mean": STATISTICS, "amount": AMOUNT, "estimated_amount": ESTIMATED}
    there = [pl.when(pl.col(name).is_null()).then(0).otherwise(bit) for name, bit in bits.items()]
    return pl.sum_horizontal(there).cast(pl.Int64).alias("state")
