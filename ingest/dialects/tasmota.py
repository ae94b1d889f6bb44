"""Tasmota: `tele/DEVICE/SENSOR`, `…/STATE` and `…/LWT`, each sensor an object under its name.

Three phases come as lists beside single numbers: `"Total": 436.8, "Power": [298, 7, 0]`. Several sensors of one device
may measure the same thing; the first of them is the device's, another one may be a device of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ingest.dialects.decoded import At, Context, Decoded, DeviceStatus, DialectError, Outcome
from ingest.dialects.families import Family, device_at
from ingest.dialects.paths import apply_object, apply_value, parsed_object
from ingest.dialects.targets import ReadingTarget, Target, reading_target
from ingest.dialects.times import time_of
from sensors.metrics import METRICS
from sensors.topology import DeviceId

_TELE: Final = "tele"
_STATES: Final = {"Online": "online", "Offline": "offline"}
_PHASES: Final = ("L1", "L2", "L3")
_CELSIUS: Final = "temperature_c"
_FAHRENHEIT: Final = METRICS[_CELSIUS].conversion("°F")


class Tasmota:
    """Reads what devices tell by themselves; answers to commands (`stat/…`) are left out."""

    def __init__(self) -> None:
        """Read the maps."""
        self._family = Family("tasmota")
        self._variants = _Variants()

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        name, kind = _name_and_kind(topic)
        device = context.device(name)
        if kind == "LWT":
            return _status(device, payload)
        out = Decoded()
        if kind not in {"SENSOR", "STATE"}:
            out.ignored.append(Outcome("", "not_telemetry", f"{kind[:40]} says nothing of what is measured"))
            return out
        document = parsed_object(payload)
        context.hear(out, device, None, name)
        at = time_of(document.get("Time"), "Time", out, context)
        keys = self._family.keys(device, context)
        if kind == "STATE":
            apply_object(out, keys, document, "", device, at, context)
        else:
            _Sensors(
                out, keys, name, device, at, context, self._variants, fahrenheit=document.get("TempUnit") == "F"
            ).apply(document)
        return out


class _Sensors:
    """What the sensors of one message say."""

    def __init__(
        self,
        out: Decoded,
        keys: Mapping[str, Target],
        name: str,
        device: DeviceId,
        at: At,
        context: Context,
        variants: "_Variants",
        *,
        fahrenheit: bool,
    ) -> None:
        self._out, self._keys, self._at, self._context = out, keys, at, context
        self._name, self._device = name, device
        self._variants, self._fahrenheit = variants, fahrenheit
        self._measured_by: dict[str, str] = {}

    def apply(self, document: Mapping[str, Any]) -> None:
        """Give each value of each sensor to its target."""
        for sensor, value in document.items():
            if type(value) is not dict or sensor in self._keys:
                apply_value(self._out, self._keys, sensor, value, "", self._device, self._at, self._context)
                continue
            own = device_at(self._name, sensor, self._context)
            for key, each in value.items():
                self._value(sensor, key, each, own)

    def _value(self, sensor: str, key: str, value: object, own: DeviceId | None) -> None:
        path = f"{sensor}.{key}"
        target = self._keys.get(path) or self._keys.get(key)
        if target is None:
            apply_value(self._out, self._keys, path, value, "", self._device, self._at, self._context)
            return
        if isinstance(target, ReadingTarget):
            first = self._measured_by.setdefault(target.metric, sensor) if own is None else sensor
            if first != sensor:
                detail = f"{first} measures it already; give {self._name}/{sensor} a device of its own"
                self._out.ignored.append(Outcome(path, "second_sensor", detail))
                return
        for each, at_path, raw in self._by_phase(target, path, value):
            each.apply(self._out, raw, at_path, own or self._device, self._at, self._context)

    def _by_phase(self, target: Target, path: str, value: object) -> Iterator[tuple[Target, str, object]]:
        if not isinstance(target, ReadingTarget):
            yield target, path, value
            return
        whole, *phases = self._variants.of(target, fahrenheit=self._fahrenheit)
        if isinstance(value, list) and len(value) <= len(phases):
            for index, each in enumerate(value):
                yield phases[index], f"{path}[{index}]", each
        else:
            yield whole, path, value


class _Variants:
    """A target and what it is for each phase, made once: a frozen value costs as much as a reading."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], tuple[ReadingTarget, ...]] = {}

    def of(self, target: ReadingTarget, *, fahrenheit: bool) -> tuple[ReadingTarget, ...]:
        """Return the target itself and those of L1, L2 and L3. Targets live as long as the maps, so an id is a name."""
        known = self._known.get((id(target), fahrenheit))
        if known is None:
            whole = target
            if fahrenheit and target.metric == _CELSIUS:
                whole = reading_target(METRICS[_CELSIUS], conversion=_FAHRENHEIT, sentinels=target.sentinels)
            known = (whole, *(replace(whole, phase=phase) for phase in _PHASES))
            self._known[id(target), fahrenheit] = known
        return known


def _name_and_kind(topic: str) -> tuple[str, str]:
    """Return the device's name, which may hold `/`, and the last level: `tele/NAME/KIND`, also `NAME/tele/KIND`."""
    *levels, kind = topic.split("/")
    if not levels or len(levels) == 1 or (levels[0] != _TELE and levels[-1] != _TELE):
        raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not tele/DEVICE/SENSOR")
    return "/".join(levels[1:] if levels[0] == _TELE else levels[:-1]), kind


def _status(device: DeviceId, payload: bytes) -> Decoded:
    state = _STATES.get(payload.decode(errors="replace"))
    if state is None:
        raise DialectError(reason="no_state", detail="neither Online nor Offline")
    return Decoded(statuses=[DeviceStatus(device, state)])
