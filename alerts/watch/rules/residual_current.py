"""L01: residual current, which may set fire to what it leaks through."""

from alerts.watch.levels import Level, Tier
from sensors.alarms import Alarm
from sensors.verdicts import Severity


class ResidualCurrent(Level):
    """Orange from one limit on, red from another."""

    alarm = Alarm.RESIDUAL_CURRENT
    metric, unit = "residual_current_ma", "mA"
    metrics = frozenset({metric})
    tiers = (
        Tier("residual_ma", Severity.ORANGE, inclusive=True),
        Tier("residual_red_ma", Severity.RED, inclusive=True),
    )
