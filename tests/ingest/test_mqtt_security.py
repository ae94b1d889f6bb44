"""A broker that asks for certificates, names and passwords: who is let in, and what is said where somebody is not."""

import getpass
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt import publish as paho_publish
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs

from ingest.mqtt import Handlers, Subscriber
from ingest.mqtt_options import MqttOptions, TlsFiles
from tests.ingest.certificates import Authority, authority
from tests.ingest.test_mqtt import QUICK, Taker, numbered, options_of, site, subscribed
from tests.servers import MOSQUITTO, eventually, free_port, is_listening, mosquitto, stop, wire

__all__ = ["site"]
TOPIC = "premises/v1/hq/gw1/aq1/readings"


@contextmanager
def broker(folder: Path, settings: str) -> Iterator[int]:
    """Yield the port of a mosquitto of its own."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nuser {getpass.getuser()}\n{settings}", encoding="utf-8")
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", config], stdout=log, stderr=log)
    try:
        eventually(lambda: is_listening(port), what="mosquitto listens")
        yield port
    finally:
        stop(process)


@contextmanager
def subscribing(options: MqttOptions, taker: Taker) -> Iterator[Callable[[], list[str]]]:
    """Yield what tells the reasons of refused and lost connections, while a subscriber goes on trying."""
    with capture_logs() as lines:
        handlers = Handlers(take=taker.take, session_lost=taker.lose_session, ready=taker.ready.set)
        subscriber = Subscriber(options, handlers, backoff=QUICK)
        thread = threading.Thread(target=subscriber.run)
        thread.start()
        try:
            yield lambda: [str(line["reason"]) for line in list(lines) if "reason" in line]
        finally:
            subscriber.stop()
            thread.join(20)
            assert not thread.is_alive()
    assert "ingest_failed" not in {line["event"] for line in lines}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker that takes TLS only, from clients with certificates of its authority."""

    port: int
    own: Authority

    def options(self, **files: Path | None) -> MqttOptions:
        certificate, key = self.own.sign("client")
        given = {"ca": self.own.certificate, "certificate": certificate, "key": key, **files}
        return MqttOptions(port=self.port, client_id="tls", tls=TlsFiles(**given))


@contextmanager
def guarded(folder: Path, *, days: int = 2) -> Iterator[Guarded]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    own = authority(folder, "ours")
    certificate, key = own.sign("server", days=days)
    settings = f"cafile {own.certificate}\ncertfile {certificate}\nkeyfile {key}\nrequire_certificate true\n"
    with broker(folder, settings + "allow_anonymous true\n") as port:
        yield Guarded(port, own)


def test_certificates_of_the_right_authority_let_messages_through(tmp_path: Path) -> None:
    taker = Taker()
    with guarded(tmp_path) as there, subscribing(there.options(), taker) as reasons:
        assert taker.ready.wait(20)
        certificate, key = there.own.sign("gateway")
        tls = {"ca_certs": str(there.own.certificate), "certfile": str(certificate), "keyfile": str(key)}
        messages = [(TOPIC, b"%d" % number, 1, False) for number in range(300)]
        paho_publish.multiple([*messages], hostname="127.0.0.1", port=there.port, tls=tls)  # type: ignore[arg-type]  # paho's own dict
        eventually(lambda: len(taker.messages) == 300, what="all messages")
        assert reasons() == []
    assert taker.payloads() == [b"%d" % number for number in range(300)]


def test_broker_of_a_strange_authority_is_not_spoken_to(tmp_path: Path) -> None:
    strange, taker = authority(tmp_path, "strange"), Taker()
    with guarded(tmp_path) as there, subscribing(there.options(ca=strange.certificate), taker) as reasons:
        eventually(lambda: len(reasons()) > 1, what="further attempts")
        assert {*reasons()} == {
            "the broker's certificate is not trusted (self-signed certificate in certificate chain); check mqtt.ca_file"
        }
    assert not taker.ready.is_set()


def test_broker_whose_certificate_has_expired_is_not_spoken_to(tmp_path: Path) -> None:
    taker = Taker()
    with guarded(tmp_path, days=-1) as there, subscribing(there.options(), taker) as reasons:
        eventually(lambda: len(reasons()) > 1, what="further attempts")
        assert {*reasons()} == {"the broker's certificate is not trusted (certificate has expired); check mqtt.ca_file"}
    assert not taker.ready.is_set()


def test_client_without_a_certificate_is_told_so_and_goes_on_trying(tmp_path: Path) -> None:
    taker = Taker()
    with guarded(tmp_path) as there, subscribing(there.options(certificate=None, key=None), taker) as reasons:
        eventually(lambda: len(reasons()) > 1, what="further attempts")
        assert all("check mqtt.certificate_file" in each for each in reasons()), reasons()
    assert not taker.ready.is_set()


def test_client_whose_certificate_has_expired_is_told_so(tmp_path: Path) -> None:
    taker = Taker()
    with guarded(tmp_path) as there:
        certificate, key = there.own.sign("late", days=-1)
        with subscribing(there.options(certificate=certificate, key=key), taker) as reasons:
            eventually(lambda: len(reasons()) > 1, what="further attempts")
            assert all("certificate" in each and "check mqtt.certificate_file" in each for each in reasons()), reasons()
    assert not taker.ready.is_set()


def test_wrong_password_is_told_and_the_right_one_lets_in(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([tool, "-b", "-c", passwords, "ingest", "right"], check=True, capture_output=True)
    passwords.chmod(0o644)
    with broker(tmp_path, f"password_file {passwords}\n") as port:
        wrong, taker = MqttOptions(port=port, username="ingest", password="wrong"), Taker()  # noqa: S106 - of this test
        with subscribing(wrong, taker) as reasons:
            eventually(lambda: len(reasons()) > 1, what="further attempts")
            assert {*reasons()} == {"the broker refused: Not authorized"}
        right = MqttOptions(port=port, username="ingest", password="right")  # noqa: S106 - of this test
        with subscribing(right, taker):
            assert taker.ready.wait(20)


_CONNACK = bytes((0x20, 3, 0, 0, 0))
_NOT_AUTHORISED = 0x87


def _refuse_to_subscribe(listener: socket.socket) -> None:
    """Let every client in and grant it all filters but the last."""
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(_CONNACK)
                asked = client.recv(4096)
                packet_id = asked[2:4]
                client.sendall(bytes((0x90, 5)) + packet_id + bytes((0, 1, _NOT_AUTHORISED)))
                client.recv(4096)


def test_each_filter_that_the_broker_denies_is_seen() -> None:
    """Mosquitto's own lists grant every SUBACK and deliver nothing, so this broker is played."""
    taker = Taker()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=_refuse_to_subscribe, args=(listener,), daemon=True)
        thread.start()
        options = MqttOptions(port=listener.getsockname()[1], topic_filters=("premises/v1/hq/#", "premises/v1/other/#"))
        with subscribing(options, taker) as reasons:
            eventually(lambda: len(reasons()) > 1, what="further attempts")
            assert {*reasons()} == {"the broker does not let us subscribe with QoS 1: Not authorized; check its ACL"}
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert not taker.ready.is_set()


def test_no_stale_acknowledgement_goes_out_after_the_session_was_lost(site: str) -> None:
    """Packet ids start anew with the session: an old acknowledgement would be taken for another message's."""
    release = threading.Event()
    taker = Taker(before=lambda: release.wait(20))
    with wire(mosquitto().port) as cable, subscribed(options_of(site, port=cable.port), taker):
        mosquitto().publish(*numbered(site, 1))
        eventually(lambda: len(taker.sizes) == 1, what="the commit begins")
        cable.cut()
        _lose_session(f"ingest-{site}")
        sent_before = len(cable.sent)
        release.set()
        eventually(lambda: taker.sessions_lost == 2, what="the new session")
        mosquitto().publish(*numbered(site, 2))
        eventually(lambda: len(taker.messages) == 2, what="the next message")
        eventually(lambda: _pubacks(bytes(cable.sent[sent_before:])) == 1, what="one acknowledgement")
    # The first was never acknowledged, and its session is gone: it is lost to us, and its number will tell.
    assert taker.payloads() == [b"1", b"2"]


def _lose_session(client_id: str) -> None:
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True)
    client.connect("127.0.0.1", mosquitto().port)
    client.loop_start()
    eventually(client.is_connected, what="the other client")
    client.disconnect()
    client.loop_stop()


def _pubacks(sent: bytes) -> int:
    """Return how many PUBACKs are among what one client sent."""
    count = at = 0
    while at < len(sent):
        kind, length = sent[at] >> 4, sent[at + 1]
        count += kind == 4
        at += 2 + length
    return count
