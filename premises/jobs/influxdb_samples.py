"""What InfluxDB is told by the clock rather than by changes: the books of ingest, and the hours of a week in use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl

from analytics.ports import RollupStore
from api.data_ports import GatewayAccount
from premises.intake.data_desk import SpoolFigures
from premises.stores.places import RegistryPlaces
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.topology import Registry
from storage.ports import PlaceSpan
from storage.readings import influxdb_states as states
from storage.readings.influxdb_queries import Bucket
from storage.readings.influxdb_sending import send
from storage.readings.influxdb_server import InfluxServer
from storage.readings.influxdb_states import StatePoint

WEEKS = timedelta(days=28)
"""Whole weeks, so that every hour of the week counts as often. The project's own choice."""

FEWEST_ROOMS = 3
"""A floor with fewer rooms of which something is known has no hours: they would be an attendance record."""

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
HOURS = range(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Writes into one bucket what the clock asks for; the same minute or hour again is the same point."""

    server: InfluxServer
    bucket: Bucket
    registry: Callable[[], Registry]
    clock: Clock
    accounts: Callable[[], Sequence[GatewayAccount]]
    spool: Callable[[], SpoolFigures]
    rollups: RollupStore

    def books(self) -> int:
        """Write how the records of each gateway stand and how far the store is behind; return the points."""
        now_ms = epoch_ms(self.clock.now())
        site = self.registry().site.id
        return self._send(book_points(self.accounts(), self.spool(), site=site, now_ms=now_ms))

    def hours(self) -> int:
        """Write the share of each hour of the week in which rooms were occupied, by floor; return the points."""
        registry, now = self.registry(), self.clock.now()
        end_ms = epoch_ms(now) // HOUR_MS * HOUR_MS
        start_ms = end_ms - WEEKS // timedelta(milliseconds=1)
        found = self.rollups.rollups(registry.site.id, "hour", start_ms=start_ms, end_ms=end_ms, metrics=["presence"])
        return self._send(list(hour_points(found, registry, time_ms=end_ms)))

    def _send(self, points: Sequence[StatePoint]) -> int:
        if points:
            send(self.server, self.bucket.name, [point.line() for point in points])
        return len(points)


def book_points(accounts: Sequence[GatewayAccount], spool: SpoolFigures, *, site: str, now_ms: int) -> list[StatePoint]:
    """Return one point for each gateway and one for the site's spool, at the full minute."""
    minute_ms = now_ms // MINUTE_MS * MINUTE_MS
    waiting_s = 0.0 if spool.oldest_ms is None else (now_ms - spool.oldest_ms) / 1000
    of_spool: Mapping[str, states.Value] = {
        "spool_records": spool.records,
        "spool_bytes": spool.bytes,
        "store_lag_s": waiting_s,
    }
    made = [StatePoint(measurement=states.BOOKS, tags={"site": site}, time_ms=minute_ms, fields=of_spool)]
    for each in accounts:
        counted: Mapping[str, states.Value] = {
            "received": each.received,
            "duplicate": each.duplicate,
            "quarantined": each.quarantined,
            "dropped": each.dropped,
            "missing_messages": each.missing,
            "lag_s": each.lag_s,
        }
        tags = {"gateway": each.gateway, "site": site}
        made.append(StatePoint(measurement=states.BOOKS, tags=tags, time_ms=minute_ms, fields=counted))
    return made


def hour_points(rollups: pl.DataFrame, registry: Registry, *, time_ms: int) -> Iterator[StatePoint]:
    """Yield a point for each floor and weekday (1 is Monday) with the fields `h00` to `h23`, each a share 0 to 1.

    `rollups` is ROLLUP_SCHEMA of hours. An hour of a floor is the mean over its rooms, local time.
    """
    places = {device: _place(registry, device, time_ms) for device in rollups["device"].unique()}
    where = pl.DataFrame(
        [(device, at.building, at.floor, at.room) for device, at in places.items() if at is not None],
        schema=dict.fromkeys(("device", "building", "floor", "room"), pl.String),
        orient="row",
    )
    zone = ZoneInfo(registry.site.timezone).key
    local = pl.from_epoch("bucket_ms", time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    hours = (
        rollups.join(where, on="device")
        .with_columns(local.dt.weekday().alias("weekday"), local.dt.hour().alias("hour"))
        .filter(pl.col("room").n_unique().over("building", "floor") >= FEWEST_ROOMS)
        .group_by("building", "floor", "weekday", "hour")
        .agg(pl.col("mean").mean())
        .drop_nulls("mean")
    )
    for (building, floor, weekday), rows in hours.group_by("building", "floor", "weekday"):
        yield StatePoint(
            measurement=states.OCCUPIED_HOURS,
            tags={
                "building": str(building),
                "floor": str(floor),
                "site": registry.site.id,
                "weekday": str(weekday),
            },
            time_ms=time_ms,
            fields={f"h{hour:02}": min(1.0, mean) for hour, mean in rows.select("hour", "mean").rows()},
        )


def _place(registry: Registry, device: str, time_ms: int) -> PlaceSpan | None:
    """Return the place of a device that is in one room of which hours may be shown; None else."""
    spans = RegistryPlaces(lambda: registry).spans(registry.site.id, device)
    found = next((span for span in reversed(spans) if span.start_ms <= time_ms), None)
    room = next((each for each in registry.rooms.values() if found is not None and each.id == found.room), None)
    return None if room is None or room.restricted else found
