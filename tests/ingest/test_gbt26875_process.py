"""The fire panel's line of a running `premises ingest`: as far as a receiver, and through kills."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from ingest.gbt26875.frames import Command
from premises.home import Home
from premises.settings import SettingsError, load_settings
from premises.stores.records import open_records
from sensors.intake import Book
from simulators.gbt26875 import FAULT, FIRE, FirePanel
from storage.spool import SqliteSpool
from tests.alerts.receiver import Receiver, receiver
from tests.ingest.panels import SHANGHAI, Client
from tests.servers import eventually, free_port, is_listening, mosquitto, stop

REGISTRY = """\
site: {{id: {site}, name: {{zh: 院, en: Compound}}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}}
buildings: [{{id: a, name: A}}]
rooms: [{{id: a-101, building: a, floor: 1, name: 消控室, category: service, usable_area_m2: 18.5}}]
devices: [{{id: panel1, gateway: utd1, room: a-101}}]
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A home whose ingest listens to panels and tells one webhook."""

    home: Home
    port: int

    def book(self) -> Book:
        with closing(SqliteSpool(self.home.spool)) as spool:
            return spool.books().get("utd1", Book(gateway="utd1"))

    def alert_zones(self) -> list[str]:
        with closing(open_records(self.home)) as records, records.transaction() as tx:
            return sorted(each.zone for each in tx.alerts())

    def log(self) -> str:
        return (self.home.root / "log").read_text(encoding="utf-8")


def installed(folder: Path, webhook: Receiver, *, broker_port: int | None = None) -> Installation:
    site, port = f"s{uuid.uuid4().hex[:10]}", free_port()
    home = Home.find(folder / "home")
    home.settings.write_text(
        f'[mqtt]\nport = {broker_port or mosquitto().port}\nclient_id = "{site}"\nsession_expiry_s = 60\n'
        f'topics = ["premises/v1/{site}/#"]\n[spool]\nmin_free_bytes = 0\n'
        f'[alerts]\nwebhooks = [{{url = "{webhook.url}", secret_file = "secrets/hook"}}]\n'
        f"[fire_panel]\nenabled = true\nport = {port}\n"
        '[[fire_panel.panels]]\naddress = "121.3.0.0.0.0"\ngateway = "utd1"\ndevice = "panel1"\n',
        encoding="utf-8",
    )
    (home.secrets / "hook").write_text("s3cret\n", encoding="utf-8")
    home.registry.write_text(REGISTRY.format(site=site), encoding="utf-8")
    return Installation(home, port)


@contextmanager
def ingest(place: Installation) -> Iterator[subprocess.Popen[bytes]]:
    with (place.home.root / "log").open("ab") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("premises"), "ingest", "--home", place.home.root],
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")},
        )
    try:
        eventually(lambda: is_listening(place.port) or process.poll() is not None, what="the listener")
        assert process.poll() is None, place.log()
        yield process
    finally:
        stop(process)


def now() -> datetime:
    return datetime.now(SHANGHAI)


def test_fire_over_tcp_reaches_the_receiver_even_while_the_broker_is_away(tmp_path: Path) -> None:
    with receiver() as there:
        place = installed(tmp_path, there, broker_port=free_port())
        with ingest(place), Client(place.port) as client:
            client.send(FirePanel().component(now(), FIRE, text="2F走廊"))
            assert client.replies(1)[0].command == Command.CONFIRM
            eventually(lambda: len(there.posts) == 1, what="the notice")
            eventually(lambda: place.alert_zones() == ["1.1/10-2 2F走廊"], what="the alert")
    assert there.posts[0].json["alert"]["rule"] == "F01"


@pytest.mark.kill
def test_kill_9_at_any_time_loses_no_fire_and_gives_none_twice(tmp_path: Path) -> None:
    panel = FirePanel()
    fires = [panel.component(now(), FIRE | FAULT, position=number) for number in range(20)]
    with receiver() as there:
        place = installed(tmp_path, there)
        for begin in range(0, 20, 5):
            with ingest(place) as process, Client(place.port) as client:
                client.send(*fires[begin : begin + 5])
                if begin % 10:
                    client.replies(2)
                process.kill()
        with ingest(place), Client(place.port) as client:
            # The panel never read these confirmations, so it sends all again.
            client.send(*fires)
            assert {each.command for each in client.replies(20)} == {Command.CONFIRM}
            eventually(lambda: len(set(there.keys)) == 20, what="every notice")
            eventually(lambda: len(place.alert_zones()) == 20, what="every alert")
    book = place.book()
    assert (book.balances, book.accepted - offsets(place)) == (True, 40)
    assert book.duplicate >= 4, "what was confirmed twice"


def offsets(place: Installation) -> int:
    """Return how many readings of the panel's clock are among the records."""
    with closing(SqliteSpool(place.home.spool)) as spool:
        return sum(len(each.readings) for each in spool.pending() if each.readings is not None)


def test_two_panels_of_one_address_are_refused_with_the_place(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    one = '{address = 889, gateway = "utd1", device = "panel1"}'
    home.settings.write_text(f"[fire_panel]\npanels = [{one}, {one}]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"premises\.toml: fire_panel: address 889 stands at two panels"):
        load_settings(home, {})


@pytest.mark.parametrize(
    ("key", "value"), [("allowed", '["10.0.0.300"]'), ("panels", '[{address = "1.2", gateway = "g", device = "d"}]')]
)
def test_what_is_no_address_is_refused_with_the_place(tmp_path: Path, key: str, value: str) -> None:
    home = Home.find(tmp_path)
    home.settings.write_text(f"[fire_panel]\n{key} = {value}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"premises\.toml: fire_panel\.{key}\.0.*(address|IPv4)"):
        load_settings(home, {})
