"""Which keys a device has: those of all devices of its family, and those of its model where the registry names one."""

from collections.abc import Mapping

from ingest.dialects.decoded import MOST_KEPT, Context
from ingest.dialects.libraries import library
from ingest.dialects.targets import Target
from sensors.topology import DeviceId


class Family:
    """The keys of a family of devices by their models, each put together once."""

    def __init__(self, name: str) -> None:
        """Read the maps of a family."""
        self._library = library(name)
        common = self._library.common
        self._common: Mapping[str, Target] = {} if common is None else common.keys
        self._by_model: dict[str, Mapping[str, Target]] = {"": self._common}

    def keys(self, device: DeviceId, context: Context) -> Mapping[str, Target]:
        """Return the keys of a device; those of its model go first."""
        model = context.models.get(device) or ""
        found = self._by_model.get(model)
        if found is None:
            if len(self._by_model) >= MOST_KEPT:
                self._by_model = {"": self._common}
            named = self._library.named_in(model)
            own = None if named is None else self._library.of(named)
            found = self._by_model[model] = self._common if own is None else {**self._common, **own.keys}
        return found


def device_at(name: str, part: str, context: Context) -> DeviceId | None:
    """Return the device of its own that a part of a device is in the registry or the settings, None where it is none.

    A part is written behind the device: `hall/DS18B20-2`, or `hall-DS18B20-2` as an id.
    """
    whole = f"{name}/{part}"
    own = context.device(whole)
    return own if whole in context.names or own in context.models else None
