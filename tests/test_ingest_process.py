"""`premises ingest` as a process of its own: killed, stopped, started twice, told of a new registry."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from sensors.intake import Book
from storage.drain import drain
from storage.readings.memory import MemoryReadingStore
from storage.spool import SqliteSpool
from tests.command_line import Outcome, runner
from tests.servers import eventually, mosquitto, stop

ROOT = Path(__file__).parents[1]
START_MS = 1_795_392_000_000
Premises = Callable[..., Outcome]
REGISTRY = """\
site: {{id: {site}, name: {{zh: 院, en: Compound}}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}}
buildings: [{{id: a, name: A}}]
rooms: [{{id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5}}]
devices:
{devices}
"""


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


@dataclass(frozen=True, slots=True)
class Installation:
    """A home with a registry and settings for this worker's broker."""

    home: Path
    site: str

    def write_registry(self, *devices: str) -> None:
        lines = "\n".join(f"  - {{id: {each}, gateway: gw1, room: a-201, metrics: [co2_ppm]}}" for each in devices)
        new = self.home / "registry.new"
        new.write_text(REGISTRY.format(site=self.site, devices=lines), encoding="utf-8")
        new.replace(self.home / "registry.yaml")

    def spool(self) -> SqliteSpool:
        return SqliteSpool(self.home / "spool.db")

    def books(self) -> dict[str, Book]:
        with closing(self.spool()) as spool:
            return spool.books()

    def records_received(self) -> int:
        return sum(book.received for book in self.books().values())

    def stored(self) -> list[float]:
        """Return all values in the order of their time, after a drain into a fresh store."""
        store = MemoryReadingStore()
        with closing(self.spool()) as spool:
            drain(spool, store)
        return store.readings(self.site, start_ms=0, end_ms=2 * START_MS).get_column("value").to_list()  # type: ignore[arg-type]  # a site's id

    def readings(self, device: str = "aq1") -> str:
        return f"premises/v1/{self.site}/gw1/{device}/readings"


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    site = f"s{uuid.uuid4().hex[:10]}"
    made = Installation(tmp_path, site)
    made.write_registry("aq1")
    (tmp_path / "premises.toml").write_text(
        f'[mqtt]\nport = {mosquitto().port}\nclient_id = "{site}"\nsession_expiry_s = 60\n'
        f'topics = ["premises/v1/{site}/#"]\n[spool]\nmin_free_bytes = 0\n',
        encoding="utf-8",
    )
    return made


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")}


def refused(installed: Installation) -> subprocess.CompletedProcess[str]:
    """Return an ingest that ends by itself; not in this process, for it sets up logging and signals."""
    command = [str(Path(sys.executable).with_name("premises")), "ingest", "--home", str(installed.home)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment())


def started(installed: Installation) -> subprocess.Popen[bytes]:
    """Return the process once it has said `ready`."""
    out = installed.home / "out"
    with out.open("wb") as stdout, (installed.home / "log").open("ab") as stderr:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("premises"), "ingest", "--home", installed.home],
            stdout=stdout,
            stderr=stderr,
            env=environment(),
        )
    eventually(lambda: b"ready\n" in out.read_bytes() or process.poll() is not None, what="ready")
    assert process.poll() is None, log_of(installed)
    return process


@contextmanager
def running(installed: Installation) -> Iterator[subprocess.Popen[bytes]]:
    process = started(installed)
    try:
        yield process
    finally:
        stop(process)


def log_of(installed: Installation) -> str:
    return (installed.home / "log").read_text()


def await_records(installed: Installation, wanted: int) -> None:
    eventually(lambda: installed.records_received() >= wanted, what=f"{wanted} records")


def reading(number: int, **message: object) -> bytes:
    return orjson.dumps({**message, "readings": [{"m": "co2", "v": number, "ts": START_MS + number}]})


class Stream(threading.Thread):
    """Publishes numbered readings as a gateway would, with a few in flight, until all are acknowledged."""

    def __init__(self, topic: str, payloads: Sequence[bytes]) -> None:
        super().__init__()
        self._topic = topic
        self._payloads = payloads

    def run(self) -> None:
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect(mosquitto().host, mosquitto().port)
        client.loop_start()
        sent: list[MQTTMessageInfo] = []
        for payload in self._payloads:
            sent.append(client.publish(self._topic, payload, qos=1))
            if len(sent) % 50 == 0:
                sent[-50].wait_for_publish(30)
        for each in sent:
            each.wait_for_publish(30)
        client.disconnect()
        client.loop_stop()


@pytest.mark.kill
@pytest.mark.parametrize("with_numbers", [True, False], ids=["seq", "no seq"])
def test_kill_9_in_the_middle_loses_nothing_and_doubles_nothing(installed: Installation, *, with_numbers: bool) -> None:
    count = 4_000
    payloads = [reading(n, **({"boot": "b", "seq": n} if with_numbers else {})) for n in range(count)]
    stream = Stream(installed.readings(), payloads)
    for part in (0, 1, 2, 3, 4):
        with running(installed) as process:
            if part == 0:
                stream.start()
            await_records(installed, (part + 1) * count // 8)
            process.kill()
    with running(installed):
        stream.join(60)
        eventually(lambda: installed.books()["gw1"].accepted >= count, what="all records")
    book = installed.books()["gw1"]
    assert (book.accepted, book.balances) == (count, True)
    assert book.received == count + book.duplicate
    assert installed.stored() == list(range(count))
    assert installed.books()["gw1"].stored == count


def test_sigterm_ends_in_good_order_and_keeps_the_session(installed: Installation) -> None:
    with running(installed) as process:
        mosquitto().publish(*[(installed.readings(), reading(number)) for number in range(20)])
        await_records(installed, 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    mosquitto().publish((installed.readings(), reading(20)))
    with running(installed):
        await_records(installed, 21)
    assert installed.stored() == list(range(21))
    assert installed.books()["gw1"].duplicate == 0


def test_changed_registry_is_followed_and_a_broken_one_is_not(installed: Installation) -> None:
    with running(installed):
        mosquitto().publish((installed.readings("new"), reading(1)))
        await_records(installed, 1)
        (installed.home / "registry.yaml").write_text("site: [")
        eventually(lambda: "registry_broken" in log_of(installed), what="the fault in the log")
        mosquitto().publish((installed.readings("aq1"), reading(2)))
        await_records(installed, 2)
        installed.write_registry("aq1", "new")
        eventually(lambda: "registry_changed" in log_of(installed), what="the new registry")
        mosquitto().publish((installed.readings("new"), reading(3)))
        await_records(installed, 3)
    book = installed.books()["gw1"]
    assert (book.accepted, book.quarantined) == (2, 1)


def test_second_ingest_of_one_home_is_refused(installed: Installation) -> None:
    with running(installed) as process:
        outcome = refused(installed)
    assert outcome.returncode == 2
    assert f"process {process.pid}" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_ingest_without_a_registry_says_so_in_one_line(installed: Installation) -> None:
    (installed.home / "registry.yaml").unlink()
    outcome = refused(installed)
    assert outcome.returncode == 2
    assert "registry.yaml" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_quarantine_and_books_are_shown(installed: Installation, premises: Premises) -> None:
    with running(installed):
        mosquitto().publish(
            (installed.readings("ghost"), reading(1)),
            (installed.readings(), b"{\x1b[31m"),
            (installed.readings(), reading(2)),
        )
        await_records(installed, 3)
        listed = json.loads(premises("quarantine", "list", "--home", installed.home, "--json").out)
    assert [each["reason"] for each in listed] == ["not_json", "unknown_device"]
    assert listed[1]["payload"].startswith('{"readings":[{"m":"co2","v":1')
    only = premises("quarantine", "list", "--home", installed.home, "--reason", "unknown_device", "--limit", 5).out
    assert "ghost" in only
    assert "not_json" not in only
    assert "\x1b" not in premises("quarantine", "list", "--home", installed.home).out
    shown = premises("quarantine", "show", listed[1]["id"], "--home", installed.home).out
    assert "unknown_device" in shown
    assert shown.endswith(reading(1).decode() + "\n")
    (account,) = json.loads(premises("quarantine", "books", "--home", installed.home, "--json").out)
    assert (account["missing"], account["unassured"]) == (0, 0)
    assert (account["received"], account["quarantined"], account["spooled"], account["balances"]) == (3, 2, 1, True)
    table = premises("quarantine", "books", "--home", installed.home).out
    assert table.splitlines()[0].split()[:3] == ["gateway", "received", "accepted"]


def test_asking_without_a_spool_or_for_a_missing_number_is_one_line(
    installed: Installation, premises: Premises
) -> None:
    outcome = premises("quarantine", "list", "--home", installed.home)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    installed.spool().close()
    outcome = premises("quarantine", "show", 7, "--home", installed.home)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "nothing in quarantine" in premises("quarantine", "list", "--home", installed.home).out


def test_ingest_needs_no_store_and_no_web() -> None:
    script = """
import importlib, sys
for name in ("premises.commands.ingest", "ingest.mqtt", "ingest.pipeline", "ingest.native", "ingest.ports",
             "storage.spool", "premises.settings", "storage.registry_file"):
    importlib.import_module(name)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"duckdb", "polars", "pyarrow", "fastapi"}))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
