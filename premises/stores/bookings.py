"""Bookings as an analysis asks for them: from the records, opened only when a rule wants some."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from premises.bookings.booking_table import TableReader
from premises.home import Home
from premises.settings import load_settings
from premises.stores.records import open_records
from sensors.bookings import Booking
from sensors.readings import epoch_ms
from sensors.topology import Registry, SiteId
from storage.records import SqlRecords


@dataclass(frozen=True, slots=True)
class KeptBookings:
    """The bookings of records that are open."""

    records: SqlRecords

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start."""
        with self.records.reading() as tx:
            return tx.bookings(site, start_ms=start_ms, end_ms=end_ms)


@dataclass(frozen=True, slots=True)
class ListedBookings:
    """Bookings that are at hand, in any order."""

    listed: Sequence[Booking]

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start."""
        found = (each for each in self.listed if each.site == site and start_ms <= epoch_ms(each.start) < end_ms)
        return sorted(found, key=lambda booking: (booking.room, booking.start))


def bookings_of_file(path: Path, registry: Registry) -> ListedBookings:
    """Return the bookings of a CSV. Raises InputFault."""
    reader = TableReader(path=path, registry=registry, zone=ZoneInfo(registry.site.timezone))
    return ListedBookings(reader.changes().standing)


@dataclass(frozen=True, slots=True)
class HomeBookings:
    """The bookings of a home whose records nobody has opened yet; none where it has no records."""

    home: Home

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start. Raises InputFault."""
        if load_settings(self.home).records.url is None and not self.home.records.exists():
            return ()
        with closing(open_records(self.home)) as records:
            return KeptBookings(records).bookings(site, start_ms=start_ms, end_ms=end_ms)
