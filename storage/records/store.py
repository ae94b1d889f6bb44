"""The records: opened, brought up to the present schema, and used by transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import URL, select

from sensors.clock import Clock
from storage.records.engine import BUSY_S, database_of, open_engine, parse_url, place_of, translated
from storage.records.journal import HEAD
from storage.records.schema import HEAD_REVISION, bring_up, schema_revision
from storage.records.tables import META
from storage.records.transaction import RecordsTransaction


@dataclass(frozen=True, slots=True)
class _MachineClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SqlRecords:
    """Records in SQLite or PostgreSQL, for any number of threads and processes; each transaction is for one thread.

    One transaction writes at a time; others wait up to `busy_s`. `clock` says when a change or a finding's step
    was written down; steps of alerts and items bring their own times. `digest` seals new rows of the audit log:
    `sha256`, or `sm3` where OpenSSL has it; rows of both may stand in one chain.
    """

    def __init__(
        self, url: str | URL, *, clock: Clock | None = None, busy_s: float = BUSY_S, digest: str = "sha256"
    ) -> None:
        """Open the database and bring it up to the present schema.

        Raises RecordsUnreachableError, RecordsTooNewError, RecordsBusyError.
        """
        self._url = parse_url(url)
        self._digest = digest
        self._clock = clock or _MachineClock()
        self._database = database_of(self._url)
        self._engine = open_engine(self._url, busy_s=busy_s)
        try:
            with translated(self._url):
                self._bring_up()
        except BaseException:
            self._engine.dispose()
            raise

    @property
    def place(self) -> str:
        """Return the address without its password."""
        return place_of(self._url)

    @contextmanager
    def transaction(self) -> Iterator[RecordsTransaction]:
        """Yield a transaction that may write; committed at the end, or nothing of it kept when an exception leaves it.

        Raises RecordsBusyError, RecordsUnreachableError, RecordsRefusedError.
        """
        with translated(self._url), self._engine.begin() as connection:
            # Where the database lets several write at once, this makes them wait their turn: so numbers in
            # `changes` become visible in order, and the audit chain has one end. SQLite has let us in already.
            connection.execute(select(META.c.value).where(META.c.key == HEAD).with_for_update())
            yield RecordsTransaction(connection, self._clock, digest=self._digest)

    @contextmanager
    def reading(self) -> Iterator[RecordsTransaction]:
        """Yield a transaction that only reads: it sees one state, waits for no writer, and keeps none waiting."""
        with translated(self._url), self._database.reading(self._engine) as connection, connection.begin():
            yield RecordsTransaction(connection, self._clock, writable=False)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def _bring_up(self) -> None:
        """Wait for the writer's place only where there is something to write."""
        with self._database.reading(self._engine) as connection, connection.begin():
            ready = schema_revision(connection) == HEAD_REVISION
        if not ready:
            bring_up(self._engine, self.place)
