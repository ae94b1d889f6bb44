"""Devices as YAML maps: what each path or channel of a model is, read strictly, every fault with line and key.

models: [EM300-TH, EM320-TH]
include: [common]
channels: {"03 67": temperature i16/10, "20 ce": "history: timestamp u32, temperature i16/10"}
keys:
  temperature: {metric: temperature_c, unit: °C, sentinel: [327.67]}
  leakage_status: {events: {normal: leak cleared, leak: leak active}}
  current_sensor_status: {fault_of: current_a, words: [read failed]}
  light_level: {ignore: a level from 0 to 5 is no lux}
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeVar

from ingest.dialects.layouts import Layout, LayoutField, layout_of, parse_field
from ingest.dialects.targets import EventTarget, FaultTarget, IgnoredTarget, Meant, Target, as_number, reading_target
from ingest.native_fields import PHASES
from sensors.documents import DocumentSyntaxError, MapNode, Place, locate, parse_document
from sensors.errors import InputFault
from sensors.events import LASTING_EVENTS, EventState, EventType
from sensors.fields import Fields, flag, metric, number, one_of, words
from sensors.metrics import Conversion, Metric, UnknownUnitError

T = TypeVar("T")

_NOTHING = "none"
_TEST = "test"
_HISTORY = "history:"
_NUMBERED = "numbered:"


class DeviceMapError(InputFault):
    """A device map that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What follows a channel's two bytes; `is_history` where it is a past sample with a timestamp of its own."""

    layout: Layout
    is_history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMap:
    """What the models of one map say. `frame` is the whole payload of a model that has no channels."""

    name: str
    models: tuple[str, ...]
    keys: Mapping[str, Target]
    channels: Mapping[int, Channel] = field(default_factory=dict)
    frame: Layout | None = None
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def reads_bytes(self) -> bool:
        """Say whether the map knows the device's own bytes."""
        return bool(self.channels) or self.frame is not None

    def sums_of(self, said: Mapping[str, Any]) -> list[tuple[str, float]]:
        """Return the sums of what is said; one of which no part is said is none."""
        found = []
        for name, parts in self.sums.items():
            numbers = [said[part] for part in parts if type(said.get(part)) in {int, float}]
            if numbers:
                found.append((name, sum(numbers)))
        return found

    def with_sums(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is said and the sums that are not."""
        return {**dict(self.sums_of(said)), **said} if self.sums else said


Included = Callable[[str], DeviceMap | None]
"""Finds another map by its name."""


def parse_device_map(name: str, text: str, included: Included) -> DeviceMap:
    """Return the checked map of a file's text. Raises DeviceMapError with every fault."""
    return parse_fields(name, text, lambda fields: _device_map(name, fields, included))


def parse_fields(name: str, text: str, read: Callable[[Fields], T]) -> T:
    """Return what `read` makes of the mapping in a file's text. Raises DeviceMapError with every fault."""
    try:
        document = parse_document(text)
    except DocumentSyntaxError as exc:
        raise DeviceMapError(_line(name, exc.place, exc.reason)) from exc
    if not isinstance(document.root, MapNode):
        raise DeviceMapError(_line(name, Place(1, 1), "must be a mapping with `keys:`"))
    faults = list(document.faults)
    fields = Fields(document.root, (), faults, "")
    found = read(fields)
    fields.finish()
    if faults:
        placed = [replace(fault, place=fault.place or locate(document.root, fault.path)) for fault in faults]
        placed.sort(key=lambda fault: fault.place or Place(1, 1))
        raise DeviceMapError("\n".join(_line(name, fault.place or Place(1, 1), fault.reason) for fault in placed))
    return found


def keys_of(fields: Fields, make: Callable[[Fields], T]) -> Mapping[str, T]:
    """Return what `make` makes of each entry of `keys`, none where there are none."""
    return {key: make(inner) for key, inner in fields.entries("keys", "key")} if fields.has("keys") else {}


def _line(name: str, place: Place, reason: str) -> str:
    return f"{name}:{place.line}:{place.column}: {reason}"


def _device_map(name: str, fields: Fields, included: Included) -> DeviceMap:
    models = fields.many("models", words)
    keys: dict[str, Target] = {}
    channels: dict[int, Channel] = {}
    for base in fields.many("include", _map_found_by(included)):
        keys.update(base.keys)
        channels.update(base.channels)
    details = _details(fields)
    channels.update(_channels(fields, details))
    frame = fields.optional("frame", lambda text: layout_of(_with_details(text, details)))
    layouts = [*(each.layout for each in channels.values()), *(() if frame is None else (frame,))]
    for section, unknown, near in details.unknown(layouts):
        fields.fail((section, unknown), f"{section}: no layout has a field {unknown!r}; did you mean {near}?")
    keys.update(keys_of(fields, target_of))
    sums = _each(fields, "sums", lambda outer, key: outer.many(key, words))
    return DeviceMap(
        name=name,
        sums=MappingProxyType(dict(sums)),
        models=models,
        keys=MappingProxyType(keys),
        channels=MappingProxyType(channels),
        frame=frame,
    )


def _map_found_by(included: Included) -> Callable[[str], DeviceMap]:
    def find(text: str) -> DeviceMap:
        found = included(text)
        if found is None:
            msg = f"{text!r} is no map beside this one"
            raise ValueError(msg)
        return found

    return find


def target_of(fields: Fields) -> Target:
    """Return what one key is; which kind, its own keys say."""
    if fields.has("ignore"):
        sentinels = frozenset(fields.many("sentinel", _sentinel))
        return IgnoredTarget(because=fields.required("ignore", words, ""), sentinels=sentinels)
    if fields.has("events"):
        return EventTarget(events=_by_key(fields, "events", _meant))
    if fields.has("fault_of"):
        found = fields.required("fault_of", metric, None)
        return FaultTarget(
            metric="" if found is None else found.name,
            phase=fields.optional("phase", _phase) or "",
            words=frozenset(fields.many("words", words)),
        )
    return _reading(fields)


def _reading(fields: Fields) -> Target:
    found = fields.required("metric", metric, None)
    scale, phase = fields.optional("scale", number), fields.optional("phase", _phase)
    inverted, sentinels = fields.optional("invert", flag), fields.many("sentinel", _sentinel)
    said = _by_key(fields, "words", number)
    if found is None:
        fields.passed_over("unit")
        return IgnoredTarget(because="")
    return reading_target(
        found,
        conversion=fields.optional("unit", _unit_of(found)),
        scale=1.0 if scale is None else scale,
        phase=phase or "",
        inverted=inverted or False,
        words=said,
        sentinels=frozenset(sentinels),
    )


def _unit_of(found: Metric) -> Callable[[str], Conversion | None]:
    def accepted(text: str) -> Conversion | None:
        try:
            return found.conversion(text)
        except UnknownUnitError as exc:
            raise ValueError(str(exc).removeprefix("unit ")) from exc

    return accepted


def _by_key(fields: Fields, name: str, parse: Callable[[str], T]) -> Mapping[str, T]:
    """Return a mapping with free keys, empty where there is none."""
    inner = fields.nested(name, f"{fields.label}: {name}".removeprefix(": ")) if fields.has(name) else None
    found: dict[str, T] = {}

    def keep(key: str) -> Callable[[str], None]:
        def read(text: str) -> None:
            found[key] = parse(text)

        return read

    for key in () if inner is None else inner.keys():
        if inner is not None:
            inner.required(key, keep(key), None)
    return MappingProxyType(found)


def _meant(text: str) -> Meant | None:
    """Return what `smoke active`, `smoke active test`, `granted` or `none` say."""
    if text == _NOTHING:
        return None
    kind, *rest = text.split()
    event = one_of(EventType)(kind)
    test = rest[-1:] == [_TEST]
    states = rest[:-1] if test else rest
    if event not in LASTING_EVENTS:
        if states:
            msg = f"{text!r}: {event} is momentary and has no state"
            raise ValueError(msg)
        return Meant(event, EventState.MOMENTARY, test)
    if states not in (["active"], ["cleared"]):
        msg = f"{text!r} says not whether {event} is active or cleared; write {event} active"
        raise ValueError(msg)
    return Meant(event, EventState(states[0]), test)


def _phase(text: str) -> str:
    if text not in PHASES:
        msg = f"must be one of {', '.join(sorted(PHASES - {''}))}, not {text!r}"
        raise ValueError(msg)
    return text


def _sentinel(text: str) -> float | str:
    found = as_number(text)
    return text if found is None else found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Details:
    """What more is known of the fields of layouts, by their names."""

    words: Mapping[str, Mapping[str, str]]
    faults: Mapping[str, Mapping[int, tuple[str, str]]]
    bits: Mapping[str, Sequence[str]]
    regions: Mapping[str, str]

    def unknown(self, layouts: Sequence[Layout]) -> list[tuple[str, str, str]]:
        """Return section, name and the nearest name for what no layout has."""
        known = [name for layout in layouts for each in layout.fields for name in each.names]
        sections = {"values": self.words, "faults": self.faults, "bits": self.bits, "regions": self.regions}
        return [
            (section, name, next(iter(get_close_matches(name, known, n=1)), "none of them"))
            for section, names in sections.items()
            for name in names
            if name not in known
        ]


def _details(fields: Fields) -> _Details:
    return _Details(
        words=_each(fields, "values", lambda outer, name: _by_key(outer, name, words)),
        faults=_each(fields, "faults", _faults),
        bits=_each(fields, "bits", lambda outer, name: outer.many(name, words)),
        regions=_by_key(fields, "regions", words),
    )


def _each(fields: Fields, section: str, read: Callable[[Fields, str], T]) -> Mapping[str, T]:
    outer = fields.nested(section, section) if fields.has(section) else None
    return {} if outer is None else {name: read(outer, name) for name in outer.keys()}  # noqa: SIM118 - not a dict


def _faults(outer: Fields, name: str) -> Mapping[int, tuple[str, str]]:
    inner = outer.nested(name, f"fault {name}")
    if inner is None:
        return {}
    key = inner.required("key", words, "")
    said = _by_key(inner, "numbers", words)
    inner.finish()
    found = {as_number(raw): word for raw, word in said.items()}
    if None in found:
        outer.fail((name, "numbers"), f"fault {name}: numbers must be numbers as they come")
    return {int(raw): (key, word) for raw, word in found.items() if raw is not None}


def _channels(fields: Fields, details: _Details) -> Mapping[int, Channel]:
    def read(text: str) -> Channel:
        plain = text.removeprefix(_HISTORY).removeprefix(_NUMBERED)
        layout = layout_of(_with_details(plain, details), numbered=text.startswith(_NUMBERED))
        return Channel(layout=layout, is_history=text.startswith(_HISTORY))

    found: dict[int, Channel] = {}
    for name, channel in _by_key(fields, "channels", read).items():
        number_of = _channel_number(name)
        if number_of is None:
            fields.fail(("channels", name), f"channels: {name!r} is no channel; write two bytes such as 03 67")
        else:
            found[number_of] = channel
    return found


def _channel_number(name: str) -> int | None:
    try:
        raw = bytes.fromhex(name)
    except ValueError:
        return None
    return int.from_bytes(raw, "big") if len(raw) == 2 else None  # noqa: PLR2004 - channel and type


def _with_details(text: str, details: _Details) -> Sequence[LayoutField]:
    return [_with_detail(parse_field(each), details) for each in text.split(",")]


def _with_detail(plain: LayoutField, details: _Details) -> LayoutField:
    return replace(
        plain,
        words=details.words.get(plain.name, {}),
        faults=details.faults.get(plain.name, {}),
        bits=tuple(details.bits.get(plain.name, ())),
        regions=details.regions.get(plain.name, ""),
        low=None if plain.low is None else _with_detail(plain.low, details),
    )
