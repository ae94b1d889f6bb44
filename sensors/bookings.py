"""Bookings of rooms: which room, from when to when, and nothing of who booked it or why."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sensors.topology import Registry, RoomId, SiteId

LONGEST = timedelta(hours=24)
"""A booking that is longer blocks a room and is no meeting. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A room booked for [start, end).

    `key` tells bookings apart where they are imported again: a digest, for what calendars write there may hold names.
    """

    site: SiteId
    room: RoomId
    start: datetime
    end: datetime
    key: str


def booking_key(*parts: str) -> str:
    """Return the key of what names a booking in its source."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanges:
    """What a file says: the bookings that stand, and the keys of those that were cancelled."""

    standing: tuple[Booking, ...] = ()
    cancelled: frozenset[str] = frozenset()


class BookingSource(Protocol):
    """Gives the bookings of a site."""

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return the bookings that begin in [start_ms, end_ms), by room and start."""
        ...


class NoBookings:
    """Nobody has brought any bookings."""

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:  # noqa: ARG002 - the port's
        """Return none."""
        return ()


class BookingTransaction(BookingSource, Protocol):
    """One transaction over bookings."""

    def save_bookings(self, bookings: Iterable[Booking], *, cancelled: Iterable[str], actor_id: str) -> "BookingsKept":
        """Keep bookings in the place of those of the same key, and forget the cancelled ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingsKept:
    """What an import changed, in bookings."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    cancelled: int = 0


def booking_fault(start: datetime, end: datetime) -> str | None:
    """Return what is wrong with a booking's times, None where nothing is."""
    if end <= start:
        return "the booking ends before it begins; mend start or end"
    if end - start > LONGEST:
        return f"the booking lasts longer than {LONGEST // timedelta(hours=1)} h; block a room elsewhere"
    return None


def room_named(registry: Registry, name: str) -> RoomId | None:
    """Return the room of an id or a name in either language; None where there is none or several are called so."""
    wanted = name.strip()
    if wanted in registry.rooms:
        return RoomId(wanted)
    found = [room.id for room in registry.rooms.values() if wanted in {room.name.zh, room.name.en}]
    return found[0] if len(found) == 1 else None
