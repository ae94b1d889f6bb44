"""What the spool remembers of events and deliveries, so that one that comes again is known."""

import sqlite3
from collections.abc import Iterable, Sequence

from sensors.intake import Delivery, SpoolEntry

EVENT_KEYS_MS = 35 * 86_400_000
"""How long an event's key is remembered: longer than any gateway keeps what it could not send."""

DELIVERIES = 32_768
"""How many messages back a redelivery is recognised: half of all packet ids, before a broker uses one again."""


def seen_event(db: sqlite3.Connection, gateway: str, event_key: str) -> bool:
    """Say whether an event of this key was committed before."""
    query = "SELECT 1 FROM event_keys WHERE gateway = ? AND key = ?"
    return db.execute(query, (gateway, event_key)).fetchone() is not None


def remember_events(db: sqlite3.Connection, entries: Iterable[SpoolEntry]) -> None:
    """Remember the keys of events, and forget those that are too old to come again."""
    rows = [(entry.gateway, key, entry.received_ms) for entry in entries for key in entry.event_keys]
    if not rows:
        return
    db.executemany("INSERT OR IGNORE INTO event_keys VALUES (?, ?, ?)", rows)
    db.execute("DELETE FROM event_keys WHERE received_ms < ?", (rows[-1][2] - EVENT_KEYS_MS,))


class Deliveries:
    """The packet ids of the broker's present session, with what came under each."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Go on where the file is."""
        self._db = db
        self._number = int(db.execute("SELECT coalesce(max(number), 0) FROM deliveries").fetchone()[0])

    def __contains__(self, delivery: Delivery) -> bool:
        """Say whether this very message was committed under this packet id not long ago."""
        query = "SELECT 1 FROM deliveries WHERE packet_id = ? AND digest = ? AND number > ?"
        known = (delivery.packet_id, delivery.digest, self._number - DELIVERIES)
        return self._db.execute(query, known).fetchone() is not None

    def remember(self, entries: Sequence[SpoolEntry]) -> None:
        """Remember under which packet ids these came, within the caller's transaction."""
        rows = []
        for entry in entries:
            for delivery in entry.deliveries if entry.delivery is None else (entry.delivery,):
                # A number used up by a commit that failed does no harm.
                self._number += 1
                rows.append((delivery.packet_id, delivery.digest, self._number))
        self._db.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)", rows)

    def forget(self) -> None:
        """Forget all packet ids, within the caller's transaction."""
        self._db.execute("DELETE FROM deliveries")
