"""ChirpStack v4: nanoseconds, joins after which `fCnt` starts over, and uplinks that arrive twice."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import orjson

from sensors.events import Event
from sensors.topology import Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key
from simulators.dialects.lorawan import PORT, RSSI_DBM, SNR_DB, Radio, address
from simulators.dialects.spoken import Said, Value

APPLICATION = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
TWICE_EVERY = 7
"""So many uplinks of a device lie between two that are told twice, as integrations do that run twice."""


def nanoseconds(time_ms: int, offset: str = "+00:00") -> str:
    """Return a time as Go writes it: nine digits behind the point."""
    time = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}000000{offset}"


class LoRaWan(Dialect):
    """What all network servers have in common: devices by Milesight, known by their addresses."""

    adds: ClassVar = frozenset({"signal_dbm"})

    def __init__(self, registry: Registry) -> None:
        """Give each device its model."""
        super().__init__(registry)
        self.radio = Radio(self.devices)
        self.counts: dict[str, int] = {}
        self.sessions: dict[str, int] = {}

    def name(self, device: str) -> str:
        """Return the device's address."""
        return address(device)

    def key(self, device: str, value: Value) -> Key | None:
        """Return how exactly the device's model tells a value."""
        return self.radio.key(device, value)

    def tells(self, event: Event) -> bool:
        """Say whether the device's model has a word for an event."""
        return self.radio.tells(event)

    def restart(self, time_ms: int) -> Iterator[Message]:
        """Let each device join anew: its frames are counted from 0 under another session."""
        self.sessions = {device: self.sessions.get(device, 0) + 1 for device in self.radio.models}
        self.counts = {}
        yield from self.births(time_ms)

    def counted(self, device: str) -> int:
        """Return the number of a device's next frame."""
        count = self.counts.get(device, 0)
        self.counts[device] = count + 1
        return count

    def digest(self, device: str, count: int) -> str:
        """Return what stands for one frame of one session, as sixteen bytes in hex."""
        text = f"{device}/{self.sessions.get(device, 0)}/{count}"
        return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()


class ChirpStack(LoRaWan):
    """ChirpStack v4 without a codec: bytes only."""

    topics: ClassVar = ("application/+/device/+/event/+",)

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield the joins, which say nothing of what is measured."""
        for device in self.radio.models:
            document = {"time": nanoseconds(time_ms), "deviceInfo": self._info(device), "devAddr": "01a2b3c4"}
            yield self._topic(device, "join"), orjson.dumps(document)

    def says(self, said: Said) -> Iterator[Message]:
        """Yield the uplink, each seventh twice."""
        payload = self.radio.payload(said)
        if not payload:
            return
        count = self.counted(said.device)
        message = self._topic(said.device, "up"), orjson.dumps(self._uplink(said, payload, count))
        yield message
        if count % TWICE_EVERY == TWICE_EVERY - 1:
            yield message

    def _uplink(self, said: Said, payload: bytes, count: int) -> dict[str, object]:
        return {
            "deduplicationId": self.digest(said.device, count),
            "time": nanoseconds(said.time_ms),
            "deviceInfo": self._info(said.device),
            "devAddr": "01a2b3c4",
            "adr": True,
            "dr": 5,
            "fCnt": count,
            "fPort": PORT,
            "confirmed": False,
            "data": b64encode(payload).decode(),
            "rxInfo": [
                {"gatewayId": "24e124fffef00001", "rssi": RSSI_DBM - 12, "snr": SNR_DB - 6},
                {"gatewayId": "24e124fffef00002", "rssi": RSSI_DBM, "snr": SNR_DB},
            ],
        }

    def _info(self, device: str) -> dict[str, object]:
        return {
            "applicationId": APPLICATION,
            "applicationName": "premises",
            "deviceProfileName": self.radio.models[device],
            "deviceName": device,
            "devEui": address(device),
            "tags": {},
        }

    @staticmethod
    def _topic(device: str, kind: str) -> str:
        return f"application/{APPLICATION}/device/{address(device)}/event/{kind}"
