"""A home of its own with everything started by `premises run`, on free ports."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from paho.mqtt import publish as paho_publish
from paho.mqtt.client import MQTTv311

from premises.home import Home
from premises.processes.remote import Server
from tests.servers import eventually, free_port, stop

START_MS = 1_795_392_000_000
SITE = "hq"
REGISTRY = """\
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
buildings: [{id: a, name: A}]
rooms: [{id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5, capacity: 4}]
devices:
  - {id: aq1, gateway: gw1, room: a-201, metrics: [co2_ppm, presence], interval_s: 60}
"""
Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Installation:
    """A home with settings; nothing runs yet."""

    home: Home
    mqtt_port: int

    @property
    def output(self) -> str:
        """Return what `premises run` has printed."""
        return (self.home.root / "out").read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        """Return what `premises run` has logged."""
        return (self.home.root / "err").read_text(encoding="utf-8")

    def pids(self) -> dict[str, int]:
        """Return the processes by name, `run` itself among them."""
        try:
            written = json.loads((self.home.run / "processes.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: each["pid"] for name, each in written.items()}

    def status(self) -> Mapping[str, object]:
        """Return what the server says of itself, nothing while it is away."""
        server = Server.find(self.home)
        with suppress(Exception):
            return {} if server is None else server.get("/internal/status")
        return {}

    def stored(self) -> int:
        """Return how many readings are in the store."""
        readings = self.status().get("readings", 0)
        assert isinstance(readings, int)
        return readings

    def publish(self, values: Sequence[int], *, boot: str = "b") -> None:
        """Return once the broker has acknowledged a message for each value."""
        topic = f"premises/v1/{SITE}/gw1/aq1/readings"
        messages = [
            (topic, orjson.dumps({"boot": boot, "seq": n, "readings": [_reading(n)]}), 1, False) for n in values
        ]
        paho_publish.multiple([*messages], hostname="127.0.0.1", port=self.mqtt_port, protocol=MQTTv311)

    def start(self) -> "subprocess.Popen[bytes]":
        """Return `premises run`, just started."""
        for name in ("ingest.log", "serve.log"):
            (self.home.logs / name).unlink(missing_ok=True)
        with (self.home.root / "out").open("wb") as out, (self.home.root / "err").open("ab") as err:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "premises", "run", "--home", str(self.home.root)],
                stdout=out,
                stderr=err,
                env=environment(),
            )

    def await_ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Return once the console answers and ingest has subscribed."""
        eventually(lambda: self.is_ready() or process.poll() is not None, what="everything runs", seconds=60)
        assert process.poll() is None, self.log + self.output

    def is_ready(self) -> bool:
        """Say whether readings are taken in and the console answers."""
        with suppress(FileNotFoundError):
            return b"subscribed" in (self.home.logs / "ingest.log").read_bytes() and bool(self.status())
        return False


def environment() -> Environment:
    """Return this process's environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")}


def installation(folder: Path, *, broker: str = "auto") -> Installation:
    """Return an installation in an empty folder."""
    home, port = Home.find(folder / "home"), free_port()
    home.registry.write_text(REGISTRY, encoding="utf-8")
    home.settings.write_text(
        f'[mqtt]\nport = {port}\nsession_expiry_s = 60\n[server]\nport = 0\n[broker]\nkind = "{broker}"\n'
        "[spool]\nmin_free_bytes = 0\n",
        encoding="utf-8",
    )
    return Installation(home, port)


@contextmanager
def running(installed: Installation) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield `premises run`; afterwards nothing of it is left, whatever happened."""
    process = installed.start()
    pids: dict[str, int] = {}
    try:
        installed.await_ready(process)
        pids = installed.pids()
        yield process
    finally:
        pids |= installed.pids()
        stop(process)
        eventually(lambda: not any(map(is_running, pids.values())), what="all processes end")


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def kill(pid: int) -> None:
    """End a process that we started, without a word."""
    os.kill(pid, signal.SIGKILL)


def answer(url: str, *, token: str | None = None) -> int:
    """Return the status of an answer."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own server on loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            status: int = response.status
            return status
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code


def _reading(number: int) -> dict[str, object]:
    return {"m": "co2", "v": 400 + number % 1000, "ts": START_MS + number * 1000}
