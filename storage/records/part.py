"""What all aggregates in a transaction share: reading rows as values, writing them, and telling of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, CursorResult, Delete, Executable, Insert, RowMapping, Select, Table, Update

from sensors.clock import Clock
from sensors.journal import ChangeKind
from storage.records.tables import CHANGES


class ReadOnlyError(RuntimeError):
    """A write inside `SqlRecords.reading()`; use `transaction()`."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one transaction. The parts are put together in `transaction.py`."""

    connection: Connection
    clock: Clock
    writable: bool = True
    digest: str = "sha256"
    """Which digest seals new rows of the audit log."""

    def note_change(self, kind: ChangeKind, subject: str, *, at: datetime | None = None) -> None:
        """Tell the pages that follow `changes` that a record (of a reading, its site) is new; `at` is else now."""
        self._write(CHANGES.insert().values(kind=kind, subject=subject, at=at or self.clock.now()))

    def _rows(self, query: Executable) -> Sequence[RowMapping]:
        return self.connection.execute(query).mappings().all()

    def _row(self, query: Executable) -> RowMapping | None:
        return self.connection.execute(query).mappings().first()

    def _write(self, statement: Insert | Update | Delete) -> CursorResult[Any]:
        if not self.writable:
            msg = "this transaction only reads; write in SqlRecords.transaction()"
            raise ReadOnlyError(msg)
        return self.connection.execute(statement)

    def _save(self, table: Table, record: object) -> None:
        """Insert or update the row of a value; one writer at a time makes looking first safe."""
        values = row_of(table, record)
        [key] = table.primary_key.columns
        matches = key == values[key.name]
        if self._write(table.update().where(matches).values(values)).rowcount == 0:
            self._write(table.insert().values(values))

    def _add(self, table: Table, record: object) -> None:
        """Insert a value's row into a table that numbers its rows by itself."""
        values = {column.name: getattr(record, column.name) for column in fields_of(table, "number")}
        self._write(table.insert().values(values))


def row_of(table: Table, record: object) -> Mapping[str, object]:
    """Return the columns of a value whose fields they are named after."""
    return {column.name: getattr(record, column.name) for column in table.columns}


def by_key(table: Table, value: str) -> "Select[Any]":
    """Return the query for the row of a primary key."""
    [key] = table.primary_key.columns
    return table.select().where(key == value)


def fields_of(table: Table, *left_out: str) -> Sequence["Column[Any]"]:
    """Return the columns without those that no value has."""
    return [column for column in table.columns if column.name not in left_out]
