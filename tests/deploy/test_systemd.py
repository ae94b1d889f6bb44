"""The units, installed into a folder: sound by systemd's own judgement, closed, and settings that load."""

import configparser
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from premises.home import Home
from premises.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("premises-broker", "premises-ingest", "premises-serve", "premises-backup")
EXPOSED_AT_MOST = 2.0
HARDENED = {
    "User": "premises",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
    "StateDirectory": "premises",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return install(tmp_path / "root")


def install(root: Path) -> Path:
    program = Path(sys.executable).parent / "premises"
    environment = {**os.environ, "DESTDIR": str(root), "PROGRAM": str(program), "MOSQUITTO": "/bin/true"}
    subprocess.run([str(ROOT / "scripts" / "install_systemd.sh")], env=environment, check=True, capture_output=True)
    return root


def systemd_analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return program


def unit(root: Path, name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys know cases
    read.read_string((root / "etc/systemd/system" / name).read_text())
    return read


def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    units = sorted(str(path) for path in (installed / "etc/systemd/system").iterdir())
    done = subprocess.run(
        [systemd_analyze(), "verify", "--man=no", "--generators=no", *units],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "premises" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_hardened(installed: Path, name: str) -> None:
    service = dict(unit(installed, f"{name}.service")["Service"])
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert "MemoryMax" in service


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_the_exposure_ok(installed: Path, name: str) -> None:
    path = installed / "etc/systemd/system" / f"{name}.service"
    command = [
        systemd_analyze(),
        "security",
        "--offline=true",
        "--no-pager",
        "--json=short",
        "--threshold=20",
        str(path),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    exposure = sum(float(each["exposure"] or 0) for each in json.loads(done.stdout))
    assert exposure < EXPOSED_AT_MOST * 10


def test_nothing_of_the_template_is_left_and_nothing_is_started(installed: Path) -> None:
    texts = {path: path.read_text() for path in installed.rglob("*") if path.is_file()}
    assert len(texts) >= 9
    assert [str(path) for path, text in texts.items() if "@PROGRAM@" in text or "@SHARE@" in text] == []
    assert not (installed / "etc/systemd/system/multi-user.target.wants").exists()


def test_settings_that_were_changed_stay(installed: Path) -> None:
    kept = installed / "etc/premises/environment"
    kept.write_text("PREMISES_LOG__LEVEL=debug\n")
    install(installed)
    assert kept.read_text() == "PREMISES_LOG__LEVEL=debug\n"


def test_the_settings_of_the_units_load(installed: Path, tmp_path: Path) -> None:
    lines = (installed / "etc/premises/environment").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(Home(tmp_path), written)
    assert (settings.mqtt.tls, settings.mqtt.port, settings.broker.kind) == (True, 8883, "none")


def test_the_broker_reads_the_secrets_that_are_made_for_it(installed: Path) -> None:
    configuration = (installed / "etc/premises/mosquitto.conf").read_text()
    state = "/var/lib/premises/installation"
    for each in ("mosquitto/passwords", "mosquitto/acl", "certificates/ca.crt", "certificates/broker.key", "broker/"):
        assert f" {state}/{each}\n" in configuration
