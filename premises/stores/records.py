"""Opening the home's records."""

from pathlib import Path

from sqlalchemy import URL

from premises.home import Home
from premises.settings import load_settings, read_secret
from sensors.clock import Clock
from storage.records import SqlRecords
from storage.records.engine import BUSY_S, parse_url


def open_records(home: Home, *, clock: Clock | None = None, busy_s: float = BUSY_S) -> SqlRecords:
    """Return the records that the settings name, brought up to the present schema; the caller closes them.

    Raises InputFault where they cannot be reached, are not ours or come from a newer Premises; RecordsBusyError.
    """
    digest = load_settings(home).records.digest
    return SqlRecords(records_url(home), clock=clock, busy_s=busy_s, digest=digest)


def records_url(home: Home) -> URL:
    """Return the address of the records, password included. Raises InputFault."""
    settings = load_settings(home).records
    if settings.url is None:
        return file_url(home.records)
    url = parse_url(settings.url)
    if settings.password_file is None:
        return url
    return url.set(password=read_secret(settings.password_file))


def file_url(path: Path) -> URL:
    """Return the address of a SQLite file, whatever its name holds."""
    return URL.create("sqlite", database=str(path))
