import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from premises.home import Home
from premises.intake.registry_adoption import Adoption, AdoptionFault, adopt, inserted
from sensors.topology import DeviceId
from storage.registry_file import load_registry
from tests.command_line import Outcome, runner
from tests.quarantine.homes import NOW_MS, REGISTRY, co2, home_in, kept, message, take_in, values

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ENTRY = "{id: aq9, gateway: gw1, room: a-201, metrics: [co2_ppm]}"
HEAD, _, _ = REGISTRY.partition("devices:")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


LAYOUTS = {
    "lines": "devices:\n  - {id: aq1, room: a-201}  # by the window\n# the end\n",
    "lines without an end": "devices:\n- {id: aq1, room: a-201}",
    "blocks": "devices:\n  - id: aq1\n    room: a-201  # 窗边\n    metrics:\n      - co2_ppm\n\n# the end\n",
    "brackets": "devices: [{id: aq1, room: a-201}]  # one\n",
    "brackets over lines": "devices: [\n  {id: aq1, room: a-201},  # 窗边\n  {id: aq2, room: a-201}\n]\n",
    "comma at the end": "devices: [\n  {id: aq1, room: a-201},\n]\n",
    "empty brackets": "devices: []\n",
    "no devices": "# nothing yet\n",
    "before another section": "devices:\n  - {id: aq1, room: a-201}\n\n# who is who\ndepartments: [{id: d, name: D}]\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_device_is_put_into_any_layout_and_all_else_stays(home: Home, layout: str, newline: str, mark: str) -> None:
    text = mark + (HEAD + LAYOUTS[layout]).replace("\n", newline)
    home.registry.write_bytes(text.encode())
    before = load_registry(home.registry)
    adopted = adopt(home, Adoption(device="aq9", room="a-201", gateway="gw1", metrics=["co2_ppm"]), now=NOW)
    assert adopted.registry == load_registry(home.registry)
    assert [*adopted.registry.devices] == [*before.devices, "aq9"]
    after = home.registry.read_bytes().decode()
    assert without_the_entry(after) == without_the_entry(text)
    assert adopted.backup.read_bytes() == text.encode()


def without_the_entry(text: str) -> str:
    """Return a text without the entry and without what stands between it and the others."""
    bare = text.replace(ENTRY, "")
    return "".join(bare.replace("devices:", "").translate(str.maketrans("", "", "-,\r\n ")).split())


def test_names_that_yaml_would_read_otherwise_are_quoted(home: Home) -> None:
    adopt(home, Adoption(device="0201", circuit="c-main", model="EM300: 二号"), now=NOW)
    device = load_registry(home.registry).devices[DeviceId("0201")]
    assert device.model == "EM300: 二号"


def test_place_that_is_not_there_leaves_the_registry_as_it_was(home: Home) -> None:
    with pytest.raises(AdoptionFault, match="b-999"):
        adopt(home, Adoption(device="aq9", room="b-999"), now=NOW)
    assert home.registry.read_text(encoding="utf-8") == REGISTRY
    assert not list(home.root.glob("*.bak"))


def test_device_of_the_registry_is_not_adopted_again(home: Home) -> None:
    with pytest.raises(AdoptionFault, match="is in the registry already"):
        adopt(home, Adoption(device="aq1", room="a-201"), now=NOW)


@pytest.mark.parametrize("text", ["[1, 2]", "{a: 1}", "devices: {a: 1}", "devices: *x", "a: 1\n...\n"])
def test_layout_without_a_place_is_told_with_the_line_to_write(text: str) -> None:
    with pytest.raises(AdoptionFault, match=r"by hand: - \{id: x\}"):
        inserted(text, "{id: x}", Path("registry.yaml"))


def test_mode_of_the_file_stays(home: Home) -> None:
    home.registry.chmod(0o640)
    adopt(home, Adoption(device="aq9", room="a-201"), now=NOW)
    assert home.registry.stat().st_mode & 0o777 == 0o640


def test_unknown_device_is_offered_and_adopted_with_what_it_sent(home: Home, premises: Callable[..., Outcome]) -> None:
    sent = [co2("aq9", 500), {"dev": "aq9", "m": "temperature", "v": 21.5}, co2("aq1", 600)]
    take_in(home, message(sent), message([co2("aq9", 510)], received_ms=NOW_MS))
    (device,) = json.loads(premises("quarantine", "devices", "--json", "--home", home.root).out.splitlines()[-1])
    assert (device["device"], device["gateway"], device["kind"], device["records"]) == ("aq9", "gw1", "room_sensor", 3)
    assert [(each["metric"], each["unit"], each["value"]) for each in device["metrics"]] == [
        ("co2_ppm", "ppm", 510.0),
        ("temperature_c", "°C", 21.5),
    ]
    outcome = premises("registry", "adopt", "aq9", "--room", "a-201", "--json", "--home", home.root)
    told = json.loads(outcome.out)
    assert told["replayed"] == {"accepted": 3, "duplicate": 0}
    assert told["entry"] == "{id: aq9, gateway: gw1, room: a-201, metrics: [co2_ppm, temperature_c]}"
    assert (kept(home), len(values(home))) == ([], 4)


@pytest.mark.parametrize(
    ("record", "topic", "kind"),
    [
        ({"dev": "x", "m": "active_power", "v": 5}, "readings", "meter"),
        ({"dev": "x", "m": "water_m3", "v": 5}, "readings", "meter"),
        ({"dev": "x", "m": "open", "v": True}, "readings", "door"),
        ({"dev": "x", "type": "granted"}, "events", "door"),
        ({"dev": "x", "m": "people_count", "v": 5}, "readings", "room_sensor"),
    ],
)
def test_kind_is_guessed_by_what_a_device_sends(
    home: Home, premises: Callable[..., Outcome], record: dict[str, object], topic: str, kind: str
) -> None:
    take_in(home, message([record], topic=f"hq/gw1/{topic}"))
    (device,) = json.loads(premises("quarantine", "devices", "--json", "--home", home.root).out.splitlines()[-1])
    assert device["kind"] == kind


def test_adopting_asks_where_the_device_is(home: Home, premises: Callable[..., Outcome]) -> None:
    outcome = premises("registry", "adopt", "aq9", "--home", home.root)
    assert (outcome.code, "say where aq9 is" in outcome.err) == (2, True)


def test_device_of_two_gateways_needs_one_named(home: Home, premises: Callable[..., Outcome]) -> None:
    take_in(home, message([co2("aq9", 1)]), message([co2("aq9", 2)], topic="hq/gw2/readings"))
    outcome = premises("registry", "adopt", "aq9", "--room", "a-201", "--home", home.root)
    assert (outcome.code, "--gateway" in outcome.err) == (2, True)
    assert premises("registry", "adopt", "aq9", "--room", "a-201", "--gateway", "gw2", "--home", home.root).code == 0


def test_adopting_says_where_nothing_came_from_the_device(home: Home, premises: Callable[..., Outcome]) -> None:
    take_in(home, message([co2("aq9", 500)]))
    outcome = premises("registry", "adopt", "aq8", "--room", "a-201", "--home", home.root)
    assert (outcome.code, "nothing that aq8 sent is in quarantine" in outcome.out) == (0, True)
