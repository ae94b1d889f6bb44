"""Roll-ups and the revisions of days in DuckDB: queries on a connection that the store hands over."""

from collections.abc import Collection, Mapping
from datetime import date

import duckdb
import polars as pl

from analytics.ports import ROLLUP_SCHEMA, RollupStep
from sensors.topology import SiteId
from storage.readings.frames import SERIES

UNSORTED_SHARE = 0.25
UNSORTED_ROWS = 500_000
"""A table is put in order again when more than this share, and so many rows, came since: a year of a room then lies in
a few blocks, and the work is spread over many appends."""

TABLES: Mapping[RollupStep, str] = {"hour": "rollups_hour", "day": "rollups_day"}
_VALUES = ("mean", "minimum", "maximum", "count", "amount", "estimated_amount")

_RAISE = "UPDATE day_revisions SET revision = revision + 1 WHERE site = ? AND list_contains(?, day)"
_BEGIN = """
INSERT INTO day_revisions
SELECT site, day, 1, 0 FROM (SELECT ? AS site, unnest(?::DATE[]) AS day) ANTI JOIN day_revisions USING (site, day)
"""
_MARK = """
UPDATE day_revisions SET rolled = incoming.revision FROM incoming
WHERE site = ? AND day_revisions.day = incoming.day AND incoming.revision > rolled
"""


def raise_revisions(connection: duckdb.DuckDBPyConnection, site: SiteId, days: Collection[date]) -> None:
    """Let these UTC days count as changed."""
    if not days:
        return
    # Not one upsert: that took a third of a small append.
    asked = [site, sorted(days)]
    [(known,)] = connection.execute(_RAISE, asked).fetchall()
    if known < len(days):
        connection.execute(_BEGIN, asked)


def stale_days(connection: duckdb.DuckDBPyConnection, site: SiteId) -> dict[date, int]:
    """Return the UTC days that changed since they were rolled up, each with its revision."""
    query = "SELECT day, revision FROM day_revisions WHERE site = ? AND revision > rolled ORDER BY day"
    return dict(connection.execute(query, [site]).fetchall())


def mark_rolled(connection: duckdb.DuckDBPyConnection, site: SiteId, revisions: Mapping[date, int]) -> None:
    """Take days for rolled up as of a revision."""
    rows = pl.DataFrame(list(revisions.items()), schema={"day": pl.Date, "revision": pl.Int64}, orient="row")
    connection.register("incoming", rows.to_arrow())
    try:
        connection.execute(_MARK, [site])
    finally:
        connection.unregister("incoming")


def replace(
    connection: duckdb.DuckDBPyConnection,
    site: SiteId,
    step: RollupStep,
    *,
    start_ms: int,
    end_ms: int,
    numbered: pl.DataFrame,
) -> None:
    """Put roll-ups, with the column `series`, in the place of those whose buckets begin in [start_ms, end_ms)."""
    table = TABLES[step]
    of_site = "series IN (SELECT id FROM series WHERE site = ?)"
    connection.execute(
        f"DELETE FROM {table} WHERE bucket_ms >= ? AND bucket_ms < ? AND {of_site}",  # noqa: S608 - our own names
        [start_ms, end_ms, site],
    )
    rows = numbered.select("series", "bucket_ms", *_VALUES).sort("series", "bucket_ms")
    connection.register("incoming", rows.to_arrow())
    try:
        connection.execute(f"INSERT INTO {table} SELECT * FROM incoming")  # noqa: S608 - our own names
    finally:
        connection.unregister("incoming")
    _keep_sorted(connection, step, rows.height)


def _keep_sorted(connection: duckdb.DuckDBPyConnection, step: RollupStep, added: int) -> None:
    table = TABLES[step]
    connection.execute(
        "INSERT INTO rollups_unsorted VALUES (?, ?) ON CONFLICT (step) DO UPDATE SET rows = rows + excluded.rows",
        [step, added],
    )
    [(unsorted,)] = connection.execute("SELECT rows FROM rollups_unsorted WHERE step = ?", [step]).fetchall()
    [(total,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - our own names
    if unsorted <= max(UNSORTED_ROWS, UNSORTED_SHARE * total):
        return
    connection.execute(f"CREATE OR REPLACE TABLE sorted_{step} AS FROM {table} ORDER BY series, bucket_ms")
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    connection.execute(f"INSERT INTO {table} FROM sorted_{step}")
    connection.execute(f"DROP TABLE sorted_{step}")
    connection.execute("UPDATE rollups_unsorted SET rows = 0 WHERE step = ?", [step])


def found(
    connection: duckdb.DuckDBPyConnection,
    site: SiteId,
    step: RollupStep,
    *,
    start_ms: int,
    end_ms: int,
    metrics: Collection[str] | None,
    devices: Collection[str] | None,
) -> pl.DataFrame:
    """Return ROLLUP_SCHEMA for the buckets of [start_ms, end_ms), sorted by device, metric, phase, bucket_ms."""
    wanted = _wanted(connection, site, metrics, devices)
    if wanted.is_empty():
        return ROLLUP_SCHEMA.to_frame()
    # The numbers as a list: the engine then passes over every block whose series are all others.
    query = f"""
        SELECT series, bucket_ms, {", ".join(_VALUES)} FROM {TABLES[step]}
        WHERE series BETWEEN $least AND $most AND list_contains($series, series)
            AND bucket_ms >= $start_ms AND bucket_ms < $end_ms
    """  # noqa: S608 - our own names
    series = wanted["series"]
    asked = {
        "least": series.min(),
        "most": series.max(),
        "series": series.to_list(),
        "start_ms": start_ms,
        "end_ms": end_ms,
    }
    rows = pl.DataFrame(connection.sql(query, params=asked).to_arrow_table())
    named = rows.join(wanted, on="series").sort(*SERIES, "bucket_ms")
    return named.select(pl.col(name).cast(kind) for name, kind in ROLLUP_SCHEMA.items())


def _wanted(
    connection: duckdb.DuckDBPyConnection,
    site: SiteId,
    metrics: Collection[str] | None,
    devices: Collection[str] | None,
) -> pl.DataFrame:
    query = """
        SELECT id AS series, device, metric, phase FROM series
        WHERE site = $site
            AND ($metrics IS NULL OR list_contains($metrics, metric))
            AND ($devices IS NULL OR list_contains($devices, device))
    """
    asked = {
        "site": site,
        "metrics": None if metrics is None else list(metrics),
        "devices": None if devices is None else list(devices),
    }
    return pl.DataFrame(connection.sql(query, params=asked).to_arrow_table())
