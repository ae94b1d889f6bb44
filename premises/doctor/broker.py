"""What `premises doctor` asks of the broker, and why it may not let us in."""

import re
import socket
import ssl

from ingest.mqtt_options import TlsFiles, tls_context
from premises.doctor.findings import Finding, ill, well
from premises.home import Home
from premises.processes.broker import find_mosquitto, is_listening
from premises.processes.broker_answer import ANSWER_S, ask_broker
from premises.settings import MqttSettings, load_settings

_REFUSALS = (
    ("certificate", re.compile(r"certificate", re.IGNORECASE)),
    ("tls", re.compile(r"\bssl\b|\btls\b", re.IGNORECASE)),
    ("password", re.compile(r"user ?name or password|not authori[sz]ed|bad authentication", re.IGNORECASE)),
    ("client_id", re.compile(r"client ?id", re.IGNORECASE)),
    ("banned", re.compile(r"banned", re.IGNORECASE)),
    ("busy", re.compile(r"quota|busy|unavailable", re.IGNORECASE)),
    ("silent", re.compile(r"no answer|unspecified|timed out|connection (was )?lost|reset by peer", re.IGNORECASE)),
)
"""What a refusal most likely means, by the broker's or the library's own words; the first that fits."""


def broker(home: Home) -> Finding:
    """Look whether the broker lets us in."""
    mqtt = load_settings(home).mqtt
    at = f"{mqtt.host}:{mqtt.port}"
    if not is_listening(mqtt.host, mqtt.port):
        return ill("broker", "away", at=at)
    if mqtt.tls and (fault := tls_fault(mqtt)) is not None:
        return ill("broker", refusal_code(fault), at=at, said=fault, user=mqtt.username or "-")
    answer = ask_broker(mqtt)
    if answer.refusal is not None:
        return ill("broker", refusal_code(answer.refusal), at=at, said=answer.refusal, user=mqtt.username or "-")
    code = "well" if find_mosquitto() else "no_mosquitto"
    return well("broker", code, at=at, protocol=answer.protocol, version=answer.version or "?")


def tls_fault(mqtt: MqttSettings) -> str | None:
    """Return why no TLS can be agreed on with the broker, None where it can. Raises InputFault for unusable files."""
    context = tls_context(TlsFiles(ca=mqtt.ca_file, certificate=mqtt.certificate_file, key=mqtt.key_file))
    try:
        with (
            socket.create_connection((mqtt.host, mqtt.port), timeout=ANSWER_S) as plain,
            context.wrap_socket(plain, server_hostname=mqtt.host),
        ):
            return None
    except TimeoutError:
        return "no answer to the TLS handshake"
    except ssl.SSLError as exc:
        return f"TLS: {exc.strerror or exc}"
    except OSError as exc:
        return f"the TLS handshake broke off: {exc}"


def refusal_code(words: str) -> str:
    """Return what a refusal most likely means."""
    return next((code for code, pattern in _REFUSALS if pattern.search(words)), "refused")


def subscription(home: Home) -> Finding:
    """Look whether the broker lets us read what we ask for."""
    settings = load_settings(home)
    topics = ", ".join(settings.mqtt.topics)
    if settings.mqtt.tls and (fault := tls_fault(settings.mqtt)) is not None:
        return ill("subscription", "not_asked", said=fault)
    answer = ask_broker(settings.mqtt)
    if answer.refusal is not None:
        return ill("subscription", "not_asked", said=answer.refusal)
    if answer.refused_topics:
        denied = ", ".join(answer.refused_topics)
        return ill("subscription", "denied", topics=denied, user=settings.mqtt.username or "-")
    return well("subscription", topics=topics)
