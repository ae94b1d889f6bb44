"""A file of bookings brought into the records: all of it, or nothing."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from premises.bookings.booking_table import TableReader
from premises.bookings.recurrence import Horizon
from premises.home import Home
from premises.stores.records import open_records
from sensors.actors import system_actor
from sensors.bookings import BookingChanges, BookingsKept
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.topology import Registry, RoomId
from storage.registry_file import load_registry

LOOK_BACK = timedelta(days=400)
LOOK_AHEAD = timedelta(days=100)
"""Series are spread out over a year and a month before today, and as far ahead as people plan. Our own choice."""
CALENDARS = frozenset({".ics", ".ical", ".ifb"})


def keep_bookings(path: Path, home: Home, *, room: str | None, encoding: str, clock: Clock) -> BookingsKept:
    """Return what a file of bookings changed in the records. Raises InputFault."""
    registry = load_registry(home.registry)
    told = read_bookings(path, registry, room=_room(registry, room), encoding=encoding, clock=clock)
    with closing(open_records(home)) as records, records.transaction() as tx:
        return tx.save_bookings(told.standing, cancelled=told.cancelled, actor_id=system_actor("command-line").id)


def read_bookings(
    path: Path, registry: Registry, *, room: RoomId | None, encoding: str, clock: Clock
) -> BookingChanges:
    """Return what a file says, by its name a calendar or a table. Raises InputFault."""
    zone = ZoneInfo(registry.site.timezone)
    if path.suffix.lower() not in CALENDARS:
        return TableReader(path=path, registry=registry, zone=zone, room=room, encoding=encoding).changes()
    from premises.bookings.calendar_file import CalendarReader  # noqa: PLC0415 - a table needs no icalendar

    now = clock.now()
    horizon = Horizon(start=now - LOOK_BACK, end=now + LOOK_AHEAD)
    return CalendarReader(path=path, registry=registry, zone=zone, horizon=horizon, room=room).changes()


def _room(registry: Registry, written: str | None) -> RoomId | None:
    if written is None:
        return None
    if written not in registry.rooms:
        msg = f"--room {written!r} is no room of the registry; write a room's id"
        raise InputFault(msg)
    return RoomId(written)
