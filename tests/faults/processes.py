"""The parts of an installation as processes of their own, to be killed: broker, `premises ingest`, `premises serve`."""

import getpass
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from premises.home import Home
from premises.processes.remote import Server
from sensors.intake import Book
from storage.spool import SqliteSpool
from tests.servers import MOSQUITTO, eventually, free_port, is_listening, stop

ROOT = Path(__file__).parents[2]
SITE = "hq"
TOPIC = f"premises/v1/{SITE}/gw1/aq1/readings"
REGISTRY = """\
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
buildings: [{id: a, name: A}]
rooms: [{id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5, capacity: 4}]
devices:
  - {id: aq1, gateway: gw1, room: a-201, metrics: [co2_ppm], interval_s: 60}
  - {id: panel1, gateway: gw1, room: a-201, metrics: [presence]}
"""


@dataclass(slots=True)
class Part:
    """A process that can be started again; `ready` is what it logs once it works."""

    name: str
    command: Sequence[str | Path]
    log: Path
    ready: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it works."""
        said = self.count(self.ready)
        self.launch()
        eventually(lambda: self.count(self.ready) > said or not self.runs, what=f"{self.name} is ready", seconds=60)
        assert self.runs, self.log.read_text(encoding="utf-8")

    def launch(self) -> None:
        """Start it and wait for nothing."""
        assert not self.runs
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.command], stdout=log, stderr=log, env=_environment(), cwd=ROOT)

    @property
    def runs(self) -> bool:
        """Say whether it lives."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it without a word."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> None:
        """End it by a signal and wait for it."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)

    def stop(self) -> None:
        """End it if it runs."""
        if self.process is not None:
            stop(self.process)

    def count(self, said: str) -> int:
        """Return how often it has said something."""
        return self.text.count(said)

    @property
    def text(self) -> str:
        """Return its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


@dataclass(slots=True)
class Parts:
    """One home, its broker, ingest and serve. Nothing runs yet."""

    home: Home
    broker: Part
    ingest: Part
    serve: Part
    port: int
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        """Begin; afterwards nothing of it is left, whatever happened."""
        for part in (self.broker, self.serve, self.ingest):
            self._stack.callback(part.stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what runs."""
        self._stack.close()

    def start_broker(self) -> None:
        """Return once the broker listens."""
        self.broker.launch()
        eventually(lambda: is_listening(self.port), what="the broker listens")

    def book(self, gateway: str = "gw1") -> Book:
        """Return the account of a gateway."""
        with closing(SqliteSpool(self.home.spool, min_free_bytes=0)) as spool:
            return spool.books().get(gateway) or Book(gateway=gateway)

    def stored(self) -> int:
        """Return how many readings are in the store, 0 while nobody answers."""
        server = Server.find(self.home)
        with suppress(Exception):
            return 0 if server is None else int(str(server.get("/internal/status").get("readings", 0)))
        return 0


def parts_in(folder: Path, *, home: Path | None = None, settings: str = "") -> Parts:
    """Return the parts over an empty folder, or a home elsewhere; `settings` are further lines of `premises.toml`."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    return _parts(folder, Home.find(home or folder / "home"), settings)


def _parts(folder: Path, home: Home, settings: str) -> Parts:
    port, logs = free_port(), folder / "said"
    logs.mkdir()
    home.registry.write_text(REGISTRY, encoding="utf-8")
    home.settings.write_text(
        f"[mqtt]\nport = {port}\nsession_expiry_s = 600\n[server]\nport = 0\n"
        f'[spool]\nmin_free_bytes = 0\n[log]\nlevel = "info"\n{settings}',
        encoding="utf-8",
    )
    config = folder / "mosquitto.conf"
    (folder / "broker").mkdir()
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
        f"persistence_location {folder / 'broker'}/\nmax_queued_messages 0\nmax_inflight_messages 0\n"
        f"user {getpass.getuser()}\n",
        encoding="utf-8",
    )
    assert MOSQUITTO is not None
    ours = (sys.executable, "-P", "-m", "premises")
    at = ("--home", str(home.root))
    return Parts(
        home,
        Part("broker", (MOSQUITTO, "-c", config), logs / "broker", "running"),
        Part("ingest", (*ours, "ingest", *at), logs / "ingest", "subscribed"),
        Part("serve", (*ours, "serve", *at), logs / "serve", "ready http"),
        port,
    )


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")}
    return {**ours, "PYTHONPATH": str(ROOT)}
