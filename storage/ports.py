"""The contract of a store of readings, kept by every implementation in this folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import polars as pl

from analytics.ports import AnalysisStore
from sensors.events import Event
from sensors.readings import ReadingBatch
from sensors.topology import SiteId

Step = Literal["hour", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Readings or events that the store will never take, and its own words why."""

    words: str
    readings: ReadingBatch | None = None
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendResult:
    """What an append did, counted in readings: new keys, keys with another value, keys that said nothing new.

    With those `refused` the three add up to the readings given; one that its own batch supersedes said nothing new.
    """

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()

    def __add__(self, other: Self) -> "AppendResult":
        """Return what both did together."""
        return AppendResult(
            new=self.new + other.new,
            replaced=self.replaced + other.replaced,
            unchanged=self.unchanged + other.unchanged,
            refused=self.refused + other.refused,
        )


class ReadingStore(AnalysisStore, Protocol):
    """Readings, events and features of any number of sites.

    Appending is idempotent: the same batch twice changes no answer. Of one key the last received wins.
    An append makes the stored features invalid of all days that rest on its times, in whatever zone.
    """

    def append(self, batch: ReadingBatch) -> AppendResult:
        """Store a batch in one transaction."""
        ...

    def append_events(self, events: Sequence[Event]) -> int:
        """Store events in one transaction; return how many were new.

        The same site, gateway, id (or, without an id: device, type, state, zone, time) is the same event.
        """
        ...

    def aggregate(self, site: SiteId, *, metric: str, step: Step, start_ms: int, end_ms: int) -> pl.DataFrame:
        """Return mean, minimum, maximum and count of good and estimated values by time bucket and device.

        Columns: bucket_ms, device, phase, mean, minimum, maximum, count; buckets are UTC-aligned; sorted by
        device, phase, bucket_ms. The caller joins devices to rooms, for a device's room is an interval in time.
        """
        ...

    def close(self) -> None:
        """Finish writing and let go of the files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSpan:
    """Where a device is from `start_ms` (UTC) until its next span begins; a part that is not known is empty."""

    start_ms: int
    building: str = ""
    floor: str = ""
    room: str = ""


class Places(Protocol):
    """Where devices are and were, for a store that writes the place beside each reading."""

    def spans(self, site: SiteId, device: str) -> Sequence[PlaceSpan]:
        """Return a device's places in the order of time; none for a device that nobody knows."""
        ...


class SpoolTarget(Protocol):
    """A store that remembers how far each spool was drained into it."""

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> AppendResult:
        """Store what lies between `drained_to(spool)` and `last_entry`, and that number, in one transaction.

        `spool` names one spool file for its whole life; its entries are numbered upwards from 1. When `last_entry`
        was drained before, nothing happens, so a crash before the spool deletes its entries counts nothing twice.
        """
        ...

    def drained_to(self, spool: str) -> int:
        """Return the number of the last entry drained from a spool, 0 before the first."""
        ...
