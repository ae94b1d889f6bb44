"""What `premises doctor` says when one part is broken for real."""

import getpass
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog

from premises.doctor.examination import CHECKS, examine
from premises.doctor.findings import Finding
from premises.home import Home
from premises.intake.ingest_report import IngestReporter
from premises.processes.locks import sole
from premises.texts import LANGUAGES, catalogue
from sensors.intake import GatewayStatus, SpoolEntry
from storage.spool import SqliteSpool
from tests.quarantine.homes import co2, home_in, message, take_in
from tests.servers import MOSQUITTO, eventually, free_port, is_listening, stop

NEEDS_MOSQUITTO = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def present_ms() -> int:
    """Return the clock that doctor looks at; a test may run long after this file was read."""
    return time.time_ns() // 1_000_000


HOUR_MS = 3_600_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def found(home: Home, name: str) -> Finding:
    """Return what a check finds, once both languages can say it."""
    finding = CHECKS[name](home)
    assert all(finding.words(language) and finding.title(language) for language in LANGUAGES)
    return finding


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[int]:
    """Yield the port of a mosquitto with these settings."""
    assert MOSQUITTO is not None
    port, settings = free_port(), folder / "mosquitto.conf"
    settings.write_text("\n".join([f"listener {port} 127.0.0.1", f"user {getpass.getuser()}", *lines]) + "\n", "utf-8")
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(settings)], stdout=log, stderr=log)
    try:
        eventually(lambda: is_listening(port), what="mosquitto listens")
        yield port
    finally:
        stop(process)


def use(home: Home, port: int, *lines: str) -> None:
    home.settings.write_text("\n".join(["[mqtt]", f"port = {port}", *lines]) + "\n", encoding="utf-8")


def password_file(folder: Path) -> Path:
    path = folder / "passwords"
    path.touch(mode=0o600)
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([program, "-b", str(path), "premises", "right"], check=True, capture_output=True)
    return path


@NEEDS_MOSQUITTO
def test_wrong_password_is_told_with_the_user(home: Home, tmp_path: Path) -> None:
    (home.secrets / "mqtt").write_text("wrong", encoding="utf-8")
    with broker(tmp_path, "allow_anonymous false", f"password_file {password_file(tmp_path)}") as port:
        use(home, port, 'username = "premises"', 'password_file = "secrets/mqtt"')
        finding = found(home, "broker")
        (home.secrets / "mqtt").write_text("right", encoding="utf-8")
        assert found(home, "broker").well
    assert (finding.well, finding.code, finding.parameters["user"]) == (False, "password", "premises")


@NEEDS_MOSQUITTO
def test_plain_port_asked_for_tls_is_told(home: Home, tmp_path: Path) -> None:
    with broker(tmp_path, "allow_anonymous true") as port:
        use(home, port, "tls = true")
        finding = found(home, "broker")
        assert found(home, "subscription").code == "not_asked"
    assert (finding.well, finding.code) == (False, "tls")


@NEEDS_MOSQUITTO
def test_certificate_that_nobody_vouches_for_is_told(home: Home, tmp_path: Path) -> None:
    certificate, key = tmp_path / "broker.crt", tmp_path / "broker.key"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    asked += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(asked, check=True, capture_output=True)
    with broker(tmp_path, "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}") as port:
        use(home, port, "tls = true")
        assert found(home, "broker").code == "certificate"
        use(home, port, "tls = true", f'ca_file = "{certificate}"')
        assert found(home, "broker").well
        use(home, port)
        assert found(home, "broker").code == "silent"


@NEEDS_MOSQUITTO
def test_subscription_that_brings_nothing_makes_the_access_list_suspect(home: Home, tmp_path: Path) -> None:
    """Mosquitto's access list lets one subscribe to what it then never sends."""
    (tmp_path / "acl").write_text("topic write premises/v1/#\n", encoding="utf-8")
    with broker(tmp_path, "allow_anonymous true", f"acl_file {tmp_path / 'acl'}") as port:
        use(home, port)
        denied = found(home, "subscription")
    now_ms = [present_ms() - HOUR_MS]
    reporter = IngestReporter(home, now_ms=lambda: now_ms[0])
    reporter.subscribed()
    now_ms[0] = present_ms()
    reporter.write()
    with sole(home.run / "ingest.lock", "tests"):
        finding = found(home, "ingest")
    assert denied.code in {"denied", "well"}
    assert (finding.well, finding.code) == (False, "nothing_comes")


def test_broker_that_is_away_is_told(home: Home) -> None:
    use(home, free_port())
    assert found(home, "broker").code == "away"
    assert found(home, "subscription").code == "not_asked"


def test_ingest_that_does_not_run_is_told(home: Home) -> None:
    assert found(home, "ingest").code == "stopped"


def test_ingest_that_is_stuck_is_told(home: Home) -> None:
    IngestReporter(home, now_ms=lambda: present_ms() - HOUR_MS).subscribed()
    with sole(home.run / "ingest.lock", "tests"):
        finding = found(home, "ingest")
    assert (finding.code, finding.parameters["pid"]) == ("stuck", str(os.getpid()))


def test_lost_link_is_told_with_the_brokers_words(home: Home) -> None:
    IngestReporter(home, now_ms=lambda: time.time_ns() // 1_000_000).lost("the broker refused: Not authorized")
    with sole(home.run / "ingest.lock", "tests"):
        finding = found(home, "ingest")
    assert (finding.code, "Not authorized" in finding.words()) == ("not_subscribed", True)


def test_clock_that_was_set_back_is_told(home: Home) -> None:
    IngestReporter(home, now_ms=lambda: present_ms() + HOUR_MS).write()
    assert found(home, "clock").code == "set_back"


@pytest.mark.parametrize(("mode", "code"), [(0o644, "file_open"), (0o600, "well")])
def test_secret_that_others_can_read_is_told(home: Home, mode: int, code: str) -> None:
    (home.secrets / "metrics").write_text("word", encoding="utf-8")
    (home.secrets / "metrics").chmod(mode)
    home.settings.write_text('[metrics]\ntoken_file = "secrets/metrics"\n', encoding="utf-8")
    assert found(home, "secrets").code == code


def test_quarantine_that_fills_is_told_with_the_reason_of_most(home: Home) -> None:
    take_in(home, *[message(b"no json", received_ms=present_ms())] * 3)
    assert found(home, "quarantine").well
    take_in(home, *[message([co2("aq1", "much")], received_ms=present_ms())] * 9)
    finding = found(home, "quarantine")
    assert (finding.code, finding.parameters["reason"], finding.parameters["most"]) == ("filling", "not_a_number", "9")


def test_quarantine_of_long_ago_is_no_sign(home: Home) -> None:
    take_in(home, *[message(b"no json", received_ms=present_ms() - 48 * HOUR_MS)] * 20)
    assert found(home, "quarantine").code == "well"


def test_unknown_devices_are_told_with_what_to_do(home: Home) -> None:
    take_in(home, *[message([co2("aq9", 500)], received_ms=present_ms())] * 20)
    finding = found(home, "quarantine")
    assert (finding.code, "registry adopt" in finding.words("zh")) == ("unknown_device", True)


def test_gateway_whose_clock_is_off_is_told(home: Home) -> None:
    take_in(home, message([co2("aq1", 500, ts=present_ms() + 72 * HOUR_MS)], received_ms=present_ms()))
    finding = found(home, "gateway_clocks")
    assert (finding.code, finding.parameters["gateways"]) == ("off", "gw1")


def test_silent_gateway_is_told(home: Home) -> None:
    take_in(home, message([co2("aq1", 500)], received_ms=present_ms() - HOUR_MS))
    assert found(home, "gateways").code == "silent"


def test_lost_gateway_is_silent_at_once(home: Home) -> None:
    take_in(home, message([co2("aq1", 500)], received_ms=present_ms()))
    assert found(home, "gateways").well
    status = GatewayStatus(state="lost", boot=None, interval_s=None, received_ms=present_ms())
    with closing(SqliteSpool(home.spool)) as spool:
        spool.commit([SpoolEntry(gateway="gw1", received_ms=present_ms(), received=0, status=status)])
    assert found(home, "gateways").code == "silent"


def test_gap_in_the_numbers_is_told(home: Home) -> None:
    take_in(home, *[message([co2("aq1", 500)], boot="b", seq=seq, received_ms=present_ms()) for seq in (1, 2, 9)])
    finding = found(home, "gateways")
    assert (finding.code, finding.parameters["missing"]) == ("gaps", "6")


def test_spool_near_its_bound_is_told(home: Home) -> None:
    home.settings.write_text("[spool]\nmax_bytes = 1048576\nmin_free_bytes = 0\n", encoding="utf-8")
    readings = [co2("aq1", 500 + each % 100, ts=present_ms() + each) for each in range(2_000)]
    take_in(home, *[message(readings, received_ms=present_ms())] * 20)
    with closing(SqliteSpool(home.spool)) as spool:
        assert spool.bytes > 800_000
    assert found(home, "spool").code == "nearly_full"


def test_spool_of_a_newer_version_is_told(home: Home) -> None:
    take_in(home, message([co2("aq1", 500)]))
    with closing(sqlite3.connect(home.spool)) as db:
        db.execute("INSERT INTO schema_version VALUES (999)")
        db.commit()
    finding = next(each for each in examine(home) if each.name == "spool")
    assert (finding.well, finding.code) == (False, "too_new")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Yield a folder on a disk of its own."""
    place = folder / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize(("megabytes", "code"), [(8, "full"), (64, "nearly_full")])
def test_disk_that_is_full_or_nearly_so_is_told(tmp_path: Path, megabytes: int, code: str) -> None:
    with small_disk(tmp_path, megabytes) as place:
        assert found(Home.find(place), "disk").code == code


def test_settings_from_the_environment_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREMISES_MQTT__PORT", "1999")
    said = next(each for each in examine(home) if each.name == "settings").words("en")
    assert "PREMISES_MQTT__PORT" in said


def test_secret_of_a_channel_that_others_can_read_is_told(home: Home) -> None:
    secret = home.root / "robot"
    secret.write_text("s3cret", encoding="utf-8")
    secret.chmod(0o644)
    robot = 'name = "duty", kind = "dingtalk", base_url = "https://robots.example", token_file = "robot"'
    home.settings.write_text(f"[alerts]\nrobots = [{{{robot}}}]\n", encoding="utf-8")
    assert found(home, "secrets").code == "file_open"


def test_both_languages_say_the_same_things_with_the_same_parameters() -> None:
    said = {language: _messages(catalogue(language)) for language in LANGUAGES}
    assert said["zh"].keys() == said["en"].keys()
    assert all(said["zh"].values())
    for key, text in said["en"].items():
        assert _names(said["zh"][key]) == _names(text), key


def _messages(catalog: Catalog) -> Mapping[str, str]:
    return {str(each.id): str(each.string) for each in catalog if each.id}


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
