"""Who the broker lets in, and about what: the shipped configuration in the real mosquitto."""

import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from premises.deployment.broker_access import INGEST, AccessError, BrokerAccess, Credential, Gateway
from premises.deployment.broker_password import fits, hashed
from premises.deployment.first_secrets import State, make_secrets
from tests.command_line import runner
from tests.deploy.brokers import SecuredBroker, secured_broker, visitor
from tests.servers import eventually

NOT_AUTHORIZED, BAD_CREDENTIAL = 135, 134
GW1, GW2 = Gateway(site="hq", name="gw1"), Gateway(site="hq", name="gw2")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SecuredBroker]:
    state = State(tmp_path)
    make_secrets(state, hosts=("127.0.0.1",), now=datetime.now(UTC))
    with secured_broker(state) as running:
        yield running


def reload(broker: SecuredBroker) -> None:
    broker.process.send_signal(signal.SIGHUP)
    eventually(lambda: b"Reloading config" in (broker.state.root / "mosquitto.log").read_bytes(), what="it reloads")


def ingest_credential(state: State) -> Credential:
    return Credential(username=INGEST, password=(state.secrets / "mqtt-ingest-password").read_text().strip())


def test_a_gateway_publishes_below_its_own_topic_only_and_sees_nothing_of_others(broker: SecuredBroker) -> None:
    first, second = broker.state.access.add_gateway(GW1), broker.state.access.add_gateway(GW2)
    reload(broker)
    with (
        visitor(broker, ingest_credential(broker.state)) as ingest,
        visitor(broker, first) as one,
        visitor(broker, second) as other,
    ):
        ingest.listens("premises/v1/#")
        other.listens("#")
        for topic in (
            "premises/v1/hq/gw2/meter/readings",
            "premises/v1/hq/gw10/x/events",
            "premises/v1/annex/gw1/x/events",
        ):
            assert one.said(topic) == NOT_AUTHORIZED, topic
        one.said("premises/v1/hq/gw1/meter/readings")
        eventually(lambda: "premises/v1/hq/gw1/meter/readings" in ingest.heard, what="ingest hears it")
        assert ingest.heard == ["premises/v1/hq/gw1/meter/readings"]
        assert other.heard == []


def test_ingest_may_read_and_not_speak_for_gateways(broker: SecuredBroker) -> None:
    with visitor(broker, ingest_credential(broker.state)) as ingest:
        assert ingest.said("premises/v1/hq/gw1/panel/events") == NOT_AUTHORIZED


def test_nobody_comes_in_without_a_credential_or_with_a_wrong_one(broker: SecuredBroker) -> None:
    credential = broker.state.access.add_gateway(GW1)
    reload(broker)
    for wrong in (None, Credential(username=credential.username, password="guessed")):  # noqa: S106 - meant to be wrong
        with visitor(broker, wrong) as stranger:
            assert stranger.reason in {NOT_AUTHORIZED, BAD_CREDENTIAL}


def test_the_broker_speaks_tls_only_and_under_its_authority(broker: SecuredBroker) -> None:
    address = ("127.0.0.1", broker.port)
    with socket.create_connection(address) as unsigned, pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        ssl.create_default_context().wrap_socket(unsigned, server_hostname="127.0.0.1")
    with socket.create_connection(address, timeout=10) as plain:
        plain.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        with suppress(ConnectionResetError):
            assert not plain.recv(4).startswith(b"\x20"), "a CONNACK without TLS"


def test_a_renewed_password_ends_the_old_one_and_a_removed_gateway_stays_out(broker: SecuredBroker) -> None:
    old = broker.state.access.add_gateway(GW1)
    new = broker.state.access.add_gateway(GW1, renew=True)
    gone = broker.state.access.add_gateway(GW2)
    broker.state.access.remove_gateway(GW2)
    reload(broker)
    for credential, wanted in ((old, False), (new, True), (gone, False)):
        with visitor(broker, credential) as guest:
            assert (guest.reason == 0) is wanted


def test_a_format_of_its_own_is_written_by_its_gateway_and_read_by_ingest(tmp_path: Path) -> None:
    access = BrokerAccess(tmp_path / "access")
    access.add_gateway(Gateway(site="hq", name="z1", topics=("zigbee2mqtt/#",), commands=("spBv1.0/hq/NCMD/z1",)))
    assert access.rules.read_text().split("\n\n")[1:] == [
        "user hq/z1\ntopic write zigbee2mqtt/#\ntopic read spBv1.0/hq/NCMD/z1",
        f"user {INGEST}\ntopic read premises/v1/#\ntopic read zigbee2mqtt/#\ntopic write spBv1.0/hq/NCMD/z1\n",
    ]


@pytest.mark.parametrize("topic", ["#", "+/x", "/x", "a/#/b", "premises/v1/#", "premises/v1/hq/gw2/#", "a\nuser b"])
def test_a_topic_that_reaches_beyond_the_gateway_is_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(AccessError):
        BrokerAccess(tmp_path).add_gateway(Gateway(site="hq", name="gw1", topics=(topic,)))
    assert not (tmp_path / "passwords").exists()


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a:b", "a b", "a\nuser b", "x" * 129])
def test_a_name_that_would_write_other_lines_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AccessError):
        BrokerAccess(tmp_path).add_gateway(Gateway(site="hq", name=name))


def test_a_gateway_has_one_credential(tmp_path: Path) -> None:
    access = BrokerAccess(tmp_path)
    access.add_gateway(GW1)
    with pytest.raises(AccessError, match="--renew"):
        access.add_gateway(GW1)
    with pytest.raises(AccessError, match="hq/gw1"):
        access.remove_gateway(GW2)


def test_a_password_is_hashed_as_mosquitto_does_it(tmp_path: Path) -> None:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed")
    kept = tmp_path / "passwords"
    kept.touch(mode=0o600)
    subprocess.run([program, "-b", str(kept), "anna", "a secret"], check=True, capture_output=True)
    theirs = kept.read_text().strip().split(":", 1)[1]
    assert fits("a secret", theirs)
    assert not fits("another", theirs)
    assert [len(part) for part in hashed("x").split("$")] == [len(part) for part in theirs.split("$")]


def test_the_password_is_shown_once_and_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(monkeypatch, capsys)
    added = run("gateway", "add", "gw1", "--site", "hq", "--access", tmp_path / "access")
    assert added.code == 0, added.err
    password = dict(line.split(" ", 1) for line in added.out.splitlines())["password"]
    kept = list((tmp_path / "access").iterdir())
    assert {path.stat().st_mode & 0o777 for path in kept if path.name != ".lock"} == {0o600}
    assert not [path for path in kept if password in path.read_text()]
    assert run("gateway", "list", "--access", tmp_path / "access").out == "hq/gw1\n"
    again = run("gateway", "add", "gw1", "--site", "hq", "--access", tmp_path / "access")
    assert (again.code, again.out) == (2, "")
    assert run("gateway", "remove", "gw1", "--site", "hq", "--access", tmp_path / "access").code == 0
    assert run("gateway", "list", "--access", tmp_path / "access").out == ""
