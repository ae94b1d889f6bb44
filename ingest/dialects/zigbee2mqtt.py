"""Zigbee2MQTT: `BASE/friendly/name` with all a device ever said, `…/availability`, `BASE/bridge/…`.

Any report repeats every key that the bridge remembers, and a bridge that starts repeats all of them for all devices. A
value that did not change is therefore taken again only after a while, and not at all while the bridge starts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ingest.dialects.decoded import MOST_KEPT, Context, Decoded, DeviceStatus, DialectError, Outcome
from ingest.dialects.libraries import library
from ingest.dialects.paths import apply_value, parsed, parsed_object
from ingest.dialects.targets import IgnoredTarget, ReadingTarget, Target, WrongUnitTarget, reading_target
from ingest.dialects.times import time_of
from sensors.intake import Birth
from sensors.metrics import METRICS, UnknownUnitError
from sensors.topology import DeviceId

STATE_AGAIN_MS: Final = 600_000
"""After how long an unchanged state counts as said anew; the project's own choice."""

VALUE_AGAIN_MS: Final = 5_000
"""The same for a measured value: a device sends its temperature and its humidity one after the other."""

STARTING_MS: Final = 60_000
"""How long a bridge that came up repeats what it remembers. The project's own choice."""

_BRIDGE: Final = "bridge"
_ASKED: Final = frozenset({"set", "get"})
_STATES: Final = {"online": "online", "offline": "offline"}
_OWN_VOLTAGE: Final = IgnoredTarget(because="the battery's own voltage")


@dataclass(slots=True)
class _Remembered:
    """What a device said last, and when each value was last taken."""

    values: dict[str, object] = field(default_factory=dict)
    taken_ms: dict[str, int] = field(default_factory=dict)


class Zigbee2Mqtt:
    """Reads what one bridge publishes."""

    def __init__(self) -> None:
        """Know no device yet."""
        common = library("zigbee2mqtt").common
        self._keys: Mapping[str, Target] = {} if common is None else common.keys
        self._own_keys: dict[str, Mapping[str, Target]] = {}
        self._models: dict[str, str] = {}
        self._remembered: dict[str, _Remembered] = {}
        self._started_ms = -STARTING_MS

    def forget(self) -> None:
        """Forget what devices said; units and models hold."""
        self._remembered.clear()

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        _, _, name = topic.partition("/")
        if not name:
            raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not BASE/friendly/name")
        last = name.rpartition("/")[2]
        if name.startswith(f"{_BRIDGE}/"):
            return self._bridge(topic, last, payload, context)
        if last in _ASKED:
            return _left_out("a command to a device")
        if last == "availability":
            device = context.device(name.removesuffix("/availability"))
            return _status(device, payload)
        return self._device(name, payload, context)

    def recall(self, birth: Birth) -> None:
        """Know again which devices the bridge has. Raises DialectError."""
        self._learn_all(birth.payload)

    def _bridge(self, topic: str, what: str, payload: bytes, context: Context) -> Decoded:
        if what == "state":
            if not context.retained and _state(payload) == "online":
                self._started_ms = context.received_ms
            return _status(None, payload)
        if what == "devices":
            self._learn_all(payload)
            out = _left_out("names, models and units of the devices; they were learnt")
            out.births.append(context.birth(topic, payload))
            return out
        return _left_out("the bridge speaks of itself")

    def _learn_all(self, payload: bytes) -> None:
        document = parsed(payload)
        for each in document if isinstance(document, list) else ():
            self._learn(each)

    def _learn(self, described: object) -> None:
        """Keep the model of a device, and the units that are not those its keys usually have."""
        if not isinstance(described, dict) or not isinstance(described.get("friendly_name"), str):
            return
        name, definition = described["friendly_name"], described.get("definition")
        if not isinstance(definition, dict) or (len(self._models) >= MOST_KEPT and name not in self._models):
            return
        model = definition.get("model")
        self._models[name] = model if isinstance(model, str) else ""
        own = dict(_with_units(definition.get("exposes"), self._keys))
        if own:
            self._own_keys[name] = {**self._keys, **own}

    def _device(self, name: str, payload: bytes, context: Context) -> Decoded:
        document = parsed_object(payload)
        out = Decoded()
        device = context.device(name)
        context.hear(out, device, self._models.get(name), name)
        at = time_of(document.get("last_seen"), "last_seen", out, context)
        keys = self._own_keys.get(name, self._keys)
        news = document if context.retained else self._news(out, name, document, keys, context.received_ms)
        for key, value in news.items():
            if key == "voltage" and "battery" in document:
                _OWN_VOLTAGE.apply(out, value, key, device, at, context)
            else:
                apply_value(out, keys, key, value, "", device, at, context)
        if document.get("test") is True:
            _mark_as_test(out, context)
        return out

    def _news(
        self, out: Decoded, name: str, document: Mapping[str, Any], keys: Mapping[str, Target], now_ms: int
    ) -> dict[str, Any]:
        """Return what the device says anew; what is only repeated is told as ignored."""
        if name not in self._remembered and len(self._remembered) >= MOST_KEPT:
            self._remembered.clear()
        before = self._remembered.setdefault(name, _Remembered())
        starting = now_ms - self._started_ms < STARTING_MS
        news = {}
        for key, value in document.items():
            target = keys.get(key)
            if not isinstance(target, ReadingTarget):
                news[key] = value
                continue
            again_ms = STATE_AGAIN_MS if target.boolean else VALUE_AGAIN_MS
            same = key in before.values and before.values[key] == value
            if same and (starting or now_ms - before.taken_ms[key] < again_ms):
                out.ignored.append(Outcome(key, "repeated", "the bridge repeats what it remembers"))
                continue
            news[key] = before.values[key] = value
            before.taken_ms[key] = now_ms
        return news


def _with_units(exposes: object, keys: Mapping[str, Target]) -> Iterator[tuple[str, Target]]:
    """Yield the keys whose unit is another than the metric's own, also those of features inside features."""
    for each in exposes if isinstance(exposes, list) else ():
        if not isinstance(each, dict):
            continue
        yield from _with_units(each.get("features"), keys) if isinstance(each.get("features"), list) else ()
        name, unit = each.get("property"), each.get("unit")
        target = keys.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and isinstance(unit, str) and isinstance(target, ReadingTarget):
            metric = METRICS[target.metric]
            try:
                conversion = metric.conversion(unit)
            except UnknownUnitError:
                yield name, WrongUnitTarget(metric=metric.name, unit=unit)
                continue
            if name == "voltage" and unit == "mV":
                yield name, _OWN_VOLTAGE
            elif conversion is not None:
                yield name, reading_target(metric, conversion=conversion, phase=target.phase)


def _mark_as_test(out: Decoded, context: Context) -> None:
    """Make tests of the events: the button of a detector was pressed. A test is no state of its own."""
    out.events = [replace(event, test=True) for event in out.events]
    for event in out.events:
        context.states.pop((event.device, event.type), None)


def _state(payload: bytes) -> str | None:
    """Return online or offline from a word or from `{"state": …}`."""
    try:
        document = parsed(payload)
    except DialectError:
        document = payload.decode(errors="replace")
    word = document.get("state") if isinstance(document, dict) else document
    return _STATES.get(word) if isinstance(word, str) else None


def _status(device: DeviceId | None, payload: bytes) -> Decoded:
    state = _state(payload)
    if state is None:
        raise DialectError(reason="no_state", detail="neither online nor offline")
    return Decoded(statuses=[DeviceStatus(device, state)])


def _left_out(because: str) -> Decoded:
    return Decoded(ignored=[Outcome("", "not_telemetry", because)])
