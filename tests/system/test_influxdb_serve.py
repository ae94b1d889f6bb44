"""`premises run` over a real InfluxDB: from a message to the console, and through a `kill -9` of the server."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from premises.processes import server_info
from premises.settings import load_settings
from premises.stores.influxdb import influxdb_store
from premises.stores.readings import HomeStore
from sensors.topology import SiteId
from storage.readings.influxdb_places import Nowhere
from storage.readings.influxdb_server import InfluxAddress, InfluxServer
from storage.spool import SqliteSpool
from tests.influx import Influxd, new_influxd
from tests.influx_shim import Shim, shim
from tests.servers import MOSQUITTO, eventually
from tests.system.installation import SITE, START_MS, Installation, answer, environment, installation, running

pytestmark = [
    pytest.mark.kill,
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]
COUNT = 1_500


def over_influxdb(folder: Path, before: Shim) -> Installation:
    """Return an installation whose readings go to a server."""
    installed = installation(folder)
    token = installed.home.secrets / "influxdb-token"
    token.write_text(before.token, encoding="utf-8")
    with installed.home.settings.open("a", encoding="utf-8") as file:
        file.write(f'[store]\nkind = "influxdb"\nurl = "{before.url}"\ntoken_file = "secrets/influxdb-token"\n')
    return installed


def store_of(installed: Installation) -> HomeStore:
    settings = load_settings(installed.home, environment())
    return influxdb_store(installed.home, settings.store, Nowhere())


def told(before: Shim) -> set[str]:
    """Return which measurements there are of what serve tells beside the readings."""
    address = InfluxAddress(url=before.url, token=before.token, org="premises")
    with closing(InfluxServer(address)) as server:
        asked = [f"SHOW MEASUREMENTS ON premises WITH MEASUREMENT = {name}" for name in ("books", "totals")]
        return {row[0] for piece in server.ask(asked) for row in piece.rows}


def killed_and_back(server: Influxd) -> None:
    server.kill()
    server.start()


def test_nothing_acknowledged_is_missing_or_twice_after_the_server_was_killed(tmp_path: Path) -> None:
    server = new_influxd()
    server.start()
    with shim(server.port) as before:
        installed = over_influxdb(tmp_path, before)
        with running(installed):
            stream = threading.Thread(target=installed.publish, args=(range(COUNT),))
            stream.start()
            eventually(lambda: installed.stored() > 0, what="the first readings")
            killed_and_back(server)
            stream.join(60)
            server.kill()
            installed.publish(range(COUNT, COUNT + 100))
            info = server_info.read(installed.home)
            assert info is not None
            eventually(lambda: answer(f"{info.url}/readyz") == 503, what="the server says that the store is away")
            assert answer(f"{info.url}/healthz") == 200
            server.start()
            eventually(lambda: installed.stored() == COUNT + 100, what="every reading in the store", seconds=60)
            eventually(lambda: answer(f"{info.url}/readyz") == 200, what="all is ready again", seconds=60)
            eventually(lambda: told(before) == {"books", "totals"}, what="books and totals after that", seconds=60)
        with closing(SqliteSpool(installed.home.spool)) as spool:
            book = spool.books()["gw1"]
        assert (book.received, book.stored, book.duplicate, book.quarantined) == (COUNT + 100, COUNT + 100, 0, 0)
        with closing(store_of(installed)) as store:
            found = store.readings(SiteId(SITE), start_ms=START_MS, end_ms=START_MS + 86_400_000)
        assert found["value"].to_list() == [400 + number % 1000 for number in range(COUNT + 100)]
    assert before.token not in installed.log
