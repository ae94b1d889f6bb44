"""How far the changes of records have come into an InfluxDB, and under which series each record was first written.

A file of its own: lost or deleted, it only has all records written again, to the same points.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), change INTEGER NOT NULL, seen_ms INTEGER);
CREATE TABLE IF NOT EXISTS series (point TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """The number of the last change that is written, and when that was looked at, UTC ms."""

    change: int
    seen_ms: int


class StateNotes:
    """The notes in a SQLite file. Any thread may call, one at a time."""

    def __init__(self, path: Path) -> None:
        """Take the file, which is made at the first call."""
        self._path = path

    @property
    def reached(self) -> Reached | None:
        """Return how far it is; None before the first time."""
        with closing(self._open()) as database:
            row = database.execute("SELECT change, seen_ms FROM place").fetchone()
        return None if row is None else Reached(*row)

    def keys(self, points: Iterable[str]) -> Mapping[str, str]:
        """Return the series of those points that have one."""
        with closing(self._open()) as database:
            rows = (
                database.execute("SELECT point, key FROM series WHERE point = ?", (each,)).fetchone() for each in points
            )
            return {row[0]: row[1] for row in rows if row is not None}

    def advance(self, reached: Reached, keys: Mapping[str, str]) -> None:
        """Keep how far it is and the series of points, in one transaction."""
        with closing(self._open()) as database, database:
            database.executemany("INSERT OR IGNORE INTO series VALUES (?, ?)", keys.items())
            database.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (reached.change, reached.seen_ms))

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=30)
        database.executescript(_SCHEMA)
        return database
