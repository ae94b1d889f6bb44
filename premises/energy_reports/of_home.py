"""The figures of a home that no server holds."""

from contextlib import closing

from analytics.calendar import WorkCalendar
from premises.clock import SystemClock
from premises.energy_reports.making import FigureMaker
from premises.holidays import holidays_of
from premises.home import Home
from premises.jobs.daily import Building
from premises.savings.of_items import asked_of_items
from premises.stores.readings import open_readings
from premises.stores.records import open_records
from rectification.energy_reports import ReportPeriod
from storage.registry_file import load_registry


def figures_of_home(home: Home, period: ReportPeriod) -> str:
    """Return the figures of a period as canonical JSON. Raises StoreHeldError where a server holds the readings."""
    registry, clock = load_registry(home.registry), SystemClock()
    calendar = WorkCalendar(registry.site, holidays_of(registry.site, home.registry))
    with closing(open_records(home)) as records, open_readings(home) as store:

        def building() -> Building:
            return Building(registry=registry, calendar=calendar)

        maker = FigureMaker(
            store=store,
            building=building,
            registry_path=home.registry,
            records=records,
            saved_by=asked_of_items(store, building, clock),
            clock=clock,
        )
        return maker.figures(period)
