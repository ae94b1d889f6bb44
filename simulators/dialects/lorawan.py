"""LoRaWAN devices by Milesight, whoever carries their bytes: channel, type, value.

Written from the user guides of the makers' devices; nothing here is shared with what decodes it.
"""

import hashlib
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from sensors.events import Event, EventState, EventType
from sensors.topology import Device
from simulators.dialects.keys import Key
from simulators.dialects.spoken import Said, Value

MAKER: Final = "24e124"
"""What each address of a device of this maker begins with."""
PORT: Final = 85
RSSI_DBM, SNR_DB = -87, 8.5

NO_PHASE: Final = ""
_Layout = tuple[bytes, str, tuple[int, ...]]


class Channel(NamedTuple):
    """Two bytes before a value, how it is packed, and how many of what is packed make 1 of the metric's unit.

    `behind` are further numbers of the same channel that nobody asks for.
    """

    head: bytes
    form: str
    per_unit: float
    low: int
    high: int
    behind: tuple[int, ...] = ()

    def packed(self, value: float) -> bytes:
        """Return a value as bytes."""
        return self.head + struct.pack(self.form, round(value * self.per_unit), *self.behind)

    def has_room_for(self, value: float) -> bool:
        """Say whether a value can be written."""
        return self.low <= round(value * self.per_unit) <= self.high


def _u8(head: str, per_unit: float = 1, form: str = "<B", behind: tuple[int, ...] = (), high: int = 0xFF) -> Channel:
    return Channel(bytes.fromhex(head), form, per_unit, 0, high, behind)


def _u16(head: str, per_unit: float = 1, form: str = "<H", behind: tuple[int, ...] = ()) -> Channel:
    return Channel(bytes.fromhex(head), form, per_unit, 0, 0xFFFE, behind)


def _u32(head: str, per_unit: float = 1) -> Channel:
    return Channel(bytes.fromhex(head), "<I", per_unit, 0, 0xFFFF_FFFE)


_TEMPERATURE = Channel(bytes.fromhex("0367"), "<h", 10, -400, 1250)
_CLIMATE = {
    "battery_pct": _u8("0175", high=100),
    "temperature_c": _TEMPERATURE,
    "relative_humidity_pct": _u8("0468", 2),
}
_AIR = {**_CLIMATE, "co2_ppm": _u16("077d")}

MODELS: Mapping[str, Mapping[str, Channel]] = MappingProxyType(
    {
        "AM319": {
            **_AIR,
            "motion": _u8("0500", high=1),
            "tvoc_mgm3": _u16("08e6", 1000),
            "hcho_mgm3": _u16("0a7d", 100),
            "pm2_5_ugm3": _u16("0b7d"),
            "pm10_ugm3": _u16("0c7d"),
        },
        "AM104": {**_AIR, "illuminance_lux": _u16("0665", form="<HHH", behind=(0, 0))},
        "VS121": {"people_count": _u8("04c9", form=">BBH", behind=(0, 0))},
        "WS203": {**_CLIMATE, "presence": _u8("0500", high=1)},
        "WS202": {"battery_pct": _u8("0175", high=100), "motion": _u8("0300", high=1)},
        "WS301": {"battery_pct": _u8("0175", high=100), "open": _u8("0300", high=1)},
        "WS523": {
            "voltage_v": _u16("0374", 10),
            "active_power_w": _u32("0480"),
            "power_factor": _u8("0581", 100, high=100),
            "energy_import_kwh": _u32("0683", 1000),
            "current_a": _u16("07c9", 1000),
        },
        "EM300-SLD": _CLIMATE,
        "GS524N": {"battery_pct": _u8("", high=100), "temperature_c": Channel(b"", "<b", 1, -40, 85)},
    }
)
"""What each model measures."""

ALARMS: Mapping[str, Mapping[tuple[EventType, EventState], bytes]] = MappingProxyType(
    {
        "EM300-SLD": {
            (EventType.LEAK, EventState.ACTIVE): b"\x05\x00\x01",
            (EventType.LEAK, EventState.CLEARED): b"\x05\x00\x00",
        },
        "WS301": {
            (EventType.TAMPER, EventState.ACTIVE): b"\x04\x00\x01",
            (EventType.TAMPER, EventState.CLEARED): b"\x04\x00\x00",
        },
    }
)
"""What models tell by a channel."""

_SMOKE_WORDS = {EventState.ACTIVE: 1, EventState.CLEARED: 7}
_SMOKE_TEST = 14
_BY_NAME = (("smoke", "GS524N"), ("leak", "EM300-SLD"))
"""What the ids of detectors begin with, which may measure nothing."""


def address(device: str) -> str:
    """Return the address that a device has on the radio, the same in each run."""
    return MAKER + hashlib.blake2s(device.encode(), digest_size=5).hexdigest()


def model_of(device: Device) -> str | None:
    """Return the model that tells most of what a device measures, None where none tells any of it."""
    for beginning, model in _BY_NAME:
        if device.id.startswith(beginning):
            return model
    known = {model: sum(metric in channels for metric in device.metrics) for model, channels in MODELS.items()}
    best = max(known, key=lambda model: known[model])
    return best if known[best] else None


class Radio:
    """The devices of a site: their models and, of detectors that send all they know, what they said last."""

    def __init__(self, devices: list[Device]) -> None:
        """Give each device the model that fits best."""
        found = {str(device.id): model_of(device) for device in devices}
        self.models = {device: model for device, model in found.items() if model is not None}
        self._last: dict[str, dict[str, float]] = {}

    def key(self, device: str, value: Value) -> Key | None:
        """Return how exactly a value is told, None where the device's model does not tell it."""
        channel = MODELS[self.models[device]].get(value.metric) if device in self.models else None
        if channel is None or value.phase != NO_PHASE or not channel.has_room_for(value.value):
            return None
        return Key(value.metric, digits=0, scale=channel.per_unit)

    def tells(self, event: Event) -> bool:
        """Say whether the device's model has a word for an event."""
        model = self.models.get(event.device)
        if model == "GS524N":
            return event.type is EventType.SMOKE and (not event.test or event.state is EventState.ACTIVE)
        return not event.test and (event.type, event.state) in ALARMS.get(model or "", {})

    def payload(self, said: Said) -> bytes:
        """Return the bytes of what a device says, none where it cannot say it."""
        model = self.models.get(said.device)
        if model is None or (said.event is not None and not self.tells(said.event)):
            return b""
        told = [value for value in said.values if self.key(said.device, value) is not None]
        if model == "GS524N":
            return self._smoke_frame(said, told)
        if said.event is not None:
            return ALARMS[model][said.event.type, said.event.state]
        return b"".join(MODELS[model][value.metric].packed(value.value) for value in told)

    def _smoke_frame(self, said: Said, told: list[Value]) -> bytes:
        """Return the six bytes of a smoke detector, in which everything always stands."""
        last = self._last.setdefault(said.device, {"battery_pct": 100.0, "temperature_c": 20.0, "word": 7.0})
        last |= {value.metric: value.value for value in told}
        word = int(last["word"])
        if said.event is not None and said.event.test:
            word = _SMOKE_TEST
        elif said.event is not None:
            word = _SMOKE_WORDS[said.event.state]
            last["word"] = word
        return struct.pack("<BBBBbB", 0x11, 0x10 | word, round(last["battery_pct"]), 0, round(last["temperature_c"]), 0)
