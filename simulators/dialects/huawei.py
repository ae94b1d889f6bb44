"""Huawei IoTDA by its Python SDK: numbers as texts, and local time that calls itself UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import orjson

from sensors.topology import Registry
from simulators.dialects.dialect import SECOND, Message
from simulators.dialects.spoken import Said
from simulators.dialects.thing_model import ThingModel


class HuaweiIotda(ThingModel):
    """Devices by themselves and behind a gateway, in turn; times in one of the two formats each."""

    topics: ClassVar = ("$oc/devices/+/sys/#",)
    settings: ClassVar = {"z_is_local": "true"}
    time_step_ms: ClassVar = SECOND

    def __init__(self, registry: Registry) -> None:
        """Count messages from 0."""
        super().__init__(registry)
        self._count = 0

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a report."""
        values = self.properties(said)
        if not values:
            return
        self._count += 1
        properties = {name: str(raw) for name, raw in values.items()}
        service = {"service_id": "analog", "properties": properties, "event_time": self._time(said.time_ms)}
        if self._count % 2:
            yield f"$oc/devices/{said.device}/sys/properties/report", orjson.dumps({"services": [service]})
            return
        topic = f"$oc/devices/{self.gateway(said.device)}/sys/gateway/sub_devices/properties/report"
        yield topic, orjson.dumps({"devices": [{"device_id": said.device, "services": [service]}]})

    def _time(self, time_ms: int) -> str:
        local = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.zone)
        return f"{local:%Y%m%dT%H%M%SZ}" if self._count % 2 else f"{local:%Y-%m-%dT%H:%M:%S}.000Z"
