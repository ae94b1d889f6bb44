"""Opening the home's store of readings, brought up to what the spool holds."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from premises.home import Home
from premises.settings import load_settings
from storage.drain import drain
from storage.readings.duckdb import DuckDBReadingStore
from storage.spool import SqliteSpool


@contextmanager
def open_readings(home: Home) -> Iterator[DuckDBReadingStore]:
    """Yield the store of readings after draining the spool into it; it is closed at the end.

    Ingest may be running: it goes on filling the spool while this empties it.
    """
    settings = load_settings(home)
    with closing(DuckDBReadingStore(home.readings, threads=settings.store.threads)) as store:
        if home.spool.exists():
            with closing(SqliteSpool(home.spool)) as spool:
                drain(spool, store)
        yield store
