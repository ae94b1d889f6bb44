"""What was brought into a site beside readings, as rules that are asked about another time of the year see it.

Whether a rule can be fed does not hang on which months a booking or a tariff is for: what there is now counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sensors.bookings import Booking, BookingSource, NoBookings
from sensors.energy_terms import NO_FACTS, EnergyFacts
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import SiteId

LATELY = timedelta(days=100)
"""Bookings that are older feed nothing any more. The project's own choice."""
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtIn:
    """The bookings, bills and tariffs of a site."""

    bookings: BookingSource = field(default_factory=NoBookings)
    energy: EnergyFacts = NO_FACTS

    def seen_any_time(self, now: datetime) -> "BroughtIn":
        """Return the same, as if what there is now had always been."""
        terms = self.energy.terms
        in_force = terms.tariff_on(now.date())
        tariffs = () if in_force is None else (replace(in_force, first=date.min, last=None),)
        return BroughtIn(
            bookings=_AnyTime(self.bookings, now),
            energy=replace(self.energy, terms=replace(terms, tariffs=tariffs)),
        )


@dataclass(frozen=True, slots=True)
class _AnyTime:
    """Gives one booking of each room that has some of late, whenever it is asked for."""

    source: BookingSource
    now: datetime

    def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
        """Return them, at the beginning of [start_ms, end_ms)."""
        since_ms, until_ms = epoch_ms(self.now - LATELY), epoch_ms(self.now + LATELY)
        lately = self.source.bookings(site, start_ms=since_ms, end_ms=until_ms) if start_ms < end_ms else ()
        start = from_epoch_ms(start_ms)
        by_room = {each.room: replace(each, start=start, end=start + AN_HOUR) for each in lately}
        return [by_room[room] for room in sorted(by_room)]
