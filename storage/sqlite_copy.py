"""Copies of SQLite files that others write to meanwhile."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.errors import StoreUnreadableError

WAIT_S = 30.0


def copy_sqlite(source: Path, target: Path) -> None:
    """Write the state of a database at one moment to a new file, with no log beside it.

    By SQLite itself: to open and close the file once more would let go of this process's locks on it.
    Raises StoreUnreadableError.
    """
    with _translated(source), closing(_open(source)) as held, closing(sqlite3.connect(target)) as copy:
        held.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def copy_spool(source: Path, target: Path) -> None:
    """Write a copy of a spool that bears a name of its own.

    A store of readings remembers how far it drained a spool by the spool's name. It may be ahead of this copy; under
    the old name it would take the entries that the copy gets next for drained. Under a new name some entries are
    drained twice, which changes nothing. Raises StoreUnreadableError.
    """
    copy_sqlite(source, target)
    with _translated(target), closing(sqlite3.connect(target)) as copy, copy:
        copy.execute("UPDATE meta SET value = ? WHERE key = 'spool_id'", (str(uuid.uuid4()),))


def _open(path: Path) -> sqlite3.Connection:
    # Never made where it is not: that would be a backup of nothing.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        raise StoreUnreadableError(path, str(exc)) from exc
