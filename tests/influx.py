"""A real InfluxDB for tests: Debian's influxd behind a shim, or the one that the environment names."""

import atexit
import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from storage.ports import Places
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_queries import Bucket, identifier
from storage.readings.influxdb_server import InfluxAddress, InfluxServer
from storage.readings.influxdb_setup import Buckets, Kept
from tests.influx_shim import Shim
from tests.servers import eventually, free_port, stop

_LOOPBACK = "127.0.0.1"
INFLUXD = shutil.which("influxd") or shutil.which("influxd", path="/usr/sbin:/usr/local/sbin")
_INFLUXD_SETTINGS = """\
reporting-disabled = true
bind-address = "127.0.0.1:{inner}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[monitor]
store-enabled = false
"""


@dataclass(slots=True)
class Influxd:
    """Debian's influxd on ports and a folder of its own, which can be killed and started again."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Return once it answers."""
        settings = self.folder / "influxdb.conf"
        settings.write_text(
            _INFLUXD_SETTINGS.format(folder=self.folder, port=self.port, inner=free_port()), encoding="utf-8"
        )
        with (self.folder / "influxd.log").open("ab") as log:
            self.process = subprocess.Popen([str(INFLUXD), "run", "-config", str(settings)], stdout=log, stderr=log)
        eventually(self._answers, what="influxd answers")

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            stop(self.process)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{_LOOPBACK}:{self.port}/ping", timeout=5):
            return True
        return False


@dataclass(frozen=True, slots=True)
class Influx:
    """An InfluxDB to test against: Debian's behind the shim; one that the environment names has none."""

    url: str
    token: str
    org: str
    shim: Shim | None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_buckets(self) -> Buckets:
        """Return names that no test has used; a store makes them at its first write."""
        database = f"test-{os.getpid()}-{next(self.numbers)}"
        return Buckets(**{name: Kept(bucket=Bucket(f"{database}/{name}")) for name in ("raw", "hourly", "daily")})

    def address(self) -> InfluxAddress:
        """Return how it is reached."""
        return InfluxAddress(url=self.url, token=self.token, org=self.org, timeout_s=20)

    def store(
        self, folder: Path, buckets: Buckets | None = None, *, places: Places | None = None
    ) -> InfluxReadingStore:
        """Return a store in new buckets, which are there."""
        made = InfluxReadingStore(
            self.address(), notes=folder / "influxdb.duckdb", buckets=buckets or self.new_buckets(), places=places
        )
        made.prepare()
        return made

    @contextlib.contextmanager
    def connected(self) -> Iterator[InfluxServer]:
        """Yield a connection."""
        with contextlib.closing(InfluxServer(self.address())) as server:
            yield server

    def remove(self, buckets: Buckets) -> None:
        """Delete buckets and what is in them."""
        with self.connected() as server:
            if self.shim is not None:
                list(server.ask([f"DROP DATABASE {identifier(buckets.raw.bucket.database)}"]))
                return
            for kept in buckets.all:
                found = server.get("/api/v2/buckets", {"name": kept.bucket.name, "org": self.org})["buckets"]
                for each in found:
                    server.delete(f"/api/v2/buckets/{each['id']}")


class PassingStore(InfluxReadingStore):
    """A store that takes its buckets with it when it is closed."""

    def __init__(self, server: Influx, folder: Path) -> None:
        """Make buckets that nobody else uses."""
        super().__init__(server.address(), notes=folder / "influxdb.duckdb", buckets=server.new_buckets())
        self._passing = server

    def close(self) -> None:
        """Let go of the buckets, too."""
        super().close()
        self._passing.remove(self.buckets)


@cache
def influxdb() -> Influx:
    """Return this worker's InfluxDB: the one that PREMISES_TEST_INFLUXDB_URL names, or Debian's behind a shim."""
    url = os.environ.get("PREMISES_TEST_INFLUXDB_URL")
    if url:
        token, org = os.environ["PREMISES_TEST_INFLUXDB_TOKEN"], os.environ["PREMISES_TEST_INFLUXDB_ORG"]
        return Influx(url, token, org, None)
    shim = Shim(influxd().port)
    shim.listen()
    return Influx(shim.url, shim.token, "premises", shim)


@cache
def influxd() -> Influxd:
    """Return this worker's influxd, started at its first use."""
    made = new_influxd()
    made.start()
    return made


def new_influxd() -> Influxd:
    """Return an influxd for one test, not started yet; whatever runs of it at the end is stopped."""
    if INFLUXD is None:
        pytest.skip("influxd is not installed")
    folder = Path(tempfile.mkdtemp(prefix="premises-influxd-"))
    made = Influxd(folder, free_port())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(made.stop)
    return made
