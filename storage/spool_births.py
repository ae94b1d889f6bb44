"""What gateways said of their values once: kept until they say it anew, so that later messages can always be read."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sensors.intake import Birth, SpoolEntry

MOST_BIRTHS: Final = 10_000
"""How many a gateway may have; beyond it the oldest go, and their nodes are asked again. The project's own choice."""

_PAST_ALL: Final = "\U0010ffff"


def keep_births(db: sqlite3.Connection, entries: Iterable[SpoolEntry]) -> None:
    """Keep the births of the entries instead of those that they make void, within the caller's transaction."""
    for entry in entries:
        for birth in entry.births:
            if birth.ends:
                void = (entry.gateway, birth.ends, birth.ends + _PAST_ALL)
                db.execute("DELETE FROM births WHERE gateway = ? AND topic >= ? AND topic < ?", void)
            _keep(db, entry.gateway, birth)
        if entry.births:
            _keep_bounded(db, entry.gateway)


def _keep(db: sqlite3.Connection, gateway: str, birth: Birth) -> None:
    if not birth.payload:
        db.execute("DELETE FROM births WHERE gateway = ? AND topic = ?", (gateway, birth.topic))
        return
    row = (gateway, birth.topic, birth.payload, birth.received_ms)
    db.execute("INSERT OR REPLACE INTO births (gateway, topic, payload, received_ms) VALUES (?, ?, ?, ?)", row)


def _keep_bounded(db: sqlite3.Connection, gateway: str) -> None:
    db.execute(
        "DELETE FROM births WHERE id IN (SELECT id FROM births WHERE gateway = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (gateway, MOST_BIRTHS),
    )


def read_births(db: sqlite3.Connection) -> Mapping[str, Sequence[Birth]]:
    """Return the births of each gateway in the order in which they came."""
    births: defaultdict[str, list[Birth]] = defaultdict(list)
    for gateway, topic, payload, received_ms in db.execute(
        "SELECT gateway, topic, payload, received_ms FROM births ORDER BY id"
    ):
        births[gateway].append(Birth(topic=topic, payload=payload, received_ms=received_ms))
    return births
