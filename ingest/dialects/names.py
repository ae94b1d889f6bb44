"""What a value means by what it is called and the unit it comes in, for formats in which devices name their own values.

A name may have levels before it (`Air/CO2`) and be written in any case. What the registry's model says of a name goes
first, then the names of the metrics, then what many gateways call alike (`devices/json/any.yaml`).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.dialects.decoded import MOST_KEPT, At, Context, Decoded, Outcome
from ingest.dialects.families import Family
from ingest.dialects.paths import MOST_TOLD
from ingest.dialects.targets import ReadingTarget, Target, WrongUnitTarget, reading_target
from sensors.metrics import METRICS, UnknownUnitError
from sensors.topology import DeviceId

METRIC_NAMES: Final[Mapping[str, Target]] = MappingProxyType(
    {name: reading_target(metric) for metric in METRICS.values() for name in (metric.quantity, metric.name)}
)
"""A gateway that can name its values may call them as we do."""

_LEVELS: Final = re.compile(r"[/.:]")
_WORDS: Final = re.compile(r"[^a-z0-9]+")
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cel": "°C",
        "celsius": "°C",
        "Celsius": "°C",
        "fahrenheit": "°F",
        "percent": "%",
        "%EL": "%",
        "Lux": "lx",
        "lux": "lx",
        "watt": "W",
        "volt": "V",
        "ampere": "A",
        "kwh": "kWh",
        "PPM": "ppm",
        "m^3": "m³",
        "m3": "m³",
        "#": "count",
    }
)
"""How else units are written, as the metrics know them."""
_NO_UNIT: Final = frozenset({"", "bool", "none", "None"})


class Names:
    """The targets of values by name and unit, each found once."""

    def __init__(self, by_unit: Mapping[str, str] = MappingProxyType({})) -> None:
        """Read the maps. `by_unit` gives the metric of a unit that measures only one thing, for a name nobody knows."""
        self._family = Family("json")
        self._by_unit = by_unit
        self._found: dict[tuple[str, str, str], Target | None] = {}

    def apply(
        self,
        out: Decoded,
        name: str,
        unit: str,
        value: object,
        path: str,
        device: DeviceId,
        at: At,
        context: Context,
    ) -> None:
        """Give a value to its target; one that nobody knows is told as unknown."""
        target = self.target(name, unit, device, context)
        if target is not None:
            target.apply(out, value, path, device, at, context)
        elif len(out.ignored) < MOST_TOLD:
            out.ignored.append(Outcome(path, "unknown_key", "no map knows this name"))

    def target(self, name: str, unit: str, device: DeviceId, context: Context) -> Target | None:
        """Return what is to be made of a value of this name in this unit, None where nobody knows."""
        key = (context.models.get(device) or "", name, unit)
        try:
            return self._found[key]
        except KeyError:
            if len(self._found) >= MOST_KEPT * 10:
                self._found.clear()
            found = self._found[key] = self._look(name, unit, device, context)
            return found

    def _look(self, name: str, unit: str, device: DeviceId, context: Context) -> Target | None:
        unit = _UNITS.get(unit, unit)
        target = _called(name, self._family.keys(device, context))
        if target is None and unit in self._by_unit:
            target = METRIC_NAMES[self._by_unit[unit]]
        return None if target is None else in_unit(target, unit)


def _called(name: str, keys: Mapping[str, Target]) -> Target | None:
    """Return the target of a name: as it is, in lower case, or by its last level."""
    last = _LEVELS.split(name)[-1]
    lower = _WORDS.sub("_", last.lower()).strip("_")
    tried = (name, last, last.lower(), lower)
    return next((found for each in tried if (found := keys.get(each) or METRIC_NAMES.get(each)) is not None), None)


def in_unit(target: Target, unit: str) -> Target:
    """Return the target of values in this unit. A map that converts already has said what the unit is."""
    unit = _UNITS.get(unit, unit)
    if not isinstance(target, ReadingTarget) or unit in _NO_UNIT:
        return target
    metric = METRICS[target.metric]
    if (target.numerator, target.denominator, target.offset) != (1.0, 1.0, 0.0):
        return target
    try:
        conversion = metric.conversion(unit)
    except UnknownUnitError:
        return WrongUnitTarget(metric=metric.name, unit=unit)
    if conversion is None:
        return target
    return reading_target(
        metric,
        conversion=conversion,
        phase=target.phase,
        inverted=target.inverted,
        words=target.words,
        sentinels=target.sentinels,
    )
