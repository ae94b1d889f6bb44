"""Devices of gateways with formats of their own: heard, guessed, adopted into a room, what they sent taken in."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from api.data_ports import Adopting, PlaceKind
from ingest.messages import Message
from ingest.pipeline import Pipeline
from premises.home import Home
from premises.intake.data_desk import SpoolDesk, devices_of
from premises.settings import load_settings
from sensors.errors import InputFault
from sensors.readings import from_epoch_ms
from sensors.topology import DeviceId
from storage.registry_file import load_registry
from storage.spool import SqliteSpool
from tests.command_line import Outcome, runner
from tests.memory_records import HandClock
from tests.quarantine.homes import HOUR_MS, NOW_MS, home_in

EUI = "24e124710b425a10"
SETTINGS = """\
[spool]
min_free_bytes = 0
[[dialects.gateways]]
name = "lora"
format = "chirpstack"
topics = ["application/+/device/+/event/+"]
"""


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


def home_that_heard(folder: Path) -> Home:
    """Return a home into whose quarantine an uplink of a device went that nobody registered."""
    home = home_in(folder)
    home.settings.write_text(SETTINGS, encoding="utf-8")
    info = {"deviceName": "room 201", "deviceProfileName": "EM300-TH", "devEui": EUI}
    uplink = {"deduplicationId": "d1", "deviceInfo": info, "data": "A2fqAARoTw=="}
    message = Message(f"application/1/device/{EUI}/event/up", json.dumps(uplink).encode(), NOW_MS - HOUR_MS)
    dialects = load_settings(home).dialects.dialects()
    with closing(SqliteSpool(home.spool, min_free_bytes=0)) as spool:
        pipeline = Pipeline(registry=load_registry(home.registry), spool=spool, dialects=dialects)
        spool.commit(pipeline.process([message]))
    return home


def test_a_device_of_another_format_is_told_with_its_model_and_metrics(tmp_path: Path) -> None:
    (found,) = devices_of(home_that_heard(tmp_path), ())
    assert (found.device, found.gateway, found.model, found.records) == (EUI, "lora", "EM300-TH", 2)
    assert [(each.metric, each.value) for each in found.metrics] == [
        ("relative_humidity_pct", 39.5),
        ("temperature_c", 23.4),
    ]


def test_it_is_adopted_with_what_its_gateway_calls_it_and_what_it_sent(
    tmp_path: Path, premises: Callable[..., Outcome]
) -> None:
    home = home_that_heard(tmp_path)
    heard = json.loads(premises("devices", "heard", "--home", home.root, "--json").out.splitlines()[-1])
    assert [(each["device"], each["model"]) for each in heard] == [(EUI, "EM300-TH")]
    told = premises("devices", "adopt", EUI, "--home", home.root, "--room", "a-201", "--json")
    document = json.loads(told.out.splitlines()[-1])
    assert document["replayed"] == {"accepted": 2, "duplicate": 0}
    adopted = next(each for each in load_registry(home.registry).devices.values() if each.id == EUI)
    assert (adopted.model, adopted.gateway, sorted(adopted.metrics)) == (
        "EM300-TH",
        "lora",
        ["relative_humidity_pct", "temperature_c"],
    )


def test_the_console_enters_it_with_its_model_and_takes_in_what_it_sent(tmp_path: Path) -> None:
    home = home_that_heard(tmp_path)
    clock = HandClock(from_epoch_ms(NOW_MS))
    with closing(SpoolDesk(home, registry=lambda: load_registry(home.registry), clock=clock)) as desk:
        done = desk.adopt(Adopting(device=EUI, gateway="lora", kind=PlaceKind.ROOM, place="a-201"))
        with pytest.raises(InputFault, match="already"):
            desk.adopt(Adopting(device=EUI, gateway="lora", kind=PlaceKind.ROOM, place="a-201"))
    assert done.accepted == 2
    assert load_registry(home.registry).devices[DeviceId(EUI)].model == "EM300-TH"
