"""Bookings as a CSV: room,start,end[,id][,status], checked whole before any is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from ingest.csv_records import TableFault, csv_records
from premises.bookings.refused import BookingsRefusedError
from sensors.bookings import Booking, BookingChanges, booking_fault, booking_key, room_named
from sensors.topology import Registry, RoomId

ROOM = "room"
REQUIRED = ("start", "end")
OPTIONAL = ("id", "status")
HEADER = "room,start,end[,id][,status]"
STANDING = frozenset({"", "confirmed", "tentative"})
CANCELLED = frozenset({"cancelled", "canceled", "取消", "已取消"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReader:
    """Knows the rooms and the clock of the site; with `room` given the file needs no column of that name."""

    path: Path
    registry: Registry
    zone: tzinfo
    room: RoomId | None = None
    encoding: str = "utf-8"

    def changes(self) -> BookingChanges:
        """Return what the table says. Raises BookingsRefusedError with every row that cannot be used, TableFault."""
        records = csv_records(self.path, encoding=self.encoding)
        _, header = next(records, (0, []))
        columns = self._columns(header)
        told: dict[str, Booking | None] = {}
        faults: list[TableFault] = []
        for number, cells in records:
            try:
                booking, cancelled = self._booking(_Row(self.path, number, columns, cells))
                told[booking.key] = None if cancelled else booking
            except TableFault as fault:
                faults.append(fault)
        if faults:
            raise BookingsRefusedError(faults)
        if not told:
            raise TableFault(self.path, "the file has a header and no rows; there is no booking in it")
        return BookingChanges(
            standing=tuple(booking for booking in told.values() if booking is not None),
            cancelled=frozenset(key for key, booking in told.items() if booking is None),
        )

    def _columns(self, header: Sequence[str]) -> Mapping[str, int]:
        names = [name.strip().lower() for name in header]
        for column in self._needed():
            if names.count(column) != 1:
                problem = "is there twice" if column in names else "is missing"
                raise TableFault(self.path, f"the column {problem}; the header is {HEADER}", row=1, column=column)
        # Further columns are left alone: who booked is nothing that is kept here.
        return {name: at for at, name in enumerate(names) if name in (ROOM, *REQUIRED, *OPTIONAL)}

    def _needed(self) -> Iterator[str]:
        if self.room is None:
            yield ROOM
        yield from REQUIRED

    def _booking(self, row: "_Row") -> tuple[Booking, bool]:
        room = self.room or self._room(row)
        start, end = row.time("start", self.zone), row.time("end", self.zone)
        wrong = booking_fault(start, end)
        if wrong is not None:
            raise row.fault(column="end", reason=wrong)
        name = row.text("id") or f"{room}\n{start.isoformat()}"
        key = booking_key(self.registry.site.id, "table", name)
        return Booking(site=self.registry.site.id, room=room, start=start, end=end, key=key), row.is_cancelled()

    def _room(self, row: "_Row") -> RoomId:
        written = row.text(ROOM)
        room = room_named(self.registry, written) if written else None
        if room is None:
            said = f"{written[:40]!r} is no one room of the registry" if written else "the cell is blank"
            raise row.fault(ROOM, f"{said}; write a room's id or name")
        return room


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    number: int
    columns: Mapping[str, int]
    cells: Sequence[str]

    def text(self, column: str) -> str:
        at = self.columns.get(column)
        return "" if at is None or at >= len(self.cells) else self.cells[at].strip()

    def fault(self, column: str, reason: str) -> TableFault:
        return TableFault(self.path, reason, row=self.number, column=column)

    def time(self, column: str, zone: tzinfo) -> datetime:
        """Return a time in UTC; without an offset it is by the site's clock."""
        text = self.text(column)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as exc:
            said = f"{text[:40]!r} is no time" if text else "the cell is blank"
            raise self.fault(column, f"{said}; write it like 2026-03-02 09:00") from exc
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    def is_cancelled(self) -> bool:
        status = self.text("status").lower()
        if status not in STANDING | CANCELLED:
            raise self.fault(column="status", reason=f"{status[:40]!r} is not known; write confirmed or cancelled")
        return status in CANCELLED
