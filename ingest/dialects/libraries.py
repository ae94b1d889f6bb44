"""The device maps that come with Premises, each read when it is first asked for."""

from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from ingest.dialects.device_map import DeviceMap, parse_device_map

ANY: Final = "*"
"""The model under which a family keeps what all its devices say."""


class Library:
    """The maps of one family of devices, by model; a model's name is found whatever its case."""

    def __init__(self, family: str) -> None:
        """Read every map of a folder below `devices`. Raises DeviceMapError."""
        self._folder = resources.files(__package__) / "devices" / family
        self._maps: dict[str, DeviceMap | None] = {}
        for file in sorted(each.name for each in self._folder.iterdir()):
            if file.endswith(".yaml"):
                self._map(file.removesuffix(".yaml"))
        found = [each for each in self._maps.values() if each is not None]
        self._by_model = MappingProxyType({model.upper(): each for each in found for model in each.models})
        self._longest_first = sorted(self._by_model, key=len, reverse=True)

    @property
    def models(self) -> tuple[str, ...]:
        """Return every model that has a map of its own."""
        return tuple(sorted(each for each in self._by_model if each != ANY))

    def of(self, model: str | None) -> DeviceMap | None:
        """Return the map of a model, None where there is none of its own."""
        return None if model is None else self._by_model.get(model.upper())

    def named_in(self, text: str) -> str | None:
        """Return the model that a device's or profile's name holds, the longest of several."""
        upper = text.upper()
        return next((model for model in self._longest_first if model != ANY and model in upper), None)

    @property
    def common(self) -> DeviceMap | None:
        """Return the map of what all devices of the family say."""
        return self._by_model.get(ANY)

    def _map(self, name: str) -> DeviceMap | None:
        if name not in self._maps:
            self._maps[name] = None  # a map that includes itself finds nothing
            file = self._folder / f"{name}.yaml"
            if file.is_file():
                self._maps[name] = parse_device_map(f"{name}.yaml", file.read_text(encoding="utf-8"), self._map)
        return self._maps[name]


@cache
def library(family: str) -> Library:
    """Return the maps of a family such as `milesight`."""
    return Library(family)
