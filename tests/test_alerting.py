"""The alert path end to end: from the broker over the spool to the records and to a real receiver."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest

from alerts.commands import acknowledge
from alerts.dispatch import Answer, Delivery, Notice
from alerts.model import Alert, AlertState
from premises.home import Home
from premises.notices.alerting import Alerting, Records
from premises.notices.channels import channels_of
from premises.settings import SettingsError, load_settings
from premises.stores.records import open_records
from sensors.events import EventState, EventType
from sensors.intake import SpoolEntry
from sensors.readings import epoch_ms
from sensors.signals import Signal
from storage.spool import SqliteSpool
from tests.alerts.factories import raised
from tests.alerts.receiver import Receiver, Reply, receiver
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import OFFICER
from tests.servers import eventually, mosquitto, stop

REGISTRY = """\
site: {{id: {site}, name: {{zh: 院, en: Compound}}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}}
buildings: [{{id: a, name: A}}]
rooms: [{{id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5}}]
devices: [{{id: panel1, gateway: gw1, room: a-201}}]
"""


# The threads, in this process.


@dataclass(slots=True)
class Hears:
    """A channel that keeps what it hears; `silent` makes it hang until it may answer."""

    name: str
    keys: list[str]
    may_answer: threading.Event

    def send(self, notice: Notice) -> Answer:
        self.may_answer.wait(30)
        self.keys.append(notice.key)
        return Answer(delivery=Delivery.DONE)


def hears(name: str = "hears", *, silent: bool = False) -> Hears:
    channel = Hears(name, [], threading.Event())
    if not silent:
        channel.may_answer.set()
    return channel


def commit(folder: Path, *signals: Signal) -> None:
    with closing(SqliteSpool(folder / "spool.db", min_free_bytes=0)) as spool:
        spool.commit([SpoolEntry(gateway="gw1", received_ms=epoch_ms(NOON), received=1, signals=signals)])


@contextmanager
def alerting(folder: Path, records: Callable[[], Records], *channels: Hears) -> Iterator[Alerting]:
    commit(folder)
    made = Alerting(folder / "spool.db", channels=channels, records=records, clock=HandClock())
    made.start()
    try:
        yield made
    finally:
        for channel in channels:
            channel.may_answer.set()
        made.stop()


def test_notices_go_out_while_the_records_are_away_and_the_records_follow_later(tmp_path: Path) -> None:
    back = threading.Event()
    records, channel = MemoryRecords(), hears()

    def open_when_back() -> Records:
        if not back.is_set():
            raise ConnectionError
        return records

    with alerting(tmp_path, open_when_back, channel) as running:
        commit(tmp_path, raised())
        running.wake()
        eventually(lambda: len(channel.keys) == 1, what="the notice")
        assert records.alert_rows == {}
        back.set()
        eventually(lambda: len(records.alert_rows) == 1, what="the alert in the records")


def test_a_channel_that_hangs_delays_neither_the_records_nor_another_channel(tmp_path: Path) -> None:
    records, stuck, quick = MemoryRecords(), hears("stuck", silent=True), hears("quick")
    with alerting(tmp_path, lambda: records, stuck, quick) as running:
        commit(tmp_path, raised())
        running.wake()
        eventually(lambda: bool(quick.keys and records.alert_rows), what="the others")
        assert stuck.keys == []


def test_an_alert_that_a_person_closed_too_early_comes_back_and_is_told_again(tmp_path: Path) -> None:
    records, channel = MemoryRecords(), hears()
    first, still = raised(), raised(at=NOON.replace(hour=5))
    with alerting(tmp_path, lambda: records, channel) as running:
        commit(tmp_path, first)
        running.wake()
        eventually(lambda: len(records.alert_rows) == 1, what="the alert")
        (alert,) = records.alert_rows.values()
        records.alert_rows[alert.id] = replace(alert, state=AlertState.CLEARED)
        commit(tmp_path, still)
        running.wake()
        eventually(lambda: len(channel.keys) == 2, what="the second notice")
        eventually(lambda: len(records.alert_rows) == 2, what="the second alert")
    assert sorted(each.state for each in records.alert_rows.values()) == [AlertState.CLEARED, AlertState.RAISED]


def test_one_notice_that_fails_holds_back_only_its_own_alert(tmp_path: Path) -> None:
    class Choosy(MemoryRecords):
        def open_alert(self, fingerprint: str) -> Alert | None:
            if "F01" in fingerprint:
                raise RuntimeError
            return None

    records = Choosy()
    with alerting(tmp_path, lambda: records) as running:
        fires = [raised(zone=f"{floor}F") for floor in range(5)]
        commit(tmp_path, *fires, raised(EventType.LEAK, device="leak1"), raised(state=EventState.CLEARED))
        running.wake()
        eventually(lambda: len(records.alert_rows) == 1, what="the leak")
    assert [each.rule for each in records.alert_rows.values()] == ["F12"]


# The settings.


def home_with(folder: Path, toml: str) -> Home:
    home = Home.find(folder / "home")
    home.settings.write_text(toml, encoding="utf-8")
    (home.secrets / "hook").write_text("s3cret\n", encoding="utf-8")
    return home


def test_webhooks_come_from_the_settings_with_secrets_from_files_in_the_home(tmp_path: Path) -> None:
    one = '{url = "https://host.example/hook", secret_file = "secrets/hook"}'
    home = home_with(tmp_path, f"[alerts]\nwebhooks = [{one}, {one}]\n")
    (channel,) = channels_of(load_settings(home, {}), home)
    assert channel.name.startswith("webhook:host.example:")


def test_an_address_that_cannot_be_called_is_refused_with_its_place(tmp_path: Path) -> None:
    home = home_with(tmp_path, '[alerts]\nwebhooks = [{url = "mailto:x", secret_file = "secrets/hook"}]\n')
    with pytest.raises(SettingsError, match=r"premises\.toml: alerts\.webhooks\.0: the webhook's url"):
        channels_of(load_settings(home, {}), home)


# The process, killed and started again.


@dataclass(frozen=True, slots=True)
class Installation:
    """A home whose ingest listens to this worker's broker and tells one webhook."""

    home: Home
    site: str

    def fire(self, number: int, state: str = "active") -> None:
        event = {"id": f"f{number}-{state}", "dev": "panel1", "type": "fire", "state": state, "zone": f"{number}F"}
        mosquitto().publish((f"premises/v1/{self.site}/gw1/events", orjson.dumps({"events": [event]})))

    def alerts(self) -> list[Alert]:
        with closing(open_records(self.home)) as records, records.transaction() as tx:
            return list(tx.alerts())


def installed(folder: Path, webhook: Receiver) -> Installation:
    site = f"s{uuid.uuid4().hex[:10]}"
    home = home_with(
        folder,
        f'[mqtt]\nport = {mosquitto().port}\nclient_id = "{site}"\nsession_expiry_s = 60\n'
        f'topics = ["premises/v1/{site}/#"]\n[spool]\nmin_free_bytes = 0\n'
        f'[alerts]\nwebhooks = [{{url = "{webhook.url}", secret_file = "secrets/hook"}}]\n',
    )
    home.registry.write_text(REGISTRY.format(site=site), encoding="utf-8")
    return Installation(home, site)


@contextmanager
def ingest(installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    out = installation.home.root / "out"
    with out.open("wb") as stdout, (installation.home.root / "log").open("ab") as stderr:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("premises"), "ingest", "--home", installation.home.root],
            stdout=stdout,
            stderr=stderr,
            env={name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")},
        )
    try:
        eventually(lambda: b"ready\n" in out.read_bytes() or process.poll() is not None, what="ready")
        assert process.poll() is None, (installation.home.root / "log").read_text()
        yield process
    finally:
        stop(process)


def test_a_fire_reaches_the_receiver_and_the_records_and_ends_there(tmp_path: Path) -> None:
    with receiver() as there:
        place = installed(tmp_path, there)
        with ingest(place):
            place.fire(1)
            eventually(lambda: len(there.posts) == 1, what="the notice")
            eventually(lambda: [each.state for each in place.alerts()] == [AlertState.RAISED], what="the alert")
            (alert,) = place.alerts()
            assert there.posts[0].json["alert"]["id"] == alert.id
            with closing(open_records(place.home)) as records, records.transaction() as tx:
                acknowledge(tx, alert.id, actor=OFFICER, clock=HandClock())
            place.fire(1, "cleared")
            eventually(lambda: [each.state for each in place.alerts()] == [AlertState.CLEARED], what="its end")
            eventually(lambda: there.keys == [f"raised:{alert.id}", f"cleared:{alert.id}"], what="both notices")


@pytest.mark.kill
def test_kill_9_between_raising_and_sending_sends_after_the_restart(tmp_path: Path) -> None:
    with receiver(Reply(hang=True), Reply(503), Reply(200)) as there:
        place = installed(tmp_path, there)
        with ingest(place) as process:
            place.fire(1)
            eventually(lambda: len(there.posts) == 1, what="the first attempt, which nobody answers")
            process.kill()
        with ingest(place):
            eventually(lambda: len(there.posts) >= 3, what="an attempt after the restart, and one after the 503")
            eventually(lambda: len(place.alerts()) == 1, what="the alert in the records, once")
    assert len(set(there.keys)) == 1
    assert there.keys[0].startswith("raised:")


@pytest.mark.kill
def test_kill_9_at_any_time_loses_no_alert_and_raises_none_twice(tmp_path: Path) -> None:
    with receiver() as there:
        place = installed(tmp_path, there)
        for round_ in range(4):
            with ingest(place) as process:
                for number in range(round_ * 5, round_ * 5 + 5):
                    place.fire(number)
                process.send_signal(signal.SIGKILL)
        with ingest(place):
            eventually(lambda: len(set(there.keys)) == 20, what="every notice")
            eventually(lambda: len(place.alerts()) == 20, what="every alert")
    assert {alert.zone for alert in place.alerts()} == {f"{number}F" for number in range(20)}
