"""Readings in one DuckDB file: columnar, owned by one process, with numbered forward migrations."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import count, repeat
from pathlib import Path
from threading import Lock

import duckdb
import polars as pl

from analytics.lookups import keyed
from analytics.ports import EVENTS_SCHEMA, FEATURES_SCHEMA, READINGS_SCHEMA, RollupStep
from sensors.events import Event
from sensors.readings import Quality, ReadingBatch, ReadingFlag
from sensors.topology import SiteId
from storage.errors import SchemaTooNewError, StoreFailedError, StoreHeldError, StoreUnreadableError
from storage.ports import AppendResult, Step
from storage.readings import duckdb_rollups
from storage.readings.days import checked_rollups, utc_days
from storage.readings.frames import (
    AGGREGATE_SCHEMA,
    DAY_MS,
    SERIES,
    STEP_MS,
    by_site,
    checked_features,
    events_frame,
    numbered_frame,
    stale_days,
    stretches,
)

SeriesKey = tuple[SiteId, str, str, str]
"""Site, device, metric, phase."""

STRETCHES = 16
"""Into how many stretches of time an append's look for duplicates is split at most.

A batch that holds today and one late reading of last year must not scan the year between them.
"""

_RAW_COLUMNS = ("time_ms", "series", "value", "quality", "flags")

_MATCHES = """
SELECT
    incoming.row AS row,
    raw.value IS NOT DISTINCT FROM incoming.value
        AND raw.quality = incoming.quality AND raw.flags = incoming.flags AS same
FROM raw JOIN incoming ON raw.time_ms = incoming.time_ms AND raw.series = incoming.series
WHERE raw.time_ms BETWEEN ? AND ?
"""
_REPLACE = """
UPDATE raw SET value = incoming.value, quality = incoming.quality, flags = incoming.flags
FROM incoming
WHERE raw.time_ms = incoming.time_ms AND raw.series = incoming.series AND raw.time_ms BETWEEN ? AND ?
"""
_INSERT = """
INSERT INTO raw (time_ms, series, value, quality, flags)
SELECT time_ms, series, value, quality, flags FROM incoming ORDER BY series, time_ms
"""
_REFRESH_LATEST = """
UPDATE latest SET time_ms = incoming.time_ms, value = incoming.value, quality = incoming.quality, flags = incoming.flags
FROM incoming
WHERE latest.series = incoming.series AND latest.time_ms <= incoming.time_ms
"""
_FIRST_LATEST = """
INSERT INTO latest (series, time_ms, value, quality, flags)
SELECT series, time_ms, value, quality, flags FROM incoming ANTI JOIN latest USING (series)
"""
_WANTED_SERIES = """
SELECT id AS series, device, metric, phase FROM series
WHERE site = $site
    AND ($metrics IS NULL OR list_contains($metrics, metric))
    AND ($devices IS NULL OR list_contains($devices, device))
ORDER BY device, metric, phase
"""
_READINGS = """
SELECT time_ms, rank, value, quality, flags FROM raw JOIN wanted USING (series)
WHERE time_ms >= $start_ms AND time_ms < $end_ms
"""
_LATEST = """
SELECT time_ms, device, metric, phase, value, quality, flags
FROM latest JOIN series ON latest.series = series.id
WHERE site = $site
ORDER BY device, metric, phase
"""
_LAST = """
SELECT max(time_ms) FROM latest JOIN series ON latest.series = series.id WHERE site = ?
"""
# Not min(time_ms): once a reading was replaced the engine looks at every row for it, here at the oldest alone.
_FIRST = """
SELECT time_ms FROM raw WHERE series IN (SELECT id FROM series WHERE site = ?) ORDER BY time_ms LIMIT 1
"""
# A remainder has the sign of its dividend, so times before 1970 need the second one to be rounded down.
_AGGREGATE = """
WITH buckets AS (
    SELECT
        series, time_ms - (time_ms % $step_ms + $step_ms) % $step_ms AS bucket_ms,
        avg(value) AS mean, min(value) AS minimum, max(value) AS maximum, count(*) AS count
    FROM raw
    WHERE time_ms >= $start_ms AND time_ms < $end_ms AND quality <= $worst AND value IS NOT NULL
        AND series IN (SELECT id FROM series WHERE site = $site AND metric = $metric)
    GROUP BY series, bucket_ms
)
SELECT bucket_ms, device, phase, mean, minimum, maximum, count
FROM buckets JOIN series ON buckets.series = series.id
ORDER BY device, phase, bucket_ms
"""
_EVENTS = """
SELECT time_ms, received_ms, gateway, device, type, state, zone, test, id, flags, credential
FROM events
WHERE site = $site AND time_ms >= $start_ms AND time_ms < $end_ms
ORDER BY time_ms, received_ms, identity
"""
_FEATURES = """
SELECT day, subject, feature, value
FROM features SEMI JOIN feature_days USING (site, day)
WHERE site = $site AND day BETWEEN $first AND $last
"""


class DuckDBReadingStore:
    """A ReadingStore in one file. One process owns the file; within it any thread may call any method.

    Writes go one after another; a read sees the last committed state and waits for nobody.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        """Open the file, made and migrated as needed.

        Raises StoreHeldError, StoreUnreadableError or SchemaTooNewError.
        """
        self._path = path
        self._writing = Lock()
        self._connection = _connect(path, threads)
        with ExitStack() as on_failure, _translated(path):
            on_failure.callback(self._connection.close)
            _migrate(self._connection, path)
            self._numbers = _series_numbers(self._connection)
            on_failure.pop_all()

    def append(self, batch: ReadingBatch) -> AppendResult:
        """Store a batch in one transaction; of one key the last received wins."""
        if not batch:
            return AppendResult()
        with self._transaction() as writing:
            return writing.append(batch)

    def append_frame(self, site: SiteId, series: Sequence[tuple[str, str, str]], rows: pl.DataFrame) -> AppendResult:
        """Store many good readings in one transaction, several times as quickly as from a batch.

        `rows` has `place` (into `series`: device, metric, phase), `time_ms` and `value`, sorted by place and time, each
        pair of those once.
        """
        if rows.is_empty():
            return AppendResult()
        with self._transaction() as writing:
            return writing.append_frame(site, series, rows)

    def append_events(self, events: Sequence[Event]) -> int:
        """Store events in one transaction; return how many were new."""
        if not events:
            return 0
        with self._transaction() as writing:
            return writing.append_events(events)

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        """Store what came out of a spool up to an entry, and that number, in one transaction.

        An entry already drained changes nothing.
        """
        with self._transaction() as writing:
            if last_entry <= _drained_to(writing.connection, spool):
                return AppendResult()
            total = sum((writing.append(batch) for batch in by_site(batches)), AppendResult())
            writing.append_events(events)
            writing.connection.execute("INSERT OR REPLACE INTO drained VALUES (?, ?)", [spool, last_entry])
            return total

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool, 0 before the first."""
        with self._snapshot() as reading:
            return _drained_to(reading, spool)

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
        asked = {
            "site": site,
            "metrics": None if metrics is None else list(metrics),
            "devices": None if devices is None else list(devices),
        }
        with self._snapshot() as reading:
            wanted = _table(reading, _WANTED_SERIES, asked).with_row_index("rank")
            reading.register("wanted", wanted.select("series", "rank").to_arrow())
            found = _table(reading, _READINGS, {"start_ms": start_ms, "end_ms": end_ms})
        # One number to sort by, and names looked up after: several times quicker than letting the engine sort by them.
        # The order is worked out by itself: within the gathering it would be, once for each column.
        order = found.select(keyed(pl.col("rank"), pl.col("time_ms")).arg_sort()).to_series()
        ordered = found.select(pl.all().gather(order))
        names = wanted.select(pl.col(SERIES).gather(ordered["rank"]))
        named = ordered.with_columns(names.get_columns())
        return named.select(pl.col(name).cast(kind) for name, kind in READINGS_SCHEMA.items())

    def events(self, site: SiteId, *, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return EVENTS_SCHEMA for [start_ms, end_ms), sorted by time_ms."""
        return self._frame(_EVENTS, {"site": site, "start_ms": start_ms, "end_ms": end_ms}, EVENTS_SCHEMA)

    def latest(self, site: SiteId) -> pl.DataFrame:
        """Return READINGS_SCHEMA with the newest reading of every series, sorted likewise."""
        return self._frame(_LATEST, {"site": site}, READINGS_SCHEMA)

    def extent(self, site: SiteId) -> tuple[int, int] | None:
        """Return the times of the first and the last reading, UTC ms; None when there are none."""
        with self._snapshot() as reading:
            [(last,)] = reading.execute(_LAST, [site]).fetchall()
            first = reading.execute(_FIRST, [site]).fetchall()
        return (first[0][0], last) if first else None

    def aggregate(self, site: SiteId, *, metric: str, step: Step, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return AGGREGATE_SCHEMA of good and estimated values in [start_ms, end_ms), in UTC-aligned buckets."""
        asked = {
            "site": site,
            "metric": metric,
            "step_ms": STEP_MS[step],
            "start_ms": start_ms,
            "end_ms": end_ms,
            "worst": int(Quality.ESTIMATED),
        }
        return self._frame(_AGGREGATE, asked, AGGREGATE_SCHEMA)

    def feature_days(self, site: SiteId, *, fingerprint: str) -> AbstractSet[date]:
        """Return the local days whose features are stored, made under this fingerprint and still valid."""
        query = "SELECT day FROM feature_days WHERE site = ? AND fingerprint = ?"
        with self._snapshot() as reading:
            return {day for (day,) in reading.execute(query, [site, fingerprint]).fetchall()}

    def put_features(self, site: SiteId, *, days: Collection[date], fingerprint: str, features: pl.DataFrame) -> None:
        """Replace all features of these days; raises ForeignDayError for a row of another day."""
        replaced = frozenset(days)
        rows = checked_features(features, replaced)
        done = pl.DataFrame({"day": sorted(replaced)}, schema={"day": pl.Date})
        with self._transaction() as writing:
            writing.forget_features(site, replaced)
            with writing.incoming(done) as connection:
                connection.execute("DELETE FROM features WHERE site = ? AND day IN (SELECT day FROM incoming)", [site])
                connection.execute("INSERT INTO feature_days SELECT ?, day, ? FROM incoming", [site, fingerprint])
            with writing.incoming(rows) as connection:
                connection.execute("INSERT INTO features SELECT ?, day, subject, feature, value FROM incoming", [site])

    def features(self, site: SiteId, *, first: date, last: date) -> pl.DataFrame:
        """Return FEATURES_SCHEMA of valid days, first to last, both inclusive, in no particular order."""
        return self._frame(_FEATURES, {"site": site, "first": first, "last": last}, FEATURES_SCHEMA)

    def stale_days(self, site: SiteId) -> Mapping[date, int]:
        """Return the UTC days with readings that came after their last roll-up, each with its present revision."""
        with self._snapshot() as reading:
            return duckdb_rollups.stale_days(reading, site)

    def mark_rolled(self, site: SiteId, revisions: Mapping[date, int]) -> None:
        """Take these days for rolled up, but those that received readings since that revision."""
        with self._transaction() as writing:
            duckdb_rollups.mark_rolled(writing.connection, site, revisions)

    def put_rollups(self, site: SiteId, step: RollupStep, *, start_ms: int, end_ms: int, rollups: pl.DataFrame) -> None:
        """Replace the roll-ups of the buckets that begin in [start_ms, end_ms); raises ForeignBucketError."""
        rows = checked_rollups(rollups, start_ms, end_ms)
        with self._transaction() as writing:
            series = rows.select(SERIES).unique(maintain_order=True)
            numbers = pl.Series("series", writing.numbers(site, series.rows()), dtype=pl.Int32)
            numbered = rows.join(series.with_columns(numbers), on=SERIES)
            duckdb_rollups.replace(writing.connection, site, step, start_ms=start_ms, end_ms=end_ms, numbered=numbered)

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
        with self._snapshot() as reading:
            return duckdb_rollups.found(
                reading, site, step, start_ms=start_ms, end_ms=end_ms, metrics=metrics, devices=devices
            )

    def count(self) -> int:
        """Return the number of readings of all sites."""
        with self._snapshot() as reading:
            [(readings,)] = reading.execute("SELECT count(*) FROM raw").fetchall()
        return int(readings)

    def export(self, path: Path) -> None:
        """Write a copy of everything, as it stands at one moment, to a file that does not exist yet.

        Not by copying the file: to open and close it once more would let go of its lock. Raises StoreFailedError.
        """
        with self._writing, _translated(self._path), self._connection.cursor() as cursor:
            [(name,)] = cursor.execute("SELECT current_database()").fetchall()
            cursor.execute(f"ATTACH '{_quoted(str(path))}' AS exported")
            try:
                cursor.execute(f'COPY FROM DATABASE "{name}" TO exported')
            finally:
                cursor.execute("DETACH exported")

    def limit_memory(self, megabytes: int) -> None:
        """Keep no more than this of the file in memory, so that a long import does not gather it all."""
        with self._writing, _translated(self._path):
            self._connection.execute(f"SET memory_limit = '{megabytes}MB'")

    def close(self) -> None:
        """Write the log into the file and let go of it."""
        with self._writing, _translated(self._path):
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator["_Writing"]:
        """All or nothing; series that were new are known to later appends only once they are durable."""
        with self._writing, _translated(self._path):
            writing = _Writing(self._connection, self._numbers)
            self._connection.begin()
            try:
                yield writing
                self._connection.commit()
            except BaseException:
                # The engine may have rolled back by itself; what went wrong first is what counts.
                with suppress(duckdb.Error):
                    self._connection.rollback()
                raise
            self._numbers.update(writing.fresh)

    @contextmanager
    def _snapshot(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All queries on the cursor see the same state."""
        with _translated(self._path), self._connection.cursor() as cursor:
            cursor.begin()
            yield cursor

    def _frame(self, query: str, parameters: Mapping[str, object], schema: pl.Schema) -> pl.DataFrame:
        with self._snapshot() as reading:
            return _table(reading, query, parameters).cast(schema)


@dataclass(slots=True)
class _Writing:
    """One transaction on the store's connection; `fresh` are the series it has added."""

    connection: duckdb.DuckDBPyConnection
    known: dict[SeriesKey, int]
    fresh: dict[SeriesKey, int] = field(default_factory=dict)

    @contextmanager
    def incoming(self, frame: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
        """Let queries see a frame as the table `incoming`."""
        self.connection.register("incoming", frame.to_arrow())
        try:
            yield self.connection
        finally:
            self.connection.unregister("incoming")

    def append(self, batch: ReadingBatch) -> AppendResult:
        if not batch:
            return AppendResult()
        return self.store(batch.site, self.numbered(batch), given=len(batch))

    def append_frame(self, site: SiteId, series: Sequence[tuple[str, str, str]], rows: pl.DataFrame) -> AppendResult:
        numbers = pl.Series("series", self.numbers(site, series), dtype=pl.Int32)
        good = pl.lit(int(Quality.GOOD), dtype=pl.UInt8)
        numbered = rows.select(
            "time_ms",
            "value",
            series=numbers.gather(rows["place"]),
            quality=good,
            flags=pl.lit(int(ReadingFlag.NONE), dtype=pl.UInt8),
        )
        incoming = numbered.select(_RAW_COLUMNS).with_row_index("row")
        return self.store(site, incoming, given=rows.height)

    def store(self, site: SiteId, incoming: pl.DataFrame, *, given: int) -> AppendResult:
        """Put numbered rows in, each key once; `given` is how many readings they came from."""
        new = changed = incoming
        replaced = incoming.clear()
        matches = self.matches(incoming)
        if not matches.is_empty():
            new = incoming.join(matches, on="row", how="anti")
            replaced = incoming.join(matches.filter(~pl.col("same")), on="row", how="semi")
            changed = pl.concat([new, replaced])
        self.replace(replaced)
        self.insert(new)
        self.refresh_latest(changed)
        self.forget_features(site, stale_days(changed["time_ms"]))
        duckdb_rollups.raise_revisions(self.connection, site, utc_days(changed["time_ms"]))
        return AppendResult(new=new.height, replaced=replaced.height, unchanged=given - new.height - replaced.height)

    def numbered(self, batch: ReadingBatch) -> pl.DataFrame:
        """Columns row, time_ms, series, value, quality, flags."""
        keys = zip(repeat(batch.site), batch.device, batch.metric, batch.phase)
        try:
            # Nearly always all are known, and looking each up once is the quickest way to find out.
            numbers = [self.known[key] for key in keys]
        except KeyError:
            numbers = self.numbers(batch.site, list(zip(batch.device, batch.metric, batch.phase, strict=True)))
        frame = numbered_frame(batch, numbers)
        return frame.select(_RAW_COLUMNS).with_row_index("row")

    def numbers(self, site: SiteId, series: Sequence[tuple[str, str, str]]) -> list[int]:
        """Return the number of each (device, metric, phase), adding those the store has not met."""
        keys = [(site, *each) for each in series]
        unmet = dict.fromkeys(key for key in keys if key not in self.known and key not in self.fresh)
        if unmet:
            added = dict(zip(unmet, count(len(self.known) + len(self.fresh) + 1), strict=False))
            self.fresh |= added
            rows = [(number, *key) for key, number in added.items()]
            with self.incoming(pl.DataFrame(rows, schema=["id", "site", *SERIES], orient="row")) as connection:
                connection.execute("INSERT INTO series BY NAME SELECT * FROM incoming")
        return [self.known.get(key) or self.fresh[key] for key in keys]

    def matches(self, incoming: pl.DataFrame) -> pl.DataFrame:
        """Which rows have their key in the store already, and whether they say the same: columns row, same."""
        with self.incoming(incoming) as connection:
            found = [_table(connection, _MATCHES, stretch) for stretch in _stretched(incoming)]
        return pl.concat(found).cast({"row": incoming.schema["row"]})

    def replace(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        with self.incoming(rows) as connection:
            for stretch in _stretched(rows):
                connection.execute(_REPLACE, stretch)

    def insert(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        with self.incoming(rows) as connection:
            connection.execute(_INSERT)

    def refresh_latest(self, changed: pl.DataFrame) -> None:
        if changed.is_empty():
            return
        newest = changed.sort("time_ms").unique("series", keep="last")
        with self.incoming(newest) as connection:
            connection.execute(_REFRESH_LATEST)
            connection.execute(_FIRST_LATEST)

    def append_events(self, events: Sequence[Event]) -> int:
        if not events:
            return 0
        incoming = events_frame(events)
        with self.incoming(incoming) as connection:
            new = _table(connection, "SELECT * FROM incoming ANTI JOIN events USING (site, identity)", ())
        with self.incoming(new) as connection:
            connection.execute("INSERT INTO events BY NAME SELECT * FROM incoming")
        for (site,), group in new.group_by("site"):
            self.forget_features(SiteId(str(site)), stale_days(group["time_ms"]))
        return new.height

    def forget_features(self, site: SiteId, days: AbstractSet[date]) -> None:
        if days:
            query = "DELETE FROM feature_days WHERE site = ? AND list_contains(?, day)"
            self.connection.execute(query, [site, sorted(days)])


def _connect(path: Path, threads: int) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), config={"threads": threads})
    except duckdb.Error as exc:
        raise _opening_failed(path, exc) from exc
    # Nothing is ever fetched from outside: these machines have no internet.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL autoinstall_known_extensions = false")
    return connection


def _opening_failed(path: Path, exc: duckdb.Error) -> StoreHeldError | StoreUnreadableError:
    """Return our error for the engine's: it tells a held file from a broken one only by its words."""
    if "Could not set lock" in str(exc):
        holder = re.search(r"PID (\d+)", str(exc))
        return StoreHeldError(path, int(holder[1]) if holder else None)
    return StoreUnreadableError(path, _one_line(exc))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn the engine's errors into ours; no other place does."""
    try:
        yield
    except duckdb.Error as exc:
        raise StoreFailedError(path, _one_line(exc)) from exc


def _one_line(exc: duckdb.Error) -> str:
    return str(exc).partition("\n")[0]


def _table(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | tuple[object, ...]
) -> pl.DataFrame:
    # Not execute().to_arrow_table(): that way copies the rows once more, and warns of it.
    return pl.DataFrame(connection.sql(query, params=parameters).to_arrow_table())


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _series_numbers(connection: duckdb.DuckDBPyConnection) -> dict[SeriesKey, int]:
    rows = connection.execute("SELECT site, device, metric, phase, id FROM series").fetchall()
    return {(SiteId(site), device, metric, phase): number for site, device, metric, phase, number in rows}


def _drained_to(connection: duckdb.DuckDBPyConnection, spool: str) -> int:
    # Fetched to the end: DuckDB 2 refuses other work on a connection with an unfinished result.
    rows = connection.execute("SELECT last_entry FROM drained WHERE spool = ?", [spool]).fetchall()
    return int(rows[0][0]) if rows else 0


def _stretched(rows: pl.DataFrame) -> list[tuple[int, int]]:
    return stretches(rows["time_ms"], apart_ms=DAY_MS, most=STRETCHES)


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the file to the newest schema, one numbered file of SQL and one transaction after another."""
    found = _schema_version(connection, path)
    migrations = _migrations()
    if found > len(migrations):
        raise SchemaTooNewError(path, found=found, known=len(migrations))
    for version, script in enumerate(migrations[found:], start=found + 1):
        connection.begin()
        connection.execute(script.read_text(encoding="utf-8"))
        connection.execute("CREATE OR REPLACE TABLE schema_version AS SELECT ?::INTEGER AS version", [version])
        connection.commit()


def _migrations() -> list[Traversable]:
    folder = resources.files("storage.readings") / "migrations"
    return sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)


def _schema_version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise StoreUnreadableError(path, "a DuckDB file, but not made by Premises")
    [(version,)] = connection.execute("SELECT version FROM schema_version").fetchall()
    return int(version)
