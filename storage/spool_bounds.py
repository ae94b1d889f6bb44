"""The bounds of the spool: when the oldest readings go, and what an error of SQLite says about the disk."""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from storage.spool_entries import drop_oldest_readings

_NO_ROOM_BYTES = 64 * 1024
"""With less than this, whatever SQLite failed to write it failed for want of room."""


class SpoolFullError(Exception):
    """There is no room for more; nothing of the transaction was kept."""

    @classmethod
    def at(cls, path: Path) -> "SpoolFullError":
        """Return the error that names the file and says what to do."""
        return cls(f"{path}: the disk is full; make room, what waits at the broker is not lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many bytes the spool may take, and how many of the disk stay free."""

    max_bytes: int
    min_free_bytes: int

    def keep(self, db: sqlite3.Connection, folder: Path, *, used_before: int) -> int:
        """Drop the oldest readings until the spool fits; return how many went. Events never go.

        Where the disk is short the spool may stay as large as it was before this transaction, and no larger.
        """
        short_of_disk = shutil.disk_usage(folder).free < self.min_free_bytes
        allowed = min(self.max_bytes, used_before) if short_of_disk else self.max_bytes
        dropped = 0
        while used_bytes(db) > allowed and (gone := drop_oldest_readings(db)):
            dropped += gone
        return dropped


def used_bytes(db: sqlite3.Connection) -> int:
    """Return the bytes in use, without the pages that are free for reuse."""
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def is_full(error: sqlite3.Error, folder: Path) -> bool:
    """Say whether an error means that the disk is full: SQLite says so, or it is and a write failed."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return True
    failed = code & 0xFF in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL}
    return failed and shutil.disk_usage(folder).free < _NO_ROOM_BYTES
