"""The thing models of Alibaba (Alink) and China Mobile (OneNET): properties with times, `id` anew each day."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventState, EventType
from sensors.topology import Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key, Keys, by_phase
from simulators.dialects.spoken import Said

PRODUCT: Final = "a1simulated"
DAY_MS: Final = 86_400_000
PACK_EVERY: Final = 5
"""Each so many messages of Alink a gateway speaks for its device, in a pack."""

PROPERTIES: Final[Keys] = {
    ("temperature_c", ""): Key("CurrentTemperature", 1),
    ("relative_humidity_pct", ""): Key("CurrentHumidity", 1),
    ("co2_ppm", ""): Key("CO2", 0),
    ("pm2_5_ugm3", ""): Key("PM25", 0),
    ("pm10_ugm3", ""): Key("PM10", 0),
    ("illuminance_lux", ""): Key("Illuminance", 0),
    ("active_power_w", ""): Key("ActivePower", 1),
    ("voltage_v", ""): Key("Voltage", 1),
    ("current_a", ""): Key("Current", 3),
    **by_phase("voltage_v", "PhV_phsA", "PhV_phsB", "PhV_phsC", digits=1),
    **by_phase("current_a", "A_phsA", "A_phsB", "A_phsC", digits=3),
    ("battery_pct", ""): Key("BatteryPercentage", 0),
    ("motion", ""): Key("motion", 0),
    ("people_count", ""): Key("people", 0),
}
"""Common names of properties; each product has its own."""
ALARMS: Final = {EventType.SMOKE: "SmokeSensorState", EventType.LEAK: "WaterSensorState"}


class ThingModel(Dialect):
    """What the three clouds have in common: properties by name."""

    keys: ClassVar = PROPERTIES
    events: ClassVar = frozenset(ALARMS)

    def tells(self, event: Event) -> bool:
        """Say whether there is a property for an event; none marks a test."""
        return super().tells(event) and not event.test

    def properties(self, said: Said) -> dict[str, bool | int | float]:
        """Return what is told, by property."""
        found = self.written(said)
        if said.event is not None and self.tells(said.event):
            found[ALARMS[said.event.type]] = int(said.event.state is EventState.ACTIVE)
        return found


class Alink(ThingModel):
    """Devices made for Alibaba's cloud, some of them behind a gateway."""

    topics: ClassVar = ("/sys/+/+/thing/event/#",)

    def __init__(self, registry: Registry) -> None:
        """Count each device's messages from 1."""
        super().__init__(registry)
        self._numbers: dict[tuple[str, int], int] = {}

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a post of the device's own, or one of its gateway."""
        timed = {name: {"value": raw, "time": said.time_ms} for name, raw in self.properties(said).items()}
        if not timed:
            return
        number = self._number(said)
        if number % PACK_EVERY:
            topic = f"/sys/{PRODUCT}/{said.device}/thing/event/property/post"
            yield topic, _post(number, "thing.event.property.post", timed)
            return
        own = {"identity": {"productKey": PRODUCT, "deviceName": said.device}, "properties": timed, "events": {}}
        topic = f"/sys/{PRODUCT}/{self.gateway(said.device)}/thing/event/property/pack/post"
        yield topic, _post(number, "thing.event.property.pack.post", {"properties": {}, "subDevices": [own]})

    def _number(self, said: Said) -> int:
        """Return a number that is unique for a device and a day only, as the vendor's are."""
        day = said.device, said.time_ms // DAY_MS
        self._numbers[day] = number = self._numbers.get(day, 0) + 1
        return number


def _post(number: int, method: str, params: Mapping[str, object]) -> bytes:
    return orjson.dumps({"id": str(number), "version": "1.0", "params": params, "method": method})


class OneNet(ThingModel):
    """Devices made for China Mobile's OneNET: numbers are texts."""

    topics: ClassVar = ("$sys/+/+/thing/#",)

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a post."""
        values = self.properties(said)
        if values:
            timed = {name: {"value": str(raw), "time": said.time_ms} for name, raw in values.items()}
            document = {"id": str(said.time_ms % 100_000), "version": "1.0", "params": timed}
            yield f"$sys/{PRODUCT}/{said.device}/thing/property/post", orjson.dumps(document)
