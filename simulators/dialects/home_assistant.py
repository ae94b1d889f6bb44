"""Home Assistant's discovery as ESPHome speaks it: each value a text on a topic of its own, which was described before.

What Home Assistant has a device class for is described by it, the rest by name and unit. Values have no time.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, NamedTuple

import orjson

from sensors.events import Event, EventState, EventType
from sensors.metrics import METRICS
from sensors.topology import Device
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key, Keys, Raw
from simulators.dialects.names import NAMED
from simulators.dialects.spoken import Said

BASE: Final = "esphome"
_PREFIX: Final = "homeassistant"
_KEYS: Final[Keys] = {
    **NAMED,
    ("temperature_c", ""): Key("air_temperature", 2),
    ("relative_humidity_pct", ""): Key("air_moisture", 1),
    ("co2_ppm", ""): Key("scd41", 0),
    ("illuminance_lux", ""): Key("light_level", 0),
    ("active_power_w", ""): Key("load", 1),
    ("energy_import_kwh", ""): Key("meter", 3),
    ("locked", ""): Key("bolt", is_flag=True, is_inverted=True),
}
"""People name their sensors as they like: what is known by its class needs no name that anybody knows."""

_CLASSES: Final[Mapping[str, str]] = {
    "temperature_c": "temperature",
    "relative_humidity_pct": "humidity",
    "co2_ppm": "carbon_dioxide",
    "pm2_5_ugm3": "pm25",
    "pm10_ugm3": "pm10",
    "illuminance_lux": "illuminance",
    "sound_level_dba": "sound_pressure",
    "active_power_w": "power",
    "energy_import_kwh": "energy",
    "voltage_v": "voltage",
    "current_a": "current",
    "power_factor": "power_factor",
    "battery_pct": "battery",
    "signal_dbm": "signal_strength",
    "water_m3": "water",
    "gas_m3": "gas",
    "motion": "motion",
    "presence": "occupancy",
    "open": "door",
    "locked": "lock",
}
"""Of the metrics, by Home Assistant's own list of classes; `lock` is on where it is unlocked."""

_ALARMS: Final = {EventType.SMOKE: "smoke", EventType.LEAK: "moisture", EventType.TAMPER: "tamper"}


class _Entity(NamedTuple):
    component: str
    name: str
    device_class: str
    unit: str = ""


class HomeAssistant(Dialect):
    """A node of ESPHome for each device."""

    topics: ClassVar = (f"{_PREFIX}/#", f"{BASE}/#")
    keys: ClassVar = _KEYS
    events: ClassVar = frozenset(_ALARMS)
    time_step_ms: ClassVar = None

    def tells(self, event: Event) -> bool:
        """Say whether there is a class for an event; none marks a test."""
        return super().tells(event) and not event.test

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield what every node measures, and that it is there."""
        del time_ms
        for device in self.devices:
            for entity in _entities(device):
                topic = f"{_PREFIX}/{entity.component}/{device.id}/{entity.name}/config"
                yield topic, orjson.dumps(_described(device, entity))
            yield f"{BASE}/{device.id}/status", b"online"

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the will of every node."""
        del time_ms
        yield from ((f"{BASE}/{device.id}/status", b"offline") for device in self.devices)

    def retains(self, topic: str) -> bool:
        """Say that all of it is retained, as ESPHome does unless it is told otherwise."""
        del topic
        return True

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a message for each value."""
        for key, value in self.keyed(said):
            raw = key.written(value.value)
            component = "binary_sensor" if isinstance(raw, bool) else "sensor"
            yield _state(said.device, component, key.name), _text(raw)
        if said.event is not None and self.tells(said.event):
            is_on = said.event.state is EventState.ACTIVE
            yield _state(said.event.device, "binary_sensor", _ALARMS[said.event.type]), _text(is_on)


def _entities(device: Device) -> Iterator[_Entity]:
    for metric in device.metrics:
        key = _KEYS.get((metric, ""))
        if key is not None:
            device_class = _CLASSES.get(metric, "")
            if key.is_flag:
                yield _Entity("binary_sensor", key.name, device_class)
            else:
                yield _Entity("sensor", key.name, device_class, METRICS[metric].unit)
    yield from (_Entity("binary_sensor", word, word) for word in _ALARMS.values())


def _described(device: Device, entity: _Entity) -> dict[str, object]:
    """Return a description in the short keys that ESPHome writes."""
    said = {
        "dev_cla": entity.device_class,
        "unit_of_meas": entity.unit,
        "name": entity.name,
        "stat_t": _state(device.id, entity.component, entity.name),
        "avty_t": f"{BASE}/{device.id}/status",
        "uniq_id": f"{device.id}{entity.component}{entity.name}",
    }
    node = {"ids": device.id, "name": device.id, "mf": "espressif"}
    return {name: value for name, value in said.items() if value} | {"dev": node}


def _state(device: str, component: str, name: str) -> str:
    return f"{BASE}/{device}/{component}/{name}/state"


def _text(raw: Raw) -> bytes:
    if isinstance(raw, bool):
        return b"ON" if raw else b"OFF"
    return repr(raw).encode()
