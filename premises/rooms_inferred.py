"""Whether somebody is in the rooms that no sensor watches, inferred now and then: for each page it would cost too much.

How sure an inference has to be is the catalogue's here; the analysis knows what a room asks for itself.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from analytics.occupancy_rooms import OTHER_METRICS, PEOPLE_METRICS, InferredNow, inferable, inferred_now
from analytics.ports import ReadingSource
from analytics.power import circuit_power
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, Registry

EVERY_MS = 5 * 60_000
LOOK_BACK_MS = 3 * 24 * 60 * 60_000
"""So much is needed to tell a room's quiet from its use. Our own choice, as the next."""
STALE_MS = 30 * 60_000
"""What was heard longer ago says nothing of now."""
NOTHING: Mapping[str, InferredNow] = {}


@dataclass(frozen=True, slots=True)
class _Known:
    registry: Registry
    at_ms: int
    rooms: Mapping[str, InferredNow]


class RoomsInferred:
    """Remembers what was inferred last; for any thread."""

    def __init__(self, store: ReadingSource) -> None:
        """Know nothing yet."""
        self._store = store
        self._known: _Known | None = None
        self._lock = threading.Lock()

    def now(self, registry: Registry, point_rows: pl.DataFrame, now_ms: int) -> Mapping[str, InferredNow]:
        """Return what is inferred of each room, by subject, at most five minutes old; others wait while one infers."""
        with self._lock:
            known = self._known
            is_fresh = known is not None and known.registry is registry and 0 <= now_ms - known.at_ms < EVERY_MS
            if known is None or not is_fresh:
                rooms = self._inferred(registry, point_rows, now_ms)
                known = self._known = _Known(registry, now_ms, rooms)
            return known.rooms

    def _inferred(self, registry: Registry, point_rows: pl.DataFrame, now_ms: int) -> Mapping[str, InferredNow]:
        rooms = inferable(point_rows)
        if not rooms:
            return NOTHING
        wanted = point_rows.filter(pl.col("subject").is_in(sorted(rooms | _things(registry, rooms))))
        wanted = wanted.filter(pl.col("metric").is_in([*PEOPLE_METRICS, *OTHER_METRICS, "active_power_w"]))
        readings = self._store.readings(
            registry.site.id,
            start_ms=now_ms - LOOK_BACK_MS,
            end_ms=now_ms + 1,
            metrics=wanted["metric"].unique().to_list(),
            devices=wanted["device"].unique().to_list(),
        )
        last_ms = readings["time_ms"].max()
        if not isinstance(last_ms, int) or now_ms - last_ms > STALE_MS:
            return NOTHING
        return inferred_now(readings, circuit_power(readings, wanted, _ratios(registry)), wanted, registry)


def _things(registry: Registry, rooms: frozenset[str]) -> frozenset[str]:
    """Return the circuits of lamps and sockets that serve one of the rooms alone, as subjects."""
    return frozenset(
        str(Subject(SubjectKind.CIRCUIT, circuit.id))
        for circuit in registry.circuits.values()
        if circuit.item in {CircuitItem.LIGHTING, CircuitItem.PLUGS}
        and len(circuit.serves) == 1
        and str(Subject(SubjectKind.ROOM, circuit.serves[0])) in rooms
    )


def _ratios(registry: Registry) -> pl.DataFrame:
    rows = [(str(Subject(SubjectKind.CIRCUIT, one.id)), one.ct_ratio) for one in registry.circuits.values()]
    return pl.DataFrame(rows, schema={"subject": pl.String, "ct_ratio": pl.Float64}, orient="row")
