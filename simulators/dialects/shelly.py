"""Shelly, second generation: a notification holds only what moved by more than the device's own threshold."""

from collections.abc import Iterator
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventState, EventType
from sensors.topology import Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import PHASES, Key, Keys
from simulators.dialects.spoken import Said, Value

POWER_W: Final = 2.0
"""How far a power has to move until it is told: the project's own choice."""
_SINGLE: Final = {
    ("active_power_w", ""): Key("pm1:0/apower", 1),
    ("energy_import_kwh", ""): Key("pm1:0/aenergy/total", 3, 1000),
    ("energy_export_kwh", ""): Key("pm1:0/ret_aenergy/total", 3, 1000),
    ("voltage_v", ""): Key("pm1:0/voltage", 1),
    ("current_a", ""): Key("pm1:0/current", 3),
    ("power_factor", ""): Key("pm1:0/pf", 2),
}
_THREE_PHASES: Final = {
    ("active_power_w", ""): Key("em:0/total_act_power", 3),
    ("energy_import_kwh", ""): Key("emdata:0/total_act", 2, 1000),
    ("energy_export_kwh", ""): Key("emdata:0/total_act_ret", 2, 1000),
    **{("voltage_v", phase): Key(f"em:0/{letter}_voltage", 1) for phase, letter in zip(PHASES, "abc", strict=True)},
    **{("current_a", phase): Key(f"em:0/{letter}_current", 3) for phase, letter in zip(PHASES, "abc", strict=True)},
    **{
        ("active_power_w", phase): Key(f"em:0/{letter}_act_power", 1)
        for phase, letter in zip(PHASES, "abc", strict=True)
    },
}
_KEYS: Final[Keys] = {
    ("temperature_c", ""): Key("temperature:0/tC", 1),
    ("relative_humidity_pct", ""): Key("humidity:0/rh", 1),
    ("illuminance_lux", ""): Key("illuminance:0/lux", 0),
    ("setpoint_c", ""): Key("thermostat:0/target_C", 1),
    ("battery_pct", ""): Key("devicepower:0/battery/percent", 0),
    **_SINGLE,
}
_ALARMS: Final = {EventType.SMOKE: "smoke:0", EventType.LEAK: "flood:0"}
_THRESHOLDS: Final = {"active_power_w": POWER_W}
Status = dict[str, object]


class Shelly(Dialect):
    """Devices with `rpc_ntf` on and `status_ntf` off, as they come. Their prefix is their id."""

    topics: ClassVar = ("+/events/rpc", "+/online")
    keys: ClassVar = _KEYS
    events: ClassVar = frozenset(_ALARMS)
    tells_changes_only: ClassVar = True

    def __init__(self, registry: Registry) -> None:
        """Begin with devices that told nothing yet."""
        super().__init__(registry)
        self._told: dict[tuple[str, str], float] = {}
        self._phased = {
            device.id for device in self.devices if {"voltage_v", "energy_import_kwh"} <= set(device.metrics)
        }

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield that each device is there; what it tells next is told whole."""
        del time_ms
        self._told.clear()
        for device in self.devices:
            yield f"{device.id}/online", b"true"

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the wills."""
        del time_ms
        yield from ((f"{device.id}/online", b"false") for device in self.devices)

    def retains(self, topic: str) -> bool:
        """Say that wills are retained."""
        return topic.endswith("/online")

    def key(self, device: str, value: Value) -> Key | None:
        """Return how a value is told: a meter of three phases has components of its own."""
        if device in self._phased and value.metric.partition("_")[0] in {"active", "energy", "voltage", "current"}:
            return _THREE_PHASES.get((value.metric, value.phase))
        return super().key(device, value)

    def step(self, device: str, value: Value) -> float | None:
        """Return how exactly a value is told: at worst by its threshold on either side."""
        known = super().step(device, value)
        return None if known is None else known + 2 * _THRESHOLDS.get(value.metric, 0.0)

    def tells(self, event: Event) -> bool:
        """Say whether there is a component for an event; the test button tells nothing apart."""
        return super().tells(event) and not event.test

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a notification of what moved, all of it the first time."""
        params: Status = {}
        is_first = all(device != said.device for device, _ in self._told)
        for key, value in self.keyed(said):
            if self._moved(said.device, key, value):
                _put(params, key, key.written(value.value))
        if said.event is not None and self.tells(said.event):
            alarm = {"id": 0, "alarm": said.event.state is EventState.ACTIVE, "mute": False}
            params[_ALARMS[said.event.type]] = alarm
        if params:
            method = "NotifyFullStatus" if is_first else "NotifyStatus"
            whole = {"sys": {"uptime": 12, "available_updates": {}}} if is_first else {}
            told = {"ts": said.time_ms / 1000, **params, **whole}
            document = {"src": said.device, "dst": f"{said.device}/events", "method": method, "params": told}
            yield f"{said.device}/events/rpc", orjson.dumps(document)

    def _moved(self, device: str, key: Key, value: Value) -> bool:
        """Say whether a value is told, and remember it where it is."""
        written = float(key.written(value.value))
        before = self._told.get((device, key.name))
        if before is not None and abs(written - before) <= _THRESHOLDS.get(value.metric, 0.0):
            return False
        self._told[device, key.name] = written
        return True


def _put(params: Status, key: Key, raw: object) -> None:
    """Put a value at its path; each component has its number, minutes stand beside a total."""
    component, *levels, last = key.name.split("/")
    place = params.setdefault(component, {"id": int(component.rpartition(":")[2])})
    for level in levels:
        if isinstance(place, dict):
            place = place.setdefault(level, {"by_minute": [0.0, 0.0, 0.0]} if level.endswith("aenergy") else {})
    if isinstance(place, dict):
        place[last] = raw
