"""What docker-compose.yml promises: pinned, closed, without a default password. Docker itself is not needed."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from premises.deployment.first_secrets import SECRETS, SIMULATOR, SIMULATOR_SECRET
from premises.home import Home
from premises.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, dict[str, Any]] = COMPOSE["services"]
STATE = "${PREMISES_STATE:-./deploy/state}/"
OURS = ("ingest", "serve", "jobs", "simulator")
each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def sources(service: Mapping[str, Any]) -> list[str]:
    """Return what is mounted into a service, as it is on the machine."""
    return [re.split(r":(?=/)", volume)[0] for volume in service.get("volumes", ())]


def test_the_services_are_those_of_the_architecture() -> None:
    assert set(SERVICES) == {
        *("mosquitto", "influxdb", "tokens", "postgres", "ingest", "serve", "jobs", "records-dump", "grafana"),
        "simulator",
    }
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["simulator"]


@each_service
def test_a_service_is_closed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].startswith("${PREMISES_UID:?")
    assert "docker.sock" not in str(service)


@each_service
def test_a_service_is_pinned_bounded_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), service["image"]
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert service["pids_limit"] > 0
    assert service["logging"]["options"]["max-file"]
    assert "test" in service["healthcheck"] or name in {"tokens", "simulator"}


@each_service
def test_no_secret_stands_in_the_environment(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|TOKEN|SECRET|KEY", key):
            assert key.endswith(("_FILE", "__FILE")), key
            assert value.startswith(("/run/secrets/", "/run/tokens/")), key


@each_service
def test_a_service_gets_the_secrets_that_it_reads_and_no_other(name: str) -> None:
    service = SERVICES[name]
    given = set(service.get("secrets", ()))
    assert given <= set(COMPOSE["secrets"])
    texts = [str(service.get("environment", "")), str(service.get("command", ""))]
    texts += [(ROOT / each).read_text() for each in sources(service) if each.endswith(".sh")]
    named = set(re.findall(r"/run/secrets/([a-z-]+)", " ".join(texts)))
    assert named >= given
    assert named - given <= {"postgres-password"} if name == "jobs" else named == given


def test_every_secret_is_a_file_that_the_first_run_makes() -> None:
    files = {name: secret["file"] for name, secret in COMPOSE["secrets"].items()}
    made = {f"{STATE}secrets/{name}" for name in (*SECRETS, SIMULATOR_SECRET)} | {f"{STATE}certificates/ca.crt"}
    assert set(files.values()) == made


def test_only_the_ways_in_and_out_lead_outside() -> None:
    networks = COMPOSE["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == {"outside"}
    assert {name for name, each in SERVICES.items() if "outside" in each.get("networks", ())} == {
        *("mosquitto", "ingest", "serve", "grafana")
    }
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published == {
        "mosquitto": ["${PREMISES_BROKER_BIND:-0.0.0.0}:8883:8883"],
        "serve": ["${PREMISES_BIND:-127.0.0.1}:8088:8088"],
        "grafana": ["${PREMISES_GRAFANA_BIND:-127.0.0.1}:3000:3000"],
    }


def test_what_is_mounted_of_the_checkout_is_there_and_cannot_be_written() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            if not volume.startswith(STATE):
                assert volume.endswith(":ro"), name
                if not volume.startswith("./dashboards/"):
                    assert (ROOT / volume.split(":")[0]).exists(), volume


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_settings_that_load(name: str, tmp_path: Path) -> None:
    environment = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
    environment["PREMISES_SERVER__ORIGIN"] = "https://premises.example"
    settings = load_settings(Home(tmp_path), environment)
    assert settings.mqtt.tls
    assert settings.broker.kind == ("auto" if name == "simulator" else "none")
    assert (settings.store.kind, settings.mqtt.username) == (
        ("duckdb", SIMULATOR) if name == "simulator" else ("influxdb", "premises-ingest")
    )


def test_the_first_run_makes_all_that_is_mounted_and_may_be_run_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    environment = {
        **os.environ,
        "PREMISES_STATE": str(state),
        "PREMISES_ENV_FILE": str(tmp_path / "env"),
        "PREMISES_PROGRAM": str(Path(sys.executable).parent / "premises"),
    }

    def first_run() -> str:
        command = [str(ROOT / "scripts" / "first_run.sh"), "--demo", "--host", "broker.example"]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    assert "made secrets/postgres-password" in first_run()
    mounted = {each for service in SERVICES.values() for each in sources(service) if each.startswith(STATE)}
    mounted |= {secret["file"] for secret in COMPOSE["secrets"].values()}
    assert [each for each in mounted if not (state / each.removeprefix(STATE)).exists()] == []
    open_to_others = [path for path in state.rglob("*") if path.stat().st_mode & 0o077 and path.name != ".lock"]
    assert open_to_others == []
    written = (tmp_path / "env").read_text()
    assert re.search(r"^PREMISES_UID=[1-9]\d*$", written, re.MULTILINE)
    assert first_run() == "all is there already\n"
