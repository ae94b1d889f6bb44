"""The Things Stack v3: what is empty, 0 or false is left out; people try it with simulated uplinks."""

from base64 import b64encode
from collections.abc import Iterator
from typing import ClassVar

import orjson

from simulators.dialects.chirpstack import LoRaWan, nanoseconds
from simulators.dialects.dialect import Message
from simulators.dialects.lorawan import PORT, RSSI_DBM, SNR_DB, address
from simulators.dialects.spoken import Said

TRIED_EVERY, TWICE_EVERY = 40, 11
"""So many uplinks of a device lie between two that somebody only tried, or that are told twice."""
HOT = bytes.fromhex("0367ff7f")
"""What somebody tries the server with: a temperature that nothing has."""


class TheThingsStack(LoRaWan):
    """One application of one tenant."""

    topics: ClassVar = ("v3/+/devices/+/up", "v3/+/devices/+/join")

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield the joins, which say nothing of what is measured."""
        for device in self.radio.models:
            document = {"end_device_ids": self._ids(device), "received_at": nanoseconds(time_ms, "Z")}
            yield f"{self._topic(device)}/join", orjson.dumps({**document, "join_accept": {"session_key_id": "AZ"}})

    def says(self, said: Said) -> Iterator[Message]:
        """Yield the uplink, now and then twice or with one beside it that somebody tried."""
        payload = self.radio.payload(said)
        if not payload:
            return
        count, topic = self.counted(said.device), f"{self._topic(said.device)}/up"
        uplink = orjson.dumps(self._uplink(said, payload, count))
        yield topic, uplink
        if count % TWICE_EVERY == TWICE_EVERY - 1:
            yield topic, uplink
        if count % TRIED_EVERY == TRIED_EVERY - 1:
            yield topic, orjson.dumps({**self._uplink(said, HOT, count), "simulated": True})

    def _uplink(self, said: Said, payload: bytes, count: int) -> dict[str, object]:
        received = nanoseconds(said.time_ms, "Z")
        message = {
            "session_key_id": self.digest(said.device, -1),
            "f_port": PORT,
            "f_cnt": count,
            "frm_payload": b64encode(payload).decode(),
            "rx_metadata": [{"gateway_ids": {"gateway_id": "gw"}, "rssi": RSSI_DBM, "snr": SNR_DB}],
            "received_at": received,
            "version_ids": {"brand_id": "milesight-iot", "model_id": self.radio.models[said.device].lower()},
        }
        filled = {name: value for name, value in message.items() if value}
        return {"end_device_ids": self._ids(said.device), "received_at": received, "uplink_message": filled}

    @staticmethod
    def _ids(device: str) -> dict[str, object]:
        eui = address(device)
        return {"device_id": f"eui-{eui}", "application_ids": {"application_id": "premises"}, "dev_eui": eui.upper()}

    @staticmethod
    def _topic(device: str) -> str:
        return f"v3/premises@ttn/devices/eui-{address(device)}"
