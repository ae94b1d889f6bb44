"""Zigbee2MQTT: no time, each report repeats all that the bridge remembers of the device, a start repeats everything."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventState, EventType
from sensors.topology import Device, Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key, Keys
from simulators.dialects.spoken import Said

BASE: Final = "zigbee2mqtt"
_LOCKED: Final = "lock_state"
_KEYS: Final[Keys] = {
    ("motion", ""): Key("occupancy", is_flag=True),
    ("presence", ""): Key("presence", is_flag=True),
    ("people_count", ""): Key("people", 0),
    ("open", ""): Key("contact", is_flag=True, is_inverted=True),
    ("locked", ""): Key(_LOCKED, is_flag=True),
    ("temperature_c", ""): Key("temperature", 2),
    ("relative_humidity_pct", ""): Key("humidity", 2),
    ("co2_ppm", ""): Key("co2", 0),
    ("pm2_5_ugm3", ""): Key("pm25", 0),
    ("pm10_ugm3", ""): Key("pm10", 0),
    ("hcho_mgm3", ""): Key("formaldehyd", 3),
    ("illuminance_lux", ""): Key("illuminance", 0),
    ("sound_level_dba", ""): Key("noise", 1),
    ("setpoint_c", ""): Key("occupied_heating_setpoint", 1),
    ("active_power_w", ""): Key("power", 1),
    ("active_power_w", "L2"): Key("power_phase_b", 1),
    ("active_power_w", "L3"): Key("power_phase_c", 1),
    ("energy_import_kwh", ""): Key("energy", 2),
    ("energy_export_kwh", ""): Key("produced_energy", 2),
    ("voltage_v", ""): Key("voltage", 1),
    ("voltage_v", "L2"): Key("voltage_phase_b", 1),
    ("voltage_v", "L3"): Key("voltage_phase_c", 1),
    ("current_a", ""): Key("current", 3),
    ("current_a", "L2"): Key("current_phase_b", 3),
    ("current_a", "L3"): Key("current_phase_c", 3),
    ("power_factor", ""): Key("power_factor", 2),
    ("battery_pct", ""): Key("battery", 0),
}
_ALARMS: Final = {EventType.SMOKE: "smoke", EventType.LEAK: "water_leak", EventType.TAMPER: "tamper"}
_ACTIONS: Final = {
    EventType.GRANTED: "rfid_unlock",
    EventType.DENIED: "unlock_failure_invalid_pin_or_id",
    EventType.EXIT_REQUEST: "one_touch_unlock",
}
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"temperature": "°C", "humidity": "%", "illuminance": "lx", "power": "W", "energy": "kWh", "formaldehyd": "mg/m³"}
)
"""Units as `bridge/devices` gives them."""


class Zigbee2Mqtt(Dialect):
    """One bridge with `cache_state` on and `last_seen` off, as it comes."""

    topics: ClassVar = (f"{BASE}/#",)
    keys: ClassVar = _KEYS
    events: ClassVar = frozenset({*_ALARMS, *_ACTIONS})
    time_step_ms: ClassVar = None
    tells_changes_only: ClassVar = True

    def __init__(self, registry: Registry) -> None:
        """Begin with a bridge that remembers nothing."""
        super().__init__(registry)
        self._cache: dict[str, dict[str, object]] = {}

    def name(self, device: str) -> str:
        """Return the friendly name, which may hold a `/`."""
        return f"{self.gateway(device)}/{device}"

    def tells(self, event: Event) -> bool:
        """Say whether there is a word for an event; a test only beside an alarm."""
        return super().tells(event) and not (event.test and event.type in _ACTIONS)

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield the bridge's state, what it knows of its devices, and all that it remembers of them."""
        del time_ms
        yield f"{BASE}/bridge/state", b'{"state":"online"}'
        yield f"{BASE}/bridge/devices", orjson.dumps([self._described(device) for device in self.devices])
        for device in self.devices:
            yield f"{self._topic(device.id)}/availability", b'{"state":"online"}'
        for name, remembered in self._cache.items():
            yield self._topic(name), orjson.dumps(remembered)

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the bridge's will; of its devices it cannot say anything any more."""
        del time_ms
        yield f"{BASE}/bridge/state", b'{"state":"offline"}'

    def retains(self, topic: str) -> bool:
        """Say that states and descriptions are retained, and no reports."""
        return topic.startswith(f"{BASE}/bridge/") or topic.endswith("/availability")

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a report for each value, one behind the other as the radio brings them; each repeats the others."""
        for key, value in self.keyed(said):
            raw: object = key.written(value.value)
            yield self._report(said.device, **{key.name: _lock(raw) if key.name == _LOCKED else raw})
        if said.event is not None and self.tells(said.event):
            yield from self._event(said.event)

    def _event(self, event: Event) -> Iterator[Message]:
        action = _ACTIONS.get(event.type)
        if action is None:
            test = {"test": event.test} if event.type is EventType.SMOKE else {}
            yield self._report(event.device, **{_ALARMS[event.type]: event.state is EventState.ACTIVE}, **test)
            if event.test:
                yield self._report(event.device, **{_ALARMS[event.type]: False}, **dict.fromkeys(test, False))
        else:
            yield self._report(event.device, action=action, action_source_name="rfid")
            yield self._report(event.device, action="")
            for key in ("action", "action_source_name"):
                self._cache[event.device].pop(key, None)  # actions are the only thing the bridge does not keep

    def _report(self, device: str, **news: object) -> Message:
        remembered = self._cache.setdefault(device, {"linkquality": 120})
        remembered |= news
        return self._topic(device), orjson.dumps(remembered)

    def _topic(self, device: str) -> str:
        return f"{BASE}/{self.name(device)}"

    def _described(self, device: Device) -> dict[str, object]:
        keys = (self.keys.get((metric, "")) for metric in device.metrics)
        exposes = [
            {"property": key.name, "name": key.name, "access": 1, "unit": _UNITS[key.name]}
            for key in keys
            if key is not None and key.name in _UNITS
        ]
        definition = {"model": "SIM-1", "vendor": "Premises", "exposes": exposes}
        return {"friendly_name": self.name(device.id), "type": "EndDevice", "definition": definition}


def _lock(raw: object) -> str:
    return "locked" if raw else "unlocked"
