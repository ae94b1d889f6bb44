"""What InfluxDB cannot hold together with the readings, in a DuckDB file beside it: places of drains, features, days.

All of it can be made again. Without the file the drain goes on with what the spool holds, features and roll-ups are
computed anew, and the identities of events are read back from the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from sensors.events import Event
from sensors.topology import SiteId
from storage.readings.days import utc_days
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.duckdb_rollups import raise_revisions
from storage.readings.frames import event_identity, events_frame, stale_days

_BEGUN = ":begun"
Times = Mapping[SiteId, pl.Series]
"""Of each site times, UTC ms."""


@dataclass(frozen=True, slots=True)
class Changes:
    """When the readings are that are new or have changed, and the events."""

    readings: Times = field(default_factory=dict)
    events: Times = field(default_factory=dict)


class InfluxNotes(DuckDBReadingStore):
    """The file. It holds no readings; its lock lets one process at a time write a home's buckets."""

    def begin(self, changes: Changes, *, spool: str | None = None, last_entry: int = 0) -> None:
        """Note, before anything is written, whose days will change, and how far a spool may be in the store soon."""
        self._note(changes, None if spool is None else (spool + _BEGUN, last_entry))

    def finish(self, changes: Changes, *, spool: str | None = None, last_entry: int = 0) -> None:
        """Note that all is written; days change once more, for whoever looked at them meanwhile saw half of it."""
        self._note(changes, None if spool is None else (spool, last_entry))

    def is_redo(self, spool: str) -> bool:
        """Say whether a drain of this spool was begun and not finished: some of what comes now may be stored."""
        return self.drained_to(spool + _BEGUN) > self.drained_to(spool)

    def unknown(self, events: Sequence[Event]) -> list[Event]:
        """Return the events that are not noted yet, of one identity the first."""
        incoming = events_frame(events).select("site", "identity")
        with self._transaction() as writing, writing.incoming(incoming) as connection:
            rows = connection.execute("SELECT site, identity FROM incoming ANTI JOIN events USING (site, identity)")
            left = set(rows.fetchall())
        found: list[Event] = []
        for event in events:
            key = (event.site, event_identity(event))
            if key in left:
                left.remove(key)
                found.append(event)
        return found

    def knows_events(self, site: SiteId) -> bool:
        """Say whether any event of a site is noted."""
        with self._snapshot() as reading:
            return bool(reading.execute("SELECT 1 FROM events WHERE site = ? LIMIT 1", [site]).fetchall())

    def remember(self, events: pl.DataFrame) -> None:
        """Note events that were read back from the server (STORED_EVENTS_SCHEMA)."""
        if not events.is_empty():
            with self._transaction() as writing, writing.incoming(events) as connection:
                connection.execute("INSERT OR IGNORE INTO events BY NAME SELECT * FROM incoming")

    def _note(self, changes: Changes, place: tuple[str, int] | None) -> None:
        with self._transaction() as writing:
            for site, times in changes.events.items():
                writing.forget_features(site, stale_days(times))
            for site, times in changes.readings.items():
                writing.forget_features(site, stale_days(times))
                raise_revisions(writing.connection, site, utc_days(times))
            if place is not None:
                writing.connection.execute("INSERT OR REPLACE INTO drained VALUES (?, ?)", list(place))
