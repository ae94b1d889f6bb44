"""Tasmota: local time without an offset, three phases as lists beside single numbers, some plugs in Fahrenheit."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final

import orjson

from simulators.dialects.dialect import SECOND, Dialect, Message
from simulators.dialects.keys import PHASES, Key
from simulators.dialects.spoken import Said, Value

FAHRENHEIT_EVERY: Final = 4
"""One device in so many is set to Fahrenheit."""
_CELSIUS: Final = "temperature_c"
_SENSORS: Final = {
    ("co2_ppm", ""): ("SCD40", Key("CarbonDioxide", 0)),
    (_CELSIUS, ""): ("SCD40", Key("Temperature", 1)),
    ("relative_humidity_pct", ""): ("SCD40", Key("Humidity", 1)),
    ("pm2_5_ugm3", ""): ("PMS5003", Key("PM2.5", 0)),
    ("pm10_ugm3", ""): ("PMS5003", Key("PM10", 0)),
    ("illuminance_lux", ""): ("BH1750", Key("Illuminance", 0)),
    ("energy_import_kwh", ""): ("ENERGY", Key("Total", 3)),
    ("energy_export_kwh", ""): ("ENERGY", Key("ExportActive", 3)),
    ("active_power_w", ""): ("ENERGY", Key("Power", 0)),
    ("power_factor", ""): ("ENERGY", Key("Factor", 2)),
    **{("voltage_v", phase): ("ENERGY", Key("Voltage", 0)) for phase in ("", *PHASES)},
    **{("current_a", phase): ("ENERGY", Key("Current", 3)) for phase in ("", *PHASES)},
}
"""Which sensor measures what, and how it writes it."""


class Tasmota(Dialect):
    """Devices that tell by themselves every so often (`tele/…`)."""

    topics: ClassVar = ("tele/#",)
    keys: ClassVar = {metric: key for metric, (_, key) in _SENSORS.items()}
    time_step_ms: ClassVar = SECOND

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield that each device is there, and the state it tells then."""
        for device in self.devices:
            yield f"tele/{device.id}/LWT", b"Online"
            state = {"Time": self._time(time_ms), "Uptime": "0T00:00:12", "UptimeSec": 12, "POWER": "ON"}
            yield f"tele/{device.id}/STATE", orjson.dumps(state)

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the wills."""
        del time_ms
        yield from ((f"tele/{device.id}/LWT", b"Offline") for device in self.devices)

    def retains(self, topic: str) -> bool:
        """Say that wills are retained."""
        return topic.endswith("/LWT")

    def key(self, device: str, value: Value) -> Key | None:
        """Return how a value is told; a tenth of a degree Fahrenheit is less than one of Celsius."""
        known = super().key(device, value)
        if known is not None and value.metric == _CELSIUS and _in_fahrenheit(device):
            return known._replace(scale=9 / 5)
        return known

    def says(self, said: Said) -> Iterator[Message]:
        """Yield what the sensors of a device measure, the chip's own temperature beside it."""
        sensors: dict[str, dict[str, object]] = {}
        for key, value in self.keyed(said):
            sensor, _ = _SENSORS[value.metric, value.phase]
            _put(sensors.setdefault(sensor, {}), key, value, fahrenheit=_in_fahrenheit(said.device))
        if sensors:
            chip = {"ESP32": {"Temperature": 47.2}}
            unit = {"TempUnit": "F" if _in_fahrenheit(said.device) else "C"}
            document = {"Time": self._time(said.time_ms), **sensors, **chip, **unit}
            yield f"tele/{said.device}/SENSOR", orjson.dumps(document)

    def _time(self, time_ms: int) -> str:
        return f"{datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.zone):%Y-%m-%dT%H:%M:%S}"


def _put(sensor: dict[str, object], key: Key, value: Value, *, fahrenheit: bool) -> None:
    """Put a value under its sensor; those of phases make a list."""
    raw: object = key.written(value.value)
    if value.metric == _CELSIUS and fahrenheit:
        raw = round(value.value * 9 / 5 + 32, 1)
    if value.phase:
        listed = sensor.setdefault(key.name, [])
        if isinstance(listed, list):
            listed.append(raw)
    else:
        sensor[key.name] = raw


def _in_fahrenheit(device: str) -> bool:
    return zlib.crc32(device.encode()) % FAHRENHEIT_EVERY == 0
