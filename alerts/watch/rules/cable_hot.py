"""L03: a cable that gets too hot: overloaded, or a joint that came loose."""

from alerts.watch.levels import Level, Tier
from sensors.alarms import Alarm
from sensors.verdicts import Severity


class CableHot(Level):
    """Above one limit."""

    alarm = Alarm.CABLE_HOT
    metric, unit = "cable_temperature_c", "°C"
    metrics = frozenset({metric})
    tiers = (Tier("cable_c", Severity.ORANGE, inclusive=False),)
