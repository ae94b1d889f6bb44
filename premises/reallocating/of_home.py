"""A proposal for a home from the command line, beside a running server or without one."""

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from typing import Any

from analytics.calendar import WorkCalendar
from analytics.reallocation.telling import CircuitDays
from premises.clock import SystemClock
from premises.holidays import holidays_of
from premises.home import Home
from premises.jobs.daily import Building
from premises.jobs.daily_jobs import utilisation_of
from premises.reallocating.making import Reallocation, circuit_days, oversized_rooms
from premises.stores.readings import open_readings
from premises.stores.records import open_records
from sensors.topology import CircuitId
from storage.errors import StoreHeldError
from storage.registry_file import load_registry


def proposal_of_home(home: Home, seconds: float) -> Mapping[str, Any]:
    """Return the document; without kWh while a server holds the readings (its console has them). Raises InputFault."""
    registry = load_registry(home.registry)
    building = Building(
        registry=registry, calendar=WorkCalendar(registry.site, holidays_of(registry.site, home.registry))
    )

    def energy(place: Building, first: date, end: date) -> Mapping[CircuitId, CircuitDays]:
        try:
            with open_readings(home) as store:
                return circuit_days(store, place, first, end)
        except StoreHeldError:
            return {}

    with closing(open_records(home)) as records:
        return Reallocation(
            home=home,
            building=lambda: building,
            use=lambda: utilisation_of(home),
            oversized=lambda: oversized_rooms(records),
            energy=energy,
            clock=SystemClock(),
        ).make(seconds)
