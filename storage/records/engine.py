"""The database behind the records: how it is reached, how a transaction begins, and what its errors mean.

Two kinds are known; another one that speaks SQL needs its own place in `DATABASES` and nothing else.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from storage.records.errors import (
    AuditSealedError,
    RecordsAwayError,
    RecordsBusyError,
    RecordsError,
    RecordsRefusedError,
    RecordsUnreachableError,
)

BUSY_S = 10.0
"""How long a transaction waits for another one."""

CONNECT_S = 5
SEALED = "the audit log is sealed"
"""How the triggers begin what they say; `migrations` has the same words."""

_BEGIN = "premises_begin"
_POSTGRES_BUSY = ("55P03", "40P01", "40001")
"""lock_not_available, deadlock_detected, serialization_failure."""


class Database(Protocol):
    """What differs between databases."""

    def engine(self, url: URL, *, busy_s: float) -> Engine:
        """Return an engine whose transactions are there to write, one after another."""
        ...

    def reading(self, engine: Engine) -> Connection:
        """Return a connection whose transaction sees one state and waits for nobody."""
        ...

    def is_busy(self, fault: BaseException | None) -> bool:
        """Say whether the driver's error means that somebody else holds what is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Sqlite:
    """One file for several processes of one machine: write-ahead log, synchronous FULL."""

    def engine(self, url: URL, *, busy_s: float) -> Engine:
        """Return an engine whose transactions begin by taking the one writer's place (BEGIN IMMEDIATE)."""
        if url.database:
            _make_private(Path(url.database))
        engine = create_engine(url, connect_args={"timeout": busy_s})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def reading(self, engine: Engine) -> Connection:
        """Return a connection whose transaction takes a snapshot at its first query."""
        return engine.connect().execution_options(**{_BEGIN: "BEGIN"})

    def is_busy(self, fault: BaseException | None) -> bool:
        """Say whether the file is locked."""
        return str(fault).startswith("database is locked")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A server, by psycopg 3. Writers take turns at the row of the audit chain's head."""

    def engine(self, url: URL, *, busy_s: float) -> Engine:
        """Return an engine that notices connections which died while they waited."""
        options = f"-c lock_timeout={int(busy_s * 1000)} -c timezone=utc"
        driver = url.set(drivername="postgresql+psycopg")
        return create_engine(
            driver, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S, "options": options}
        )

    def reading(self, engine: Engine) -> Connection:
        """Return a connection whose transaction sees the state of its first query throughout."""
        return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def is_busy(self, fault: BaseException | None) -> bool:
        """Say whether a lock was not to be had."""
        return getattr(fault, "sqlstate", None) in _POSTGRES_BUSY


DATABASES: Mapping[str, Database] = MappingProxyType({"sqlite": Sqlite(), "postgresql": PostgreSQL()})
"""By the name before `://`."""


def parse_url(text: str | URL) -> URL:
    """Return the address of a database we can use. Raises RecordsUnreachableError."""
    try:
        url = make_url(text)
    except exc.ArgumentError as fault:
        # The text may hold a password, so it is not quoted.
        place = "[records] url"
        raise RecordsUnreachableError(place, "no address of a database; write postgresql://user@host/name") from fault
    if url.get_backend_name() not in DATABASES:
        known = " or ".join(DATABASES)
        raise RecordsUnreachableError(place_of(url), f"{url.get_backend_name()} is not supported; use {known}")
    return url


def place_of(url: URL) -> str:
    """Return the address without its password, for people."""
    return url.render_as_string(hide_password=True)


def database_of(url: URL) -> Database:
    """Return what is particular to the database of an address."""
    return DATABASES[url.get_backend_name()]


def open_engine(url: URL, *, busy_s: float = BUSY_S) -> Engine:
    """Return the engine for an address; nothing is connected yet. Raises RecordsUnreachableError."""
    try:
        return database_of(url).engine(url, busy_s=busy_s)
    except ModuleNotFoundError as fault:
        detail = f"the driver {fault.name} is missing; install premises[postgres]"
        raise RecordsUnreachableError(place_of(url), detail) from fault


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn the library's errors into ours; no other place does."""
    try:
        yield
    except exc.DBAPIError as fault:
        raise _ours(url, fault) from fault
    except exc.TimeoutError as fault:
        raise RecordsBusyError(place_of(url), "all connections are in use; try again") from fault


def _ours(url: URL, fault: exc.DBAPIError) -> RecordsError:
    place, words = place_of(url), str(fault.orig).partition("\n")[0]
    if SEALED in words:
        return AuditSealedError(place, words)
    if database_of(url).is_busy(fault.orig):
        return RecordsBusyError(place, f"another transaction goes on for too long ({words}); try again")
    if isinstance(fault, (exc.IntegrityError, exc.DataError, exc.ProgrammingError)):
        return RecordsRefusedError(place, words)
    served = url.get_backend_name() != "sqlite" and isinstance(fault, exc.OperationalError)
    error = RecordsAwayError if served else RecordsUnreachableError
    return error(place, f"the records cannot be used ({words}); look at the database and try again")


def _make_private(path: Path) -> None:
    """Make a new file readable by its owner only, for it holds the hashes of passwords; its log takes after it.

    The file itself is never opened here: to close it once would let go of all locks that this process holds on it.
    """
    if path.exists():
        return
    try:
        handle, empty = mkstemp(dir=path.parent)
    except OSError as fault:
        raise RecordsUnreachableError(str(path), f"cannot be made ({fault.strerror}); look at the folder") from fault
    os.close(handle)
    # Another process may have been quicker; and where there are no links, SQLite makes the file in its own way.
    with suppress(OSError):
        os.link(empty, path)
    Path(empty).unlink()


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection has no type in SQLAlchemy
    # The driver would begin transactions of its own; _begin_sqlite says when and how.
    connection.isolation_level = None
    run = partial(connection.execute)
    run("PRAGMA journal_mode = WAL")
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))
