"""The InfluxDB that the settings name: its store, and how it fares in the words of a person."""

from contextlib import closing

from premises.home import Home
from premises.settings import StoreSettings, read_secret
from storage.ports import Places
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_queries import Bucket
from storage.readings.influxdb_server import InfluxAddress, InfluxServer
from storage.readings.influxdb_setup import Buckets, BucketState, Kept, prepare


def influxdb_store(home: Home, settings: StoreSettings, places: Places) -> InfluxReadingStore:
    """Return the store; the server may be away. Raises SecretError, and StoreHeldError where another process has it."""
    return InfluxReadingStore(
        address_of(settings), notes=home.influxdb_notes, places=places, buckets=buckets_of(settings)
    )


def address_of(settings: StoreSettings) -> InfluxAddress:
    """Return where it is and how it is talked to. Raises SecretError."""
    token = "" if settings.token_file is None else read_secret(settings.token_file)
    return InfluxAddress(
        url=(settings.url or "").rstrip("/"),
        token=token,
        org=settings.org,
        timeout_s=settings.timeout_s,
        ca_file=settings.ca_file,
    )


def buckets_of(settings: StoreSettings) -> Buckets:
    """Return its buckets and how long they keep."""
    return Buckets(
        raw=Kept(bucket=Bucket(settings.raw_bucket), days=settings.raw_days),
        hourly=Kept(bucket=Bucket(settings.hourly_bucket), days=settings.hourly_days),
        daily=Kept(bucket=Bucket(settings.daily_bucket), days=settings.daily_days),
    )


def set_up(settings: StoreSettings) -> list[BucketState]:
    """Return how each bucket is after what was missing was made. Raises StoreAwayError, StoreDeniedError."""
    with closing(InfluxServer(address_of(settings))) as server:
        return prepare(server, settings.org, buckets_of(settings))


def said(state: BucketState) -> str:
    """Return one line about a bucket."""
    return f"{state.name}: {state.state.value}" + (f": {state.words}" if state.words else "")
