"""L01: residual current, which may set fire to what it leaks through."""

from alerts.watch.levels import Level, Limit
from alerts.watch.machine import parameter
from sensors.alarms import Alarm
from sensors.verdicts import Severity


class ResidualCurrent(Level):
    """Orange from one limit on, red from another."""

    alarm = Alarm.RESIDUAL_CURRENT
    metric, unit = "residual_current_ma", "mA"
    metrics = frozenset({metric})
    limits = (
        Limit(parameter("L01", "residual_ma"), Severity.ORANGE, inclusive=True),
        Limit(parameter("L01", "residual_red_ma"), Severity.RED, inclusive=True),
    )
