"""Where the readings of `premises bench analytics` lie: in a DuckDB file, or brought from there into an InfluxDB."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.ports import ReadingStore
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_queries import Bucket
from storage.readings.influxdb_server import InfluxAddress
from storage.readings.influxdb_setup import Buckets, Kept

READINGS, TARGET, NOTES = "readings.duckdb", "influxdb.json", "influxdb.duckdb"
STORE_MB = 256
"""What DuckDB may keep of the file in memory."""
HOUR_MS = 3_600_000
HOURS_AT_ONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxTarget:
    """An InfluxDB that takes the readings, in buckets of a database of its own, which stays when the bench is over."""

    url: str
    token: str = field(default="", repr=False)
    org: str = "premises"
    database: str

    def store(self, folder: Path) -> InfluxReadingStore:
        """Return the store; its notes lie in the folder."""
        names = {name: Kept(bucket=Bucket(f"{self.database}/{name}")) for name in ("raw", "hourly", "daily")}
        address = InfluxAddress(url=self.url.rstrip("/"), token=self.token, org=self.org)
        return InfluxReadingStore(address, notes=folder / NOTES, buckets=Buckets(**names))


def bring_over(folder: Path, site: SiteId, target: InfluxTarget) -> None:
    """Copy what the DuckDB file of a folder holds into an InfluxDB, which `opened` then opens instead."""
    with closing(DuckDBReadingStore(folder / READINGS)) as source, closing(target.store(folder)) as store:
        store.prepare()
        first_ms, last_ms = source.extent(site) or (0, 0)
        for start_ms in range(first_ms, last_ms + 1, HOURS_AT_ONCE * HOUR_MS):
            end_ms = start_ms + HOURS_AT_ONCE * HOUR_MS
            store.append(_batch(site, source.readings(site, start_ms=start_ms, end_ms=end_ms)))
    (folder / TARGET).write_text(json.dumps(asdict(target)), encoding="utf-8")


@contextmanager
def opened(folder: Path) -> Iterator[ReadingStore]:
    """Yield the store of a folder."""
    target = folder / TARGET
    if target.exists():
        with closing(InfluxTarget(**json.loads(target.read_text(encoding="utf-8"))).store(folder)) as away:
            yield away
        return
    with closing(DuckDBReadingStore(folder / READINGS)) as store:
        store.limit_memory(STORE_MB)
        yield store


def _batch(site: SiteId, readings: pl.DataFrame) -> ReadingBatch:
    batch = ReadingBatch(site=site)
    rows = readings.drop_nulls("value").select("time_ms", "device", "metric", "value", "phase", "quality", "flags")
    for time_ms, device, metric, value, phase, quality, flags in rows.iter_rows():
        batch.add(time_ms, device, metric, value, phase=phase, quality=quality, flags=flags)
    return batch
