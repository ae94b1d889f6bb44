"""`premises doctor`: what it says of homes in good and in bad order."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from premises.doctor.examination import CHECKS, examine
from premises.home import Home
from sensors.intake import SpoolEntry
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.spool import SqliteSpool
from tests.command_line import Outcome, runner
from tests.servers import MOSQUITTO
from tests.system.installation import installation, running

HOUR_MS = 3_600_000


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


def words(home: Home, name: str) -> tuple[bool, str]:
    return next((each.well, each.words()) for each in examine(home) if each.name == name)


def fill_spool(home: Home, age_ms: int) -> None:
    received_ms = time.time_ns() // 1_000_000 - age_ms
    batch = ReadingBatch(site=SiteId("hq"))
    batch.add(received_ms, "aq1", "co2_ppm", 500.0)
    with closing(SqliteSpool(home.spool, min_free_bytes=0)) as spool:
        spool.commit([SpoolEntry(gateway="gw1", received_ms=received_ms, received=1, readings=batch)])


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_running_installation_is_well_but_for_this_machine(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    with running(installed):
        found = {each.name: each for each in examine(installed.home)}
    # What is the machine's own, the test cannot promise.
    unwell = [each for each in found.values() if not each.well and each.name not in {"disk", "clock", "fonts"}]
    assert unwell == []
    assert "MQTT 5: mosquitto" in found["broker"].words()
    assert "held by the server" in found["store"].words()


def test_home_that_is_not_there_is_said_and_not_made(tmp_path: Path, premises: Callable[..., Outcome]) -> None:
    outcome = premises("doctor", "--home", tmp_path / "home")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert len(lines) == len(CHECKS)
    assert {line[:2] for line in lines} == {"OK", "!!"}
    assert lines[0].startswith("!!  Home")
    assert not (tmp_path / "home").exists()


def test_json_holds_every_check(tmp_path: Path, premises: Callable[..., Outcome]) -> None:
    told = json.loads(premises("doctor", "--home", tmp_path / "home", "--json").out)
    assert told["well"] is False
    assert [each["name"] for each in told["checks"]] == list(CHECKS)


def test_fault_in_the_settings_is_told_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    home = installation(tmp_path).home
    home.settings.write_text("[mqtt]\nprot = 1\n", encoding="utf-8")
    well, said = words(home, "settings")
    assert (well, "mqtt.prot: no such setting" in said) == (False, True)
    assert words(home, "registry") == (True, f"{home.registry}: 1 rooms, 0 circuits, 1 devices")


def test_broker_that_is_away_is_named(tmp_path: Path) -> None:
    installed = installation(tmp_path)
    well, said = words(installed.home, "broker")
    assert (well, f"127.0.0.1:{installed.mqtt_port}" in said) == (False, True)


@pytest.mark.parametrize(("age_ms", "well"), [(0, True), (HOUR_MS, False)])
def test_records_that_wait_long_are_a_sign(tmp_path: Path, age_ms: int, *, well: bool) -> None:
    home = installation(tmp_path).home
    fill_spool(home, age_ms)
    found, said = words(home, "spool")
    assert (found, said.startswith("1 records wait")) == (well, True)


def test_secrets_open_to_others_are_told(tmp_path: Path) -> None:
    home = installation(tmp_path).home
    home.secrets.chmod(0o755)
    well, said = words(home, "secrets")
    assert (well, "chmod 700" in said) == (False, True)
