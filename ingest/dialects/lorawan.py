"""An uplink of a LoRaWAN device, as every network server carries it: who, when, bytes, and perhaps an object."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple

from ingest.dialects.decoded import MOST_KEPT, At, Context, Decoded, Outcome
from ingest.dialects.device_map import DeviceMap
from ingest.dialects.libraries import library
from ingest.dialects.milesight import apply_bytes, apply_past
from ingest.dialects.paths import apply_object
from sensors.topology import DeviceId

_MILESIGHT_EUI = "24e124"
"""What every address of a device of Milesight begins with."""


class Uplink(NamedTuple):
    """What a device said over the radio; `hints` are names that may hold its model."""

    device: DeviceId
    eui: str
    at: At
    hints: tuple[object, ...]
    data: object
    data_path: str
    object: object
    object_path: str


class Model(NamedTuple):
    """A model, as far as it is known, and what its devices say; None where no map is theirs."""

    name: str | None
    map: DeviceMap | None


class Models:
    """Which map is a device's, remembered, for its profile is the same in each message."""

    def __init__(self) -> None:
        """Know no device."""
        self._known: dict[tuple[object, ...], Model] = {}

    def of(self, uplink: Uplink, context: Context) -> Model:
        """Return the map of the registry's model, else of a model that a name holds, else of its maker."""
        key = (context.models.get(uplink.device), uplink.eui, *(each for each in uplink.hints if isinstance(each, str)))
        if key not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = self._found(uplink, context)
        return self._known[key]

    @staticmethod
    def _found(uplink: Uplink, context: Context) -> Model:
        milesight = library("milesight")
        for text in (context.models.get(uplink.device), *uplink.hints):
            name = milesight.named_in(text) if isinstance(text, str) else None
            if name is not None:
                return Model(name, milesight.of(name))
        return Model(None, milesight.common if uplink.eui.lower().startswith(_MILESIGHT_EUI) else None)


def apply_uplink(out: Decoded, uplink: Uplink, models: Models, context: Context) -> None:
    """Add what an uplink says: by the device's own bytes where a map reads them, else by the server's object."""
    model, found = models.of(uplink, context)
    context.hear(out, uplink.device, model, _name(uplink))
    said = uplink.object
    if found is not None and found.reads_bytes and isinstance(uplink.data, str) and uplink.data:
        raw = _bytes(uplink.data)
        if raw is None:
            out.problems.append(Outcome(uplink.data_path, "not_base64", "the bytes are not written in Base64"))
        else:
            apply_bytes(out, found, raw, f"{uplink.data_path}.", uplink.device, uplink.at, context)
    elif isinstance(said, dict) and said:
        _apply_object(out, uplink, said, found, context)
    elif uplink.data:
        detail = "bytes of a model that nobody named; write it into the registry, or decode on the network server"
        out.problems.append(Outcome(uplink.data_path, "unknown_model", detail))
    else:
        out.ignored.append(Outcome("", "no_value", "an uplink without data"))


def _apply_object(
    out: Decoded, uplink: Uplink, said: Mapping[str, Any], found: DeviceMap | None, context: Context
) -> None:
    device_map = found or library("lorawan").common
    if device_map is None:
        return
    path = f"{uplink.object_path}."
    past = said.get("history")
    if isinstance(past, list):
        said = {name: value for name, value in said.items() if name != "history"}
        for index, entry in enumerate(past):
            if isinstance(entry, dict):
                apply_past(out, device_map, entry, f"{path}history[{index}].", uplink.device, context)
    apply_object(out, device_map.keys, device_map.with_sums(said), path, uplink.device, uplink.at, context)


def _name(uplink: Uplink) -> str | None:
    return next((hint for hint in reversed(uplink.hints) if isinstance(hint, str) and hint), None)


def _bytes(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
