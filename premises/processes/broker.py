"""The broker that `premises run` keeps: mosquitto where it is installed, else amqtt, on loopback only."""

import asyncio
import getpass
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ingest.mqtt_options import LARGEST_PACKET_BYTES
from premises.home import Home
from premises.settings import Settings

Kind = Literal["mosquitto", "amqtt", "found", "elsewhere"]

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/usr/local/opt/mosquitto/sbin"
_MQTT_3_1_1 = 4
MAX_QUEUED = 1_000_000
"""How many messages the broker keeps for an ingest that is away; its own default of 1,000 loses data."""

MAX_QUEUED_BYTES = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenBroker:
    """Which broker serves; `command` starts it, empty where it is not ours to start."""

    kind: Kind
    host: str
    port: int
    command: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """Return what a person should know about this choice."""
        return {
            "mosquitto": "",
            "amqtt": "amqtt serves a demo, not a building: a few hundred messages/s, MQTT 3.1.1, no memory of its own; "
            "install mosquitto",
            "found": "a broker was there already and is used as it is",
            "elsewhere": "the settings name a broker elsewhere; none is started here",
        }[self.kind]


def choose(home: Home, settings: Settings) -> ChosenBroker:
    """Return the broker for a home, with its configuration written."""
    host, port = settings.mqtt.host, settings.mqtt.port
    kind = settings.broker.kind
    if kind == "none" or host not in _LOOPBACK_NAMES:
        return ChosenBroker(kind="elsewhere", host=host, port=port)
    if kind == "auto" and is_listening(host, port):
        return ChosenBroker(kind="found", host=host, port=port)
    mosquitto = None if kind == "amqtt" else find_mosquitto()
    if mosquitto is None and kind != "mosquitto":
        ours = (sys.executable, "-P", "-m", "premises.processes.broker", str(port))
        return ChosenBroker(kind="amqtt", host=host, port=port, command=ours)
    command = (mosquitto or "mosquitto", "-c", str(write_configuration(home, port)))
    return ChosenBroker(kind="mosquitto", host=host, port=port, command=command)


def find_mosquitto() -> str | None:
    """Return where mosquitto is; a user's PATH often leaves its folder out."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SYSTEM_FOLDERS)


def is_listening(host: str, port: int) -> bool:
    """Say whether someone accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def write_configuration(home: Home, port: int) -> Path:
    """Return mosquitto's configuration, newly written: sessions and messages outlive it, only loopback comes in."""
    home.broker.mkdir(mode=0o700, exist_ok=True)
    path = home.broker / "mosquitto.conf"
    path.write_text(
        f"listener {port} 127.0.0.1\n"
        "allow_anonymous true\n"
        "persistence true\n"
        f"persistence_location {home.broker}/\n"
        "autosave_interval 30\n"
        f"max_queued_messages {MAX_QUEUED}\n"
        f"max_queued_bytes {MAX_QUEUED_BYTES}\n"
        "max_inflight_messages 0\n"
        f"message_size_limit {LARGEST_PACKET_BYTES}\n"
        # As root mosquitto would become a user who may not write here.
        f"user {getpass.getuser()}\n"
        "log_dest stderr\n"
        "log_type error\n"
        "log_type warning\n"
        "log_type notice\n"
        "connection_messages false\n",
        encoding="utf-8",
    )
    return path


def _refuse_mqtt5_at_once() -> None:
    """Let amqtt answer a client that asks for MQTT 5.

    It reads the properties of such a CONNECT as the client's name and waits for the thousand bytes that their length
    then seems to announce. Without them it comes to its own refusal, on which clients fall back to 3.1.1.
    """
    from amqtt.mqtt.connect import ConnectPayload  # type: ignore[import-untyped]  # noqa: PLC0415 - as below

    read = ConnectPayload.from_stream

    async def from_stream(reader: object, fixed_header: object, variable_header: Any) -> object:  # noqa: ANN401 - amqtt's own type
        if variable_header is not None and variable_header.proto_level != _MQTT_3_1_1:
            return ConnectPayload(client_id="refused")
        return await read(reader, fixed_header, variable_header)

    ConnectPayload.from_stream = from_stream


async def run_amqtt(port: int) -> None:
    """Serve MQTT 3.1.1 on loopback until SIGTERM or SIGINT."""
    from amqtt.broker import Broker  # type: ignore[import-untyped]  # noqa: PLC0415 - untyped; most homes never load it

    _refuse_mqtt5_at_once()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await broker.start()
    await stopping.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(run_amqtt(int(sys.argv[1])))
