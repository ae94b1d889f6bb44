"""How to reach a broker, and what to ask of it."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import topic_matches_sub

from ingest.native import TOPIC_FILTER
from sensors.errors import InputFault

LARGEST_PACKET_BYTES = 16 * 2**20
"""What the broker may send at all: far beyond any message that is taken, so that those too large are still told, and
far below what would fill the memory. It drops a larger one; MQTT 3.1.1 cannot ask for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files; without a `ca` the system's authorities are trusted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    """How to reach the broker and what to ask of it. `tls` None means none."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = "premises-ingest"
    tls: TlsFiles | None = None
    keepalive_s: int = 60
    session_expiry_s: int = 7 * 86_400
    receive_maximum: int = 4_000
    topic_filters: tuple[str, ...] = (TOPIC_FILTER,)


def without_covered(filters: Iterable[str]) -> tuple[str, ...]:
    """Return topic filters less those that another covers whole: a broker sends a message for each that matches."""
    kept = list(dict.fromkeys(filters))
    return tuple(each for each in kept if not any(other != each and _covers(other, each) for other in kept))


def _covers(wide: str, narrow: str) -> bool:
    if narrow.endswith("#") and not wide.endswith("#"):
        return False
    return topic_matches_sub(wide, narrow)


class _TlsSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails, for paho lets go of it without."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's signature
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what TLS needs of these files; InputFault names those that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=files.ca)
        context.sslsocket_class = _TlsSocket
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except (OSError, ssl.SSLError) as exc:
        named = ", ".join(str(each) for each in (files.ca, files.certificate, files.key) if each is not None)
        msg = f"{named}: cannot be used for TLS ({exc}); check the files in the settings under mqtt"
        raise InputFault(msg) from exc
    return context
