"""Shelly, second generation and later: `PREFIX/events/rpc`, `PREFIX/status/COMPONENT:ID`, `PREFIX/online`.

A NotifyStatus holds only what changed: what is missing is as it was, never 0, so nothing is made of it. Components are
numbered from 0, those of an add-on from 100; the first of a kind is the device's, a further one a device of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from ingest.dialects.decoded import At, Context, Decoded, DeviceStatus, DialectError, Outcome
from ingest.dialects.families import Family, device_at
from ingest.dialects.paths import MOST_DEEP, MOST_TOLD, parsed_object
from ingest.dialects.targets import IgnoredTarget, Target
from ingest.dialects.times import time_of
from sensors.topology import DeviceId

_STATES: Final = {b"true": "online", b"false": "offline"}
_STATUS_METHODS: Final = frozenset({"NotifyStatus", "NotifyFullStatus"})
_OF_THE_DEVICE: Final = frozenset({"", "0", "100"})
_ERRORS: Final = "errors"


class Shelly:
    """Reads what devices notify."""

    def __init__(self) -> None:
        """Read the maps."""
        self._family = Family("shelly")

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        if topic.endswith("/online"):
            return _status(context.device(topic.removesuffix("/online")), payload)
        if topic.endswith("/events/rpc"):
            return self._notified(topic.removesuffix("/events/rpc"), parsed_object(payload), context)
        name, middle, component = topic.rpartition("/status/")
        if middle and name and component and "/" not in component:
            out = Decoded()
            self._component(out, name, component, parsed_object(payload), "", context.receipt, context)
            return out
        raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not PREFIX/events/rpc")

    def _notified(self, name: str, document: Mapping[str, Any], context: Context) -> Decoded:
        out = Decoded()
        method, said = document.get("method"), document.get("params")
        if not isinstance(method, str) or method not in _STATUS_METHODS or not isinstance(said, dict):
            out.ignored.append(Outcome("", "not_telemetry", "no NotifyStatus: a button, a script or an answer"))
            return out
        at = time_of(said.get("ts"), "params.ts", out, context)
        for component, values in said.items():
            if isinstance(values, dict):
                self._component(out, name, component, values, f"params.{component}.", at, context)
        return out

    def _component(
        self,
        out: Decoded,
        name: str,
        component: str,
        values: Mapping[str, Any],
        prefix: str,
        at: At,
        context: Context,
    ) -> None:
        """Give each value of a component to the target of `KIND.key`; its path is that of the message."""
        kind, _, number = component.partition(":")
        device = device_at(name, component, context)
        if device is None:
            first = number in _OF_THE_DEVICE
            device = context.device(name if first else f"{name}/{component}")
            context.hear(out, device, None, name if first else f"{name}/{component}")
        keys = self._family.keys(device, context)
        whole = keys.get(kind)
        if whole is not None:
            whole.apply(out, values, prefix.rstrip("."), device, at, context)
            return
        for key, value in values.items():
            _apply(out, keys, f"{kind}.{key}", value, f"{prefix}{key}", device, at, context)


def _apply(
    out: Decoded,
    keys: Mapping[str, Target],
    name: str,
    value: object,
    path: str,
    device: DeviceId,
    at: At,
    context: Context,
) -> None:
    """Give a value to the target of its name, `switch.aenergy.total`; its path is that of the message."""
    key = name.rpartition(".")[2]
    target = keys.get(name) or _EVERYWHERE.get(key)
    if target is not None and key == _ERRORS and isinstance(value, list):
        for index, each in enumerate(value):
            target.apply(out, each, f"{path}[{index}]", device, at, context)
    elif target is not None:
        target.apply(out, value, path, device, at, context)
    elif isinstance(value, dict) and name.count(".") < MOST_DEEP:
        for inner, each in value.items():
            _apply(out, keys, f"{name}.{inner}", each, f"{path}.{inner}", device, at, context)
    elif len(out.ignored) < MOST_TOLD:
        out.ignored.append(Outcome(path, "unknown_key", "no map knows this key"))


_EVERYWHERE: Final[Mapping[str, Target]] = {
    "id": IgnoredTarget(because="the number of the component"),
    "source": IgnoredTarget(because="who switched it"),
    "output": IgnoredTarget(because="a switch is no load"),
    "freq": IgnoredTarget(because="frequency is not stored"),
    "mute": IgnoredTarget(because="silenced on the device; the alarm goes on"),
}


def _status(device: DeviceId, payload: bytes) -> Decoded:
    state = _STATES.get(payload)
    if state is None:
        raise DialectError(reason="no_state", detail="neither true nor false")
    return Decoded(statuses=[DeviceStatus(device, state)])
