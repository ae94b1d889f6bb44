"""Occupancy of the rooms in which nothing sees people: inferred from what changes when they are there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.intervals import SPAN, merged
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.occupancy_chain import Floats
from analytics.occupancy_doubts import TELLS, without_endless
from analytics.occupancy_evidence import SIGNALS
from analytics.occupancy_inferred import Inferred, infer
from analytics.occupancy_stuck import never_used, without_contradicted, without_endless_use
from sensors.catalogue import CATALOGUE
from sensors.readings import Quality
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import Overrides
from sensors.topology import CircuitItem, Registry

STEP_MS = 5 * 60_000
HELD_STEPS = 3
"""A value stands for so many steps: what reports every quarter of an hour leaves no gap."""
PEOPLE_METRICS = ("co2_ppm", "wifi_devices", "sound_level_dba")
"""Of these a room needs one: lamps and sockets alone would take what is left on for people."""
OTHER_METRICS = ("illuminance_lux", "temperature_c", "relative_humidity_pct")
POWER_OF = {CircuitItem.LIGHTING: "lighting_power_w", CircuitItem.PLUGS: "plug_power_w"}
QUIET_SHARE = 0.05
"""A room occupied for less than this share, by two signals or more that agree, was empty."""

TRACK = pl.Schema({"subject": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64, "state": pl.Boolean})


def inferable(point_rows: pl.DataFrame) -> frozenset[str]:
    """Return the rooms whose occupancy must be inferred and can be, as subjects."""
    rooms = point_rows.filter(pl.col("subject").str.starts_with(f"{SubjectKind.ROOM}:"))
    seen = set(rooms.filter(pl.col("metric").is_in(OCCUPANCY_METRICS))["subject"])
    telling = set(rooms.filter(pl.col("metric").is_in(PEOPLE_METRICS))["subject"])
    return frozenset(telling - seen)


CONFIDENCE = "S02", "inferred_confidence_pct"
"""How sure an inference has to be, for all rules that read it."""


def own_confidence(registry: Registry, overrides: Overrides) -> Mapping[str, float]:
    """Return how sure it has to be, %, in the rooms that have a threshold of their own, by subject."""
    own = overrides.of_rules(frozenset({CONFIDENCE[0]}))
    if not any(each.parameter == CONFIDENCE[1] for each in own.entries):
        return {}
    subjects = [Subject(SubjectKind.ROOM, room) for room in registry.rooms]
    holding = ((subject, each) for subject in subjects for each in own.holding(subject, registry))
    return {str(subject): each.value for subject, each in holding if each.parameter == CONFIDENCE[1]}


def inferred_occupancy(
    readings: pl.DataFrame,
    power: pl.DataFrame,
    point_rows: pl.DataFrame,
    registry: Registry,
    sure: Mapping[str, float] = MappingProxyType({}),
) -> pl.DataFrame:
    """Return a track per inferable room with the boolean `state`; what is not sure enough is left out.

    `readings` are READINGS_SCHEMA, `power` the track of circuit_power. How sure is S02's `inferred_confidence_pct`, in
    some rooms what `sure` says.
    """
    return _inferred(sorted(inferable(point_rows)), readings, power, point_rows, registry, sure)


def believed(
    seen: pl.DataFrame,
    readings: pl.DataFrame,
    power: pl.DataFrame,
    point_rows: pl.DataFrame,
    registry: Registry,
    sure: Mapping[str, float] = MappingProxyType({}),
) -> pl.DataFrame:
    """Return the track of the rooms that sensors watch without what stuck sensors say: all use, or none."""
    alive = without_endless_use(seen, registry)
    telling = set(point_rows.filter(pl.col("metric").is_in(PEOPLE_METRICS))["subject"])
    suspects = sorted(never_used(alive) & telling)
    return without_contradicted(alive, _inferred(suspects, readings, power, point_rows, registry, sure))


def _inferred(
    rooms: list[str],
    readings: pl.DataFrame,
    power: pl.DataFrame,
    point_rows: pl.DataFrame,
    registry: Registry,
    sure: Mapping[str, float],
) -> pl.DataFrame:
    steps = _steps(rooms, readings)
    if steps is None:
        return pl.DataFrame(schema=TRACK)
    found = steps.inferred(readings, power, point_rows, registry)
    return steps.track(_states(found, _asked(rooms, sure)))


@dataclass(frozen=True, slots=True)
class InferredNow:
    """How probable it is that somebody is in a room, 0 to 1; `occupied` is None where that is not sure enough."""

    probability: float
    occupied: bool | None


def inferred_now(
    readings: pl.DataFrame, power: pl.DataFrame, point_rows: pl.DataFrame, registry: Registry
) -> Mapping[str, InferredNow]:
    """Return what the newest step says of each inferable room, by subject; rooms that tell nothing are left out.

    `readings` and `power` are those of some days up to now.
    """
    rooms = sorted(inferable(point_rows))
    steps = _steps(rooms, readings)
    if steps is None:
        return {}
    found = steps.inferred(readings, power, point_rows, registry)
    states = _states(found, _asked(rooms, {}))[:, -1]
    tells = found.heard[:, -1] & (_people_tell(found) | _all_quiet(found, found.probability))
    return {
        room: InferredNow(round(float(probability), 3), None if state < 0 else bool(state))
        for room, probability, state, tell in zip(rooms, found.probability[:, -1], states, tells, strict=True)
        if tell
    }


def _asked(rooms: Sequence[str], sure: Mapping[str, float]) -> Floats:
    """Return how sure an inference has to be in each room, 0 to 1."""
    usual = CATALOGUE[CONFIDENCE[0]].parameter(CONFIDENCE[1])
    return np.array([sure.get(room, usual) for room in rooms]) / 100


def _steps(rooms: list[str], readings: pl.DataFrame) -> "_Steps | None":
    """Return the rooms' steps over all readings; None where there are no rooms or none."""
    first_ms, last_ms = readings.select(first=pl.min("time_ms"), last=pl.max("time_ms")).row(0)
    if not rooms or first_ms is None:
        return None
    begin_ms = first_ms // STEP_MS * STEP_MS
    return _Steps(rooms, begin_ms, (last_ms - begin_ms) // STEP_MS + 1)


def _states(found: Inferred, sure: Floats) -> NDArray[np.int8]:
    """Return rooms × steps: 1 occupied, 0 empty, -1 not known surely enough for the room."""
    confidence = sure[:, None]
    probability = without_endless(np.where(found.heard, found.probability, np.nan), STEP_MS / 60_000)
    believed = (_people_tell(found) | _all_quiet(found, probability))[:, None]
    occupied, empty = probability >= confidence, probability <= 1 - confidence
    return np.where(believed & occupied, 1, np.where(believed & empty, 0, -1)).astype(np.int8)


def _people_tell(found: Inferred) -> NDArray[np.bool_]:
    """Return the rooms in which a signal of the people themselves tells occupied from empty."""
    telling = [of >= TELLS for name, of in found.spoken.items() if _is_of_people(name)]
    tell: NDArray[np.bool_] = np.logical_or.reduce(telling)
    return tell


def _all_quiet(found: Inferred, probability: Floats) -> NDArray[np.bool_]:
    """Return the rooms in which two signals or more agree that hardly anybody came."""
    known = np.maximum((~np.isnan(probability)).sum(axis=1), 1)
    share = (np.nan_to_num(probability) > 0.5).sum(axis=1) / known  # noqa: PLR2004 - one half
    strong = [found.known[name] for name in found.spoken if not SIGNALS[name].weak]
    heard = np.sum(strong, axis=0, dtype=np.int64)
    quiet: NDArray[np.bool_] = (share < QUIET_SHARE) & (heard >= 2)  # noqa: PLR2004 - two agree
    return quiet


def _is_of_people(name: str) -> bool:
    return not SIGNALS[name].thing and not SIGNALS[name].weak


@dataclass(frozen=True, slots=True)
class _Steps:
    """Rooms × steps of five minutes, the first beginning at `first_ms`."""

    rooms: list[str]
    first_ms: int
    count: int

    def inferred(
        self, readings: pl.DataFrame, power: pl.DataFrame, point_rows: pl.DataFrame, registry: Registry
    ) -> Inferred:
        """Return what is inferred of all steps."""
        metrics = dict(self.of_readings(readings, point_rows)) | dict(self.of_power(power, registry))
        return infer(metrics, STEP_MS / 60_000)

    def of_readings(self, readings: pl.DataFrame, point_rows: pl.DataFrame) -> Iterator[tuple[str, Floats]]:
        """Yield the means of the good readings of each metric."""
        metrics = [*PEOPLE_METRICS, *OTHER_METRICS]
        places = point_rows.filter(pl.col("metric").is_in(metrics)).join(self._numbered(), on="subject")
        usable = readings.filter(
            pl.col("metric").is_in(metrics), pl.col("quality") < Quality.SUSPECT, pl.col("value").is_not_null()
        )
        placed = usable.join(places.select("device", "metric", "row", *SPAN), on=["device", "metric"]).filter(
            pl.col("time_ms").is_between("start_ms", "end_ms", closed="left")
        )
        for (metric,), own in placed.partition_by("metric", as_dict=True).items():
            yield str(metric), self._means(own)

    def of_power(self, power: pl.DataFrame, registry: Registry) -> Iterator[tuple[str, Floats]]:
        """Yield the power of lamps and of sockets, for circuits that serve one room each."""
        at = self._numbered().rename({"subject": "room"})
        edges = pl.DataFrame({"time_ms": self.first_ms + np.arange(self.count) * STEP_MS}).set_sorted("time_ms")
        for item, metric in POWER_OF.items():
            circuits = _circuits(registry, item).join(at, on="room")
            own = power.join(circuits, on="subject").sort("row", "start_ms")
            if own.is_empty():
                continue
            grid = own.select("row").unique().join(edges, how="cross").sort("row", "time_ms")
            read = grid.join_asof(
                own.select("row", *SPAN, value="power_w"),
                left_on="time_ms",
                right_on="start_ms",
                by="row",
                check_sortedness=False,  # both are sorted here; polars cannot check it beside `by` and would warn
            )
            yield metric, self._means(read.filter(pl.col("time_ms") < pl.col("end_ms")).drop_nulls("value"))

    def track(self, states: NDArray[np.int8]) -> pl.DataFrame:
        """Return the states as a track; unknown steps are left out."""
        row, step = np.nonzero(states >= 0)
        start = self.first_ms + step * STEP_MS
        known = pl.DataFrame(
            {
                "subject": pl.Series(self.rooms).gather(row),
                "start_ms": start,
                "end_ms": start + STEP_MS,
                "state": states[row, step] > 0,
            }
        )
        return merged(known.select(pl.col(name).cast(kind) for name, kind in TRACK.items()))

    def _numbered(self) -> pl.DataFrame:
        return pl.DataFrame({"subject": self.rooms}).with_row_index("row").cast({"row": pl.Int64})

    def _means(self, samples: pl.DataFrame) -> Floats:
        """Return rooms × steps: the mean of the values of each step, held for a while where there is none."""
        step = (samples["time_ms"].to_numpy() - self.first_ms) // STEP_MS
        place = samples["row"].to_numpy() * self.count + step
        size = len(self.rooms) * self.count
        counts = np.bincount(place, minlength=size)
        sums = np.bincount(place, weights=samples["value"].to_numpy(), minlength=size)
        means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0).reshape(len(self.rooms), -1)
        for _ in range(HELD_STEPS - 1):
            means[:, 1:] = np.where(np.isnan(means[:, 1:]), means[:, :-1], means[:, 1:])
        return np.asarray(means, dtype=np.float64)


def _circuits(registry: Registry, item: CircuitItem) -> pl.DataFrame:
    rows: list[tuple[str, str]] = [
        (str(Subject(SubjectKind.CIRCUIT, circuit.id)), str(Subject(SubjectKind.ROOM, circuit.serves[0])))
        for circuit in registry.circuits.values()
        if circuit.item is item and len(circuit.serves) == 1
    ]
    return pl.DataFrame(rows, schema={"subject": pl.String, "room": pl.String}, orient="row")


def with_inferred(measured: frozenset[tuple[str, str]], rooms: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Return what is measured with a presence in the inferred rooms: rules judge them as rooms that have a sensor."""
    return measured | {(room, OCCUPANCY_METRICS[0]) for room in rooms}
