"""The readings as pages need them: rooms now, a room over time, how the way in fares."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from analytics.calendar import WeekdaysOnly, WorkCalendar
from analytics.intervals import SPAN
from analytics.occupancy import MOTION_HOLD_OFF_MS, OCCUPANCY_METRICS, room_members, room_occupancy
from analytics.occupancy_rooms import InferredNow
from analytics.points import points, with_hold
from analytics.ports import ReadingSource
from api.ports import GatewayHealth, IngestHealth, RoomClass, RoomNow, Series, SeriesName
from premises.rooms_inferred import RoomsInferred
from premises.stores.readings import newest_ms
from sensors.clock import Clock
from sensors.readings import Quality, epoch_ms, from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, Registry, Room, RoomId, SiteId
from storage.spool import SqliteSpool

POWER = "active_power_w"
LEAST_STEP_MS = 60_000
LOOK_BACK = timedelta(hours=25)
"""How far before a drawn period a value may lie that still stands at its start: a passive sensor's heartbeat."""

_METRIC_OF = {SeriesName.CO2_PPM: "co2_ppm", SeriesName.TEMPERATURE_C: "temperature_c"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where devices are, made once for each state of the registry."""

    registry: Registry
    points: pl.DataFrame
    power_circuits: Mapping[RoomId, tuple[CircuitId, ...]]

    @classmethod
    def of(cls, registry: Registry) -> "Places":
        """Return the places of a registry."""
        calendar = WorkCalendar(registry.site, WeekdaysOnly())
        rows = points(registry, calendar, pl.DataFrame(schema={"device": pl.String, "metric": pl.String}))
        return cls(registry, rows, {room: _power_circuits(registry, room) for room in registry.rooms})

    def of_room(self, room: RoomId) -> pl.DataFrame:
        """Return the points of a room, and of the circuits that feed this room alone."""
        subjects = [_room(room), *map(_circuit, self.power_circuits[room])]
        return self.points.filter(pl.col("subject").is_in(subjects))


class ReadingQueries:
    """Keeps `api.ports.RoomQueries` over the store and the spool; any thread may ask."""

    def __init__(
        self,
        *,
        store: ReadingSource,
        registry: Callable[[], Registry],
        clock: Clock,
        spool: Path,
        ingest_runs: Callable[[], bool],
        uses: Callable[[], Mapping[RoomId, RoomClass]],
    ) -> None:
        """Take what to ask; `uses` gives the class of each room as the last daily run found it."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._spool_path = spool
        self._spool: SqliteSpool | None = None
        self._spool_lock = threading.Lock()
        self._ingest_runs = ingest_runs
        self._uses = uses
        self._places: Places | None = None
        self._inferred = RoomsInferred(store)

    def rooms_now(self, site: SiteId) -> Sequence[RoomNow]:
        """Return the present state of every room, restricted ones left out; values too old to stand are None."""
        places = self._known_places()
        latest = self._store.latest(site)
        now_ms = epoch_ms(self._clock.now())
        standing = _standing(latest, places.points, now_ms)
        heard = _last_heard(latest, places.points)
        uses = self._uses()
        rooms = [
            _room_now(room, places, standing, heard, uses.get(room.id, RoomClass.UNKNOWN))
            for room in places.registry.rooms.values()
            if not room.restricted
        ]
        inferred = self._inferred.now(places.registry, places.points, now_ms)
        return [_with_inferred(each, inferred.get(_room(each.room))) for each in rooms]

    def room_series(
        self, room: RoomId, names: Sequence[SeriesName], *, start: datetime, end: datetime, points: int
    ) -> Series:
        """Return the series of a room in [start, end), in equal steps of a minute at least."""
        places = self._known_places()
        if room not in places.registry.rooms:
            return Series(time_ms=())
        start_ms, end_ms = epoch_ms(start), epoch_ms(end)
        step_ms = max(LEAST_STEP_MS, -(-(end_ms - start_ms) // max(1, points)))
        grid = pl.Series("time_ms", range(start_ms, end_ms, step_ms), dtype=pl.Int64)
        rows = places.of_room(room)
        readings = self._room_readings(places.registry.site.id, rows, start, end)
        columns = {name: _column(name, readings, rows, places, grid, step_ms) for name in names}
        if all(value is None for column in columns.values() for value in column):
            return Series(time_ms=())
        return Series(time_ms=tuple(grid.to_list()), columns=columns)

    def ingest_health(self) -> IngestHealth:
        """Return how the way in fares."""
        site = self._registry().site.id
        last_ms = newest_ms(self._store, site)
        with self._spool_lock:
            if self._spool is None:
                self._spool = SqliteSpool(self._spool_path)
            books, spooled = self._spool.books(), self._spool.depth
        return IngestHealth(
            ready=self._ingest_runs(),
            spooled=spooled,
            gateways=tuple(
                GatewayHealth(
                    gateway=book.gateway, received=book.received, accepted=book.accepted, quarantined=book.quarantined
                )
                for book in books.values()
            ),
            last_reading=None if last_ms is None else from_epoch_ms(last_ms),
        )

    def close(self) -> None:
        """Let go of the spool."""
        with self._spool_lock:
            if self._spool is not None:
                self._spool.close()
                self._spool = None

    def _known_places(self) -> Places:
        registry, known = self._registry(), self._places
        if known is None or known.registry is not registry:
            known = self._places = Places.of(registry)
        return known

    def _room_readings(self, site: SiteId, rows: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
        return self._store.readings(
            site,
            start_ms=epoch_ms(start - LOOK_BACK),
            end_ms=epoch_ms(end),
            metrics=rows["metric"].unique().to_list(),
            devices=rows["device"].unique().to_list(),
        )


def _room(room: RoomId) -> str:
    return str(Subject(SubjectKind.ROOM, room))


def _circuit(circuit: CircuitId) -> str:
    return str(Subject(SubjectKind.CIRCUIT, circuit))


def _power_circuits(registry: Registry, room: RoomId) -> tuple[CircuitId, ...]:
    """Return the circuits that feed this room alone, without those that hang under another of them."""
    alone = {circuit.id for circuit in registry.circuits.values() if circuit.serves == (room,)}
    return tuple(sorted(each for each in alone if not any(above.id in alone for above in registry.above(each))))


def _standing(latest: pl.DataFrame, rows: pl.DataFrame, now_ms: int) -> pl.DataFrame:
    """Return the latest values that still stand: `subject`, `metric`, `value`."""
    held = with_hold(latest, rows).join(rows.select("device", "metric", "subject", *SPAN), on=["device", "metric"])
    hold_ms = pl.when(pl.col("metric") == "motion").then(MOTION_HOLD_OFF_MS).otherwise(pl.col("hold_ms"))
    here = (pl.col("start_ms") <= now_ms) & (now_ms < pl.col("end_ms"))
    fresh = now_ms < pl.col("time_ms") + hold_ms
    good = (pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_not_null()
    return held.filter(here & fresh & good).select("subject", "metric", "value")


def _last_heard(latest: pl.DataFrame, rows: pl.DataFrame) -> Mapping[str, int]:
    devices = rows.select("device", "subject").unique()
    heard = latest.join(devices, on="device").group_by("subject").agg(pl.max("time_ms"))
    return dict(heard.iter_rows())


def _room_now(room: Room, places: Places, standing: pl.DataFrame, heard: Mapping[str, int], use: RoomClass) -> RoomNow:
    here = standing.filter(pl.col("subject") == _room(room.id))
    circuits = list(map(_circuit, places.power_circuits[room.id]))
    power = standing.filter(pl.col("subject").is_in(circuits) & (pl.col("metric") == POWER))
    people = _values(here, "people_count")
    times = [heard[subject] for subject in (_room(room.id), *circuits) if subject in heard]
    return RoomNow(
        room=room.id,
        use=use,
        occupied=_occupied(here),
        people=None if not people else round(sum(people)),
        co2_ppm=_mean(_values(here, "co2_ppm")),
        temperature_c=_mean(_values(here, "temperature_c")),
        power_w=_total(power, places.registry),
        last_reading=from_epoch_ms(max(times)) if times else None,
    )


def _with_inferred(now: RoomNow, inferred: InferredNow | None) -> RoomNow:
    if inferred is None or now.occupied is not None:
        return now
    return replace(now, occupied=inferred.occupied, probability=inferred.probability)


def _occupied(here: pl.DataFrame) -> bool | None:
    """Return whether someone is there by the surest metric that has a word to say."""
    for metric in OCCUPANCY_METRICS:
        values = _values(here, metric)
        if values:
            return any(value > 0 for value in values)
    return None


def _values(here: pl.DataFrame, metric: str) -> list[float]:
    values: list[float] = here.filter(pl.col("metric") == metric)["value"].to_list()
    return values


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _total(power: pl.DataFrame, registry: Registry) -> float | None:
    if power.is_empty():
        return None
    parts: list[tuple[str, float]] = power.select("subject", "value").rows()
    return sum(value * registry.circuits[CircuitId(Subject.parse(subject).id)].ct_ratio for subject, value in parts)


def _column(
    name: SeriesName, readings: pl.DataFrame, rows: pl.DataFrame, places: Places, grid: pl.Series, step_ms: int
) -> tuple[float | None, ...]:
    if name is SeriesName.OCCUPIED:
        return _occupied_at(readings, rows, grid)
    if name is SeriesName.POWER_W:
        return _power_at(readings, rows, places.registry, grid, step_ms)
    room_rows = rows.filter(pl.col("subject").str.starts_with("room:") & (pl.col("metric") == _METRIC_OF[name]))
    values = _placed(readings, room_rows)
    return _on(grid, _steps(values, grid, step_ms).group_by("time_ms").agg(pl.mean("value")))


def _placed(readings: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the good values that were measured while their device was there: `subject`, `time_ms`, `value`."""
    good = readings.filter((pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_not_null())
    joined = good.join(rows.select("device", "metric", "subject", *SPAN), on=["device", "metric"])
    there = (pl.col("start_ms") <= pl.col("time_ms")) & (pl.col("time_ms") < pl.col("end_ms"))
    return joined.filter(there).select("subject", "phase", "time_ms", "value")


def _steps(values: pl.DataFrame, grid: pl.Series, step_ms: int) -> pl.DataFrame:
    if grid.is_empty():
        return values.clear()
    start_ms = int(grid[0])
    begun = values.filter(pl.col("time_ms") >= start_ms)
    return begun.with_columns(time_ms=pl.col("time_ms") - (pl.col("time_ms") - start_ms) % step_ms)


def _power_at(
    readings: pl.DataFrame, rows: pl.DataFrame, registry: Registry, grid: pl.Series, step_ms: int
) -> tuple[float | None, ...]:
    circuit_rows = rows.filter(pl.col("subject").str.starts_with("circuit:") & (pl.col("metric") == POWER))
    ratios = pl.DataFrame(
        [(_circuit(circuit.id), circuit.ct_ratio) for circuit in registry.circuits.values()],
        schema={"subject": pl.String, "ct_ratio": pl.Float64},
        orient="row",
    )
    values = _steps(_placed(readings, circuit_rows), grid, step_ms)
    means = values.group_by("time_ms", "subject", "phase").agg(pl.mean("value")).join(ratios, on="subject")
    return _on(grid, means.group_by("time_ms").agg((pl.col("value") * pl.col("ct_ratio")).sum().alias("value")))


def _occupied_at(readings: pl.DataFrame, rows: pl.DataFrame, grid: pl.Series) -> tuple[float | None, ...]:
    if room_members(rows).is_empty():
        return (None,) * len(grid)
    track = room_occupancy(readings, rows).rename({"end_ms": "until_ms", "start_ms": "time_ms"}).sort("time_ms")
    found = grid.to_frame().join_asof(track, on="time_ms", strategy="backward")
    value = pl.when(pl.col("time_ms") < pl.col("until_ms")).then(pl.col("state").cast(pl.Float64))
    return tuple(found.select(value=value)["value"].to_list())


def _on(grid: pl.Series, values: pl.DataFrame) -> tuple[float | None, ...]:
    return tuple(grid.to_frame().join(values, on="time_ms", how="left", maintain_order="left")["value"].to_list())
