"""Opening the home's store of readings, whichever the settings name, brought up to what the spool holds."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from analytics.ports import ReadingSource, RollupStore
from premises.home import Home
from premises.settings import Settings, load_settings
from premises.stores.places import RegistryPlaces
from sensors.errors import InputFault
from sensors.topology import Registry, SiteId
from storage.drain import drain
from storage.ports import ReadingStore, SpoolTarget
from storage.readings.duckdb import DuckDBReadingStore
from storage.registry_file import load_registry
from storage.spool import SqliteSpool


class HomeStore(ReadingStore, SpoolTarget, RollupStore, Protocol):
    """The store of a home: readings, roll-ups, and the place of every spool."""

    def count(self) -> int:
        """Return the number of readings of all sites."""
        ...


def open_store(home: Home, settings: Settings, registry: Callable[[], Registry | None]) -> HomeStore:
    """Return the home's store, as it stands; a server that holds it may be away.

    Raises StoreHeldError where another process has it, and the other errors of a file that cannot be used.
    """
    if settings.store.kind == "duckdb":
        return DuckDBReadingStore(home.readings, threads=settings.store.threads)
    from premises.stores.influxdb import influxdb_store  # noqa: PLC0415 - its client is heavy, and seldom wanted

    return influxdb_store(home, settings.store, RegistryPlaces(registry))


def newest_ms(store: ReadingSource, site: SiteId) -> int | None:
    """Return the time of a site's newest reading, UTC ms; None where there is none.

    Of the latest values, not of all: what is asked at every scrape and page must not grow with the years.
    """
    return cast("int | None", store.latest(site)["time_ms"].max())


def export_readings(store: HomeStore, path: Path) -> None:
    """Write a copy of the readings to a file that does not exist yet.

    Raises InputFault where they are not in a file of the home.
    """
    if not isinstance(store, DuckDBReadingStore):
        msg = "the readings are in InfluxDB: back them up there"
        raise InputFault(msg)
    store.export(path)


@contextmanager
def open_readings(home: Home) -> Iterator[HomeStore]:
    """Yield the store of readings after draining the spool into it; it is closed at the end.

    Ingest may be running: it goes on filling the spool while this empties it.
    """
    with closing(open_store(home, load_settings(home), cache(lambda: _registry(home)))) as store:
        if home.spool.exists():
            with closing(SqliteSpool(home.spool)) as spool:
                drain(spool, store)
        yield store


def _registry(home: Home) -> Registry | None:
    """Return the registry; without one that can be read, readings are kept without their place."""
    try:
        return load_registry(home.registry)
    except InputFault:
        return None
