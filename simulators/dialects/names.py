"""Formats in which devices name their own values: by quantity, without phases."""

from collections.abc import Mapping
from types import MappingProxyType

from sensors.events import EventType
from sensors.metrics import METRICS, Nature
from simulators.dialects.keys import Key, Keys

NAMED: Keys = MappingProxyType(
    {(metric.name, ""): Key(metric.quantity, is_flag=metric.nature is Nature.BOOLEAN) for metric in METRICS.values()}
)
"""Each metric by its quantity, in its own unit."""

ALARMS: Mapping[EventType, str] = MappingProxyType({EventType.SMOKE: "smoke", EventType.LEAK: "water_leak"})
"""What such devices call an alarm, which is true or false."""
