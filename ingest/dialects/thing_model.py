"""The thing models of China's clouds, Alink (Alibaba) and OneNET: properties by name, bare or with a time of their own.

Alink: `/sys/PRODUCT/DEVICE/thing/event/property/post`; OneNET: `$sys/PRODUCT/DEVICE/thing/property/post`. A gateway
sends for its devices in a `pack/post`, the past in a `batch/post` or a `history/post`. `id` begins anew with every day
and, in many devices, with every start, so that no message is known again by it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ingest.dialects.decoded import At, Context, Decoded, DialectError, Outcome
from ingest.dialects.families import Family
from ingest.dialects.paths import apply_value, parsed_object
from ingest.dialects.times import time_of
from sensors.topology import DeviceId

_TIMED: Final = frozenset({"value", "time"})
_MOST_DEVICES: Final = 1_000
_POSTS: Final = re.compile(r"(event/)?(property/|sub/|pack/|history/|batch/)*post")
_EVENT: Final = re.compile(r"event/(?P<event>[^/]+)/post")


class _Said(NamedTuple):
    """The properties of one device and where they stand."""

    device: str
    values: Mapping[str, Any]
    path: str


class _ThingModel:
    """Reads what devices of one cloud post; `begin` is the first level of their topics."""

    def __init__(self, begin: str, example: str) -> None:
        self._begin, self._example = begin, example
        self._family = Family("thing_model")

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        name, what = self._name_and_act(topic)
        out = Decoded()
        event = _EVENT.fullmatch(what)
        if not _POSTS.fullmatch(what) and event is None:
            out.ignored.append(Outcome("", "not_telemetry", f"{what[:60]} says nothing of what is measured"))
            return out
        document = parsed_object(payload)
        if "params" not in document:
            raise DialectError(reason="no_values", detail=f"no params; is this of {self._example}?")
        said = document["params"]
        if event is not None and not _POSTS.fullmatch(what):
            said = {event["event"]: said}
        for each in _devices(name, said, "params"):
            self._properties(out, each, context)
        return out

    def _name_and_act(self, topic: str) -> tuple[str, str]:
        begin, _, what = topic.partition("/thing/")
        levels = begin.removeprefix(self._begin).split("/")
        if not begin.startswith(self._begin) or len(levels) != 2 or not all(levels):  # noqa: PLR2004 - product, device
            raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not {self._example}")
        return levels[1], what

    def _properties(self, out: Decoded, said: _Said, context: Context) -> None:
        if not said.values:
            return
        device = context.device(said.device)
        context.hear(out, device, None, said.device)
        for name, value in said.values.items():
            path = f"{said.path}.{name}"
            if isinstance(value, list):
                for index, each in enumerate(value):
                    self._value(out, name, each, f"{path}[{index}]", device, context)
            else:
                self._value(out, name, value, path, device, context)

    def _value(self, out: Decoded, name: str, value: object, path: str, device: DeviceId, context: Context) -> None:
        at, prefix = context.receipt, path[: path.rindex(name)]
        if isinstance(value, dict) and "value" in value and value.keys() <= _TIMED:
            at = time_of(value.get("time"), f"{path}.time", out, context)
            value = value["value"]
        _apply_named(out, self._family, name, value, prefix, path, device, at, context)


def _apply_named(
    out: Decoded,
    family: Family,
    name: str,
    value: object,
    prefix: str,
    path: str,
    device: DeviceId,
    at: At,
    context: Context,
) -> None:
    """Give a value to its target by its name; the path has the place in a list too."""
    keys = family.keys(device, context)
    target = keys.get(name)
    if target is None:
        apply_value(out, keys, name, value, prefix, device, at, context)
    else:
        target.apply(out, value, path, device, at, context)


class Alink(_ThingModel):
    """Reads devices made for Alibaba's cloud."""

    def __init__(self) -> None:
        """Read the maps."""
        super().__init__("/sys/", "/sys/PRODUCT/DEVICE/thing/event/property/post")


class OneNet(_ThingModel):
    """Reads devices made for China Mobile's OneNET."""

    def __init__(self) -> None:
        """Read the maps."""
        super().__init__("$sys/", "$sys/PRODUCT/DEVICE/thing/property/post")


def _devices(name: str, said: object, path: str) -> Iterator[_Said]:
    """Yield the properties of the device itself and of those that it speaks for."""
    if isinstance(said, list):
        for index, each in enumerate(said[:_MOST_DEVICES]):
            yield from _devices(name, each, f"{path}[{index}]")
    elif isinstance(said, dict):
        identity = said.get("identity")
        own = identity.get("deviceName") if isinstance(identity, dict) else None
        yield from _of_one(own if isinstance(own, str) and own else name, said, path)


def _of_one(name: str, said: Mapping[str, Any], path: str) -> Iterator[_Said]:
    packed = {key: said[key] for key in ("properties", "events") if isinstance(said.get(key), dict | list)}
    below = said.get("subDevices")
    if not packed and not isinstance(below, list):
        yield _Said(name, said, path)
    for key, values in packed.items():
        for index, each in enumerate(values) if isinstance(values, list) else ((None, values),):
            if isinstance(each, dict):
                yield _Said(name, each, f"{path}.{key}" if index is None else f"{path}.{key}[{index}]")
    for index, each in enumerate(below[:_MOST_DEVICES]) if isinstance(below, list) else ():
        if isinstance(each, dict):
            yield from _devices(name, {**each, "subDevices": None}, f"{path}.subDevices[{index}]")
