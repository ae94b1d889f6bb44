"""Milesight's own gateway: ChirpStack v3's shape under a topic of the user's choice, now text, now number."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import orjson

from simulators.dialects.chirpstack import LoRaWan
from simulators.dialects.dialect import Message
from simulators.dialects.lorawan import PORT, RSSI_DBM, SNR_DB, address
from simulators.dialects.spoken import Said

TOPIC = "milesight/uplink"


class MilesightGateway(LoRaWan):
    """A UG gateway with its own network server."""

    topics: ClassVar = (TOPIC,)

    def says(self, said: Said) -> Iterator[Message]:
        """Yield the uplink."""
        payload = self.radio.payload(said)
        if payload:
            yield TOPIC, orjson.dumps(self._uplink(said, payload, self.counted(said.device)))

    def _uplink(self, said: Said, payload: bytes, count: int) -> dict[str, object]:
        # Firmware writes the application's number as a text or as a number, and one time or the other.
        by_gateway = count % 2 == 1
        time = {"gatewayTime": self._local(said)} if by_gateway else {"time": _utc(said)}
        return {
            "applicationID": 1 if by_gateway else "1",
            "applicationName": "premises",
            "data": b64encode(payload).decode(),
            "devEUI": address(said.device),
            "deviceName": f"{self.radio.models[said.device]} {said.device}",
            "fCnt": count,
            "fPort": PORT,
            "rxInfo": [{"mac": "24e124fffef00001", "rssi": RSSI_DBM, "loRaSNR": SNR_DB}],
            **time,
        }

    def _local(self, said: Said) -> str:
        time = datetime.fromtimestamp(said.time_ms / 1000, UTC).astimezone(self.zone)
        return time.isoformat(timespec="milliseconds")


def _utc(said: Said) -> str:
    time = datetime.fromtimestamp(said.time_ms / 1000, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{said.time_ms % 1000:03d}Z"
