"""Real servers for tests: each started once per worker, on a free loopback port, stopped by its process id."""

import atexit
import contextlib
import getpass
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
import pytest
from paho.mqtt import publish as paho_publish
from paho.mqtt.client import MQTTv311

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
PATIENCE_S = 30.0
_LOOPBACK = "127.0.0.1"
_UNSUPPORTED_PROTOCOL_VERSION = b"\x20\x03\x00\x84\x00"
_MQTT_5 = 5


def eventually(condition: Callable[[], bool], *, what: str, seconds: float = PATIENCE_S) -> None:
    """Wait until the condition holds; fail with `what` when it does not in time."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"not within {seconds:g} s: {what}")
        pause.wait(0.01)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Say whether someone accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((_LOOPBACK, port)) == 0


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A running broker."""

    port: int
    process: subprocess.Popen[bytes]
    host: str = _LOOPBACK

    def publish(self, *messages: tuple[str, bytes], retain: bool = False, qos: int = 1) -> None:
        """Return once the broker has acknowledged every message."""
        wanted = [(topic, payload, qos, retain) for topic, payload in messages]
        paho_publish.multiple([*wanted], hostname=self.host, port=self.port, protocol=MQTTv311)


@cache
def mosquitto() -> Mosquitto:
    """Return this worker's broker, started at its first use."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    folder = Path(tempfile.mkdtemp(prefix="premises-mosquitto-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    port = free_port()
    broker = Mosquitto(port, _start_mosquitto(MOSQUITTO, folder, port))
    atexit.register(stop, broker.process)
    eventually(lambda: is_listening(port), what="mosquitto listens")
    return broker


def _start_mosquitto(program: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} {_LOOPBACK}\n"
        "allow_anonymous true\n"
        "persistence true\n"
        f"persistence_location {folder}/\n"
        "max_queued_messages 0\n"
        "max_inflight_messages 0\n"
        f"user {getpass.getuser()}\n",
        encoding="utf-8",
    )
    with (folder / "mosquitto.log").open("wb") as log:
        return subprocess.Popen([program, "-c", str(settings)], stdout=log, stderr=log)


def stop(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """End a process that we started, by its id, and wait for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL, reached by a socket in its folder; nothing in it outlives the run."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self, template: str = "template1") -> str:
        """Return the name of a new database, empty or like another one that nobody uses now."""
        name = f"test_{next(self.numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Delete a database, for each takes 7 MB; whoever still uses it is thrown out."""
        self._do(f"DROP DATABASE {database} WITH (FORCE)")

    def address(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@cache
def postgres() -> Postgres:
    """Return this worker's PostgreSQL, started at its first use."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="premises-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "data"
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    made: list[str | Path] = [
        programs / "initdb",
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "-N",
    ]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder)
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "max_connections": 50}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], stdout=log, stderr=log, user=user, cwd=folder
        )
    atexit.register(stop, server)
    found = Postgres(folder)
    eventually(lambda: _takes_connections(found), what="PostgreSQL takes connections")
    return found


def _takes_connections(server: Postgres) -> bool:
    try:
        server.new_database()
    except psycopg.OperationalError:
        return False
    return True


def _postgres_programs() -> Path | None:
    """Return the folder of its programs; Debian keeps them out of PATH, one folder for each version."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = installed[-1] if installed else shutil.which("initdb")
    return None if found is None else Path(found).parent


@dataclass(slots=True)
class Wire:
    """A wire to a server that can be cut, and that can play a broker which refuses MQTT 5.

    `sent` holds the bytes that clients sent.
    """

    target: int
    refuse_mqtt5: bool = False
    connections: int = 0
    sent: bytearray = field(default_factory=bytearray)
    _listener: socket.socket = field(default_factory=socket.socket)
    _ends: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def listen(self) -> None:
        """Begin to accept."""
        self._listener.bind((_LOOPBACK, 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections there are; new ones may come."""
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        """Break everything and stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            first = client.recv(65_536)
            if self.refuse_mqtt5 and _protocol_level(first) == _MQTT_5:
                client.sendall(_UNSUPPORTED_PROTOCOL_VERSION)
                client.close()
                return
            server = socket.create_connection((_LOOPBACK, self.target))
            self._ends += [client, server]
            self.sent += first
            server.sendall(first)
            threading.Thread(target=self._pump, args=(server, client, None), daemon=True).start()
            with client, server:
                self._pump(client, server, self.sent)

    def _pump(self, source: socket.socket, sink: socket.socket, record: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if record is not None:
                    record += data
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _protocol_level(connect: bytes) -> int:
    """Return the level of a CONNECT packet: one byte behind the name `MQTT`."""
    return connect[connect.index(b"MQTT") + 4]


@contextlib.contextmanager
def wire(target: int, *, refuse_mqtt5: bool = False) -> Iterator[Wire]:
    """Yield a wire to a port."""
    made = Wire(target, refuse_mqtt5)
    made.listen()
    try:
        yield made
    finally:
        made.close()
