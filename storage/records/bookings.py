"""Bookings of rooms: one row each, by the key of its source. Who booked is kept nowhere."""

from collections.abc import Iterable, Sequence

from sqlalchemy import RowMapping

from sensors.bookings import Booking, BookingsKept
from sensors.journal import ChangeKind
from sensors.readings import from_epoch_ms
from sensors.topology import SiteId
from storage.records.journal import AuditRows
from storage.records.part import by_key
from storage.records.tables import BOOKINGS


class BookingRows(AuditRows):
    """Keeps `sensors.bookings.BookingTransaction`."""

    __slots__ = ()

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start."""
        begins = BOOKINGS.c.start
        wanted = (BOOKINGS.c.site == site) & (begins >= from_epoch_ms(start_ms)) & (begins < from_epoch_ms(end_ms))
        found = [_booking(row) for row in self._rows(BOOKINGS.select().where(wanted))]
        # Sorted here: databases differ in how they sort text.
        return sorted(found, key=lambda booking: (booking.room, booking.start))

    def save_bookings(self, bookings: Iterable[Booking], *, cancelled: Iterable[str], actor_id: str) -> BookingsKept:
        """Keep bookings in the place of those of the same key, and forget the cancelled ones."""
        told = [self._put(booking) for booking in bookings]
        forgotten = sum(self._forget(key) for key in cancelled)
        kept = BookingsKept(
            new=told.count("new"),
            changed=told.count("changed"),
            unchanged=told.count("unchanged"),
            cancelled=forgotten,
        )
        if kept.new or kept.changed or kept.cancelled:
            self.note_change(ChangeKind.BOOKING, "bookings")
            detail = {"new": str(kept.new), "changed": str(kept.changed), "cancelled": str(kept.cancelled)}
            self.audit(
                actor_id=actor_id, action="bookings.import", subject="bookings", at=self.clock.now(), detail=detail
            )
        return kept

    def _put(self, booking: Booking) -> str:
        row = self._row(by_key(BOOKINGS, booking.key))
        values = {name: getattr(booking, name) for name in Booking.__dataclass_fields__ if name != "key"}
        if row is None:
            self._write(BOOKINGS.insert().values(id=booking.key, **values))
            return "new"
        if _booking(row) == booking:
            return "unchanged"
        self._write(BOOKINGS.update().where(BOOKINGS.c.id == booking.key).values(values))
        return "changed"

    def _forget(self, key: str) -> bool:
        if self._row(by_key(BOOKINGS, key)) is None:
            return False
        self._write(BOOKINGS.delete().where(BOOKINGS.c.id == key))
        return True


def _booking(row: RowMapping) -> Booking:
    return Booking(site=row["site"], room=row["room"], start=row["start"], end=row["end"], key=row["id"])
