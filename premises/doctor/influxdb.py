"""What `premises doctor` asks of the InfluxDB that the settings name. It changes nothing there."""

import time
from contextlib import closing
from email.utils import parsedate_to_datetime

from premises.doctor.findings import Finding, age, ill, well
from premises.settings import StoreSettings
from premises.stores.influxdb import address_of, buckets_of
from storage.errors import StoreAwayError, StoreDeniedError, StoreRefusedError
from storage.readings.influxdb_server import InfluxServer
from storage.readings.influxdb_setup import State, found

CLOCKS_APART_S = 120.0
"""Two clocks so far apart are not both kept by NTP. Our own choice."""

_DENIED = {401: "token", 403: "rights", 404: "not_there"}


def influxdb(settings: StoreSettings) -> Finding:
    """Look whether it answers, takes the token, has the buckets, and agrees with us on the time."""
    with closing(InfluxServer(address_of(settings))) as server:
        try:
            return _looked_at(server, settings)
        except StoreAwayError as exc:
            return ill("store", "away", url=settings.url, said=exc)
        except StoreDeniedError as exc:
            return ill("store", _DENIED.get(exc.status, "refused"), url=settings.url, said=exc)
        except StoreRefusedError as exc:
            return ill("store", "refused", url=settings.url, said=exc)


def _looked_at(server: InfluxServer, settings: StoreSettings) -> Finding:
    version, apart_s = server.version(), _apart_s(server.date())
    states = found(server, settings.org, buckets_of(settings))
    missing = ", ".join(state.name for state in states if state.state is State.MISSING)
    if missing:
        return ill("store", "bucket_missing", url=settings.url, buckets=missing)
    if apart_s is not None and abs(apart_s) > CLOCKS_APART_S:
        return ill("store", "clocks_apart", url=settings.url, span=age(abs(apart_s)))
    return well("store", "influxdb", url=settings.url, version=version or "?")


def _apart_s(date: str) -> float | None:
    """Return how far the server's clock is ahead of ours, None where it does not say what it shows."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None
