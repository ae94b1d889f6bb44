"""What `premises doctor` asks of the broker, and why it may not let us in."""

import re

from premises.broker import find_mosquitto, is_listening
from premises.broker_answer import ask_broker
from premises.doctor_findings import Finding, ill, well
from premises.home import Home
from premises.settings import load_settings

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
    answer = ask_broker(mqtt)
    if answer.refusal is not None:
        return ill("broker", refusal_code(answer.refusal), at=at, said=answer.refusal, user=mqtt.username or "-")
    code = "well" if find_mosquitto() else "no_mosquitto"
    return well("broker", code, at=at, protocol=answer.protocol, version=answer.version or "?")


def refusal_code(words: str) -> str:
    """Return what a refusal most likely means."""
    return next((code for code, pattern in _REFUSALS if pattern.search(words)), "refused")


def subscription(home: Home) -> Finding:
    """Look whether the broker lets us read what we ask for."""
    settings = load_settings(home)
    answer = ask_broker(settings.mqtt)
    topics = ", ".join(settings.mqtt.topics)
    if answer.refusal is not None:
        return ill("subscription", "not_asked", said=answer.refusal)
    if answer.refused_topics:
        denied = ", ".join(answer.refused_topics)
        return ill("subscription", "denied", topics=denied, user=settings.mqtt.username or "-")
    return well("subscription", topics=topics)
