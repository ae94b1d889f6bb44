"""Taking turns at writing the spool: ingest, the drain and the alert threads share one file that has one writer.

A fire waits for whoever writes. So nobody waits longer than the other takes, and who may lose a commit to a power cut,
because it would only be done again, does not make the disk sync while the others wait.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

PATIENCE_S = 30.0
"""How long to wait for one's turn, as long as the connections themselves do."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.0005, 0.004
"""SQLite's own waits grow to a tenth of a second, while a turn takes a few milliseconds."""


class Durability(StrEnum):
    """What a commit survives, by SQLite's names: FULL a power cut, NORMAL (of a write-ahead log) only our own end."""

    THROUGH_POWER_CUTS = "FULL"
    THROUGH_OUR_END = "NORMAL"


LEFT_TO_THE_DRAIN = 16_000
"""Pages of the write-ahead log, 64 MB. Beyond, nobody drains, and whoever writes takes them on."""


def leave_log_to_drain(db: sqlite3.Connection) -> None:
    """Leave it to the drain to bring the write-ahead log into the file, which a fire would have to wait for."""
    db.execute(f"PRAGMA wal_autocheckpoint = {LEFT_TO_THE_DRAIN}")


@contextmanager
def turn(db: sqlite3.Connection, kept: Durability = Durability.THROUGH_POWER_CUTS) -> Iterator[sqlite3.Connection]:
    """Yield the connection in a transaction that may write; committed where the block ends well, else rolled back."""
    db.execute(f"PRAGMA synchronous = {kept}")
    _begin(db)
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            # On a full disk SQLite may have rolled back by itself in between.
            with suppress(sqlite3.OperationalError):
                db.execute("ROLLBACK")
        raise


def _begin(db: sqlite3.Connection) -> None:
    """Begin to write as soon as nobody else does."""
    until, wait_s = time.monotonic() + PATIENCE_S, _FIRST_WAIT_S
    db.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            else:
                return
    finally:
        db.execute(f"PRAGMA busy_timeout = {PATIENCE_S * 1e3:.0f}")
