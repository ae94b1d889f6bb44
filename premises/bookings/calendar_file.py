"""Bookings from a calendar (iCalendar, RFC 5545): rooms and times, with recurrences and cancellations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from icalendar import Calendar, Event
from icalendar.error import InvalidCalendar

from ingest.csv_records import TableFault
from premises.bookings.recurrence import EventFaultError, Horizon, instant, occurrences
from premises.bookings.refused import BookingsRefusedError
from sensors.bookings import Booking, BookingChanges, booking_fault, booking_key, room_named
from sensors.topology import Registry, RoomId

MAX_BYTES = 64 * 1024 * 1024
CANCELLED, FREE = "CANCELLED", "TRANSPARENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReader:
    """Knows the rooms and the clock of the site; `room` is meant where it is given, whatever an event says."""

    path: Path
    registry: Registry
    zone: tzinfo
    horizon: Horizon
    room: RoomId | None = None

    def changes(self) -> BookingChanges:
        """Return what the calendar says. Raises BookingsRefusedError with every event that cannot be used."""
        events = list(self._events())
        told: dict[str, Booking | None] = {}
        faults: list[TableFault] = []
        overridden = {(each.uid, each.recurrence(self.zone)) for each in events if each.is_override}
        for event in events:
            try:
                told.update(self._told(event, overridden))
            except EventFaultError as fault:
                faults.append(self._placed(event, fault))
            except InvalidCalendar as exc:
                faults.append(
                    self._placed(
                        event, EventFaultError(name=event.broken, reason=f"cannot be read ({exc}); mend the event")
                    )
                )
        if faults:
            raise BookingsRefusedError(faults)
        return BookingChanges(
            standing=tuple(booking for booking in told.values() if booking is not None),
            cancelled=frozenset(key for key, booking in told.items() if booking is None),
        )

    def _events(self) -> Iterator["_PlacedEvent"]:
        """Yield the events with their first lines, those of a higher sequence last."""
        text = _text(self.path)
        try:
            calendars = Calendar.from_ical(text, multiple=True)
        except ValueError as exc:
            reason = f"no calendar can be read in it ({exc}); export it again as iCalendar"
            raise TableFault(self.path, reason) from exc
        found = [event for calendar in calendars for event in calendar.walk("VEVENT") if isinstance(event, Event)]
        placed = [_PlacedEvent(event, lines) for event, lines in zip(found, _lines_of_events(text), strict=False)]
        if not placed:
            raise TableFault(self.path, "there is no event in it")
        yield from sorted(placed, key=lambda each: each.sequence)

    def _told(
        self, placed: "_PlacedEvent", overridden: set[tuple[str, datetime | None]]
    ) -> Iterator[tuple[str, Booking | None]]:
        """Yield the key of each occurrence with its booking, None where it does not take place."""
        event = placed.event
        if placed.broken:
            raise EventFaultError(name=placed.broken, reason="cannot be read; mend it")
        if not isinstance(event.start, datetime) or str(event.get("TRANSP", "")).upper() == FREE:
            return
        room = self.room or self._room(event)
        if placed.is_override:
            key = self._key(placed, room, placed.recurrence(self.zone))
            start, end = instant(event.start, self.zone), instant(event.end, self.zone)
            yield key, None if placed.is_cancelled else self._booking(room, start, end, key)
            return
        for each in occurrences(event, self.zone, self.horizon):
            if (placed.uid, each.start) not in overridden:
                key = self._key(placed, room, each.start)
                off = each.cancelled or placed.is_cancelled
                yield key, None if off else self._booking(room, each.start, each.end, key)

    def _key(self, placed: "_PlacedEvent", room: RoomId, occurrence: datetime | None) -> str:
        when = "" if occurrence is None else occurrence.isoformat()
        # Without a name of its own an event is known by its time; an override may have moved it to another room.
        return booking_key(self.registry.site.id, placed.uid or room, when)

    def _booking(self, room: RoomId, start: datetime, end: datetime, key: str) -> Booking:
        wrong = booking_fault(start, end)
        if wrong is not None:
            raise EventFaultError(name="DTEND", reason=wrong)
        return Booking(site=self.registry.site.id, room=room, start=start, end=end, key=key)

    def _room(self, event: Event) -> RoomId:
        written = str(event.get("LOCATION", "")).strip()
        if not written:
            raise EventFaultError(
                name="LOCATION", reason="says no room; write a room's id or name, or import with --room"
            )
        room = room_named(self.registry, written)
        if room is None:
            raise EventFaultError(
                name="LOCATION", reason=f"{written[:40]!r} is no one room of the registry; import with --room"
            )
        return room

    def _placed(self, event: "_PlacedEvent", fault: EventFaultError) -> TableFault:
        return TableFault(self.path, str(fault), row=event.row_of(fault.property), column=fault.property)


@dataclass(frozen=True, slots=True)
class _PlacedEvent:
    """An event with the numbers of the lines of its properties, its first line under the name `BEGIN`."""

    event: Event
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        return str(self.event.get("UID", ""))

    @property
    def sequence(self) -> int:
        try:
            return int(self.event.get("SEQUENCE", 0))
        except (TypeError, ValueError):
            return 0

    @property
    def is_override(self) -> bool:
        return "RECURRENCE-ID" in self.event and self.broken != "RECURRENCE-ID"

    @property
    def is_cancelled(self) -> bool:
        return str(self.event.get("STATUS", "")).upper() == CANCELLED

    @property
    def broken(self) -> str:
        """Return the first property that nothing can be made of, and on which a booking rests."""
        wrong = {name for name, _ in self.event.errors}
        needed = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
        if self._range:
            return "RECURRENCE-ID"
        absent = "" if "DTSTART" in self.event else "DTSTART"
        return next((name for name in needed if name in wrong), absent)

    @property
    def _range(self) -> bool:
        override = self.event.get("RECURRENCE-ID")
        return override is not None and "RANGE" in getattr(override, "params", {})

    def recurrence(self, zone: tzinfo) -> datetime | None:
        """Return which occurrence of its series the event stands for."""
        if not self.is_override:
            return None
        written: Any = self.event["RECURRENCE-ID"]
        return instant(written.dt, zone)

    def row_of(self, name: str) -> int:
        """Return the line of a property, the event's own where it has none."""
        return self.lines.get(name, self.lines.get("BEGIN", 1))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise TableFault(path, f"cannot be read: {exc.strerror}") from exc
    if len(content) > MAX_BYTES:
        raise TableFault(path, f"has more than {MAX_BYTES // 1024**2} MB; export fewer rooms or a shorter time")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise TableFault(path, "is not UTF-8, as calendars are", row=content[: exc.start].count(b"\n") + 1) from exc


def _lines_of_events(text: str) -> Sequence[Mapping[str, int]]:
    """Return for each event, in order, the number of the first line of each of its properties."""
    events: list[dict[str, int]] = []
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            inside.append(line.partition(":")[2].strip().upper())
            if inside[-1] == "VEVENT":
                events.append({"BEGIN": number})
        elif name == "END" and inside:
            inside.pop()
        elif inside and inside[-1] == "VEVENT" and not line.startswith((" ", "\t")):
            events[-1].setdefault(name, number)
    return events
